//! Reading an answer, whatever dialect of the protocol the server speaks. Total: nothing but the text
//! of the first choice is required.

use crate::{ErrorKind, ModelError, Reply};
use common::job::Usage;
use serde_json::Value;

/// The reply in a successful answer.
///
/// # Errors
/// There is no text in it.
pub(super) fn reply(answer: &Value, model: &str) -> Result<Reply, ModelError> {
    let usage = Usage {
        prompt_tokens: count(&answer["usage"]["prompt_tokens"]),
        completion_tokens: count(&answer["usage"]["completion_tokens"]),
    };
    let choice = &answer["choices"][0];
    // The second name is Mistral's, for the end of its context.
    let cut_off = matches!(choice["finish_reason"].as_str(), Some("length" | "model_length"));
    let text = text(&choice["message"]["content"]);
    if !text.trim().is_empty() {
        return Ok(Reply { text, usage, model: model.to_owned(), cut_off, passed_over: Vec::new() });
    }
    let why = if choice.is_null() {
        "no choices"
    } else if choice["message"]["refusal"].is_string() {
        "the model declined to answer"
    } else if cut_off {
        "no text: the limit of tokens was used up before the answer began"
    } else {
        "no text"
    };
    Err(ModelError { usage, ..ModelError::new(ErrorKind::BadAnswer, model, why) })
}

/// Content is a string, or a list of parts of which some are text.
fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => String::new(),
    }
}

/// Some servers count in floats.
fn count(value: &Value) -> u64 {
    let float = || value.as_f64().filter(|count| *count >= 0.0).map(|count| count as u64);
    value.as_u64().or_else(float).unwrap_or(0)
}
