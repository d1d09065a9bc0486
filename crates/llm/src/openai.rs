//! Any endpoint that speaks the OpenAI chat completions protocol, through async-openai.
//!
//! Only its transport is used, with our own service below it: the crate's own repeats cannot be
//! bounded, and its own types refuse answers that real servers give.

mod answer;
mod body;
mod config;
mod judge;
mod transport;

use crate::{ConnectError, ErrorKind, Limits, Model, ModelError, Reply, Request};
use async_openai::Client;
use async_openai::error::OpenAIError;
use async_trait::async_trait;
use config::Endpoint;
use secrecy::SecretString;
use serde_json::Value;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use transport::{Failed, Transport};

/// Longest wait of a health check.
const CHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// One model of one endpoint.
pub struct OpenAiModel {
    name: String,
    limits: Limits,
    client: Client<Endpoint>,
    transport: Transport,
    endpoint: Endpoint,
    /// Newer hosted models want the limit of tokens under another name; learnt from their refusal.
    newer_token_field: AtomicBool,
    answered_at: Mutex<Option<Instant>>,
}

impl fmt::Debug for OpenAiModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenAiModel").field("name", &self.name).field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl OpenAiModel {
    /// The model `name` behind the endpoint whose base URL is `url`, for example `http://127.0.0.1:8000/v1`.
    ///
    /// # Errors
    /// The URL, name or key cannot be used.
    pub fn new(url: &str, name: &str, key: Option<SecretString>, limits: Limits) -> Result<Self, ConnectError> {
        if name.trim().is_empty() {
            return Err(ConnectError::MissingName);
        }
        let endpoint = Endpoint::new(url, key)?;
        let http = reqwest::Client::builder()
            .connect_timeout(limits.connect_timeout)
            .read_timeout(limits.read_timeout)
            // A redirected POST would turn into a GET, and the key would travel along.
            .redirect(reqwest::redirect::Policy::none())
            // Proxies come from settings or not at all, never from whatever the environment holds.
            .no_proxy()
            .build()
            .map_err(ConnectError::Client)?;
        let transport = Transport::new(http.clone(), name, limits);
        let client = Client::build(http, endpoint.clone()).with_http_service(transport.service());
        Ok(Self {
            name: name.to_owned(),
            limits,
            client,
            transport,
            endpoint,
            newer_token_field: AtomicBool::new(false),
            answered_at: Mutex::new(None),
        })
    }

    async fn ask(&self, request: &Request) -> Result<Reply, ModelError> {
        let newer = self.newer_token_field.load(Ordering::Relaxed);
        let answer = match self.post(request, newer).await {
            Err(error) if !newer && body::wants_newer_token_field(&error) => {
                let answer = self.post(request, true).await?;
                self.newer_token_field.store(true, Ordering::Relaxed);
                answer
            }
            other => other?,
        };
        answer::reply(&answer, &self.name)
    }

    async fn post(&self, request: &Request, newer_token_field: bool) -> Result<Value, ModelError> {
        let body = body::of(request, &self.name, newer_token_field);
        let answer: Result<Value, OpenAIError> = self.client.chat().create_byot(body).await;
        answer.map_err(|error| self.error(error))
    }

    fn error(&self, error: OpenAIError) -> ModelError {
        match error {
            OpenAIError::Boxed(inner) => match inner.downcast::<Failed>() {
                Ok(failed) => ModelError { retry_after: failed.retry_after, ..failed.error },
                Err(_) => ModelError::new(ErrorKind::Unavailable, &self.name, "unknown fault of the transport"),
            },
            // Everything sent and received goes through our transport, which judged it before; the text
            // of what is left could quote a body.
            _ => ModelError::new(ErrorKind::BadAnswer, &self.name, "the client library could not handle the answer"),
        }
    }

    fn answered_lately(&self) -> bool {
        let at = *self.answered_at.lock().unwrap_or_else(PoisonError::into_inner);
        at.is_some_and(|at| at.elapsed() < self.limits.answered_lately)
    }

    fn note_answer(&self) {
        *self.answered_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
}

#[async_trait]
impl Model for OpenAiModel {
    async fn complete(&self, request: Request) -> Result<Reply, ModelError> {
        let total = self.limits.total_timeout;
        let reply = tokio::time::timeout(total, self.ask(&request)).await.unwrap_or_else(|_| {
            Err(ModelError::new(ErrorKind::Timeout, &self.name, format!("no answer within {} s", total.as_secs_f32())))
        })?;
        self.note_answer();
        Ok(reply)
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn host(&self) -> Option<&str> {
        Some(self.endpoint.host())
    }

    async fn check(&self) -> Result<(), ModelError> {
        if self.answered_lately() {
            return Ok(());
        }
        let probe = self.transport.probe(&self.endpoint);
        tokio::time::timeout(CHECK_TIMEOUT.min(self.limits.total_timeout), probe).await.unwrap_or_else(|_| {
            Err(ModelError::new(ErrorKind::Timeout, &self.name, "the endpoint did not answer a health check"))
        })?;
        self.note_answer();
        Ok(())
    }
}
