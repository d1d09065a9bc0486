//! Pictures of a files service elsewhere, asked for over HTTP with the proof of who is asking.

use async_trait::async_trait;
use bytes::Bytes;
use common::picture::{PictureRef, PictureSource, Upload};
use common::{Caller, ErrorCode, Failure, FileId};
use reqwest::Method;
use serde::de::DeserializeOwned;
use std::time::Duration;
use tracing::Instrument;
use tracing::field::Empty;

/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Longest wait until everything of an owner is gone.
const ERASE_PATIENCE: Duration = Duration::from_secs(60);

/// Pauses before the question is asked again when nobody answers: a files service that restarts is back by then.
const PAUSES: [Duration; 3] = [Duration::from_millis(100), Duration::from_millis(400), Duration::from_millis(1500)];

/// Asks the files service.
#[derive(Debug)]
pub struct RemotePictures {
    bases: Vec<String>,
    http: reqwest::Client,
}

/// Where a caller's uploads are listed and removed.
const UPLOADS: &str = "/internal/v1/uploads";

/// What came of one question.
enum Asked {
    Answer(Result<Bytes, Failure>),
    Nobody(String),
}

/// One question.
struct Question<'a> {
    method: Method,
    path: String,
    /// The path with names for what is variable in it.
    route: &'static str,
    caller: &'a Caller,
    patience: Duration,
}

impl RemotePictures {
    /// The files service at this base URL, such as `http://files:8080`; of several, with commas between them, the next
    /// is asked where one does not answer.
    ///
    /// # Errors
    /// There can be no HTTP client.
    pub fn at(bases: &str) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build()?;
        Ok(Self { bases: common::addresses(bases), http })
    }

    async fn ask(&self, question: &Question<'_>) -> Asked {
        let mut outcome = Asked::Nobody("no files service is named".to_owned());
        for base in &self.bases {
            outcome = self.ask_one(base, question).await;
            if matches!(outcome, Asked::Answer(_)) {
                break;
            }
        }
        outcome
    }

    async fn ask_one(&self, base: &str, question: &Question<'_>) -> Asked {
        let url = format!("{base}{}", question.path);
        let mut request = self.http.request(question.method.clone(), url).timeout(question.patience);
        if let Some(pass) = &question.caller.pass {
            request = request.header(edge::identity::HEADER, pass.reveal());
        }
        let method = question.method.as_str();
        let span = tracing::info_span!(
            "ask files",
            otel.kind = "client",
            otel.name = format!("{method} {}", question.route),
            http.request.method = method,
            http.response.status_code = Empty
        );
        let trace = observe::begin(&span, question.caller.trace.as_ref());
        request = request.header("traceparent", trace.traceparent());
        if let Some(state) = trace.tracestate() {
            request = request.header("tracestate", state);
        }
        let answer = match request.send().instrument(span.clone()).await {
            Ok(answer) => answer,
            Err(error) => {
                observe::failed(&span, "no_answer");
                return Asked::Nobody(error.to_string());
            }
        };
        span.record("http.response.status_code", answer.status().as_u16());
        if answer.status().is_server_error() {
            observe::failed(&span, "server_error");
        }
        match answer.status().as_u16() {
            200..=299 => match answer.bytes().await {
                Ok(content) => Asked::Answer(Ok(content)),
                Err(error) => Asked::Nobody(error.to_string()),
            },
            404 => Asked::Answer(Err(ErrorCode::FileNotFound.into())),
            401 => Asked::Answer(Err(ErrorCode::Unauthorized.into())),
            507 => Asked::Answer(Err(ErrorCode::StorageUnavailable.into())),
            status => Asked::Nobody(format!("status {status}")),
        }
    }

    /// The answer, asked for again while nobody answers.
    async fn answer(&self, question: Question<'_>) -> Result<Bytes, Failure> {
        let mut pauses = PAUSES.into_iter();
        loop {
            match (self.ask(&question).await, pauses.next()) {
                (Asked::Answer(answer), _) => return answer,
                (Asked::Nobody(_), Some(pause)) => tokio::time::sleep(pause).await,
                (Asked::Nobody(why), None) => return Err(not_now(&why)),
            }
        }
    }

    async fn read<T: DeserializeOwned>(
        &self,
        path: String,
        route: &'static str,
        caller: &Caller,
    ) -> Result<T, Failure> {
        let question = Question { method: Method::GET, path, route, caller, patience: PATIENCE };
        let content = self.answer(question).await?;
        serde_json::from_slice(&content).map_err(|error| not_now(&error.to_string()))
    }
}

fn not_now(why: &str) -> Failure {
    tracing::error!(why, "the files service does not answer");
    Failure::with_detail(ErrorCode::NotReady, "The pictures cannot be looked up now.")
}

#[async_trait]
impl PictureSource for RemotePictures {
    async fn picture(&self, caller: &Caller, id: FileId) -> Result<PictureRef, Failure> {
        self.read(format!("/internal/v1/pictures/{id}"), "/internal/v1/pictures/{id}", caller).await
    }

    async fn uploads(&self, caller: &Caller, before: Option<FileId>) -> Result<Vec<Upload>, Failure> {
        let query = before.map(|id| format!("?before={id}")).unwrap_or_default();
        self.read(format!("{UPLOADS}{query}"), UPLOADS, caller).await
    }

    async fn erase(&self, caller: &Caller) -> Result<(), Failure> {
        let (method, path, route) = (Method::DELETE, UPLOADS.to_owned(), UPLOADS);
        self.answer(Question { method, path, route, caller, patience: ERASE_PATIENCE }).await.map(drop)
    }
}
