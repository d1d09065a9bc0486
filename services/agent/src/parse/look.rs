//! Finding a wish to look closer in a model's answer.

use super::{after_thinking, fence, normal};
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

/// The wish, when the answer is one and nothing else: an answer with code is code. `sizes` are the pictures' widths and
/// heights; an area is cut to its picture.
pub fn look(answer: &str, sizes: &[(u32, u32)]) -> Option<Look> {
    let answer = normal(answer);
    let said = after_thinking(&answer)?.trim();
    let blocks = fence::blocks(said);
    let text = match blocks.as_slice() {
        [] => said,
        [only] if matches!(only.language.as_str(), "json" | "") => only.text.trim(),
        _ => return None,
    };
    let object: Value = serde_json::from_str(text.get(text.find('{')?..=text.rfind('}')?)?).ok()?;
    let action = object["action"].as_str()?;
    let picture = object["picture"].as_u64().unwrap_or(1).checked_sub(1)? as usize;
    let size = *sizes.get(picture)?;
    let area = match action {
        "look_closer" => Some(area(&object["box"], size)?),
        "ask_vision" => None,
        _ => return None,
    };
    let question = clean(object["question"].as_str().unwrap_or_default());
    let question = if question.trim().is_empty() { "What is there?" } else { question.trim() };
    Some(Look { picture, area, question: head(question, QUESTION_BYTES) })
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the loop: a wish is found however it is wrapped, cut to the picture, and never mistaken for code or taken
    /// from a picture that is not there.
    #[test]
    fn wishes_are_found() {
        let sizes = [(100, 50), (10, 10)];
        let closer = |area| Some(Look { picture: 0, area, question: "q".into() });
        let rows: Vec<(&str, Option<Look>)> = vec![
            (r#"{"action":"look_closer","picture":1,"box":[1,2,30,4],"question":"q"}"#, closer(Some([1, 2, 30, 4]))),
            (r#"{"action":"look_closer","box":[-5,2,30,400],"question":"q"}"#, closer(Some([0, 2, 25, 48]))),
            ("```json\n{\"action\":\"ask_vision\",\"picture\":1,\"question\":\"q\"}\n```", closer(None)),
            ("<think>hm</think>\nSure: {\"action\":\"ask_vision\",\"question\":\"q\"}", closer(None)),
            (r#"{"action":"look_closer","picture":3,"box":[1,2,30,4]}"#, None),
            (r#"{"action":"look_closer","picture":0,"box":[1,2,30,4]}"#, None),
            (r#"{"action":"look_closer","picture":1,"box":[200,2,30,4]}"#, None),
            (r#"{"action":"look_closer","picture":1,"box":[1,2,"30",4]}"#, None),
            (r#"{"action":"delete","picture":1}"#, None),
            ("```python\nx = {\"action\": \"ask_vision\"}\n```", None),
            ("{", None),
            ("", None),
        ];
        for (answer, expected) in rows {
            assert_eq!(look(answer, &sizes), expected, "{answer}");
        }
    }
}
