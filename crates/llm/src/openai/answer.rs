//! Reading an answer, whatever dialect of the protocol the server speaks. Total: nothing but the text
//! of the first choice, or a tool that it asks for, is required.

use crate::{ErrorKind, ModelError, Reply, tools};
use common::job::Usage;
use serde_json::Value;

/// The reply in a successful answer. Tools are looked for only where some were offered.
///
/// # Errors
/// There is no text in it, and no call.
pub(super) fn reply(answer: &Value, model: &str, offered: bool) -> Result<Reply, ModelError> {
    let told = &answer["usage"];
    let usage =
        Usage { prompt_tokens: count(&told["prompt_tokens"]), completion_tokens: count(&told["completion_tokens"]) };
    let counted = told["prompt_tokens"].is_number() || told["completion_tokens"].is_number();
    let choice = &answer["choices"][0];
    let message = &choice["message"];
    // The second name is Mistral's, for the end of its context.
    let cut_off = matches!(choice["finish_reason"].as_str(), Some("length" | "model_length"));
    let mut text = text(&message["content"]);
    let mut tool_calls = if offered { tools::from_message(message) } else { Vec::new() };
    if offered && tool_calls.is_empty() {
        (text, tool_calls) = tools::from_text(&text);
    }
    if !text.trim().is_empty() || !tool_calls.is_empty() {
        return Ok(Reply { counted, cut_off, tool_calls, ..Reply::new(model, text, usage) });
    }
    let why = if choice.is_null() {
        "no choices"
    } else if message["refusal"].is_string() {
        "the model declined to answer"
    } else if cut_off {
        "no text: the limit of tokens was used up before the answer began"
    } else {
        "no text"
    };
    Err(ModelError { usage, ..ModelError::new(ErrorKind::BadAnswer, model, why) })
}

/// Content is a string, or a list of parts of which some are text.
pub(super) fn text(content: &Value) -> String {
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
