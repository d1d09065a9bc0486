//! Any endpoint that speaks the OpenAI chat completions protocol, through async-openai.
//!
//! Only its transport is used, with our own service below it: the crate's own repeats cannot be
//! bounded, and its own types refuse answers that real servers give.
//!
//! Answers are asked for as a stream, so that a slow model is told from a dead one. What a server refuses to know is left
//! out of the next question and of all that follow ([`form::Form`]).

mod answer;
mod body;
mod config;
mod form;
mod judge;
mod stream;
mod transport;

use crate::{ConnectError, ErrorKind, Heard, Limits, Model, ModelError, Reply, Request};
use async_openai::Client;
use async_openai::error::OpenAIError;
use async_trait::async_trait;
use config::Endpoint;
use form::Form;
use secrecy::SecretString;
use serde_json::Value;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use transport::{Call, Failed, Transport};

/// Longest wait of a health check.
const CHECK_TIMEOUT: Duration = Duration::from_secs(5);

/// One model of one endpoint.
pub struct OpenAiModel {
    name: String,
    limits: Limits,
    http: reqwest::Client,
    transport: Transport,
    endpoint: Endpoint,
    /// What of a request its server has not refused yet.
    form: Mutex<Form>,
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
        Ok(Self {
            name: name.to_owned(),
            limits,
            http,
            transport,
            endpoint,
            form: Mutex::new(Form::WHOLE),
            answered_at: Mutex::new(None),
        })
    }

    async fn ask(&self, request: &Request, call: &Arc<Call>) -> Result<Reply, ModelError> {
        let mut form = *self.form();
        let answer = loop {
            match self.post(request, form, call).await {
                Ok(answer) => break answer,
                Err(error) => match form.after(&error, request) {
                    Some(less) => {
                        tracing::info!(llm.error = %error, "the server is asked in a simpler form");
                        form = less;
                    }
                    None => return Err(error),
                },
            }
        };
        // Only what then worked is learnt: where it did not, the form was not what was wrong.
        if call.was_in_one_piece() {
            form.stream = false;
        }
        {
            let mut learnt = self.form();
            *learnt = learnt.and(form);
        }
        let reply = answer::reply(&answer, &self.name, !request.tools.is_empty())?;
        if let (Some(on_text), true) = (&request.on_text, call.was_in_one_piece()) {
            on_text.tell(Heard::Begins);
            on_text.tell(Heard::Text(&reply.text));
            reply.tool_calls.iter().for_each(|call| on_text.tell(Heard::Arguments(&call.arguments)));
        }
        Ok(reply)
    }

    fn form(&self) -> MutexGuard<'_, Form> {
        self.form.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn post(&self, request: &Request, form: Form, call: &Arc<Call>) -> Result<Value, ModelError> {
        let body = body::of(request, &self.name, form);
        // One for each call, which costs no more than some counters: the listener belongs to the call.
        let client = Client::build(self.http.clone(), self.endpoint.clone());
        let client = client.with_http_service(self.transport.service(call.clone()));
        let answer: Result<Value, OpenAIError> = client.chat().create_byot(body).await;
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
        let call = Arc::new(Call::new(request.on_text.clone()));
        let reply = tokio::time::timeout(total, self.ask(&request, &call)).await.unwrap_or_else(|_| {
            let detail = format!("no whole answer within {} s", total.as_secs_f32());
            Err(ModelError { slow: call.has_begun(), ..ModelError::new(ErrorKind::Timeout, &self.name, detail) })
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
