//! What people were told, and where they want to be told it.

use super::entity::{channel, delivery, notification};
use super::{Store, StoreError};
use crate::doc::Millis;
use crate::notify::{Channel, Notice, NoticeKind, Payload};
use common::{Failure, JobId, OwnerId};
use sea_orm::prelude::Expr;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use uuid::Uuid;

/// Guesses of a code before another is needed.
const MOST_TRIES: i64 = 5;

/// One notification as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Its id; later ones sort later.
    pub id: Uuid,
    /// What was told.
    pub notice: Notice,
    /// When it was read.
    pub read_at: Option<Millis>,
}

/// Where somebody wants to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelRow {
    /// Which way.
    pub channel: Channel,
    /// Address of the mailbox or the webhook.
    pub address: String,
    /// What is told there.
    pub events: Vec<NoticeKind>,
    /// What webhooks are signed with.
    pub secret: Option<String>,
    /// Since when the address is known to be theirs.
    pub confirmed_at: Option<Millis>,
    /// Why nothing is sent there any more.
    pub off_because: Option<String>,
    /// The code that confirms it, as SHA-256 in lower-case hex, and until when it is good.
    pub code: Option<(String, Millis)>,
    /// How often that code was guessed at.
    pub code_tries: i64,
}

/// How the channels of an owner change.
#[derive(Debug)]
pub struct Change<R> {
    /// All of them afterwards.
    pub rows: Vec<ChannelRow>,
    /// A code that goes out to the mailbox, which is the only thing that does before it is confirmed.
    pub code: Option<String>,
    /// What else there is to say.
    pub told: R,
}

impl ChannelRow {
    /// Whether anything but a code may be sent there.
    pub fn is_on(&self) -> bool {
        self.confirmed_at.is_some() && self.off_because.is_none()
    }
}

/// Which notifications are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// All there are.
    All,
    /// These.
    These(Vec<Uuid>),
}

/// Within the transaction that ends a job: tells its owner, in the app and on each channel that they want it on.
pub async fn announce<C: ConnectionTrait>(tx: &C, owner: &str, notice: &Notice, now: Millis) -> Result<(), StoreError> {
    let row = notification::ActiveModel {
        id: Set(Uuid::now_v7()),
        owner: Set(owner.to_owned()),
        job_id: Set(notice.job_id.0),
        notice: Set(json(notice)?),
        created_at_ms: Set(now),
        read_at_ms: Set(None),
    };
    row.insert(tx).await?;
    for channel in channels_of(tx, owner).await? {
        if channel.is_on() && channel.events.contains(&notice.kind) {
            let payload = Payload::Notice(Box::new(notice.clone()));
            queue(tx, owner, channel.channel, &channel.address, &payload, now).await?;
        }
    }
    Ok(())
}

/// Puts something on its way.
pub(super) async fn queue<C: ConnectionTrait>(
    tx: &C,
    owner: &str,
    channel: Channel,
    address: &str,
    payload: &Payload,
    now: Millis,
) -> Result<Uuid, StoreError> {
    let id = Uuid::now_v7();
    let row = delivery::ActiveModel {
        id: Set(id),
        owner: Set(owner.to_owned()),
        channel: Set(channel.as_str().to_owned()),
        address: Set(address.to_owned()),
        job_id: Set(payload.job_id().map(|id| id.0)),
        payload: Set(json(payload)?),
        state: Set(super::deliveries::WAITING.to_owned()),
        attempts: Set(0),
        next_at_ms: Set(now),
        lease: Set(None),
        lease_until_ms: Set(None),
        last_error: Set(None),
        created_at_ms: Set(now),
        ended_at_ms: Set(None),
    };
    row.insert(tx).await?;
    Ok(id)
}

pub(super) fn json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Content(error.to_string()))
}

pub(super) fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Content(error.to_string()))
}

pub(super) fn channel_row(row: channel::Model) -> Result<ChannelRow, StoreError> {
    Ok(ChannelRow {
        channel: Channel::parse(&row.channel).ok_or_else(|| StoreError::Content(row.channel.clone()))?,
        address: row.address,
        events: read(&row.events)?,
        secret: row.secret,
        confirmed_at: row.confirmed_at_ms,
        off_because: row.off_because,
        code: row.code_sha256.zip(row.code_until_ms),
        code_tries: row.code_tries,
    })
}

async fn channels_of<C: ConnectionTrait>(db: &C, owner: &str) -> Result<Vec<ChannelRow>, StoreError> {
    let rows = channel::Entity::find().filter(channel::Column::Owner.eq(owner)).all(db).await?;
    rows.into_iter().map(channel_row).collect()
}

/// Removes what was told of a job, and what is on its way.
pub(super) async fn forget_job<C: ConnectionTrait>(tx: &C, id: JobId) -> Result<(), StoreError> {
    notification::Entity::delete_many().filter(notification::Column::JobId.eq(id.0)).exec(tx).await?;
    delivery::Entity::delete_many().filter(delivery::Column::JobId.eq(id.0)).exec(tx).await?;
    Ok(())
}

impl Store {
    /// Notifications of one owner, newest first, older than `before`.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn told(
        &self,
        owner: &OwnerId,
        before: Option<Uuid>,
        only_unread: bool,
        limit: u64,
    ) -> Result<Vec<Told>, StoreError> {
        let mut query = notification::Entity::find().filter(notification::Column::Owner.eq(owner.as_str()));
        if let Some(before) = before {
            query = query.filter(notification::Column::Id.lt(before));
        }
        if only_unread {
            query = query.filter(notification::Column::ReadAtMs.is_null());
        }
        let rows = query.order_by_desc(notification::Column::Id).limit(limit).all(&self.db).await?;
        let told =
            |row: notification::Model| Ok(Told { id: row.id, notice: read(&row.notice)?, read_at: row.read_at_ms });
        rows.into_iter().map(told).collect()
    }

    /// How many notifications of one owner are not read.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn unread(&self, owner: &OwnerId) -> Result<u64, StoreError> {
        let unread = notification::Entity::find()
            .filter(notification::Column::Owner.eq(owner.as_str()))
            .filter(notification::Column::ReadAtMs.is_null());
        Ok(unread.count(&self.db).await?)
    }

    /// Takes notifications as read. Those of others, and those read already, stay as they are.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn mark_read(&self, owner: &OwnerId, which: &Which, now: Millis) -> Result<(), StoreError> {
        let mut read = notification::Entity::update_many()
            .col_expr(notification::Column::ReadAtMs, Expr::value(now))
            .filter(notification::Column::Owner.eq(owner.as_str()))
            .filter(notification::Column::ReadAtMs.is_null());
        if let Which::These(ids) = which {
            read = read.filter(notification::Column::Id.is_in(ids.iter().copied()));
        }
        read.exec(&self.db).await?;
        Ok(())
    }

    /// Where one owner wants to be told.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn channels(&self, owner: &OwnerId) -> Result<Vec<ChannelRow>, StoreError> {
        channels_of(&self.db, owner.as_str()).await
    }

    /// Changes where one owner wants to be told. A code goes out with the change that makes it necessary.
    ///
    /// # Errors
    /// See [`StoreError`]; within it, why the change is refused.
    pub async fn change_channels<R>(
        &self,
        owner: &OwnerId,
        now: Millis,
        change: impl FnOnce(Vec<ChannelRow>) -> Result<Change<R>, Failure>,
    ) -> Result<Result<R, Failure>, StoreError> {
        let tx = database::begin_alone(&self.db, "channels").await?;
        let change = match change(channels_of(&tx, owner.as_str()).await?) {
            Ok(change) => change,
            Err(refused) => return Ok(Err(refused)),
        };
        channel::Entity::delete_many().filter(channel::Column::Owner.eq(owner.as_str())).exec(&tx).await?;
        for row in change.rows {
            if let (Channel::Email, Some(code)) = (row.channel, &change.code) {
                queue(&tx, owner.as_str(), Channel::Email, &row.address, &Payload::Code(code.clone()), now).await?;
            }
            let (code_sha256, code_until_ms) = row.code.unzip();
            let row = channel::ActiveModel {
                owner: Set(owner.as_str().to_owned()),
                channel: Set(row.channel.as_str().to_owned()),
                address: Set(row.address),
                events: Set(json(&row.events)?),
                secret: Set(row.secret),
                confirmed_at_ms: Set(row.confirmed_at),
                off_because: Set(row.off_because),
                code_sha256: Set(code_sha256),
                code_until_ms: Set(code_until_ms),
                code_tries: Set(row.code_tries),
                changed_at_ms: Set(now),
            };
            row.insert(&tx).await?;
        }
        tx.commit().await?;
        Ok(Ok(change.told))
    }

    /// Gives the webhook another secret; false where there is no webhook.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn set_secret(&self, owner: &OwnerId, secret: &str, now: Millis) -> Result<bool, StoreError> {
        let set = channel::Entity::update_many()
            .col_expr(channel::Column::Secret, Expr::value(secret))
            .col_expr(channel::Column::ChangedAtMs, Expr::value(now))
            .filter(channel::Column::Owner.eq(owner.as_str()))
            .filter(channel::Column::Channel.eq(Channel::Webhook.as_str()))
            .exec(&self.db)
            .await?;
        Ok(set.rows_affected == 1)
    }

    /// Sends nothing more to a channel, as long as it has that address.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn close_channel(
        &self,
        owner: &str,
        channel: Channel,
        address: &str,
        because: &str,
    ) -> Result<(), StoreError> {
        channel::Entity::update_many()
            .col_expr(channel::Column::OffBecause, Expr::value(because))
            .filter(channel::Column::Owner.eq(owner))
            .filter(channel::Column::Channel.eq(channel.as_str()))
            .filter(channel::Column::Address.eq(address))
            .exec(&self.db)
            .await?;
        Ok(())
    }

    /// Confirms the e-mail address by the code that was sent there. False when it is not that code, or the code is too
    /// old, or was guessed at too often.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn confirm(&self, owner: &OwnerId, code_sha256: &str, now: Millis) -> Result<bool, StoreError> {
        let open = || {
            channel::Entity::update_many()
                .filter(channel::Column::Owner.eq(owner.as_str()))
                .filter(channel::Column::Channel.eq(Channel::Email.as_str()))
                .filter(channel::Column::CodeUntilMs.gt(now))
        };
        // Counted before it is compared: guesses that come at the same time count, too.
        let counted = open()
            .col_expr(channel::Column::CodeTries, Expr::col(channel::Column::CodeTries).add(1))
            .filter(channel::Column::CodeTries.lt(MOST_TRIES))
            .exec(&self.db)
            .await?;
        if counted.rows_affected != 1 {
            return Ok(false);
        }
        let confirmed = open()
            .col_expr(channel::Column::ConfirmedAtMs, Expr::value(now))
            .col_expr(channel::Column::CodeSha256, Expr::value(None::<String>))
            .col_expr(channel::Column::CodeUntilMs, Expr::value(None::<i64>))
            .filter(channel::Column::CodeSha256.eq(code_sha256))
            .exec(&self.db)
            .await?;
        Ok(confirmed.rows_affected == 1)
    }
}
