//! Who is next: jobs wait in a queue for each owner, and places go round among the owners.

use super::entity::job;
use super::{Accepted, Snapshot, Store, StoreError, Tries, apply_to, daily, read};
use crate::doc::{Job, Millis};
use crate::machine::Input;
use common::job::JobState;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use std::collections::HashMap;

/// Owners with waiting jobs, in the order of their turn: who has the fewest jobs running, then whose oldest job waits
/// longest.
fn turns(mut waiting: Vec<(String, Millis)>, running: &HashMap<String, u64>) -> Vec<String> {
    waiting.sort_by_key(|(owner, since)| (running.get(owner).copied().unwrap_or(0), *since));
    waiting.into_iter().map(|(owner, _)| owner).collect()
}

/// Why this owner may have no further job now, if so.
pub(super) async fn full<C: ConnectionTrait>(tx: &C, owner: &str, new: &Job) -> Result<Option<Accepted>, StoreError> {
    if let Some(most) = new.limits.open_jobs
        && daily::count(tx, owner, &[JobState::Queued, JobState::Running]).await? >= u64::from(most)
    {
        return Ok(Some(Accepted::TooManyOpen));
    }
    if let Some(most) = new.limits.tokens_per_day
        && daily::today(tx, owner, new.created_at).await?.tokens() >= most
    {
        return Ok(Some(Accepted::DayOver));
    }
    Ok(None)
}

fn in_state(state: JobState) -> sea_orm::sea_query::SimpleExpr {
    job::Column::State.eq(state.as_str())
}

impl Store {
    /// Starts the next queued job when fewer than `max_running` are running. Owners take turns; one who has as many
    /// running as the waiting job's limits allow is passed over.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn start_next(&self, max_running: u64, now: Millis) -> Result<Option<Snapshot>, StoreError> {
        let mut tries = Tries::default();
        loop {
            match self.start_next_once(max_running, now).await {
                Err(error) if tries.again(&error).await => {}
                other => return other,
            }
        }
    }

    async fn start_next_once(&self, max_running: u64, now: Millis) -> Result<Option<Snapshot>, StoreError> {
        // Whether there is a place depends on all running jobs.
        let tx = database::begin_alone(&self.db, "start").await?;
        if job::Entity::find().filter(in_state(JobState::Running)).count(&tx).await? >= max_running {
            return Ok(None);
        }
        let waiting = job::Entity::find().select_only().column(job::Column::Owner);
        let waiting = waiting.column_as(job::Column::CreatedAtMs.min(), "since").filter(in_state(JobState::Queued));
        let waiting: Vec<(String, Millis)> = waiting.group_by(job::Column::Owner).into_tuple().all(&tx).await?;
        if waiting.is_empty() {
            return Ok(None);
        }
        let running = job::Entity::find().select_only().column(job::Column::Owner);
        let running = running.column_as(job::Column::Id.count(), "jobs").filter(in_state(JobState::Running));
        let running: Vec<(String, i64)> = running.group_by(job::Column::Owner).into_tuple().all(&tx).await?;
        let running: HashMap<String, u64> =
            running.into_iter().map(|(owner, jobs)| (owner, u64::try_from(jobs).unwrap_or(0))).collect();
        for owner in turns(waiting, &running) {
            let oldest = job::Entity::find().filter(in_state(JobState::Queued)).filter(job::Column::Owner.eq(&owner));
            let Some(row) = oldest.order_by_asc(job::Column::CreatedAtMs).one(&tx).await? else { continue };
            let most = read(&row)?.limits.running_jobs;
            if most.is_some_and(|most| running.get(&owner).copied().unwrap_or(0) >= u64::from(most)) {
                continue;
            }
            let (started, _) = apply_to(&tx, row, Input::Start, now).await?;
            tx.commit().await?;
            return Ok(Some(started));
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects people beside somebody with a hundred jobs: the next place is theirs, however long the others wait.
    #[test]
    fn owners_take_turns() {
        let waiting = |rows: &[(&str, Millis)]| rows.iter().map(|(owner, at)| ((*owner).to_owned(), *at)).collect();
        let running = HashMap::from([("many".to_owned(), 2), ("one".to_owned(), 1)]);
        type Row = (Vec<(String, Millis)>, &'static [&'static str]);
        let rows: [Row; 3] = [
            (waiting(&[("many", 1), ("one", 2), ("none", 3)]), &["none", "one", "many"]),
            (waiting(&[("b", 2), ("a", 1)]), &["a", "b"]),
            (Vec::new(), &[]),
        ];
        for (rows, expected) in rows {
            assert_eq!(turns(rows, &running), expected);
        }
    }
}
