//! What a person is told who has as much as may be.

use crate::doc::Millis;
use crate::store::daily;
use common::limits::Limits;
use common::{ErrorCode, Failure};

/// After how many seconds another try may find a place: jobs take seconds to minutes.
const PLACE_SECONDS: u32 = 15;

/// As many jobs wait and run as may be.
pub fn too_many_open(limits: &Limits) -> Failure {
    let most = limits.open_jobs.unwrap_or_default();
    let jobs = if most == 1 { "job" } else { "jobs" };
    let detail = format!("You may have {most} {jobs} waiting or running at a time, and have that many.");
    Failure::with_detail(ErrorCode::LimitReached, detail).retry_after(PLACE_SECONDS)
}

/// The tokens of the day are used up.
pub fn day_over(limits: &Limits, now: Millis) -> Failure {
    let most = limits.tokens_per_day.unwrap_or_default();
    let detail = format!("You may use {most} tokens of models a day, and today's are used up.");
    let left = u32::try_from(daily::seconds_left(now)).unwrap_or(u32::MAX);
    Failure::with_detail(ErrorCode::LimitReached, detail).retry_after(left)
}
