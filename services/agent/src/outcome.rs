//! What a turn came to, as the event that answers it.

use crate::parse::Look;
use crate::text::{EVENT_TEXT_BYTES, head};
use crate::turn::Turn;
use common::Failure;
use common::compare::Critique;
use common::spend::Spending;
use common::wire::agent_v1::thought::Action;
use common::wire::{agent_v1, jobs_v1};

/// Longest note, in bytes. A turn has two at most.
const NOTE_BYTES: usize = 1000;

/// An action with what it cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thought {
    pub action: Act,
    pub usage: Spending,
    /// Who answered.
    pub model: String,
    /// Empty for the built-in rules.
    pub prompt_version: String,
    /// Who did something in another's place, and why, in sentences for people.
    pub notes: Vec<String>,
}

/// One typed action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// What the vision model said.
    Notes(String),
    /// Code, stored under its key.
    Code { code: String, code_key: String, explanation: String },
    /// A part of a picture is to be looked at.
    Look(Look),
    /// How what was drawn differs from the pictures.
    Critique(Critique),
    /// The end.
    Finish(String),
    /// The answer could not be used, and why.
    Unusable(String),
}

/// The event that answers a turn. Texts are cut so that it stays below what the bus carries.
pub fn event(turn: &Turn, outcome: Result<Thought, Failure>, calls: Vec<agent_v1::Call>) -> jobs_v1::StepEvent {
    use jobs_v1::step_event::Outcome;
    let outcome = match outcome {
        Ok(thought) => Outcome::Thought(message(thought)),
        Err(failure) => Outcome::Failure(failure.into()),
    };
    jobs_v1::StepEvent {
        job_id: turn.job_id.to_string(),
        step_id: turn.step_id.to_string(),
        outcome: Some(outcome),
        calls,
    }
}

fn message(thought: Thought) -> agent_v1::Thought {
    let cut = |text: String| head(&text, EVENT_TEXT_BYTES);
    let action = match thought.action {
        Act::Notes(text) => Action::VisionNotes(cut(text)),
        Act::Code { code, code_key, explanation } => {
            Action::WriteCode(agent_v1::WriteCode { code, code_key, explanation: cut(explanation) })
        }
        Act::Look(look) => Action::LookCloser(agent_v1::LookCloser {
            picture: u32::try_from(look.picture).unwrap_or_default(),
            r#box: look.area.map(|[left, top, width, height]| agent_v1::Box { left, top, width, height }),
            question: cut(look.question),
        }),
        Act::Critique(critique) => Action::Critique(critique.into()),
        Act::Finish(summary) => Action::Finish(agent_v1::Finish { summary: cut(summary) }),
        Act::Unusable(reason) => Action::Unusable(cut(reason)),
    };
    agent_v1::Thought {
        action: Some(action),
        usage: Some(thought.usage.into()),
        model: thought.model,
        prompt_version: thought.prompt_version,
        notes: thought.notes.iter().map(|note| head(note, NOTE_BYTES)).collect(),
    }
}
