//! What a turn is for. Pure: the transcript in, one decision out.

use crate::turn::{Past, Turn};
use common::execution::RunStatus;

/// What this turn does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Ask the vision model what the pictures show.
    AskVision,
    /// Write code, or better code.
    WriteCode,
    /// The code worked: say what it found.
    SumUp,
    /// No attempts are left: say why it did not work.
    GiveUp,
}

/// Decides. A worked attempt is always summed up, whatever else is left to do.
pub fn decide(turn: &Turn, vision_is_a_model: bool) -> Decision {
    let worked = |attempt: &crate::turn::Attempt| attempt.run.as_ref().is_some_and(|run| run.status == RunStatus::Ok);
    if turn.last_attempt().is_some_and(worked) {
        return Decision::SumUp;
    }
    if turn.attempts_left == 0 {
        return Decision::GiveUp;
    }
    let has_notes = turn.past.iter().any(|past| matches!(past, Past::Notes(_)));
    if vision_is_a_model && !has_notes {
        return Decision::AskVision;
    }
    Decision::WriteCode
}

#[cfg(test)]
mod tests;
