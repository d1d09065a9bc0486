//! All of one owner, and all that is old.

use super::daily::day_of;
use super::entity::{channel, daily_use, delivery, event, idempotency, job, notification};
use super::{Store, StoreError};
use crate::doc::Millis;
use common::job::JobState;
use common::{JobId, OwnerId};
use sea_orm::sea_query::Query;
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

const UNFINISHED: [&str; 2] = [JobState::Queued.as_str(), JobState::Running.as_str()];

impl Store {
    /// Jobs of one owner that have not ended.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn unfinished_of(&self, owner: &OwnerId) -> Result<Vec<JobId>, StoreError> {
        let ids = job::Entity::find()
            .select_only()
            .column(job::Column::Id)
            .filter(job::Column::Owner.eq(owner.as_str()))
            .filter(job::Column::State.is_in(UNFINISHED));
        Ok(ids.into_tuple::<Uuid>().all(&self.db).await?.into_iter().map(JobId).collect())
    }

    /// Jobs of anybody that were made before then and have ended, oldest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn ended_before(&self, before: Millis, limit: u64) -> Result<Vec<JobId>, StoreError> {
        let ids = job::Entity::find()
            .select_only()
            .column(job::Column::Id)
            .filter(job::Column::CreatedAtMs.lt(before))
            .filter(job::Column::State.is_not_in(UNFINISHED))
            .order_by_asc(job::Column::CreatedAtMs)
            .limit(limit);
        Ok(ids.into_tuple::<Uuid>().all(&self.db).await?.into_iter().map(JobId).collect())
    }

    /// Removes every row of one owner, but not what they used today: it would be theirs to use again. Blobs are the caller's
    /// to remove, before.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn erase_owner(&self, owner: &OwnerId, now: Millis) -> Result<(), StoreError> {
        let owner = owner.as_str();
        let tx = database::begin_write(&self.db).await?;
        let theirs = Query::select()
            .column(job::Column::Id)
            .from(job::Entity)
            .and_where(job::Column::Owner.eq(owner))
            .to_owned();
        event::Entity::delete_many().filter(event::Column::JobId.in_subquery(theirs)).exec(&tx).await?;
        job::Entity::delete_many().filter(job::Column::Owner.eq(owner)).exec(&tx).await?;
        idempotency::Entity::delete_many().filter(idempotency::Column::Owner.eq(owner)).exec(&tx).await?;
        notification::Entity::delete_many().filter(notification::Column::Owner.eq(owner)).exec(&tx).await?;
        delivery::Entity::delete_many().filter(delivery::Column::Owner.eq(owner)).exec(&tx).await?;
        channel::Entity::delete_many().filter(channel::Column::Owner.eq(owner)).exec(&tx).await?;
        let before_today = daily_use::Column::Owner.eq(owner).and(daily_use::Column::Day.lt(day_of(now)));
        daily_use::Entity::delete_many().filter(before_today).exec(&tx).await?;
        tx.commit().await?;
        Ok(())
    }
}
