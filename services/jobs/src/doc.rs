//! The durable state of one job: everything the machine decides by.

use common::TraceContext;
use common::execution::{OutputFile, RunStatus};
use common::job::{JobOptions, JobState, StepKind, StepState, Usage};
use common::picture::{PictureKind, PictureRef};
use common::review::{Review, Verdict};
use common::{Failure, JobId, StepId};
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01 UTC. The machine has no clock: time comes in with each input.
pub type Millis = i64;

/// Most notes of a job: what comes later says the same of later turns.
const MAX_NOTES: usize = 12;

/// A job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// Where it stands.
    pub state: JobState,
    /// What the person asked for; may be empty.
    pub prompt: String,
    /// What the person chose.
    pub options: JobOptions,
    /// The pictures, in the person's order.
    pub pictures: Vec<PictureRef>,
    /// What was seen, one per picture, filled as looks finish.
    pub seen: Vec<Option<Seen>>,
    /// All steps so far, in order of their start.
    pub steps: Vec<Step>,
    /// What the models did so far, in order.
    pub turns: Vec<Turn>,
    /// Index into `turns` of the attempt that ran well last.
    pub best: Option<usize>,
    /// Tokens used.
    pub usage: Usage,
    /// What was found, in plain words.
    pub summary: String,
    /// Who did the thinking, each once, in the order of their first answer.
    #[serde(default)]
    pub models: Vec<String>,
    /// Who did something in another's place and why, each sentence once.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Why it failed.
    pub error: Option<Failure>,
    /// The trace of the request that made it: all its messages belong to it.
    #[serde(default)]
    pub trace: Option<TraceContext>,
    /// When it was accepted.
    pub created_at: Millis,
    /// When work began.
    pub started_at: Option<Millis>,
    /// When it ended.
    pub finished_at: Option<Millis>,
}

/// What was seen in one picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// Blob key of the evidence.
    pub evidence_key: String,
    /// Kind of the picture.
    pub kind: PictureKind,
    /// How sure, 0 to 1.
    pub confidence: f64,
    /// Title read in it; empty where none.
    pub title: String,
}

/// One command to one worker and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its id; the same on every repetition of the command.
    pub id: StepId,
    /// What it does.
    pub kind: StepKind,
    /// Which picture, for looks.
    pub picture: Option<usize>,
    /// Where it stands.
    pub state: StepState,
    /// When it was first sent.
    pub started_at: Millis,
    /// When it was answered or given up.
    pub finished_at: Option<Millis>,
    /// When its command is sent again unless an answer came.
    pub lease_until: Millis,
    /// How often its command was sent because a lease ran out, the first time included.
    pub sent: u32,
}

/// One turn of the models and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Turn {
    /// What the vision model said.
    VisionNotes {
        /// Its words.
        text: String,
    },
    /// An answer that could not be used.
    Unusable {
        /// Why.
        reason: String,
    },
    /// Code, its review, its run.
    Attempt(Box<Attempt>),
}

/// Code and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// The code.
    pub code: String,
    /// Blob key of the code.
    pub code_key: String,
    /// What it was meant to do.
    pub explanation: String,
    /// Its review, once there.
    pub review: Option<Review>,
    /// Its run, once there.
    pub run: Option<Run>,
}

impl Attempt {
    /// True when the review blocked it or its run failed.
    pub fn failed(&self) -> bool {
        let blocked = self.review.as_ref().is_some_and(|review| review.verdict == Verdict::Block);
        blocked || self.run.as_ref().is_some_and(|run| run.status != RunStatus::Ok)
    }
}

/// A finished run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// How it ended.
    pub status: RunStatus,
    /// Exit code, absent when a signal ended it.
    pub exit_code: Option<i32>,
    /// Wall time in milliseconds.
    pub duration_ms: u64,
    /// End of standard output.
    pub stdout_tail: String,
    /// End of standard error.
    pub stderr_tail: String,
    /// Files it left; `path` is the blob key.
    pub outputs: Vec<OutputFile>,
    /// Blob key of the whole result.
    pub result_key: String,
}

impl Job {
    /// A job just accepted.
    pub fn accepted(id: JobId, prompt: String, options: JobOptions, pictures: Vec<PictureRef>, now: Millis) -> Self {
        Self {
            id,
            state: JobState::Queued,
            prompt,
            options,
            seen: vec![None; pictures.len()],
            pictures,
            steps: Vec::new(),
            turns: Vec::new(),
            best: None,
            usage: Usage::default(),
            summary: String::new(),
            models: Vec::new(),
            notes: Vec::new(),
            error: None,
            trace: None,
            created_at: now,
            started_at: None,
            finished_at: None,
        }
    }

    /// Remembers who took a turn, and what is to be told about that.
    pub fn note_thinker(&mut self, model: String, notes: Vec<String>) {
        if !self.models.contains(&model) {
            self.models.push(model);
        }
        for note in notes {
            if self.notes.len() < MAX_NOTES && !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
    }

    /// All attempts, in order.
    pub fn attempts(&self) -> impl DoubleEndedIterator<Item = &Attempt> {
        self.turns.iter().filter_map(|turn| match turn {
            Turn::Attempt(attempt) => Some(attempt.as_ref()),
            _ => None,
        })
    }

    /// The attempt that is delivered: the best, or else the last.
    pub fn delivered(&self) -> Option<&Attempt> {
        let best = self.best.and_then(|index| match self.turns.get(index) {
            Some(Turn::Attempt(attempt)) => Some(attempt.as_ref()),
            _ => None,
        });
        best.or_else(|| self.attempts().next_back())
    }

    /// Attempts at code still allowed.
    pub fn attempts_left(&self) -> u32 {
        let used = self.turns.iter().filter(|turn| !matches!(turn, Turn::VisionNotes { .. })).count();
        (1 + self.options.max_repairs).saturating_sub(u32::try_from(used).unwrap_or(u32::MAX))
    }

    /// The earliest time a running step's lease ends.
    pub fn next_lease(&self) -> Option<Millis> {
        self.steps.iter().filter(|step| step.state == StepState::Running).map(|step| step.lease_until).min()
    }
}
