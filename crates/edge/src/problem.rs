//! RFC 9457 problem details: the one shape of every error answer.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use common::{ErrorCode, Failure, Scope};
use serde::{Deserialize, Serialize};
use std::fmt;

/// An error on its way to a client. Holds only what the client may see; the cause goes to the log
/// where it happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    failure: Failure,
    retry_after_seconds: Option<u32>,
    scope: Option<Scope>,
}

impl Problem {
    /// A problem with the table's sentence.
    pub fn new(code: ErrorCode) -> Self {
        Failure::new(code).into()
    }

    /// A problem that says more about this case.
    pub fn with_detail(code: ErrorCode, detail: impl Into<String>) -> Self {
        Failure::with_detail(code, detail).into()
    }

    /// The problem of credentials that lack this scope.
    pub fn missing_scope(scope: Scope) -> Self {
        let detail = match scope {
            Scope::Account => "Only people may do this, not API keys: it needs the scope 'account'.".to_owned(),
            scope => format!("This needs the scope '{scope}', which the API key in use does not have."),
        };
        Self { scope: Some(scope), ..Self::with_detail(ErrorCode::MissingScope, detail) }
    }

    /// Logs the cause and gives the internal problem that hides it.
    pub fn internal(context: &str, cause: &dyn std::error::Error) -> Self {
        let mut chain = cause.to_string();
        let mut source = cause.source();
        while let Some(inner) = source {
            chain.push_str(": ");
            chain.push_str(&inner.to_string());
            source = inner.source();
        }
        tracing::error!(context, cause = chain, "request failed");
        Self::new(ErrorCode::Internal)
    }

    /// Adds a Retry-After header.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// The code.
    pub fn code(&self) -> ErrorCode {
        self.failure.code
    }

    /// The body of the answer, for places that are no answer of their own.
    pub fn body(&self) -> ProblemBody {
        let code = self.failure.code;
        ProblemBody {
            r#type: format!("/docs/errors#{code}"),
            title: code.title().to_owned(),
            status: code.status(),
            code,
            detail: self.failure.detail.clone(),
            advice: self.failure.advice.clone(),
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let retry_after_seconds = failure.retry_after_seconds;
        Self { failure, retry_after_seconds, scope: None }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failure.fmt(f)
    }
}

/// The JSON body of every error answer (RFC 9457).
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ProblemBody {
    /// A URI reference naming the kind of problem: `/docs/errors#` and the code.
    pub r#type: String,
    /// One plain sentence for this kind of problem.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// The stable code; programs branch on this.
    pub code: ErrorCode,
    /// What happened in this case.
    pub detail: String,
    /// What to do next.
    pub advice: String,
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.failure.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let code = self.failure.code;
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((CONTENT_TYPE, "application/problem+json"));
        if code == ErrorCode::Unauthorized {
            response.insert_header((WWW_AUTHENTICATE, "Bearer realm=\"darkroom\""));
        }
        if let Some(scope) = self.scope {
            // RFC 6750, 3.1.
            let challenge = format!("Bearer realm=\"darkroom\", error=\"insufficient_scope\", scope=\"{scope}\"");
            response.insert_header((WWW_AUTHENTICATE, challenge));
        }
        if let Some(seconds) = self.retry_after_seconds {
            response.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        // `.body`, not `.json`: the latter would replace the content type.
        match serde_json::to_string(&self.body()) {
            Ok(text) => response.body(text),
            Err(_) => response.finish(),
        }
    }
}
