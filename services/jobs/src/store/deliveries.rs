//! What is on its way to people. A delivery is leased by the replica that sends it; where that dies the lease ends and
//! another sends it, under the same id.

use super::entity::{channel, delivery};
use super::notices::{self, queue, read};
use super::{Store, StoreError};
use crate::doc::Millis;
use crate::notify::{Channel, Payload};
use common::{JobId, OwnerId};
use sea_orm::prelude::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

/// It is to be sent.
pub const WAITING: &str = "waiting";
/// The receiver has it.
pub const SENT: &str = "sent";
/// It will not be sent any more.
pub const FAILED: &str = "failed";

/// Deliveries looked at for one that nobody else is at.
const LOOKED_AT: u64 = 16;

/// One delivery as people see it.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliveryRow {
    /// Its id.
    pub id: Uuid,
    /// Which way.
    pub channel: Channel,
    /// Where to.
    pub address: String,
    /// The job it is about.
    pub job_id: Option<JobId>,
    /// What is sent.
    pub payload: Payload,
    /// [`WAITING`], [`SENT`] or [`FAILED`].
    pub state: String,
    /// Attempts so far.
    pub attempts: u32,
    /// When it is tried next, while it waits.
    pub next_at: Millis,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When it was made.
    pub created_at: Millis,
    /// When it came to its end.
    pub ended_at: Option<Millis>,
}

/// A delivery that nobody else is at until its lease ends.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The delivery.
    pub row: DeliveryRow,
    /// Whose.
    pub owner: String,
    /// Proof that it is still this replica's.
    pub lease: Uuid,
    /// Where its owner wants to be told now, if there.
    pub channel: Option<super::ChannelRow>,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// The receiver has it.
    Sent,
    /// Again at that time.
    Again(Millis, String),
    /// Never again.
    Failed(String),
}

fn row_of(row: delivery::Model) -> Result<DeliveryRow, StoreError> {
    Ok(DeliveryRow {
        id: row.id,
        channel: Channel::parse(&row.channel).ok_or_else(|| StoreError::Content(row.channel.clone()))?,
        address: row.address,
        job_id: row.job_id.map(JobId),
        payload: read(&row.payload)?,
        state: row.state,
        attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
        next_at: row.next_at_ms,
        last_error: row.last_error,
        created_at: row.created_at_ms,
        ended_at: row.ended_at_ms,
    })
}

fn is_due(now: Millis) -> Condition {
    let nobody =
        Condition::any().add(delivery::Column::LeaseUntilMs.is_null()).add(delivery::Column::LeaseUntilMs.lte(now));
    Condition::all().add(delivery::Column::State.eq(WAITING)).add(delivery::Column::NextAtMs.lte(now)).add(nobody)
}

impl Store {
    /// Leases the delivery that is due longest, unless there is none that nobody is at.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn claim_delivery(&self, lease_ms: Millis, now: Millis) -> Result<Option<Claimed>, StoreError> {
        let due = delivery::Entity::find()
            .filter(is_due(now))
            .order_by_asc(delivery::Column::NextAtMs)
            .limit(LOOKED_AT)
            .all(&self.db)
            .await?;
        for row in due {
            let lease = Uuid::new_v4();
            let claimed = delivery::Entity::update_many()
                .col_expr(delivery::Column::Lease, Expr::value(lease))
                .col_expr(delivery::Column::LeaseUntilMs, Expr::value(now.saturating_add(lease_ms)))
                .col_expr(delivery::Column::Attempts, Expr::value(row.attempts + 1))
                .filter(delivery::Column::Id.eq(row.id))
                // Raised by every claim: whoever comes second changes nothing.
                .filter(delivery::Column::Attempts.eq(row.attempts))
                .filter(is_due(now))
                .exec(&self.db)
                .await?;
            if claimed.rows_affected != 1 {
                continue;
            }
            let row = delivery::Model { attempts: row.attempts + 1, lease: Some(lease), ..row };
            let owner = row.owner.clone();
            let key = (owner.clone(), row.channel.clone());
            let channel = channel::Entity::find_by_id(key).one(&self.db).await?;
            let channel = channel.map(notices::channel_row).transpose()?;
            match row_of(row.clone()) {
                Ok(row) => return Ok(Some(Claimed { row, owner, lease, channel })),
                // Tried again it would be no more readable, and stand in the way of others.
                Err(error) => {
                    crate::orchestrator::log_error("a delivery that cannot be read; it is given up", &error);
                    self.give_up(row, now).await?;
                }
            }
        }
        Ok(None)
    }

    async fn give_up(&self, row: delivery::Model, now: Millis) -> Result<(), StoreError> {
        delivery::Entity::update_many()
            .col_expr(delivery::Column::State, Expr::value(FAILED))
            .col_expr(delivery::Column::EndedAtMs, Expr::value(now))
            .filter(delivery::Column::Id.eq(row.id))
            .filter(delivery::Column::Lease.eq(row.lease))
            .exec(&self.db)
            .await?;
        Ok(())
    }

    /// Writes down what came of an attempt; false when the lease had ended and somebody else has it.
    ///
    /// # Errors
    /// See [`StoreError`]; the lease ends by itself then.
    pub async fn settle(&self, claimed: &Claimed, settled: &Settled, now: Millis) -> Result<bool, StoreError> {
        let (state, error, next_at, ended_at) = match settled {
            Settled::Sent => (SENT, None, now, Some(now)),
            Settled::Again(at, why) => (WAITING, Some(why.clone()), *at, None),
            Settled::Failed(why) => (FAILED, Some(why.clone()), now, Some(now)),
        };
        let mut update = delivery::Entity::update_many()
            .col_expr(delivery::Column::State, Expr::value(state))
            .col_expr(delivery::Column::NextAtMs, Expr::value(next_at))
            .col_expr(delivery::Column::EndedAtMs, Expr::value(ended_at))
            .col_expr(delivery::Column::LastError, Expr::value(error))
            .col_expr(delivery::Column::Lease, Expr::value(None::<Uuid>))
            .col_expr(delivery::Column::LeaseUntilMs, Expr::value(None::<i64>));
        // A code is a secret that has done its work.
        if ended_at.is_some() && matches!(claimed.row.payload, Payload::Code(_)) {
            update =
                update.col_expr(delivery::Column::Payload, Expr::value(notices::json(&Payload::Code(String::new()))?));
        }
        let settled = update
            .filter(delivery::Column::Id.eq(claimed.row.id))
            .filter(delivery::Column::Lease.eq(claimed.lease))
            .exec(&self.db)
            .await?;
        Ok(settled.rows_affected == 1)
    }

    /// Puts something on its way.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn queue_delivery(
        &self,
        owner: &OwnerId,
        channel: &super::ChannelRow,
        payload: &Payload,
        now: Millis,
    ) -> Result<DeliveryRow, StoreError> {
        let id = queue(&self.db, owner.as_str(), channel.channel, &channel.address, payload, now).await?;
        let row = delivery::Entity::find_by_id(id).one(&self.db).await?;
        row_of(row.ok_or_else(|| StoreError::Content(format!("delivery {id} is gone")))?)
    }

    /// The latest deliveries of one owner, newest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn deliveries(&self, owner: &OwnerId, limit: u64) -> Result<Vec<DeliveryRow>, StoreError> {
        let rows = delivery::Entity::find()
            .filter(delivery::Column::Owner.eq(owner.as_str()))
            .order_by_desc(delivery::Column::Id)
            .limit(limit)
            .all(&self.db)
            .await?;
        rows.into_iter().map(row_of).collect()
    }

    /// How many deliveries of one owner that are about no job were made since then.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn asked_since(&self, owner: &OwnerId, since: Millis) -> Result<u64, StoreError> {
        let made = delivery::Entity::find()
            .filter(delivery::Column::Owner.eq(owner.as_str()))
            .filter(delivery::Column::JobId.is_null())
            .filter(delivery::Column::CreatedAtMs.gt(since));
        Ok(made.count(&self.db).await?)
    }

    /// Removes deliveries that came to their end before then.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn prune_deliveries(&self, before: Millis) -> Result<u64, StoreError> {
        let old = delivery::Entity::delete_many().filter(delivery::Column::EndedAtMs.lt(before)).exec(&self.db).await?;
        Ok(old.rows_affected)
    }
}
