//! What a turn is for. Pure: the transcript in, one decision out.

use crate::turn::{Attempt, Past, Turn};

/// What this turn does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Ask the vision model what the pictures show.
    AskVision,
    /// Ask the vision model about a part of a picture.
    AnswerQuestion,
    /// Ask the vision model how what was drawn differs from the pictures.
    Criticise,
    /// Write code.
    WriteCode(Purpose),
    /// There is a result: say what it found.
    SumUp,
    /// No attempts are left: say why it did not work.
    GiveUp,
}

/// What new code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The first script, or one in place of one that did not work.
    Work,
    /// A better script than one that worked.
    Improve,
    /// Another script, of which the better result is kept.
    Variant,
}

/// Which parts are played by models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Models {
    pub vision: bool,
    pub code: bool,
}

/// Decides. Rules write the same code every time: what worked is summed up at once.
pub fn decide(turn: &Turn, models: Models) -> Decision {
    if models.vision && turn.open_question().is_some() {
        return Decision::AnswerQuestion;
    }
    if models.vision && turn.uncriticised().is_some() {
        return Decision::Criticise;
    }
    let last = last_try(turn);
    if let Some(attempt) = last.filter(|attempt| attempt.worked()) {
        let may_write = models.code && turn.attempts_left > 0 && !turn.is_calibration();
        return if may_write && turn.variants_left > 0 {
            Decision::WriteCode(Purpose::Variant)
        } else if may_write && can_improve(attempt) {
            Decision::WriteCode(Purpose::Improve)
        } else {
            Decision::SumUp
        };
    }
    // With a result in hand, an answer without new code means that there is no better one to be had.
    let no_more = turn.best_attempt().is_some() && matches!(turn.past.last(), Some(Past::Unusable(_)));
    if turn.attempts_left == 0 || no_more {
        return if turn.best_attempt().is_some() { Decision::SumUp } else { Decision::GiveUp };
    }
    let has_notes = turn.past.iter().any(|past| matches!(past, Past::Notes(_)));
    if models.vision && !has_notes && !turn.is_calibration() {
        return Decision::AskVision;
    }
    Decision::WriteCode(Purpose::Work)
}

/// Poor, but better than what was there before: there is hope. A round that made nothing better is the last (weak models
/// ruin good results by revising them: Design2Code, arXiv 2403.03163).
fn can_improve(attempt: &Attempt) -> bool {
    attempt.best && attempt.comparison.as_ref().is_some_and(|comparison| !comparison.good)
}

/// The last attempt, unless an answer that was no code came after it.
fn last_try(turn: &Turn) -> Option<&Attempt> {
    let mut tries = turn.past.iter().rev().filter(|past| matches!(past, Past::Attempt(_) | Past::Unusable(_)));
    match tries.next() {
        Some(Past::Attempt(attempt)) => Some(attempt),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
