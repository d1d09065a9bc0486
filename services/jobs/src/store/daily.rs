//! What each owner used on each day (UTC), booked in the transaction that stores the use.

use super::StoreError;
use super::entity::{daily_use, job};
use crate::doc::{Day, Job, Millis};
use common::job::JobState;
use common::spend::{Spending, Usd};
use sea_orm::prelude::Expr;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter};

/// A day in milliseconds.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The day that a moment lies in, counted from 1970-01-01 UTC.
pub fn day_of(now: Millis) -> i64 {
    now.div_euclid(DAY_MS)
}

/// Seconds until the next day begins, rounded up: 1 to 86,400.
pub fn seconds_left(now: Millis) -> u64 {
    let left = DAY_MS - now.rem_euclid(DAY_MS);
    u64::try_from(left).unwrap_or(0).div_ceil(1000)
}

fn stored(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn read(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// What an owner used today.
pub async fn today<C: ConnectionTrait>(db: &C, owner: &str, now: Millis) -> Result<Spending, StoreError> {
    let row = daily_use::Entity::find_by_id((owner.to_owned(), day_of(now))).one(db).await?;
    Ok(row.map_or_else(Spending::default, |row| Spending {
        prompt_tokens: read(row.prompt_tokens),
        completion_tokens: read(row.completion_tokens),
        calls: read(row.calls),
        cost_usd: Usd::from_micros(read(row.cost_micro_usd)),
    }))
}

/// What the job's owner may still use today. Asks the database only where that is limited.
pub async fn left<C: ConnectionTrait>(db: &C, owner: &str, job: &Job, now: Millis) -> Result<Day, StoreError> {
    let limits = &job.limits;
    if limits.tokens_per_day.is_none() && limits.cost_usd_per_day.is_none() {
        return Ok(Day::default());
    }
    let used = today(db, owner, now).await?;
    Ok(Day {
        tokens_left: limits.tokens_per_day.map(|most| most.saturating_sub(used.tokens())),
        cost_left: limits.cost_usd_per_day.map(|most| most.less(used.cost_usd)),
        at: job.usage,
    })
}

/// Books what a job used between two states of it.
pub async fn book<C: ConnectionTrait>(
    tx: &C,
    owner: &str,
    (before, after): (Spending, Spending),
    now: Millis,
) -> Result<(), StoreError> {
    if before == after {
        return Ok(());
    }
    use daily_use::Column::{Calls, CompletionTokens, CostMicroUsd, Day, Owner, PromptTokens};
    let row = daily_use::ActiveModel {
        owner: Set(owner.to_owned()),
        day: Set(day_of(now)),
        prompt_tokens: Set(stored(after.prompt_tokens.saturating_sub(before.prompt_tokens))),
        completion_tokens: Set(stored(after.completion_tokens.saturating_sub(before.completion_tokens))),
        calls: Set(stored(after.calls.saturating_sub(before.calls))),
        cost_micro_usd: Set(stored(after.cost_usd.less(before.cost_usd).micros())),
    };
    let mut add = OnConflict::columns([Owner, Day]);
    for column in [PromptTokens, CompletionTokens, Calls, CostMicroUsd] {
        let name = sea_orm::IdenStatic::as_str(&column);
        add.value(column, Expr::col((daily_use::Entity, column)).add(Expr::cust(format!("excluded.{name}"))));
    }
    daily_use::Entity::insert(row).on_conflict(add).exec_without_returning(tx).await?;
    Ok(())
}

/// How many jobs of an owner are in one of these states.
pub async fn count<C: ConnectionTrait>(db: &C, owner: &str, states: &[JobState]) -> Result<u64, StoreError> {
    let states = states.iter().map(|state| state.as_str());
    let jobs = job::Entity::find().filter(job::Column::Owner.eq(owner)).filter(job::Column::State.is_in(states));
    Ok(jobs.count(db).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the turn of the day: what is used at midnight counts for the day that begins, and the time to wait is
    /// never nothing.
    #[test]
    fn a_day_ends_at_midnight() {
        let rows = [(0, 0, 86_400), (DAY_MS - 1, 0, 1), (DAY_MS, 1, 86_400), (DAY_MS + 500, 1, 86_400), (-1, -1, 1)];
        for (now, day, left) in rows {
            assert_eq!((day_of(now), seconds_left(now)), (day, left), "{now}");
        }
    }
}
