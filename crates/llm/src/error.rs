//! Why a model did not answer.

use common::job::Usage;
use common::{ErrorCode, Failure};
use serde::{Deserialize, Serialize};
use std::time::Duration;

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
    /// True when the same call fails until somebody changes something: a key, a name, a quota.
    pub lasting: bool,
    /// True when the model was still writing when its time was up: it is slow, not dead.
    pub slow: bool,
    /// How long the endpoint asked to be left alone, where it did.
    pub retry_after: Option<Duration>,
    /// Set when the endpoint was not asked at all, because of how earlier calls ended: for how long it is
    /// still left alone.
    pub left_alone: Option<Duration>,
    /// Models that were asked before this one, and why they did not answer.
    pub passed_over: Box<[PassedOver]>,
}

/// A model in whose place another one was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassedOver {
    /// Its name.
    pub model: String,
    /// Why it did not answer.
    pub code: ErrorCode,
    /// The same in a sentence for people.
    pub why: String,
    /// Tokens used all the same: an answer that cannot be read costs what a good one does.
    #[serde(default)]
    pub usage: Usage,
}

impl ModelError {
    /// An error without an HTTP status.
    pub fn new(kind: ErrorKind, model: &str, detail: impl Into<String>) -> Self {
        Self {
            kind,
            model: model.to_owned(),
            status: None,
            detail: detail.into(),
            usage: Usage::default(),
            lasting: false,
            slow: false,
            retry_after: None,
            left_alone: None,
            passed_over: Box::default(),
        }
    }

    /// What a person is told. The endpoint is never quoted: its texts may hold parts of keys.
    pub fn failure(&self) -> Failure {
        let mut sentences: Vec<String> = self.passed_over.iter().map(|passed| passed.why.clone()).collect();
        sentences.push(self.sentence());
        Failure::with_detail(self.kind.code(), sentences.join(" "))
    }

    /// The same as what it is for whoever is asked next.
    pub(crate) fn passed_over(&self) -> PassedOver {
        PassedOver { model: self.model.clone(), code: self.kind.code(), why: self.sentence(), usage: self.usage }
    }

    fn sentence(&self) -> String {
        let what = match self.kind {
            ErrorKind::Unavailable => "could not be reached, or its server kept failing",
            ErrorKind::RateLimited => "takes no more requests for now: its rate limit or quota is used up",
            ErrorKind::Refused => "refused the request",
            ErrorKind::Timeout if self.slow => "was still writing its answer when its time was up",
            ErrorKind::Timeout => "did not answer in time",
            ErrorKind::BadAnswer => "gave an answer that is empty or cannot be read",
        };
        let status = self.status.map(|status| format!(" (HTTP status {status})")).unwrap_or_default();
        let name = &self.model;
        match self.left_alone {
            None => format!("The model '{name}' {what}{status}."),
            Some(left) => {
                let seconds = left.as_secs() + 1;
                format!("The model '{name}' is not asked for {seconds} s, because earlier it {what}{status}.")
            }
        }
    }
}
