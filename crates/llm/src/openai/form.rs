//! What a server knows, learnt from what it refuses. Pure.

use crate::{ErrorKind, ModelError, Request};

/// The form of a request: what may go into it beside what every server knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    /// The limit of tokens under its older name.
    pub(super) older_limit: bool,
    /// The answer as a stream.
    pub(super) stream: bool,
    /// In a stream, the count of tokens at its end.
    pub(super) usage: bool,
    /// The shape of the answer.
    pub(super) schema: bool,
    /// Tools.
    pub(super) tools: bool,
}

impl Form {
    /// Everything: where a server takes it all.
    pub(super) const WHOLE: Self = Self { older_limit: true, stream: true, usage: true, schema: true, tools: true };

    /// The form in which to ask once more after this error; none where the form is not what was refused. Each has less
    /// than the one before, so there is an end.
    pub(super) fn after(self, error: &ModelError, request: &Request) -> Option<Self> {
        if error.kind != ErrorKind::Refused || matches!(error.status, Some(401 | 403)) {
            return None;
        }
        let said = error.detail.to_lowercase();
        let names = |words: &[&str]| words.iter().any(|word| named(&said, word));
        let schema = self.schema && request.schema.is_some();
        let tools = self.tools && !request.tools.is_empty();
        if self.older_limit && names(&["max_completion_tokens"]) {
            return Some(Self { older_limit: false, ..self });
        }
        if tools && names(&["tool", "tools", "tool_choice", "tool-call-parser", "function calling"]) {
            return Some(Self { tools: false, ..self });
        }
        if schema && names(&["response_format", "json_schema", "schema", "grammar", "structured output"]) {
            return Some(Self { schema: false, ..self });
        }
        if self.stream && self.usage && names(&["stream_options", "include_usage"]) {
            return Some(Self { usage: false, ..self });
        }
        if self.stream && names(&["stream", "streaming"]) {
            return Some(Self { stream: false, ..self });
        }
        // A server that does not say what it dislikes may dislike what not every server knows. One that says that the
        // question is too long means that.
        let unsaid = matches!(error.status, Some(400 | 422 | 501)) && !names(&["context", "length", "long", "tokens"]);
        match (unsaid && schema, unsaid && tools) {
            (true, _) => Some(Self { schema: false, ..self }),
            (false, true) => Some(Self { tools: false, ..self }),
            (false, false) => None,
        }
    }

    /// What both have.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            older_limit: self.older_limit && other.older_limit,
            stream: self.stream && other.stream,
            usage: self.usage && other.usage,
            schema: self.schema && other.schema,
            tools: self.tools && other.tools,
        }
    }
}

/// Whether a text has this word, not as the end of a longer one ("upstream" names no stream) and not as the beginning of
/// another, but for its plural.
fn named(said: &str, word: &str) -> bool {
    said.match_indices(word).any(|(at, _)| {
        let before = said[..at].chars().next_back();
        let after = said[at + word.len()..].trim_start_matches('s').chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests;
