//! JSON in what models say. Pure: any text gives a value or a reason, never a panic.
//!
//! Strict JSON is read as it is. What models write instead is read where it can mean one thing only: fences and prose
//! around it, thinking before it, comments, commas too many, other quotes, names without quotes, Python's words, line
//! ends and quotes inside strings. Nothing is guessed: an answer that ends within a value is cut off, and is refused.

mod lenient;

use crate::{Message, Reply};
use lenient::{Read, Trouble};
use serde_json::Value;

/// Places in a text where JSON may begin that are tried.
const TRIES: usize = 100;

/// Longest answer that is shown to the model again, in bytes.
const REPAIR_BYTES: usize = 8 * 1024;

/// Why there is no value: a sentence for models and people, which never quotes the answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// There is nothing to read.
    #[error("The answer is empty.")]
    Empty,
    /// The model's thinking never came to an end.
    #[error("The answer ended while the model was still thinking.")]
    Thinking,
    /// No object and no list stands in the text.
    #[error("There is no JSON object in the answer.")]
    NoJson,
    /// It ends before its end.
    #[error("The JSON in the answer was cut off before its end; it must be shorter.")]
    CutOff,
    /// It cannot be read.
    #[error("The JSON in the answer is broken at line {line}, column {column}: {what}.")]
    Broken {
        /// Line of the answer, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What is wrong there.
        what: &'static str,
    },
}

/// The first object that stands in the text, else the first list. Brackets that are missing at the very end, after a
/// whole value, are added; for an answer that may be incomplete use [`of`].
///
/// # Errors
/// See [`Reason`].
pub fn parse(text: &str) -> Result<Value, Reason> {
    read(text).map(|read| read.value)
}

/// The same for a reply, which knows whether it came to its end: where it was cut off, a list without its bracket may
/// lack members.
///
/// # Errors
/// See [`Reason`].
pub fn of(reply: &Reply) -> Result<Value, Reason> {
    let read = read(&reply.text)?;
    if reply.cut_off && !read.closed { Err(Reason::CutOff) } else { Ok(read.value) }
}

/// What to add to a conversation to ask once more: the answer as it was, and what is wrong with it.
pub fn repair(answer: &str, reason: &Reason) -> Vec<Message> {
    let mut messages = Vec::new();
    let shown = head(answer.trim(), REPAIR_BYTES);
    if !shown.is_empty() {
        messages.push(Message::assistant(shown));
    }
    messages.push(Message::user(format!(
        "{reason} Answer again with the JSON object alone: no other text around it, quotes and line ends inside strings \
         escaped."
    )));
    messages
}

fn head(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn read(text: &str) -> Result<Read, Reason> {
    let text = text.trim_start_matches('\u{feff}');
    let said = after_thinking(text).ok_or(Reason::Thinking)?;
    if said.trim().is_empty() {
        return Err(Reason::Empty);
    }
    match serde_json::from_str::<Value>(said) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => return Ok(Read { value, end: said.len(), closed: true }),
        // JSON put into a string of JSON.
        Ok(Value::String(inner)) if inner.contains(['{', '[']) => return search(&inner, 0),
        _ => {}
    }
    if let Some(fence) = said.find("```json") {
        match search(said, fence) {
            Err(Reason::NoJson) => {}
            found => return found,
        }
    }
    search(said, 0)
}

/// The text without the thinking that some models put before it; `None` when it is nothing else. Some servers swallow
/// the opening tag.
fn after_thinking(text: &str) -> Option<&str> {
    for tag in ["think", "thinking", "reasoning"] {
        let close = format!("</{tag}>");
        if text.trim_start().starts_with(&format!("<{tag}>")) {
            return text.split_once(&close).map(|(_, rest)| rest);
        }
        // Alone on its line: strings may name it.
        if let Some((thought, rest)) = text.split_once(&format!("\n{close}\n"))
            && !thought.trim_start().starts_with(['{', '['])
        {
            return Some(rest);
        }
    }
    Some(text)
}

/// The first object from there on, else the first list.
fn search(text: &str, from: usize) -> Result<Read, Reason> {
    let mut at = from;
    let mut list: Option<Read> = None;
    let mut broken = None;
    for _ in 0..TRIES {
        let Some(found) = text[at..].find(['{', '[']) else { break };
        let start = at + found;
        let is_object = text[start..].starts_with('{');
        // A list of plain words and numbers may be a citation; one of objects is meant to be read.
        let is_meant = is_object || text[start + 1..].trim_start().starts_with(['{', '[']);
        match from_here(text, start) {
            Ok(read) if is_object => return Ok(read),
            Ok(read) => {
                at = read.end.max(start + 1);
                list = list.or(Some(read));
            }
            // Whatever stands in what was cut off or went wrong half-way is a part of the answer, not the answer.
            Err(Trouble::CutOff) if list.is_none() => return Err(Reason::CutOff),
            Err(Trouble::CutOff) => break,
            Err(Trouble::Broken { at: place, what, begun }) => {
                let reason = place_of(text, place, what);
                if begun && is_meant && list.is_none() {
                    return Err(reason);
                }
                broken = broken.or(begun.then_some(reason));
                at = start + 1;
            }
        }
    }
    list.ok_or(broken.unwrap_or(Reason::NoJson))
}

fn from_here(text: &str, start: usize) -> Result<Read, Trouble> {
    let mut strict = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>();
    if let Some(Ok(value)) = strict.next() {
        return Ok(Read { value, end: start + strict.byte_offset(), closed: true });
    }
    lenient::value(text, start)
}

fn place_of(text: &str, at: usize, what: &'static str) -> Reason {
    let before = head(text, at);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Reason::Broken { line, column, what }
}

#[cfg(test)]
mod tests;
