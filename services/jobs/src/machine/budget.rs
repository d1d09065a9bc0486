//! What a job may still spend: by its own budget, and by what its owner may use in a day. Pure.

use crate::doc::Job;
use common::job::{StepKind, Stopped};
use common::spend::Usd;

/// What is left to spend, and what it would be that was used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left<T> {
    /// So much.
    pub amount: T,
    /// The reason where that is nothing.
    pub limit: Stopped,
}

/// Of two amounts the smaller; the first where they are equal.
fn less<T: Ord>(one: Option<Left<T>>, other: Option<Left<T>>) -> Option<Left<T>> {
    match (one, other) {
        (Some(one), Some(other)) if other.amount < one.amount => Some(other),
        (one, other) => one.or(other),
    }
}

/// Tokens left; nothing where they are not limited.
pub fn tokens_left(job: &Job) -> Option<Left<u64>> {
    let used = job.usage.tokens();
    let own = job.options.max_tokens.map(|most| Left { amount: most.saturating_sub(used), limit: Stopped::Tokens });
    let since = used.saturating_sub(job.day.at.tokens());
    let day = job.day.tokens_left.map(|left| Left { amount: left.saturating_sub(since), limit: Stopped::DayTokens });
    less(own, day)
}

/// Money left; nothing where it is not limited.
pub fn cost_left(job: &Job) -> Option<Left<Usd>> {
    let used = job.usage.cost_usd;
    let own = job.options.max_cost_usd.map(|most| Left { amount: most.less(used), limit: Stopped::Cost });
    let since = used.less(job.day.at.cost_usd);
    let day = job.day.cost_left.map(|left| Left { amount: left.less(since), limit: Stopped::DayCost });
    less(own, day)
}

/// Whether a turn is left after the next one, so that what is not needed for the result takes none from it.
pub fn leaves_a_turn(job: &Job) -> bool {
    // A turn that was begun is among the steps already.
    let turns = job.steps.iter().filter(|step| step.kind == StepKind::Think).count();
    turns < job.options.max_turns as usize
}

/// What is used up before another model turn may begin; nothing where all is well.
pub fn reached(job: &Job) -> Option<Stopped> {
    let turns = job.steps.iter().filter(|step| step.kind == StepKind::Think).count();
    if turns >= job.options.max_turns as usize {
        return Some(Stopped::Turns);
    }
    spent(job)
}

/// Which money or tokens are used up; nothing where none are.
pub fn spent(job: &Job) -> Option<Stopped> {
    if let Some(left) = tokens_left(job)
        && left.amount == 0
    {
        return Some(left.limit);
    }
    let left = cost_left(job)?;
    // Free models may go on where there is no money; the agent asks no other.
    (left.amount == Usd::default() && job.usage.cost_usd > Usd::default()).then_some(left.limit)
}

/// What a call would have gone beyond that the agent did not make.
pub fn tightest(job: &Job) -> Stopped {
    let cost = cost_left(job).map(|left| left.limit);
    let tokens = tokens_left(job).map(|left| left.limit);
    spent(job).or(cost).or(tokens).unwrap_or(Stopped::Cost)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doc::Day;
    use common::JobId;
    use common::job::JobOptions;
    use common::spend::Spending;

    /// Protects both budgets: the tighter one counts and is named, what was used since the day was looked up counts,
    /// and free models may go on where no money is allowed.
    #[test]
    fn the_tighter_of_two_budgets_counts() {
        let usd = Usd::from_micros;
        let used = |tokens, micros| Spending { prompt_tokens: tokens, cost_usd: usd(micros), ..Spending::default() };
        /// Tokens and money allowed for the job, what the day leaves, what the job used, and what ends it.
        type Row = (Option<u64>, Option<u64>, Day, Spending, Option<Stopped>);
        let rows: [Row; 9] = [
            (None, None, Day::default(), used(1_000_000, 1_000_000), None),
            (Some(10), None, Day::default(), used(9, 0), None),
            (Some(10), None, Day::default(), used(10, 0), Some(Stopped::Tokens)),
            (Some(10), None, Day { tokens_left: Some(3), at: used(2, 0), ..Day::default() }, used(4, 0), None),
            (
                Some(10),
                None,
                Day { tokens_left: Some(3), at: used(2, 0), ..Day::default() },
                used(5, 0),
                Some(Stopped::DayTokens),
            ),
            (None, Some(5), Day::default(), used(0, 5), Some(Stopped::Cost)),
            (None, Some(0), Day::default(), used(0, 0), None),
            (
                None,
                Some(9),
                Day { cost_left: Some(usd(2)), at: used(0, 1), ..Day::default() },
                used(0, 3),
                Some(Stopped::DayCost),
            ),
            (None, None, Day { cost_left: Some(usd(0)), ..Day::default() }, used(0, 0), None),
        ];
        for (max_tokens, max_cost, day, usage, expected) in rows {
            let options = JobOptions { max_tokens, max_cost_usd: max_cost.map(usd), ..JobOptions::default() };
            let mut job = Job::accepted(JobId::new(), String::new(), options, Vec::new(), 0);
            (job.day, job.usage) = (day, usage);
            assert_eq!(spent(&job), expected, "{max_tokens:?} {max_cost:?} {day:?} {usage:?}");
        }
    }
}
