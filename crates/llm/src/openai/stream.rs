//! An answer that comes in pieces (server-sent events), put together into one as if it had come at once. Pure.

use super::answer::text;
use serde_json::{Value, json};

/// The pieces so far. Total: a piece of an unknown shape adds nothing.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    /// A line that has not come to its end.
    line: Vec<u8>,
    /// Lines of data that make no JSON yet.
    data: String,
    text: String,
    refusal: String,
    calls: Vec<Call>,
    /// Arguments that came since somebody asked for them.
    arguments: String,
    finish_reason: Value,
    usage: Value,
    done: bool,
}

#[derive(Debug, Default)]
struct Call {
    index: Option<u64>,
    id: String,
    name: String,
    arguments: String,
}

/// What ends a stream early: what the server says of it, as the body of an error.
pub(super) type Failure = Value;

impl Assembly {
    /// Whether these bytes begin a stream. JSON and pages begin otherwise.
    pub(super) fn begins(bytes: &[u8]) -> bool {
        let bytes = bytes.trim_ascii_start();
        [b"data:".as_slice(), b"event:", b"id:", b"error:", b":"].iter().any(|mark| bytes.starts_with(mark))
    }

    /// Takes the next bytes, cut anywhere. Answers the text that came with them.
    ///
    /// # Errors
    /// The server says in the stream that it failed.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<String, Failure> {
        let before = self.text.len();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.line);
                self.take_line(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']))?;
            }
        }
        Ok(self.text[before..].to_owned())
    }

    fn take_line(&mut self, line: &str) -> Result<(), Failure> {
        // Comments keep the line open, other fields tell nothing that the data does not.
        let (data, failed) = match line.split_once(':') {
            Some(("data", data)) => (data, false),
            Some(("error", data)) => (data, true),
            _ if line.is_empty() => {
                self.data.clear();
                return Ok(());
            }
            _ => return Ok(()),
        };
        if data.trim() == "[DONE]" {
            self.done = true;
            return Ok(());
        }
        self.data.push_str(data);
        // Most put an event on one line; the protocol allows several.
        let Ok(event) = serde_json::from_str::<Value>(&self.data) else {
            self.data.push('\n');
            return Ok(());
        };
        self.data.clear();
        match (failed, event["error"].is_null()) {
            (true, true) => Err(json!({ "error": event })),
            (_, false) if !event["choices"][0].is_object() => Err(event),
            _ => {
                self.event(&event);
                Ok(())
            }
        }
    }

    fn event(&mut self, event: &Value) {
        if event["usage"].is_object() {
            self.usage = event["usage"].clone();
        }
        let Some(choice) = event["choices"].as_array().and_then(|choices| choices.first()) else { return };
        if choice["index"].as_u64().is_some_and(|index| index > 0) {
            return;
        }
        if choice["finish_reason"].is_string() {
            self.finish_reason = choice["finish_reason"].clone();
        }
        let delta = &choice["delta"];
        self.text.push_str(&text(&delta["content"]));
        self.refusal.push_str(delta["refusal"].as_str().unwrap_or_default());
        for call in delta["tool_calls"].as_array().into_iter().flatten() {
            self.call(call);
        }
    }

    /// A piece of a call: of the one with its number, else of the last one. Another id begins another call, whatever the
    /// number: some servers count none, or give all of them the first.
    fn call(&mut self, piece: &Value) {
        let index = piece["index"].as_u64();
        let id = piece["id"].as_str().unwrap_or_default();
        let function = &piece["function"];
        let name = function["name"].as_str().unwrap_or_default();
        let same = |call: &Call| {
            let known_id = !id.is_empty() && !call.id.is_empty();
            let place = call.index == index && (index.is_some() || name.is_empty() || known_id);
            place && (!known_id || id == call.id)
        };
        let at = match self.calls.iter().rposition(same) {
            Some(at) => at,
            None => {
                self.calls.push(Call { index, id: id.to_owned(), ..Call::default() });
                self.calls.len() - 1
            }
        };
        let Some(call) = self.calls.get_mut(at) else { return };
        // Some repeat the name with every piece.
        if call.name != name {
            call.name.push_str(name);
        }
        match &function["arguments"] {
            Value::String(text) => {
                call.arguments.push_str(text);
                self.arguments.push_str(text);
            }
            Value::Null => {}
            whole => {
                call.arguments = whole.to_string();
                self.arguments.push_str(&call.arguments);
            }
        }
    }

    /// The arguments of tools that came since the last time.
    pub(super) fn arguments(&mut self) -> String {
        std::mem::take(&mut self.arguments)
    }

    /// Bytes held.
    pub(super) fn len(&self) -> usize {
        let calls: usize = self.calls.iter().map(|call| call.name.len() + call.arguments.len() + 64).sum();
        self.line.len() + self.data.len() + self.text.len() + self.refusal.len() + calls
    }

    /// Whether the server said that nothing more comes.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    /// The whole answer, as if it had come at once; nothing where the stream ended before the answer did.
    pub(super) fn finish(mut self) -> Option<Value> {
        // The last line may lack its end.
        let line = std::mem::take(&mut self.line);
        self.take_line(&String::from_utf8_lossy(&line)).ok()?;
        if !self.done && self.finish_reason.is_null() {
            return None;
        }
        let calls: Vec<Value> = self.calls.iter().map(whole).collect();
        let refusal = if self.refusal.is_empty() { Value::Null } else { json!(self.refusal) };
        let message = json!({ "content": self.text, "refusal": refusal, "tool_calls": calls });
        Some(json!({
            "choices": [{ "message": message, "finish_reason": self.finish_reason }],
            "usage": self.usage,
        }))
    }
}

fn whole(call: &Call) -> Value {
    json!({ "id": call.id, "function": { "name": call.name, "arguments": call.arguments } })
}

#[cfg(test)]
mod tests;
