//! How people hear that a job has ended.

mod documented;
mod in_app;
mod letters;
mod mailbox;
mod receiver;
mod webhooks;

use crate::harness::{PATIENCE, Process, limits, straight};
use crate::http::ask;
use actix_web::test::TestRequest;
use common::topic::Topic;
use common::wire::jobs_v1::step_event::Outcome;
use common::wire::{agent_v1, common_v1};
use common::{ErrorCode, FileId, OwnerId};
use jobs::{MailSettings, NotifySettings, Rules, Settings};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// Workers whose model cannot be reached.
pub fn no_model(topic: Topic, think: &agent_v1::Think) -> Option<Outcome> {
    match topic {
        Topic::AgentThink => Some(Outcome::Failure(common_v1::Failure {
            code: ErrorCode::ModelUnavailable.as_str().to_owned(),
            detail: "The model is away: WORDS OF A PICTURE.".to_owned(),
        })),
        _ => straight(topic, think),
    }
}

/// Webhooks may go to this machine, in plain HTTP.
pub fn settings(mail_port: Option<u16>) -> Settings {
    let mail = match mail_port {
        Some(port) => {
            MailSettings { url: format!("smtp://127.0.0.1:{port}"), from: "Darkroom <darkroom@example.org>".to_owned() }
        }
        None => MailSettings::default(),
    };
    let notify = NotifySettings {
        mail,
        rules: Rules::new(true, "127.0.0.1"),
        public_url: "https://darkroom.example.org".to_owned(),
        lease: None,
    };
    Settings { notify, ..limits(4) }
}

pub async fn started<F>(folder: &Path, file: FileId, settings: Settings, answer: F) -> Process
where
    F: Fn(Topic, &agent_v1::Think) -> Option<Outcome> + Send + Sync + Clone + 'static,
{
    Process::start_by(Process::parts(), folder, file, settings, answer).await
}

/// Waits until it is so.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.unwrap_or_else(|_| panic!("in time: {what}"))
}

pub async fn get(process: &Process, path: &str) -> Value {
    let (status, answer) = ask(process, "local", TestRequest::get().uri(&format!("/api/v1/notifications{path}"))).await;
    assert_eq!(status.as_u16(), 200, "{path}: {answer}");
    answer
}

pub async fn send(process: &Process, request: TestRequest, path: &str, body: Value) -> (u16, Value) {
    let request = request.uri(&format!("/api/v1/notifications{path}")).set_json(body);
    let (status, answer) = ask(process, "local", request).await;
    (status.as_u16(), answer)
}

/// All deliveries have come to an end.
pub async fn settled(process: &Process, count: usize) -> Vec<jobs_view::Delivery> {
    until("all deliveries end", async || {
        let list = process.jobs.deliveries(&OwnerId::local()).await.expect("deliveries");
        let all: Vec<_> = list.items.into_iter().map(jobs_view::of).collect();
        (all.len() == count && all.iter().all(|one| one.state != "waiting")).then_some(all)
    })
    .await
}

/// What tests look at of a delivery.
pub mod jobs_view {
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Delivery {
        pub event: String,
        pub state: String,
        pub attempts: u32,
        pub last_error: Option<String>,
    }

    pub fn of(view: jobs::DeliveryView) -> Delivery {
        Delivery { event: view.event, state: view.state, attempts: view.attempts, last_error: view.last_error }
    }
}
