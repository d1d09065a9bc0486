//! The JSON that is sent. Only fields that every compatible server knows, and those that this one has not refused.

use super::form::Form;
use crate::{Message, Part, Request, Speaker, Tool};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The body of a chat completion request, in the form that its server takes.
pub(super) fn of(request: &Request, model: &str, form: Form) -> Value {
    let mut messages = vec![json!({"role": "system", "content": request.system})];
    messages.extend(request.messages.iter().map(message));
    let limit = if form.older_limit { "max_tokens" } else { "max_completion_tokens" };
    let mut body = json!({"model": model, "messages": messages, "stream": form.stream, limit: request.max_tokens});
    if form.stream && form.usage {
        body["stream_options"] = json!({"include_usage": true});
    }
    if let (true, Some(schema)) = (form.schema, &request.schema) {
        let shape = json!({"name": schema.name, "strict": true, "schema": schema.schema});
        body["response_format"] = json!({"type": "json_schema", "json_schema": shape});
    }
    if form.tools && !request.tools.is_empty() {
        body["tools"] = request.tools.iter().map(tool).collect();
    }
    body
}

fn tool(tool: &Tool) -> Value {
    let function = json!({"name": tool.name, "description": tool.description, "parameters": tool.parameters});
    json!({"type": "function", "function": function})
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
