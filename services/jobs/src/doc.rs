//! The durable state of one job: everything the machine decides by.

use common::TraceContext;
use common::compare::{Comparison, Critique};
use common::execution::{OutputFile, RunStatus};
use common::job::{JobOptions, JobState, MAX_LOOKS, StepKind, StepState, Stopped};
use common::limits::Limits;
use common::picture::{PictureKind, PictureRef, Prepared};
use common::review::{Review, Verdict};
use common::spend::{Spending, Usd};
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
    /// Index into `turns` of the attempt that is delivered: of those that ran well, the one whose result fits the
    /// pictures best; where nothing was measured, the last.
    pub best: Option<usize>,
    /// Tokens used, and what they cost.
    pub usage: Spending,
    /// What ended the work before it was satisfied with the result.
    #[serde(default)]
    pub stopped: Option<Stopped>,
    /// What its owner was allowed when it was accepted.
    #[serde(default)]
    pub limits: Limits,
    /// What its owner may still use today, as looked up for the change in hand.
    #[serde(skip)]
    pub day: Day,
    /// What it goes on from.
    #[serde(default)]
    pub earlier: Option<Earlier>,
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

/// What the owner of a job may still use today: as it was when the job had this usage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Day {
    /// Tokens left; nothing where they are not limited.
    pub tokens_left: Option<u64>,
    /// Money left; nothing where it is not limited.
    pub cost_left: Option<Usd>,
    /// What the job had used by then.
    pub at: Spending,
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
    /// What a person should know of its text.
    #[serde(default)]
    pub flags: Vec<String>,
    /// The picture that places in the evidence mean, where that is not the one that came.
    #[serde(default)]
    pub prepared: Option<Prepared>,
}

/// Why a job goes on from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EarlierReason {
    /// The person wants something changed.
    Refine,
    /// The person corrected an axis.
    Calibration,
}

/// The job that this one goes on from, as far as it is needed: that one may be deleted meanwhile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Earlier {
    /// Why.
    pub reason: EarlierReason,
    /// All jobs of the chain before this one, oldest first.
    pub chain: Vec<JobId>,
    /// What was asked for in them, oldest first.
    pub requests: Vec<String>,
    /// Blob key of this job's copy of the code that was delivered; empty where there was none.
    pub code_key: String,
    /// Who wrote it.
    pub model: String,
    /// What was said of its result.
    pub summary: String,
    /// Blob key of this job's copy of the first picture's overlay; empty where there was none.
    pub overlay_key: String,
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
    /// A look at a part of a picture, or a question about it.
    Closer(Closer),
    /// Code, its review, its run.
    Attempt(Box<Attempt>),
}

/// A rectangle in pixels of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    /// Left edge.
    pub left: u32,
    /// Upper edge.
    pub top: u32,
    /// Width, at least 1.
    pub width: u32,
    /// Height, at least 1.
    pub height: u32,
}

/// A look at a part of a picture, or a question about it, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Closer {
    /// Which picture, from 0.
    pub picture: usize,
    /// Which part; the whole where absent.
    pub area: Option<Area>,
    /// What is to be found out.
    pub question: String,
    /// Blob key of the enlarged part, once there.
    pub image_key: String,
    /// What the platform read in it.
    pub read: String,
    /// What the vision model said, once asked.
    pub answer: Option<String>,
}

/// Code and what came of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
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
    /// Who wrote it.
    #[serde(default)]
    pub model: String,
    /// What the platform's script left when it held the result against a picture.
    #[serde(default)]
    pub measured: Vec<Measured>,
    /// The score, once there.
    #[serde(default)]
    pub comparison: Option<Comparison>,
    /// What a vision model saw between the pictures and what was drawn, once it was asked; without a model where nobody
    /// answered.
    #[serde(default)]
    pub critique: Option<Critique>,
}

/// What was measured for one picture: files of the platform's own script.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Which picture, from 0.
    pub picture: usize,
    /// Blob key of the measurement.
    pub measure_key: String,
    /// The values drawn on the picture.
    pub overlay_png: Option<OutputFile>,
    /// The values with their places.
    pub overlay_json: Option<OutputFile>,
}

impl Attempt {
    /// True when it ran to a good end.
    pub fn worked(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.status == RunStatus::Ok)
    }

    /// True when the review blocked it or its run failed.
    pub fn failed(&self) -> bool {
        let blocked = self.review.as_ref().is_some_and(|review| review.verdict == Verdict::Block);
        blocked || self.run.as_ref().is_some_and(|run| run.status != RunStatus::Ok)
    }
}

/// A finished run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
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
            usage: Spending::default(),
            stopped: None,
            limits: Limits::default(),
            day: Day::default(),
            earlier: None,
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
            self.add_note(note);
        }
    }

    /// Remembers a sentence for the person, each once.
    pub fn add_note(&mut self, note: String) {
        if self.notes.len() < MAX_NOTES && !self.notes.contains(&note) {
            self.notes.push(note);
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
        let used = self.turns.iter().filter(|turn| matches!(turn, Turn::Attempt(_) | Turn::Unusable { .. })).count();
        let allowed = self.options.max_repairs.saturating_add(self.options.variants.max(1));
        allowed.saturating_sub(u32::try_from(used).unwrap_or(u32::MAX))
    }

    /// Scripts still wanted besides those that worked.
    pub fn variants_left(&self) -> u32 {
        let worked = self.attempts().filter(|attempt| attempt.worked()).count();
        self.options.variants.saturating_sub(u32::try_from(worked).unwrap_or(u32::MAX))
    }

    /// Looks at parts of pictures, and questions, still allowed.
    pub fn looks_left(&self) -> u32 {
        let used = self.turns.iter().filter(|turn| matches!(turn, Turn::Closer(_))).count();
        MAX_LOOKS.saturating_sub(u32::try_from(used).unwrap_or(u32::MAX))
    }

    /// What a person should know of text in the pictures, each sentence once.
    pub fn flags(&self) -> Vec<String> {
        let mut flags: Vec<String> = Vec::new();
        for flag in self.seen.iter().flatten().flat_map(|seen| &seen.flags) {
            if !flags.contains(flag) {
                flags.push(flag.clone());
            }
        }
        flags
    }

    /// The job this one goes on from.
    pub fn parent(&self) -> Option<JobId> {
        self.earlier.as_ref().and_then(|earlier| earlier.chain.last().copied())
    }

    /// The earliest time a running step's lease ends.
    pub fn next_lease(&self) -> Option<Millis> {
        self.steps.iter().filter(|step| step.state == StepState::Running).map(|step| step.lease_until).min()
    }
}
