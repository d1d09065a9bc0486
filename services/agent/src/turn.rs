//! The command of a turn, in words of the domain.

use blob::BlobKey;
use common::compare::Critique;
use common::execution::RunStatus;
use common::job::ModelChoice;
use common::picture::PictureKind;
use common::spend::Usd;
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
    /// Tokens that may still be used; absent: no limit.
    pub tokens_left: Option<u64>,
    /// Money that may still be spent; absent: no limit.
    pub cost_left: Option<Usd>,
    /// Whole scripts still wanted besides those that worked.
    pub variants_left: u32,
    /// Looks at parts of pictures, and questions to the vision model, still allowed.
    pub looks_left: u32,
    /// The job this one goes on from.
    pub earlier: Option<Earlier>,
    /// Whose job it is: for telemetry alone.
    pub owner: String,
    /// Which models are asked.
    pub models: ModelChoice,
}

/// Why a job goes on from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EarlierReason {
    /// The person wants something changed.
    Refine,
    /// The person corrected an axis.
    Calibration,
}

/// The job that this one goes on from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    pub reason: EarlierReason,
    /// What was asked for before, oldest first.
    pub requests: Vec<String>,
    /// Blob key of the code that was delivered; empty where there was none.
    pub code_key: String,
    /// What was said of its result.
    pub summary: String,
    /// Whether the values it read are known with their places.
    pub has_overlay: bool,
    /// Who wrote the code.
    pub model: String,
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
    /// Width and height of the picture that places in the evidence mean, where that is not this one.
    pub prepared: Option<(u32, u32)>,
}

impl Picture {
    /// Width and height of the picture in whose pixels places are told.
    pub fn measured_size(&self) -> (u32, u32) {
        self.prepared.unwrap_or((self.width, self.height))
    }
}

/// One earlier turn and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Past {
    /// What the vision model said.
    Notes(String),
    /// Code and what came of it.
    Attempt(Attempt),
    /// An answer that could not be used, and why.
    Unusable(String),
    /// A look at a part of a picture, or a question about it.
    Closer(Closer),
}

/// A look at a part of a picture, or a question about it, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closer {
    /// Which picture, from 0.
    pub picture: usize,
    pub question: String,
    /// Blob key of the enlarged part; empty where the whole picture is meant.
    pub image_key: String,
    /// What the platform read in the part.
    pub read: String,
    /// What the vision model said, once asked.
    pub answer: Option<String>,
}

/// A result held against its pictures.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// 0 to 1.
    pub score: f64,
    /// True when there is nothing to repair.
    pub good: bool,
    pub code_report: Vec<String>,
    pub visual_report: Vec<String>,
}

/// Code and what came of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Attempt {
    pub code_key: String,
    /// The critic's findings as text.
    pub findings: String,
    /// Absent when the review blocked the code.
    pub run: Option<Run>,
    /// Absent where the result was not held against the pictures.
    pub comparison: Option<Comparison>,
    /// True for the attempt that would be delivered now.
    pub best: bool,
    /// Blob keys of the pictures that redraw the originals; empty where there are none or nobody is to compare them.
    pub redrawn: Vec<String>,
    /// How a model says they differ; absent before it was asked.
    pub critique: Option<Critique>,
}

impl Attempt {
    /// True when it ran to a good end.
    pub fn worked(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.status == RunStatus::Ok)
    }
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
    /// The attempt that would be delivered now, if any worked.
    pub fn best_attempt(&self) -> Option<&Attempt> {
        let attempts = self.past.iter().filter_map(|past| match past {
            Past::Attempt(attempt) => Some(attempt),
            _ => None,
        });
        let worked: Vec<&Attempt> = attempts.filter(|attempt| attempt.worked()).collect();
        worked.iter().find(|attempt| attempt.best).or(worked.last()).copied()
    }

    /// A question that the vision model has not answered yet: only the last turn can be one.
    pub fn open_question(&self) -> Option<&Closer> {
        match self.past.last() {
            Some(Past::Closer(closer)) if closer.answer.is_none() => Some(closer),
            _ => None,
        }
    }

    /// The last attempt, where it redrew the pictures and no model has compared them yet.
    pub fn uncriticised(&self) -> Option<&Attempt> {
        match self.past.last() {
            Some(Past::Attempt(attempt)) if attempt.critique.is_none() && !attempt.redrawn.is_empty() => Some(attempt),
            _ => None,
        }
    }

    /// True when only the numbers are to be read again.
    pub fn is_calibration(&self) -> bool {
        self.earlier.as_ref().is_some_and(|earlier| earlier.reason == EarlierReason::Calibration)
    }

    /// Everything that was asked for in the chain, oldest first.
    pub fn requests(&self) -> Vec<&str> {
        let before = self.earlier.iter().flat_map(|earlier| &earlier.requests).map(String::as_str);
        before.chain([self.prompt.as_str()]).filter(|request| !request.trim().is_empty()).collect()
    }

    /// What the vision model said last, if it was asked.
    pub fn notes(&self) -> Option<&str> {
        self.past.iter().rev().find_map(|past| match past {
            Past::Notes(text) => Some(text.as_str()),
            _ => None,
        })
    }
}

#[cfg(test)]
impl Turn {
    /// A turn of a first job without budgets, for tests.
    pub fn of(prompt: &str, past: Vec<Past>, attempts_left: u32) -> Self {
        Self {
            job_id: JobId::new(),
            step_id: StepId::new(),
            prompt: prompt.into(),
            pictures: Vec::new(),
            past,
            attempts_left,
            tokens_left: None,
            cost_left: None,
            variants_left: 0,
            looks_left: 0,
            earlier: None,
            owner: String::new(),
            models: ModelChoice::First,
        }
    }
}

impl TryFrom<agent_v1::Think> for Turn {
    type Error = InvalidMessage;

    fn try_from(think: agent_v1::Think) -> Result<Self, InvalidMessage> {
        if think.pictures.len() != think.seen.len() {
            return Err(InvalidMessage::field("seen"));
        }
        let models = match think.models() {
            agent_v1::think::Models::Unspecified => ModelChoice::First,
            agent_v1::think::Models::Second => ModelChoice::Second,
            agent_v1::think::Models::Rules => ModelChoice::Rules,
        };
        let pictures = think.pictures.into_iter().zip(think.seen).map(picture);
        Ok(Self {
            job_id: think.job_id.parse().map_err(|_| InvalidMessage::field("job_id"))?,
            step_id: think.step_id.parse().map_err(|_| InvalidMessage::field("step_id"))?,
            prompt: think.prompt,
            pictures: pictures.collect::<Result<_, _>>()?,
            past: think.transcript.into_iter().map(past).collect::<Result<_, _>>()?,
            attempts_left: think.attempts_left,
            tokens_left: think.tokens_left,
            cost_left: think.cost_micro_usd_left.map(Usd::from_micros),
            variants_left: think.variants_left,
            looks_left: think.looks_left,
            earlier: think.earlier.map(earlier).transpose()?,
            owner: think.owner,
            models,
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
        prepared: seen.prepared.map(|prepared| (prepared.width, prepared.height)),
    })
}

fn earlier(earlier: agent_v1::Earlier) -> Result<Earlier, InvalidMessage> {
    use agent_v1::earlier::Reason;
    Ok(Earlier {
        reason: match earlier.reason() {
            Reason::Unspecified => return Err(InvalidMessage::field("reason")),
            Reason::Refine => EarlierReason::Refine,
            Reason::Calibration => EarlierReason::Calibration,
        },
        requests: earlier.requests,
        code_key: earlier.code_key,
        summary: earlier.summary,
        has_overlay: !earlier.overlay_key.is_empty(),
        model: earlier.model,
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
            comparison: attempt.comparison.map(|comparison| Comparison {
                score: comparison.score,
                good: comparison.good,
                code_report: comparison.code_report,
                visual_report: comparison.visual_report,
            }),
            best: attempt.best,
            redrawn: attempt.redrawn_keys,
            critique: attempt.critique.map(Critique::from),
        }),
        Wire::Closer(closer) => Past::Closer(Closer {
            picture: closer.picture as usize,
            question: closer.question,
            image_key: closer.image_key,
            read: closer.read,
            answer: closer.answer,
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
