//! The service below async-openai: sends, repeats after passing faults, bounds and judges answers.
//!
//! An answer that comes as a stream is put together here, so that whatever is above sees one kind of answer, and one
//! place decides what is repeated.

use super::config::Endpoint;
use super::judge::{Fault, judge};
use super::stream::Assembly;
use crate::{ErrorKind, Heard, Limits, ModelError, OnText};
use async_openai::config::Config;
use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use backon::{ExponentialBuilder, Retryable};
use chrono::Utc;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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

/// How much more a stream may weigh than the text it brings: each piece has a frame of some hundred bytes.
const FRAMES: usize = 64;

/// Longest wait for a stream to be closed after its last word. One that is not closed costs its connection, nothing else.
const CLOSING: Duration = Duration::from_millis(200);

/// What the call above and the transport tell each other.
#[derive(Debug, Default)]
pub(super) struct Call {
    pub(super) on_text: Option<OnText>,
    /// Whether an answer has begun to come in pieces.
    begun: AtomicBool,
    /// Whether the last answer came in one piece.
    in_one_piece: AtomicBool,
}

impl Call {
    pub(super) fn new(on_text: Option<OnText>) -> Self {
        Self { on_text, ..Self::default() }
    }

    pub(super) fn has_begun(&self) -> bool {
        self.begun.load(Ordering::Relaxed)
    }

    pub(super) fn was_in_one_piece(&self) -> bool {
        self.in_one_piece.load(Ordering::Relaxed)
    }

    fn tell(&self, heard: Heard<'_>) {
        if let Some(on_text) = &self.on_text {
            on_text.tell(heard);
        }
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
    pub(super) fn service(&self, call: Arc<Call>) -> BoxCloneSyncService<HttpRequestFactory, Response, Failed> {
        let transport = self.clone();
        BoxCloneSyncService::new(tower::service_fn(move |factory| transport.clone().send(factory, call.clone())))
    }

    async fn send(self, factory: HttpRequestFactory, call: Arc<Call>) -> Result<Response, Failed> {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(self.limits.retry_delay)
            .with_max_delay(self.limits.max_retry_after)
            .with_max_times(self.limits.max_retries)
            .with_jitter();
        let longest = self.limits.max_retry_after;
        (|| self.attempt(&factory, &call))
            .retry(pauses)
            .when(|failed| failed.passing && failed.retry_after.is_none_or(|asked| asked <= longest))
            .adjust(|failed, pause| pause.map(|pause| failed.retry_after.unwrap_or(pause)))
            .notify(|failed, pause| {
                let pause_ms = pause.as_millis() as u64;
                tracing::warn!(llm.error = %failed.error, llm.pause_ms = pause_ms, "model call is repeated");
            })
            .await
    }

    async fn attempt(&self, factory: &HttpRequestFactory, call: &Call) -> Result<Response, Failed> {
        call.begun.store(false, Ordering::Relaxed);
        let request = factory.build().await.map_err(|_| Failed {
            error: ModelError::new(ErrorKind::Refused, &self.model, "the request could not be built"),
            passing: false,
            retry_after: None,
        })?;
        let mut response = self.http.execute(request).await.map_err(|error| self.broken(&error))?;
        let status = response.status();
        let headers = response.headers().clone();
        let first = response.chunk().await.map_err(|error| self.broken(&error))?.unwrap_or_default();
        let named = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        let streamed = status.is_success() && (Assembly::begins(&first) || named && first.trim_ascii().is_empty());
        call.in_one_piece.store(!streamed, Ordering::Relaxed);
        let body = if streamed {
            self.listen(response, &first, call).await?
        } else {
            self.read(response, first.to_vec()).await?
        };
        judge(status.as_u16(), &body, &self.model).map_err(|fault| {
            let Fault { error, passing } = *fault;
            Failed { error, passing, retry_after: retry_after(&headers) }
        })?;
        // async-openai reads a response; this one is already whole, bounded and known to be JSON.
        let mut whole = http::Response::new(body);
        *whole.status_mut() = status;
        whole.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(Response::from(whole))
    }

    /// The whole body of an answer in one piece, of which the first piece is there.
    async fn read(&self, mut response: Response, mut body: Vec<u8>) -> Result<Vec<u8>, Failed> {
        let most = self.limits.max_reply_bytes;
        loop {
            if body.len() > most {
                return Err(self.too_long(most));
            }
            match response.chunk().await.map_err(|error| self.broken(&error))? {
                Some(chunk) => body.extend_from_slice(&chunk),
                None => return Ok(body),
            }
        }
    }

    /// The whole answer of a stream, as the body that it would have been.
    async fn listen(&self, mut response: Response, first: &[u8], call: &Call) -> Result<Vec<u8>, Failed> {
        call.begun.store(true, Ordering::Relaxed);
        call.tell(Heard::Begins);
        let most = self.limits.max_reply_bytes;
        let mut assembly = Assembly::default();
        let mut received = 0;
        let mut chunk = first.to_vec();
        loop {
            received += chunk.len();
            match assembly.take(&chunk) {
                Ok(text) if text.is_empty() => {}
                Ok(text) => {
                    call.tell(Heard::Text(&text));
                    let arguments = assembly.arguments();
                    if !arguments.is_empty() {
                        call.tell(Heard::Arguments(&arguments));
                    }
                }
                Err(failure) => return Ok(failure.to_string().into_bytes()),
            }
            if assembly.len() > most || received > most.saturating_mul(FRAMES) {
                return Err(self.too_long(most));
            }
            let patience = if assembly.is_done() { CLOSING } else { self.limits.idle_timeout };
            chunk = match tokio::time::timeout(patience, response.chunk()).await {
                Ok(Ok(Some(chunk))) => chunk.to_vec(),
                Ok(Ok(None)) => break,
                // All that matters was said.
                _ if assembly.is_done() => break,
                Ok(Err(error)) => return Err(self.broken(&error)),
                Err(_) => return Err(self.fell_silent()),
            };
        }
        match assembly.finish() {
            Some(answer) => Ok(answer.to_string().into_bytes()),
            None => {
                let error = ModelError::new(ErrorKind::Unavailable, &self.model, "the stream ended before the answer");
                Err(Failed { error, passing: true, retry_after: None })
            }
        }
    }

    fn too_long(&self, most: usize) -> Failed {
        let error = ModelError::new(ErrorKind::BadAnswer, &self.model, format!("an answer of more than {most} bytes"));
        Failed { error, passing: false, retry_after: None }
    }

    /// Silence within an answer. It is not repeated: what was written is paid for.
    fn fell_silent(&self) -> Failed {
        let seconds = self.limits.idle_timeout.as_secs_f32();
        let detail = format!("it fell silent for {seconds} s in the middle of its answer");
        Failed { error: ModelError::new(ErrorKind::Timeout, &self.model, detail), passing: false, retry_after: None }
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
        let body = self.read(response, Vec::new()).await.map_err(|failed| failed.error)?;
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
