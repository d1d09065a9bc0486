//! The JSON that is sent. Only fields that every compatible server knows: some refuse anything else.

use crate::{ErrorKind, Message, ModelError, Part, Request, Speaker};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The body of a chat completion request.
pub(super) fn of(request: &Request, model: &str, newer_token_field: bool) -> Value {
    let mut messages = vec![json!({"role": "system", "content": request.system})];
    messages.extend(request.messages.iter().map(message));
    let limit = if newer_token_field { "max_completion_tokens" } else { "max_tokens" };
    json!({"model": model, "messages": messages, "stream": false, limit: request.max_tokens})
}

fn message(message: &Message) -> Value {
    let role = match message.speaker {
        Speaker::User => "user",
        Speaker::Assistant => "assistant",
    };
    // Plain text stays a string: servers for text-only models do not know lists of parts.
    let content = match message.parts.as_slice() {
        [Part::Text(text)] => json!(text),
        parts => parts.iter().map(part).collect(),
    };
    json!({"role": role, "content": content})
}

fn part(part: &Part) -> Value {
    match part {
        Part::Text(text) => json!({"type": "text", "text": text}),
        Part::Image { kind, bytes } => {
            let url = format!("data:{};base64,{}", kind.media_type(), STANDARD.encode(bytes));
            json!({"type": "image_url", "image_url": {"url": url}})
        }
    }
}

/// True when the endpoint refused the older name of the token limit and named the newer one.
pub(super) fn wants_newer_token_field(error: &ModelError) -> bool {
    error.kind == ErrorKind::Refused && error.detail.contains("max_completion_tokens")
}
