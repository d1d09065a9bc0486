//! The command of a turn, in words of the domain.

use blob::BlobKey;
use common::execution::RunStatus;
use common::picture::PictureKind;
use common::wire::{InvalidMessage, agent_v1, common_v1};
use common::{JobId, StepId};

/// Everything one turn of thinking starts from.
#[derive(Debug, Clone)]
pub struct Turn {
    pub job_id: JobId,
    pub step_id: StepId,
    /// What the person asked for; may be empty.
    pub prompt: String,
    pub pictures: Vec<Picture>,
    /// What happened so far, oldest first.
    pub past: Vec<Past>,
    /// Attempts at code still allowed, this one included.
    pub attempts_left: u32,
}

/// A picture and what was seen of it.
#[derive(Debug, Clone)]
pub struct Picture {
    pub blob_key: BlobKey,
    pub width: u32,
    pub height: u32,
    pub evidence_key: BlobKey,
    pub kind: PictureKind,
    pub confidence: f64,
    pub title: String,
}

/// One earlier turn and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Past {
    /// What the vision model said.
    Notes(String),
    /// Code and what came of it.
    Attempt(Attempt),
    /// An answer that could not be used, and why.
    Unusable(String),
}

/// Code and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub code_key: String,
    /// The critic's findings as text.
    pub findings: String,
    /// Absent when the review blocked the code.
    pub run: Option<Run>,
}

/// A run, cut to what a model needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub status: RunStatus,
    pub exit_code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub outputs: Vec<String>,
}

impl Turn {
    /// The last attempt at code, if there was one.
    pub fn last_attempt(&self) -> Option<&Attempt> {
        self.past.iter().rev().find_map(|past| match past {
            Past::Attempt(attempt) => Some(attempt),
            _ => None,
        })
    }

    /// What the vision model said last, if it was asked.
    pub fn notes(&self) -> Option<&str> {
        self.past.iter().rev().find_map(|past| match past {
            Past::Notes(text) => Some(text.as_str()),
            _ => None,
        })
    }
}

impl TryFrom<agent_v1::Think> for Turn {
    type Error = InvalidMessage;

    fn try_from(think: agent_v1::Think) -> Result<Self, InvalidMessage> {
        if think.pictures.len() != think.seen.len() {
            return Err(InvalidMessage::field("seen"));
        }
        let pictures = think.pictures.into_iter().zip(think.seen).map(picture);
        Ok(Self {
            job_id: think.job_id.parse().map_err(|_| InvalidMessage::field("job_id"))?,
            step_id: think.step_id.parse().map_err(|_| InvalidMessage::field("step_id"))?,
            prompt: think.prompt,
            pictures: pictures.collect::<Result<_, _>>()?,
            past: think.transcript.into_iter().map(past).collect::<Result<_, _>>()?,
            attempts_left: think.attempts_left,
        })
    }
}

fn picture((picture, seen): (common_v1::Picture, common_v1::Seen)) -> Result<Picture, InvalidMessage> {
    Ok(Picture {
        blob_key: BlobKey::parse(&picture.blob_key).map_err(|_| InvalidMessage::field("blob_key"))?,
        width: picture.width,
        height: picture.height,
        evidence_key: BlobKey::parse(&seen.evidence_key).map_err(|_| InvalidMessage::field("evidence_key"))?,
        kind: PictureKind::from_name(&seen.kind),
        confidence: seen.confidence.clamp(0.0, 1.0),
        title: seen.title,
    })
}

fn past(turn: agent_v1::Turn) -> Result<Past, InvalidMessage> {
    use agent_v1::turn::Turn as Wire;
    Ok(match turn.turn.ok_or_else(|| InvalidMessage::field("turn"))? {
        Wire::VisionNotes(notes) => Past::Notes(notes.text),
        Wire::Unusable(unusable) => Past::Unusable(unusable.reason),
        Wire::Attempt(attempt) => Past::Attempt(Attempt {
            code_key: attempt.code_key,
            findings: attempt.findings,
            run: attempt.run.map(run).transpose()?,
        }),
    })
}

fn run(run: agent_v1::RunSummary) -> Result<Run, InvalidMessage> {
    Ok(Run {
        status: run.status().try_into()?,
        exit_code: run.exit_code,
        stdout: run.stdout_tail,
        stderr: run.stderr_tail,
        outputs: run.outputs,
    })
}
