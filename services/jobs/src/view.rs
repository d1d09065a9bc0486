//! Jobs and their events as clients see them.

use crate::doc::{Job, Millis};
use crate::report;
use crate::store::{Store, StoredEvent};
use chrono::{DateTime, Utc};
use common::job::{JobOptions, JobState, ReportStep, Usage};
use common::picture::PictureKind;
use common::{Failure, FileId, JobId};
use futures::{Stream, StreamExt, stream};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::broadcast;

/// A job as `GET /api/v1/jobs/{id}` shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct JobView {
    /// Its id.
    pub id: JobId,
    /// Where it stands.
    pub state: JobState,
    /// What was asked for.
    pub prompt: String,
    /// Its limits.
    pub options: JobOptions,
    /// Its pictures.
    pub file_ids: Vec<FileId>,
    /// Kind of the first picture, once seen.
    pub image_kind: Option<PictureKind>,
    /// What was found, in plain words; empty while there is nothing to say.
    pub summary: String,
    /// Why it failed, where it did.
    pub error: Option<Failure>,
    /// Its steps so far.
    pub steps: Vec<ReportStep>,
    /// Tokens used so far.
    pub usage: Usage,
    /// When it was accepted.
    pub created_at: DateTime<Utc>,
    /// When work began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

/// One page of jobs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct JobPage {
    /// The jobs, newest first.
    pub items: Vec<JobView>,
    /// Give this as `cursor` for the next page; absent on the last one.
    pub next_cursor: Option<JobId>,
}

fn time(at: Millis) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at).unwrap_or_default()
}

impl JobView {
    pub(crate) fn of(job: &Job, now: Millis) -> Self {
        Self {
            id: job.id,
            state: job.state,
            prompt: job.prompt.clone(),
            options: job.options,
            file_ids: job.pictures.iter().map(|picture| picture.file_id).collect(),
            image_kind: job.seen.first().and_then(Option::as_ref).map(|seen| seen.kind),
            summary: job.summary.clone(),
            error: job.error.clone(),
            steps: report::steps(job, now),
            usage: job.usage,
            created_at: time(job.created_at),
            started_at: job.started_at.map(time),
            finished_at: job.finished_at.map(time),
        }
    }
}

/// Events read from the store at a time.
const PAGE: u64 = 100;

/// A stream looks by itself this often, in case a wake-up was missed.
const POLL: Duration = Duration::from_secs(1);

struct Follow {
    store: Store,
    changed: broadcast::Receiver<JobId>,
    id: JobId,
    after: u64,
    ready: VecDeque<StoredEvent>,
    ended: bool,
}

/// All events of a job after a number, those to come included; ends after `job_finished`.
pub fn follow(
    store: Store,
    changed: broadcast::Receiver<JobId>,
    id: JobId,
    after: u64,
) -> impl Stream<Item = StoredEvent> {
    let start = Follow { store, changed, id, after, ready: VecDeque::new(), ended: false };
    stream::unfold(start, |mut follow| async move {
        let event = follow.next().await?;
        Some((event, follow))
    })
    .fuse()
}

impl Follow {
    async fn next(&mut self) -> Option<StoredEvent> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.after = event.number;
                self.ended = event.kind == "job_finished";
                return Some(event);
            }
            if self.ended {
                return None;
            }
            match self.store.events_after(self.id, self.after, PAGE).await {
                Ok(events) if events.is_empty() => {
                    if self.already_over().await {
                        return None;
                    }
                    self.wait().await;
                }
                Ok(events) => self.ready.extend(events),
                Err(error) => {
                    crate::orchestrator::log_error("an event stream", &error);
                    self.wait().await;
                }
            }
        }
    }

    /// A client that has seen the last event and comes back, or whose job was deleted, must not wait.
    async fn already_over(&self) -> bool {
        let last = self.after.saturating_sub(1);
        match self.store.events_after(self.id, last, 1).await {
            Ok(events) => events.first().is_none_or(|event| event.kind == "job_finished"),
            Err(_) => false,
        }
    }

    async fn wait(&mut self) {
        let deadline = tokio::time::Instant::now() + POLL;
        loop {
            match tokio::time::timeout_at(deadline, self.changed.recv()).await {
                Ok(Ok(id)) if id != self.id => {}
                // Ours, or some were missed, or nobody sends any more: look again. In the last case
                // the pause keeps the look from spinning.
                Ok(Err(broadcast::error::RecvError::Closed)) => return tokio::time::sleep_until(deadline).await,
                _ => return,
            }
        }
    }
}
