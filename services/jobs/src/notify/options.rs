//! What can be done after a job that did not come to a good end: the one place that says it. Pure.

use crate::doc::Job;
use common::job::Stopped;
use common::{ErrorCode, JobId};
use serde::{Deserialize, Serialize};

/// Something a person can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NextOption {
    /// The same again.
    Retry,
    /// The same with another model.
    OtherModel,
    /// The same with a higher limit.
    RaiseLimit,
    /// Take the code and change it oneself.
    EditCode,
    /// Say more precisely what is wanted.
    Hint,
}

/// One thing that can be done, for programs and for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NextStep {
    /// Which.
    pub option: NextOption,
    /// What it is, in a sentence.
    pub words: String,
    /// Method of the request that does it.
    pub method: String,
    /// Path of that request.
    pub path: String,
    /// With `raise_limit`: the member of `options` that was used up, where one was.
    pub limit: Option<String>,
}

/// In the order in which they are told after the best one.
const ALL: [NextOption; 5] =
    [NextOption::Retry, NextOption::OtherModel, NextOption::RaiseLimit, NextOption::EditCode, NextOption::Hint];

/// All options after this job, the one that fits its end best first.
pub fn after(job: &Job) -> Vec<NextStep> {
    let code = job.error.as_ref().map(|error| error.code);
    let limit = limit(job.stopped, code);
    let best = if limit.is_some() { NextOption::RaiseLimit } else { best(code) };
    let others = ALL.into_iter().filter(|option| *option != best);
    std::iter::once(best).chain(others).map(|option| step(option, job.id, limit)).collect()
}

/// The member of a job's `options` that ended it.
fn limit(stopped: Option<Stopped>, code: Option<ErrorCode>) -> Option<&'static str> {
    match (stopped, code) {
        (Some(Stopped::Turns), _) => Some("max_turns"),
        (Some(Stopped::Tokens), _) => Some("max_tokens"),
        (Some(Stopped::Cost), _) => Some("max_cost_usd"),
        (Some(Stopped::Seconds), _) | (_, Some(ErrorCode::JobTimeout)) => Some("max_seconds"),
        (_, Some(ErrorCode::RunTimeout)) => Some("run_timeout_seconds"),
        _ => None,
    }
}

fn best(code: Option<ErrorCode>) -> NextOption {
    match code {
        Some(ErrorCode::RunFailed | ErrorCode::RunOutOfMemory | ErrorCode::RunOutputLimit) => NextOption::EditCode,
        Some(
            ErrorCode::ModelUnavailable
            | ErrorCode::ModelRateLimited
            | ErrorCode::ModelRefused
            | ErrorCode::ModelTimeout
            | ErrorCode::ModelAnswerUnusable,
        ) => NextOption::OtherModel,
        Some(ErrorCode::ReviewBlocked) => NextOption::Hint,
        Some(ErrorCode::BudgetReached) => NextOption::RaiseLimit,
        _ => NextOption::Retry,
    }
}

fn step(option: NextOption, job: JobId, limit: Option<&'static str>) -> NextStep {
    let (words, method, path) = match option {
        NextOption::Retry => ("Retry it as it was.".to_owned(), "POST", format!("/api/v1/jobs/{job}/retry")),
        NextOption::OtherModel => {
            ("Retry with another model; see how the models are.".to_owned(), "GET", "/api/v1/models".to_owned())
        }
        NextOption::RaiseLimit => {
            let words = match limit {
                Some(limit) => format!("Start it again with a higher limit ('{limit}')."),
                None => "Start it again with higher limits.".to_owned(),
            };
            (words, "POST", format!("/api/v1/jobs/{job}/retry"))
        }
        NextOption::EditCode => {
            ("Edit the code yourself and run it.".to_owned(), "POST", "/api/v1/executions".to_owned())
        }
        NextOption::Hint => {
            ("Give a hint: say what you want in other words.".to_owned(), "POST", format!("/api/v1/jobs/{job}/refine"))
        }
    };
    let limit = limit.filter(|_| option == NextOption::RaiseLimit).map(str::to_owned);
    NextStep { option, words, method: method.to_owned(), path, limit }
}
