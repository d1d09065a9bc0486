//! A wish to look closer, in the fields of an action.

use crate::offer::Action;
use crate::text::{clean, head};
use serde_json::Value;

/// Longest question, in bytes.
const QUESTION_BYTES: usize = 1000;

/// A wish to look closer at a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Which picture, from 0.
    pub picture: usize,
    /// Left, top, width, height in pixels; the whole picture where absent.
    pub area: Option<[u32; 4]>,
    pub question: String,
}

/// The wish in the fields of an action. `sizes` are the pictures' widths and heights; an area is cut to its picture.
pub fn look_of(action: Action, fields: &Value, sizes: &[(u32, u32)]) -> Option<Look> {
    let picture = whole(&fields["picture"]).unwrap_or(1).checked_sub(1)? as usize;
    let size = *sizes.get(picture)?;
    let area = if action == Action::LookCloser { Some(area(&fields["box"], size)?) } else { None };
    let question = clean(fields["question"].as_str().unwrap_or_default());
    let question = if question.trim().is_empty() { "What is there?" } else { question.trim() };
    Some(Look { picture, area, question: head(question, QUESTION_BYTES) })
}

/// Some models write whole numbers as floats.
fn whole(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_f64().filter(|number| *number >= 0.0).map(|number| number as u64))
}

fn area(value: &Value, (width, height): (u32, u32)) -> Option<[u32; 4]> {
    let numbers: Vec<f64> = value.as_array()?.iter().map(Value::as_f64).collect::<Option<_>>()?;
    let [left, top, wide, high] = numbers.as_slice() else { return None };
    let within = |from: f64, length: f64, size: u32| -> Option<(u32, u32)> {
        let size = f64::from(size);
        let (start, end) = (from.clamp(0.0, size), (from + length).clamp(0.0, size));
        (end - start >= 1.0).then_some((start as u32, (end - start) as u32))
    };
    let ((left, wide), (top, high)) = (within(*left, *wide, width)?, within(*top, *high, height)?);
    Some([left, top, wide, high])
}
