//! Summaries by rule, for when no model is asked or none answers. Pure.

use crate::links;
use crate::prompt;
use crate::text::{EVENT_TEXT_BYTES, clean, head};
use crate::turn::{Past, Run, Turn};
use common::execution::RunStatus;
use common::wire::tail;

/// Longest output that is quoted, in bytes.
const QUOTED_BYTES: usize = 3000;

/// Why a summary was not written by a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because {
    /// No reasoning model is set up.
    NoModel,
    /// The numbers were read again by corrected axes, and no model is asked for that.
    NumbersOnly,
    /// The job may spend no more.
    Budget,
    /// The reasoning model could not be asked or gave nothing usable.
    ModelFailed,
}

/// What came of a script that worked, from what it said itself.
pub fn worked(explanation: &str, run: &Run, because: Because) -> String {
    let mut parts = Vec::new();
    if !explanation.trim().is_empty() {
        // A model wrote it.
        parts.push(format!("What the script was meant to do: {}", links::removed(explanation.trim()).0));
    }
    let said = clean(run.stdout.trim());
    if said.is_empty() {
        parts.push("The script ended without an error and printed nothing.".to_owned());
    } else {
        parts.push(format!("The script printed:\n{}", head(&said, QUOTED_BYTES)));
    }
    if !run.outputs.is_empty() {
        parts.push(format!("It left these files: {}.", run.outputs.join(", ")));
    }
    parts.push(match because {
        Because::NoModel => "No model was asked to sum this up; these are the script's own words.".to_owned(),
        Because::NumbersOnly => {
            "The numbers were read again by the corrected axes; these are the script's own words.".to_owned()
        }
        Because::Budget => {
            "The job's budget was used up, so no model summed this up; these are the script's own words.".to_owned()
        }
        Because::ModelFailed => {
            "The model that sums up could not be asked, so these are the script's own words.".to_owned()
        }
    });
    head(&parts.join("\n\n"), EVENT_TEXT_BYTES)
}

/// Why no attempt worked, and what may help.
pub fn gave_up(turn: &Turn) -> String {
    let tries = turn.past.iter().filter(|past| prompt::failure(past).is_some()).count();
    let last = turn.past.iter().rev().find(|past| prompt::failure(past).is_some());
    let (why, help) = match last {
        None => ("No attempt was allowed.".to_owned(), "Allow at least one attempt."),
        Some(Past::Notes(_) | Past::Closer(_)) => (String::new(), ""),
        Some(Past::Unusable(reason)) => (
            format!("The last answer of the model could not be used: {}", reason.trim()),
            "Retry, use another model, or say more precisely what you want.",
        ),
        Some(Past::Attempt(attempt)) => match &attempt.run {
            None => (
                format!("The review blocked the last script:\n{}", head(attempt.findings.trim(), QUOTED_BYTES)),
                "Ask for something that needs neither network nor other programs, or use another model.",
            ),
            Some(run) => (failed(run), help(run.status)),
        },
    };
    let count = match tries {
        0 => String::new(),
        1 => "The one attempt did not work. ".to_owned(),
        n => format!("None of {n} attempts worked. "),
    };
    head(&clean(format!("{count}{why}\n\n{help}").trim()), EVENT_TEXT_BYTES)
}

fn failed(run: &Run) -> String {
    let how = match run.status {
        RunStatus::Ok | RunStatus::Error => "ended with an error",
        RunStatus::Timeout => "ran longer than allowed",
        RunStatus::OutOfMemory => "needed more memory than it may use",
        RunStatus::OutputLimit => "wrote more output than it may",
        RunStatus::Killed => "was stopped from outside",
    };
    // The last line of a traceback says what it was.
    let last = run.stderr.trim().lines().next_back().map(|line| tail(line, 500).trim()).unwrap_or_default();
    if last.is_empty() { format!("The last script {how}.") } else { format!("The last script {how}: {last}") }
}

fn help(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Timeout => "Ask for something simpler, or allow more time.",
        RunStatus::OutOfMemory => "Use a smaller picture, or ask for something simpler.",
        RunStatus::OutputLimit => "Ask for fewer or smaller files.",
        RunStatus::Ok | RunStatus::Error | RunStatus::Killed => {
            "Retry, say more precisely what you want, or use another model."
        }
    }
}

#[cfg(test)]
mod tests;
