//! The plain words at the end of a job. Pure.

use crate::doc::{Job, Run, Turn};
use crate::machine::circles::is_repeat;
use common::compare::Comparison;
use common::execution::RunStatus;
use common::job::{JobState, Stopped};
use common::{ErrorCode, Failure};

/// An answer that was to be code: it counts as an attempt.
fn is_try(turn: &Turn) -> bool {
    matches!(turn, Turn::Attempt(_) | Turn::Unusable { .. })
}

/// Why the job went no further.
pub fn stopped(job: &Job, stopped: Stopped) -> Failure {
    match stopped {
        Stopped::Repairs | Stopped::Seconds => failure(job),
        Stopped::Turns | Stopped::Tokens | Stopped::Cost | Stopped::DayTokens | Stopped::DayCost => {
            let before = match job.turns.iter().any(is_try) {
                true => format!(" {}", failure(job).detail),
                false => String::new(),
            };
            let detail = format!("The job ended early because {}.{before}", stopped.because());
            Failure::with_detail(ErrorCode::BudgetReached, detail)
        }
        Stopped::Circles => {
            // Of the script that repeated itself there is nothing to tell: what it came to stands at the first.
            let last = job.turns.iter().rev().find(|turn| matches!(turn, Turn::Attempt(_)));
            let found =
                last.map_or_else(|| Failure::new(ErrorCode::ModelAnswerUnusable), |turn| failure_of(job, Some(turn)));
            let detail = format!("The job ended early because {}. {}", stopped.because(), found.detail);
            Failure::with_detail(found.code, detail)
        }
    }
}

/// Why the job has no usable result, from the last thing that went wrong.
pub fn failure(job: &Job) -> Failure {
    // Of a script that repeats itself there is nothing to tell: what it came to stands at the first.
    failure_of(job, job.turns.iter().rev().find(|turn| is_try(turn) && !is_repeat(turn)))
}

fn failure_of(job: &Job, turn: Option<&Turn>) -> Failure {
    let tries = job.turns.iter().filter(|turn| is_try(turn)).count();
    let times = if tries == 1 { "once".to_owned() } else { format!("{tries} times") };
    match turn {
        Some(Turn::Unusable { reason }) => Failure::with_detail(
            ErrorCode::ModelAnswerUnusable,
            format!("The model was asked {times}; its last answer could not be used: {reason}"),
        ),
        Some(Turn::Attempt(attempt)) => match (&attempt.run, &attempt.review) {
            (Some(run), _) => run_failure(run, &times),
            (None, Some(review)) => {
                let worst = review.findings.iter().find(|finding| finding.blocks).or_else(|| review.findings.first());
                let because = worst.map_or_else(String::new, |finding| {
                    format!(
                        " The last finding: line {}, {} {}: {}",
                        finding.line, finding.tool, finding.rule, finding.message
                    )
                });
                Failure::with_detail(
                    ErrorCode::ReviewBlocked,
                    format!("Code was written {times} and the review blocked the last one.{because}"),
                )
            }
            (None, None) => Failure::new(ErrorCode::WorkerFailed),
        },
        _ => Failure::with_detail(ErrorCode::ModelAnswerUnusable, "The model ended without writing any code."),
    }
}

fn run_failure(run: &Run, times: &str) -> Failure {
    let last_line = run.stderr_tail.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("").trim();
    let seconds = run.duration_ms / 1000;
    match run.status {
        RunStatus::Timeout => Failure::with_detail(
            ErrorCode::RunTimeout,
            format!("Code was tried {times}; the last run was stopped after {seconds} seconds."),
        ),
        RunStatus::OutOfMemory => Failure::with_detail(
            ErrorCode::RunOutOfMemory,
            format!("Code was tried {times}; the last run was stopped at its memory limit."),
        ),
        RunStatus::OutputLimit => Failure::with_detail(
            ErrorCode::RunOutputLimit,
            format!("Code was tried {times}; the last run was stopped because it printed far too much."),
        ),
        RunStatus::Ok | RunStatus::Error | RunStatus::Killed => {
            let because = if last_line.is_empty() { String::new() } else { format!(" Its last words: {last_line}") };
            Failure::with_detail(
                ErrorCode::RunFailed,
                format!("Code was tried {times} and the last run failed.{because}"),
            )
        }
    }
}

/// What the platform itself found of the delivered values, after whatever a model says of them: that is measured.
pub fn proof(job: &Job) -> String {
    let comparison = job.delivered().and_then(|attempt| attempt.comparison.as_ref());
    let values = comparison.map(|comparison| comparison.values.as_slice()).unwrap_or_default();
    let (total, trusted) = values.iter().fold((0, 0), |sum, values| (sum.0 + values.total, sum.1 + values.trusted));
    let found = match total {
        0 => String::new(),
        _ if trusted == total => {
            format!("\n\nChecked: all {total} values were found on the picture where they should be.")
        }
        _ => format!(
            "\n\nChecked: {trusted} of {total} values were found on the picture where they should be; the others are \
             marked as doubtful in the overlay."
        ),
    };
    // Whoever wanted something different from the picture is not told that it differs.
    let poor = comparison.filter(|comparison| !comparison.good && job.earlier.is_none());
    found + &poor.map(shortfall).unwrap_or_default()
}

/// What a result lacks of the picture it was made from, by what was measured.
fn shortfall(comparison: &Comparison) -> String {
    let percent = (comparison.score * 100.0).round();
    let lacks: Vec<&str> = comparison.visual_report.iter().chain(&comparison.code_report).map(String::as_str).collect();
    match lacks.as_slice() {
        [] => String::new(),
        [first, ..] => format!("\n\nHeld against the picture, the result shows {percent} % of it. {first}"),
    }
}

/// What is said when the best result is delivered although something failed afterwards.
pub fn summary_of_best(job: &Job, failure: &Failure) -> String {
    let Some(attempt) = job.delivered() else { return String::new() };
    let said = attempt.run.as_ref().map(|run| run.stdout_tail.trim()).unwrap_or_default();
    let found = if said.is_empty() { attempt.explanation.trim() } else { said };
    match job.stopped {
        Some(stopped) => format!("{found}\n\nThis is the best result so far: {}.{}", stopped.because(), proof(job)),
        None => format!(
            "{found}\n\nThis is the best result so far; what was to follow failed: {}{}",
            failure.detail,
            proof(job)
        ),
    }
}

/// What is said when nobody said anything.
pub fn summary(job: &Job) -> String {
    match (job.state, &job.error) {
        (JobState::Cancelled, _) => "The job was cancelled.".to_owned(),
        (_, Some(error)) => error.detail.clone(),
        _ => String::new(),
    }
}
