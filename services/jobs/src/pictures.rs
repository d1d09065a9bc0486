//! Pictures of a files service elsewhere, asked for over HTTP with the proof of who is asking.

use async_trait::async_trait;
use common::picture::{PictureRef, PictureSource};
use common::{Caller, ErrorCode, Failure, FileId};
use std::time::Duration;

/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Pauses before the question is asked again when nobody answers: a files service that restarts is back by then.
const PAUSES: [Duration; 3] = [Duration::from_millis(100), Duration::from_millis(400), Duration::from_millis(1500)];

/// Asks the files service.
#[derive(Debug)]
pub struct RemotePictures {
    bases: Vec<String>,
    http: reqwest::Client,
}

/// What came of one question.
enum Asked {
    Answer(Result<PictureRef, Failure>),
    Nobody(String),
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

    async fn ask(&self, caller: &Caller, id: FileId) -> Asked {
        let mut outcome = Asked::Nobody("no files service is named".to_owned());
        for base in &self.bases {
            outcome = self.ask_one(base, caller, id).await;
            if matches!(outcome, Asked::Answer(_)) {
                break;
            }
        }
        outcome
    }

    async fn ask_one(&self, base: &str, caller: &Caller, id: FileId) -> Asked {
        let mut request = self.http.get(format!("{base}/internal/v1/pictures/{id}"));
        if let Some(pass) = &caller.pass {
            request = request.header(edge::identity::HEADER, pass.reveal());
        }
        if let Some(trace) = &caller.trace {
            request = request.header("traceparent", trace.step().traceparent());
        }
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return Asked::Nobody(error.to_string()),
        };
        match answer.status().as_u16() {
            200 => match answer.json().await {
                Ok(picture) => Asked::Answer(Ok(picture)),
                Err(error) => Asked::Nobody(error.to_string()),
            },
            404 => Asked::Answer(Err(ErrorCode::FileNotFound.into())),
            401 => Asked::Answer(Err(ErrorCode::Unauthorized.into())),
            status => Asked::Nobody(format!("status {status}")),
        }
    }
}

#[async_trait]
impl PictureSource for RemotePictures {
    async fn picture(&self, caller: &Caller, id: FileId) -> Result<PictureRef, Failure> {
        let mut pauses = PAUSES.into_iter();
        loop {
            match (self.ask(caller, id).await, pauses.next()) {
                (Asked::Answer(answer), _) => return answer,
                (Asked::Nobody(_), Some(pause)) => tokio::time::sleep(pause).await,
                (Asked::Nobody(why), None) => {
                    tracing::error!(why, "the files service does not answer");
                    return Err(Failure::with_detail(ErrorCode::NotReady, "The pictures cannot be looked up now."));
                }
            }
        }
    }
}
