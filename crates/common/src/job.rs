//! The words of a job's life, and the report a person gets.

use crate::execution::{OutputFile, RunStatus};
use crate::review::{Finding, Verdict};
use crate::{Failure, JobId};
use serde::{Deserialize, Serialize};

/// Longest prompt in bytes.
pub const MAX_PROMPT_BYTES: usize = 16 * 1024;

/// Most pictures in one job.
pub const MAX_PICTURES: usize = 8;

/// Most repairs of failed code in one job.
pub const MAX_REPAIRS: u32 = 3;

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Accepted, waiting for a free place.
    Queued,
    /// Being worked on.
    Running,
    /// Done, with a result.
    Succeeded,
    /// Ended without a usable result; `error` says why.
    Failed,
    /// Stopped by the person.
    Cancelled,
}

impl JobState {
    /// The stable text, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// True when nothing more will happen by itself.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// The platform's own script looks at one picture, in the sandbox.
    Look,
    /// One turn of a model.
    Think,
    /// The critic reads the code.
    Review,
    /// The sandbox runs the code.
    Run,
}

impl StepKind {
    /// The stable text, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Think => "think",
            Self::Review => "review",
            Self::Run => "run",
        }
    }
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Sent to a worker.
    Running,
    /// Answered.
    Succeeded,
    /// Answered with a failure, or given up.
    Failed,
    /// No longer wanted.
    Cancelled,
}

/// What a person may choose for a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JobOptions {
    /// Repairs of failed or blocked code, 0 to 3.
    #[schema(maximum = 3)]
    pub max_repairs: u32,
    /// Wall time of one run of the code in seconds, 1 to 120.
    #[schema(minimum = 1, maximum = 120)]
    pub run_timeout_seconds: u32,
}

impl Default for JobOptions {
    fn default() -> Self {
        Self { max_repairs: MAX_REPAIRS, run_timeout_seconds: 120 }
    }
}

/// Tokens that model calls of a job used. Zero for the built-in rules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Usage {
    /// Tokens sent.
    pub prompt_tokens: u64,
    /// Tokens received.
    pub completion_tokens: u64,
}

impl Usage {
    /// Adds another usage to this one, never wrapping around.
    pub fn add(&mut self, other: Usage) {
        self.prompt_tokens = self.prompt_tokens.saturating_add(other.prompt_tokens);
        self.completion_tokens = self.completion_tokens.saturating_add(other.completion_tokens);
    }
}

/// The review as the report shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReportReview {
    /// The critic's decision.
    pub verdict: Verdict,
    /// What was found.
    pub findings: Vec<Finding>,
}

/// The run as the report shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReportRun {
    /// How it ended.
    pub status: RunStatus,
    /// Exit code, absent when a signal ended it.
    pub exit_code: Option<i32>,
    /// Wall time in milliseconds.
    pub duration_ms: u64,
    /// What it printed.
    pub stdout: String,
    /// What it printed as errors.
    pub stderr: String,
}

/// One step as the report shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReportStep {
    /// What it did.
    pub kind: StepKind,
    /// Where it stands.
    pub state: StepState,
    /// Time from being sent to being answered, in milliseconds; time so far for one still running.
    pub duration_ms: u64,
}

/// Everything a person gets. The shape of `darkroom run --json` and of `GET /api/v1/jobs/{id}/results`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct JobReport {
    /// The job.
    pub job_id: JobId,
    /// Where it stands.
    pub state: JobState,
    /// What was found, in plain words; empty while there is nothing to say.
    pub summary: String,
    /// Who did the thinking: names of models, `builtin` for the rules; each once, in the order of their first answer.
    pub models: Vec<String>,
    /// Who did something in another's place and why, in sentences; empty where all went as set up.
    pub notes: Vec<String>,
    /// Kind of the first picture (`table`, `bar`, `line`, `scatter`, `pie`, `text`, `photo`, `other`), once seen.
    pub image_kind: Option<crate::picture::PictureKind>,
    /// The code of the attempt that is delivered, or of the last one.
    pub code: Option<String>,
    /// The review of that code.
    pub review: Option<ReportReview>,
    /// The run of that code.
    pub run: Option<ReportRun>,
    /// The files it left.
    pub outputs: Vec<OutputFile>,
    /// All steps, in order.
    pub steps: Vec<ReportStep>,
    /// Tokens used.
    pub usage: Usage,
    /// Why it failed, where it did.
    pub error: Option<Failure>,
}
