//! How much waits, for metrics.

use super::{Store, StoreError, job, read};
use crate::doc::{Job, Millis};
use common::job::JobState;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

/// See the module.
#[derive(Debug)]
pub struct Figures {
    /// Jobs that wait for their turn.
    pub queued: u64,
    /// When the oldest of them was accepted.
    pub oldest_queued: Option<Millis>,
    /// Jobs that are worked on.
    pub running: Vec<Job>,
    /// Messages that the bus has not taken yet.
    pub outbox: u64,
}

impl Store {
    /// How much waits now.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn figures(&self) -> Result<Figures, StoreError> {
        let in_state = |state: JobState| job::Entity::find().filter(job::Column::State.eq(state.as_str()));
        let oldest = in_state(JobState::Queued).order_by_asc(job::Column::CreatedAtMs);
        let oldest = oldest.select_only().column(job::Column::CreatedAtMs).into_tuple().one(&self.db);
        let running = in_state(JobState::Running).all(&self.db).await?;
        Ok(Figures {
            queued: in_state(JobState::Queued).count(&self.db).await?,
            oldest_queued: oldest.await?,
            running: running.iter().map(read).collect::<Result<_, _>>()?,
            outbox: database::outbox::waiting(&self.db).await?,
        })
    }
}
