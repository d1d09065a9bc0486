//! What a job may still spend. Pure.

use crate::doc::Job;
use common::job::{StepKind, Stopped};
use common::spend::Usd;

/// What is used up before another model turn may begin; nothing where all is well.
pub fn reached(job: &Job) -> Option<Stopped> {
    let options = &job.options;
    let turns = job.steps.iter().filter(|step| step.kind == StepKind::Think).count();
    if turns >= options.max_turns as usize {
        Some(Stopped::Turns)
    } else if options.max_tokens.is_some_and(|most| job.usage.tokens() >= most) {
        Some(Stopped::Tokens)
    } else if job.usage.cost_usd > Usd::default() && options.max_cost_usd.is_some_and(|most| job.usage.cost_usd >= most)
    {
        Some(Stopped::Cost)
    } else {
        None
    }
}
