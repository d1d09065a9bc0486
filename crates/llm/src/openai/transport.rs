//! The service below async-openai: sends, repeats after passing faults, bounds and judges answers.

use super::config::Endpoint;
use super::judge::{Fault, judge};
use crate::{ErrorKind, Limits, ModelError};
use async_openai::config::Config;
use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use backon::{ExponentialBuilder, Retryable};
use chrono::Utc;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, Response};
use std::sync::Arc;
use std::time::Duration;
use tower::util::BoxCloneSyncService;

/// The end of one attempt, or of the last one.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub(super) struct Failed {
    pub(super) error: ModelError,
    passing: bool,
    pub(super) retry_after: Option<Duration>,
}

impl From<Failed> for OpenAIError {
    fn from(failed: Failed) -> Self {
        Self::Boxed(Box::new(failed))
    }
}

/// See the module.
#[derive(Clone)]
pub(super) struct Transport {
    http: Client,
    model: Arc<str>,
    limits: Limits,
}

impl Transport {
    pub(super) fn new(http: Client, model: &str, limits: Limits) -> Self {
        Self { http, model: model.into(), limits }
    }

    /// As the service that async-openai calls.
    pub(super) fn service(&self) -> BoxCloneSyncService<HttpRequestFactory, Response, Failed> {
        let transport = self.clone();
        BoxCloneSyncService::new(tower::service_fn(move |factory| transport.clone().send(factory)))
    }

    async fn send(self, factory: HttpRequestFactory) -> Result<Response, Failed> {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(self.limits.retry_delay)
            .with_max_delay(self.limits.max_retry_after)
            .with_max_times(self.limits.max_retries)
            .with_jitter();
        let longest = self.limits.max_retry_after;
        (|| self.attempt(&factory))
            .retry(pauses)
            .when(|failed| failed.passing && failed.retry_after.is_none_or(|asked| asked <= longest))
            .adjust(|failed, pause| pause.map(|pause| failed.retry_after.unwrap_or(pause)))
            .notify(|failed, pause| {
                let pause_ms = pause.as_millis() as u64;
                tracing::warn!(llm.error = %failed.error, llm.pause_ms = pause_ms, "model call is repeated");
            })
            .await
    }

    async fn attempt(&self, factory: &HttpRequestFactory) -> Result<Response, Failed> {
        let request = factory.build().await.map_err(|_| Failed {
            error: ModelError::new(ErrorKind::Refused, &self.model, "the request could not be built"),
            passing: false,
            retry_after: None,
        })?;
        let response = self.http.execute(request).await.map_err(|error| self.broken(&error))?;
        let status = response.status();
        let headers = response.headers().clone();
        let body = self.read(response).await?;
        judge(status.as_u16(), &body, &self.model).map_err(|fault| {
            let Fault { error, passing } = *fault;
            Failed { error, passing, retry_after: retry_after(&headers) }
        })?;
        // async-openai reads a response; this one is already whole, bounded and known to be JSON.
        let mut whole = http::Response::new(body);
        *whole.status_mut() = status;
        if let Some(kind) = headers.get(CONTENT_TYPE) {
            whole.headers_mut().insert(CONTENT_TYPE, kind.clone());
        }
        Ok(Response::from(whole))
    }

    async fn read(&self, mut response: Response) -> Result<Vec<u8>, Failed> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.broken(&error))? {
            if body.len() + chunk.len() > self.limits.max_reply_bytes {
                let detail = format!("a body of more than {} bytes", self.limits.max_reply_bytes);
                let error = ModelError::new(ErrorKind::BadAnswer, &self.model, detail);
                return Err(Failed { error, passing: false, retry_after: None });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// No connection, a lost one, or silence. Silence is not repeated: the model may still be working,
    /// and would be paid twice.
    fn broken(&self, error: &reqwest::Error) -> Failed {
        let silent = error.is_timeout() && !error.is_connect();
        let kind = if silent { ErrorKind::Timeout } else { ErrorKind::Unavailable };
        let error = ModelError::new(kind, &self.model, causes(error));
        Failed { error, passing: !silent, retry_after: None }
    }

    /// Asks the endpoint for its list of models, which costs nothing. Where there is no such list the
    /// endpoint is reachable all the same.
    pub(super) async fn probe(&self, endpoint: &Endpoint) -> Result<(), ModelError> {
        let request = self.http.get(endpoint.url("/models")).headers(endpoint.headers());
        let response = request.send().await.map_err(|error| self.broken(&error).error)?;
        let status = response.status().as_u16();
        let kind = match status {
            401 | 403 => ErrorKind::Refused,
            300..=399 | 500..=599 => ErrorKind::Unavailable,
            200..=299 => return self.judge_list(response).await,
            _ => return Ok(()),
        };
        let detail = "the endpoint's answer to a health check";
        Err(ModelError { status: Some(status), ..ModelError::new(kind, &self.model, detail) })
    }
}

impl Transport {
    /// Whether what came as a list of models is from a model endpoint at all: pages come from something else, and LM
    /// Studio sends errors with status 200.
    async fn judge_list(&self, response: Response) -> Result<(), ModelError> {
        let body = self.read(response).await.map_err(|failed| failed.error)?;
        let page = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<');
        let told = serde_json::from_slice::<serde_json::Value>(&body).unwrap_or_default();
        if page || !told["error"].is_null() {
            let detail = "no list of models but a page or an error with status 200; is the URL right?";
            return Err(ModelError::new(ErrorKind::Unavailable, &self.model, detail));
        }
        Ok(())
    }
}

/// The chain of causes without the URL, which is the operator's business.
fn causes(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    if text.is_empty() { "the connection failed".to_owned() } else { text }
}

/// Seconds or a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds.max(0.0)).ok();
    }
    let at = chrono::DateTime::parse_from_rfc2822(text).ok()?;
    (at.with_timezone(&Utc) - Utc::now()).to_std().ok()
}
