//! Messages that commit together with the change that makes them necessary.
//!
//! A service pushes messages in its own transaction; a relay publishes them afterwards and removes
//! them once the bus has them. A crash in between publishes a message again, never loses it.

use common::MessageId;
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, PaginatorTrait, QueryOrder, QuerySelect};
use sea_orm_migration::prelude::{Table, TableAlterStatement, TableCreateStatement};
use sea_orm_migration::schema::{big_integer, binary, string_len, text_null, uuid_uniq};

mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "outbox")]
    pub struct Model {
        /// Order of publishing.
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(unique)]
        pub message_id: Uuid,
        pub topic: String,
        pub payload: Vec<u8>,
        pub pushed_at_ms: i64,
        pub trace: Option<String>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// A message for the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The id it is published under, each time the same.
    pub message_id: MessageId,
    /// Name of the topic.
    pub topic: String,
    /// The encoded message.
    pub payload: Vec<u8>,
    /// The trace it belongs to, as a [`common::TraceContext`] is written.
    pub trace: Option<String>,
}

/// A message waiting to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Place in the order of publishing.
    pub position: i64,
    /// What to publish.
    pub message: Message,
}

/// The table, for the migration of the service that owns it.
pub fn table() -> TableCreateStatement {
    Table::create()
        .table("outbox")
        .if_not_exists()
        .col(big_integer("id").auto_increment().primary_key())
        .col(uuid_uniq("message_id"))
        .col(string_len("topic", 64))
        .col(binary("payload"))
        .col(big_integer("pushed_at_ms"))
        .to_owned()
}

/// The column that came later, for the next migration of the service that owns the table.
pub fn add_trace() -> TableAlterStatement {
    Table::alter().table("outbox").add_column(text_null("trace")).to_owned()
}

/// Adds messages, to be published in their order, within the caller's transaction.
///
/// # Errors
/// The engine fails; the transaction cannot commit then.
pub async fn push<C: ConnectionTrait>(tx: &C, messages: Vec<Message>, now: DateTimeUtc) -> Result<(), DbErr> {
    if messages.is_empty() {
        return Ok(());
    }
    let rows = messages.into_iter().map(|message| entity::ActiveModel {
        message_id: Set(message.message_id.0),
        topic: Set(message.topic),
        payload: Set(message.payload),
        pushed_at_ms: Set(now.timestamp_millis()),
        trace: Set(message.trace),
        ..Default::default()
    });
    entity::Entity::insert_many(rows).exec_without_returning(tx).await.map(drop)
}

/// The next messages to publish, in order, at most `limit`.
///
/// # Errors
/// The engine fails.
pub async fn pending<C: ConnectionTrait>(db: &C, limit: u64) -> Result<Vec<Pending>, DbErr> {
    let rows = entity::Entity::find().order_by_asc(entity::Column::Id).limit(limit).all(db).await?;
    Ok(rows
        .into_iter()
        .map(|row| Pending {
            position: row.id,
            message: Message {
                message_id: MessageId(row.message_id),
                topic: row.topic,
                payload: row.payload,
                trace: row.trace,
            },
        })
        .collect())
}

/// How many messages wait to be published.
///
/// # Errors
/// The engine fails.
pub async fn waiting<C: ConnectionTrait>(db: &C) -> Result<u64, DbErr> {
    entity::Entity::find().count(db).await
}

/// Removes messages that the bus has, by their positions.
///
/// # Errors
/// The engine fails; the messages will be published again.
pub async fn published<C: ConnectionTrait>(db: &C, positions: &[i64]) -> Result<(), DbErr> {
    if positions.is_empty() {
        return Ok(());
    }
    let those = entity::Column::Id.is_in(positions.iter().copied());
    entity::Entity::delete_many().filter(those).exec(db).await.map(drop)
}
