//! Why a model did not answer.

use common::job::Usage;
use common::{ErrorCode, Failure};
use serde::{Deserialize, Serialize};

/// What kind of failure. Callers branch on this alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The endpoint cannot be reached, keeps failing, or is no model endpoint.
    Unavailable,
    /// The endpoint refuses for now: rate limit or quota.
    RateLimited,
    /// The endpoint refuses the request: credentials, model name, or content.
    Refused,
    /// No answer in time.
    Timeout,
    /// An answer came, but there is nothing usable in it.
    BadAnswer,
}

impl ErrorKind {
    /// The code a person sees.
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::Unavailable => ErrorCode::ModelUnavailable,
            Self::RateLimited => ErrorCode::ModelRateLimited,
            Self::Refused => ErrorCode::ModelRefused,
            Self::Timeout => ErrorCode::ModelTimeout,
            Self::BadAnswer => ErrorCode::ModelAnswerUnusable,
        }
    }
}

/// A call that brought no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("model '{model}': {kind:?}: {detail}")]
pub struct ModelError {
    /// What kind of failure.
    pub kind: ErrorKind,
    /// The model's name.
    pub model: String,
    /// HTTP status of the endpoint's last answer, where there was one.
    pub status: Option<u16>,
    /// What happened, for the log. May quote the endpoint; never shown to a person.
    pub detail: String,
    /// Tokens used all the same; zero where none were.
    pub usage: Usage,
}

impl ModelError {
    /// An error without an HTTP status.
    pub fn new(kind: ErrorKind, model: &str, detail: impl Into<String>) -> Self {
        Self { kind, model: model.to_owned(), status: None, detail: detail.into(), usage: Usage::default() }
    }

    /// What a person is told. The endpoint is never quoted: its texts may hold parts of keys.
    pub fn failure(&self) -> Failure {
        let what = match self.kind {
            ErrorKind::Unavailable => "could not be reached, or its server kept failing",
            ErrorKind::RateLimited => "takes no more requests for now: its rate limit or quota is used up",
            ErrorKind::Refused => "refused the request",
            ErrorKind::Timeout => "did not answer in time",
            ErrorKind::BadAnswer => "gave an answer that is empty or cannot be read",
        };
        let status = self.status.map(|status| format!(" (HTTP status {status})")).unwrap_or_default();
        Failure::with_detail(self.kind.code(), format!("The model '{}' {what}{status}.", self.model))
    }
}
