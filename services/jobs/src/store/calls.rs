//! What model calls took, by owner and time. Rows go with their job.

use super::entity::{call, job};
use super::{Store, StoreError};
use crate::calls::{Cursor, ModelCall};
use common::{JobId, OwnerId};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

impl Store {
    /// Keeps what calls of a job took; one that is there already stays as it is. Of a job that is gone nothing is kept.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn keep_calls(&self, id: JobId, calls: &[ModelCall]) -> Result<(), StoreError> {
        if calls.is_empty() {
            return Ok(());
        }
        let tx = database::begin_write(&self.db).await?;
        let Some(row) = job::Entity::find_by_id(id.0).one(&tx).await? else { return Ok(()) };
        let mut rows = Vec::with_capacity(calls.len());
        for one in calls {
            rows.push(call::ActiveModel {
                id: Set(one.id),
                job_id: Set(id.0),
                owner: Set(row.owner.clone()),
                started_ms: Set(one.started_at.timestamp_millis()),
                data: Set(serde_json::to_string(one).map_err(|error| StoreError::Content(error.to_string()))?),
            });
        }
        let known = OnConflict::column(call::Column::Id).do_nothing().to_owned();
        call::Entity::insert_many(rows).on_conflict(known).exec_without_returning(&tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Calls of one owner's jobs, newest first, older than where a page ended.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn calls(
        &self,
        owner: &OwnerId,
        before: Option<Cursor>,
        limit: u64,
    ) -> Result<Vec<ModelCall>, StoreError> {
        let mut query = call::Entity::find().filter(call::Column::Owner.eq(owner.as_str()));
        if let Some(Cursor { started_ms, id }) = before {
            let same = Condition::all().add(call::Column::StartedMs.eq(started_ms)).add(call::Column::Id.lt(id));
            query = query.filter(Condition::any().add(call::Column::StartedMs.lt(started_ms)).add(same));
        }
        let newest = query.order_by_desc(call::Column::StartedMs).order_by_desc(call::Column::Id);
        let rows = newest.limit(limit).all(&self.db).await?;
        let read = |row: &call::Model| {
            serde_json::from_str(&row.data).map_err(|error| StoreError::Content(format!("{}: {error}", row.id)))
        };
        rows.iter().map(read).collect()
    }
}
