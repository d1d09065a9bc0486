//! The words of a job's life, and the report a person gets.

use crate::compare::{Proof, Round};
use crate::execution::{OutputFile, RunStatus};
use crate::review::{Finding, Verdict};
use crate::spend::{Spending, Usd};
use crate::{Failure, JobId};
use serde::{Deserialize, Serialize};

/// Longest prompt in bytes.
pub const MAX_PROMPT_BYTES: usize = 16 * 1024;

/// Most pictures in one job.
pub const MAX_PICTURES: usize = 8;

/// Most repairs of failed or poor code in one job.
pub const MAX_REPAIRS: u32 = 3;

/// Most model turns in one job, whatever the models answer.
pub const MAX_TURNS: u32 = 16;

/// Most scripts of which the best is kept.
pub const MAX_VARIANTS: u32 = 4;

/// Most looks at a part of a picture, and questions to the vision model, in one job.
pub const MAX_LOOKS: u32 = 4;

/// Longest time that may be asked for a whole job, in seconds.
pub const MAX_JOB_SECONDS: u32 = 86_400;

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
    /// A part of a picture is enlarged and read, in the sandbox.
    Closer,
    /// The platform's own script holds the result against one picture, in the sandbox.
    Measure,
    /// The critic scores what was measured.
    Compare,
}

impl StepKind {
    /// The stable text, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Think => "think",
            Self::Review => "review",
            Self::Run => "run",
            Self::Closer => "closer",
            Self::Measure => "measure",
            Self::Compare => "compare",
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

/// Which of the models that the server has are asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModelChoice {
    /// The first of each role; those after it where it gives no answer.
    #[default]
    First,
    /// The second of each role that has one, then the others.
    Second,
    /// None: the built-in rules do all of it, at no cost.
    Rules,
}

/// What a person may choose for a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JobOptions {
    /// Repairs of failed, blocked or poor code, 0 to 3.
    #[schema(maximum = 3)]
    pub max_repairs: u32,
    /// Wall time of one run of the code in seconds, 1 to 120.
    #[schema(minimum = 1, maximum = 120)]
    pub run_timeout_seconds: u32,
    /// Scripts that are tried, 1 to 4; the result that fits the picture best is kept. The built-in rules write one.
    #[schema(minimum = 1, maximum = 4)]
    pub variants: u32,
    /// Model turns, 1 to 16.
    #[schema(minimum = 1, maximum = 16)]
    pub max_turns: u32,
    /// Tokens, sent and received together: no call is begun once they are used up. Absent: no limit.
    #[schema(minimum = 1)]
    pub max_tokens: Option<u64>,
    /// Cost of model calls: no call is begun once it is reached. Absent: no limit.
    pub max_cost_usd: Option<Usd>,
    /// Wall time of the whole job in seconds, from its beginning; the server's own limit holds, too.
    #[schema(minimum = 1, maximum = 86400)]
    pub max_seconds: Option<u32>,
    /// Which models are asked.
    pub models: ModelChoice,
}

impl Default for JobOptions {
    fn default() -> Self {
        Self {
            max_repairs: MAX_REPAIRS,
            run_timeout_seconds: 120,
            variants: 1,
            max_turns: MAX_TURNS,
            max_tokens: None,
            max_cost_usd: None,
            max_seconds: None,
            models: ModelChoice::First,
        }
    }
}

/// What ended a job's work before it was satisfied with the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stopped {
    /// No repair was left.
    Repairs,
    /// No model turn was left.
    Turns,
    /// The tokens were used up.
    Tokens,
    /// The money was used up.
    Cost,
    /// The time was over.
    Seconds,
    /// The models went in circles.
    Circles,
    /// Its owner's tokens of the day were used up.
    DayTokens,
    /// Its owner's money of the day was used up.
    DayCost,
}

impl Stopped {
    /// What it was, to stand behind "because".
    pub const fn because(self) -> &'static str {
        match self {
            Self::Repairs => "no further attempt was allowed",
            Self::Turns => "no further turn of a model was allowed",
            Self::Tokens => "the job's tokens were used up",
            Self::Cost => "the job's money was used up",
            Self::Seconds => "the job's time was over",
            Self::Circles => "the models went in circles",
            Self::DayTokens => "the tokens that you may use in a day were used up",
            Self::DayCost => "the money that you may spend in a day was used up",
        }
    }
}

/// Tokens that one model call used.
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
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
    /// What a person should know of text in the pictures: that it reads like instructions to a model.
    pub flags: Vec<String>,
    /// What ended the work before it was satisfied with the result; absent where it was.
    pub stopped_by: Option<Stopped>,
    /// The job this one goes on from.
    pub parent: Option<JobId>,
    /// Kind of the first picture (`table`, `bar`, `line`, `scatter`, `pie`, `text`, `photo`, `other`), once seen.
    pub image_kind: Option<crate::picture::PictureKind>,
    /// The code of the attempt that is delivered, or of the last one.
    pub code: Option<String>,
    /// The review of that code.
    pub review: Option<ReportReview>,
    /// The run of that code.
    pub run: Option<ReportRun>,
    /// The files it left, and the platform's own overlays.
    pub outputs: Vec<OutputFile>,
    /// Attempts whose results were held against the picture, in order.
    pub rounds: Vec<Round>,
    /// For each picture that the delivered result was held against: the values, drawn back onto it.
    pub proof: Vec<Proof>,
    /// All steps, in order.
    pub steps: Vec<ReportStep>,
    /// Tokens used, and what they cost.
    pub usage: Spending,
    /// Why it failed, where it did.
    pub error: Option<Failure>,
}
