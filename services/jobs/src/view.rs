//! Jobs and their events as clients see them.

use crate::doc::{Job, Millis};
use crate::report;
use chrono::{DateTime, Utc};
use common::job::{JobOptions, JobState, ReportStep, Stopped};
use common::picture::PictureKind;
use common::spend::Spending;
use common::{Failure, FileId, JobId};
use serde::{Deserialize, Serialize};

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
    /// The names these had when they were uploaded, in the same order.
    pub file_names: Vec<String>,
    /// Kind of the first picture, once seen.
    pub image_kind: Option<PictureKind>,
    /// What was found, in plain words; empty while there is nothing to say.
    pub summary: String,
    /// Why it failed, where it did.
    pub error: Option<Failure>,
    /// What a person should know of text in the pictures: that it reads like instructions to a model.
    pub flags: Vec<String>,
    /// What ended the work before it was satisfied with the result; absent where it was.
    pub stopped_by: Option<Stopped>,
    /// The job this one goes on from.
    pub parent: Option<JobId>,
    /// All jobs of the chain before this one, oldest first.
    pub chain: Vec<JobId>,
    /// Its steps so far.
    pub steps: Vec<ReportStep>,
    /// Tokens used so far, and what they cost.
    pub usage: Spending,
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
            file_names: job.pictures.iter().map(|picture| picture.name.clone()).collect(),
            image_kind: job.seen.first().and_then(Option::as_ref).map(|seen| seen.kind),
            summary: job.summary.clone(),
            error: job.error.clone(),
            flags: job.flags(),
            stopped_by: job.stopped,
            parent: job.parent(),
            chain: job.earlier.as_ref().map(|earlier| earlier.chain.clone()).unwrap_or_default(),
            steps: report::steps(job, now),
            usage: job.usage,
            created_at: time(job.created_at),
            started_at: job.started_at.map(time),
            finished_at: job.finished_at.map(time),
        }
    }
}
