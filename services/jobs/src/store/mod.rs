//! The jobs database: every change of a job, its events and the messages it causes commit together.

mod calls;
pub mod daily;
mod deliveries;
mod entity;
mod figures;
mod migration;
mod notices;
mod owners;
mod queue;
mod search;
mod tries;

pub use deliveries::{Claimed, DeliveryRow, Settled};
pub use notices::{Change, ChannelRow, Told, Which};
pub use search::Wanted;

use crate::doc::{Job, Millis};
use crate::machine::{self, Event, Input};
use crate::message;
use crate::notify::Notice;
use common::job::JobState;
use common::{JobId, MessageId, OwnerId};
use entity::{call, event, idempotency, job};
use sea_orm::prelude::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseBackend, DatabaseConnection, DbErr,
    EntityTrait, QueryFilter, QueryOrder, QuerySelect, TryIntoModel,
};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use tries::Tries;

/// The database failed or holds something unreadable.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine failed.
    #[error("the jobs database failed")]
    Engine(#[from] DbErr),
    /// A stored job cannot be read, or a message about it cannot be made.
    #[error("a stored job is not usable: {0}")]
    Content(String),
    /// Somebody else changed the job at the same time, again and again.
    #[error("the job changed meanwhile")]
    Changed,
}

impl StoreError {
    /// Whether another replica was there first: the same change may succeed on what stands now.
    fn is_conflict(&self) -> bool {
        match self {
            Self::Changed => true,
            Self::Engine(error) => database::is_conflict(error),
            Self::Content(_) => false,
        }
    }
}

/// One event as stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredEvent {
    /// Counted from 1 within the job.
    pub number: u64,
    /// Its kind.
    pub kind: String,
    /// Its data as JSON text.
    pub data: String,
    /// When it happened.
    pub at: Millis,
}

/// A job as it stands at one version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Raised by every change.
    pub version: u64,
    /// Whose it is.
    pub owner: String,
    /// The job.
    pub job: Job,
    /// The events of the change that brought it there; none where it was only read.
    pub events: Vec<StoredEvent>,
}

/// What came of accepting a job.
#[derive(Debug)]
pub enum Accepted {
    /// It is new.
    New(Box<Snapshot>),
    /// The idempotency key was used before for the same request.
    Before(Box<Snapshot>),
    /// The idempotency key was used before for another request.
    Conflict,
    /// Its owner has as many jobs waiting and running as may be.
    TooManyOpen,
    /// Its owner used the tokens of the day.
    DayOver,
}

/// An idempotency key with a digest of its request.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    /// The key, at most 255 characters.
    pub key: String,
    /// SHA-256 of the request, lower-case hex.
    pub request_sha256: String,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Store {
    db: DatabaseConnection,
}

fn read(row: &job::Model) -> Result<Job, StoreError> {
    serde_json::from_str(&row.doc).map_err(|error| StoreError::Content(format!("{}: {error}", row.id)))
}

fn snapshot(row: &job::Model) -> Result<Snapshot, StoreError> {
    let version = u64::try_from(row.version).unwrap_or(0);
    Ok(Snapshot { version, owner: row.owner.clone(), job: read(row)?, events: Vec::new() })
}

fn write(job: &Job) -> Result<String, StoreError> {
    serde_json::to_string(job).map_err(|error| StoreError::Content(error.to_string()))
}

impl Store {
    /// Opens the store and brings its tables up to date.
    ///
    /// # Errors
    /// The engine fails.
    pub async fn open(db: DatabaseConnection) -> Result<Self, StoreError> {
        database::migrate::<migration::Migrator>(&db).await?;
        Ok(Self { db })
    }

    /// The connection, for the outbox relay and checks.
    pub fn db(&self) -> &DatabaseConnection {
        &self.db
    }

    /// What is wrong, and what to check, when it takes no writes.
    pub fn no_writes(&self) -> &'static str {
        no_writes(self.db.get_database_backend())
    }

    /// Accepts a job, once per idempotency key.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn accept(
        &self,
        owner: &OwnerId,
        new: &Job,
        key: Option<IdempotencyKey>,
    ) -> Result<Accepted, StoreError> {
        let mut tries = Tries::default();
        loop {
            match self.accept_once(owner, new, key.clone()).await {
                Err(error) if tries.again(&error).await => {}
                other => return other,
            }
        }
    }

    async fn accept_once(
        &self,
        owner: &OwnerId,
        new: &Job,
        key: Option<IdempotencyKey>,
    ) -> Result<Accepted, StoreError> {
        let tx = match new.limits.open_jobs {
            // Whether there is a place depends on all that are accepted at the same time.
            Some(_) => database::begin_alone(&self.db, &format!("accept {}", owner.as_str())).await?,
            None => database::begin_write(&self.db).await?,
        };
        if let Some(key) = &key {
            match before(&tx, owner, key).await? {
                Before::Made(before) => return Ok(before),
                // The request is new again.
                Before::Gone => {
                    let id = (owner.as_str().to_owned(), key.key.clone());
                    idempotency::Entity::delete_by_id(id).exec(&tx).await?;
                }
                Before::Never => {}
            }
        }
        if let Some(full) = queue::full(&tx, owner.as_str(), new).await? {
            return Ok(full);
        }
        let row = job::ActiveModel {
            id: Set(new.id.0),
            owner: Set(owner.as_str().to_owned()),
            state: Set(new.state.as_str().to_owned()),
            doc: Set(write(new)?),
            words: Set(search::words_of(new)),
            last_event: Set(1),
            next_lease_ms: Set(None),
            created_at_ms: Set(new.created_at),
            version: Set(0),
        };
        row.insert(&tx).await?;
        let queued = Event { kind: "job_queued", data: serde_json::json!({}) };
        let events = insert_events(&tx, new.id, 0, &[queued], new.created_at).await?;
        if let Some(key) = key {
            let row = idempotency::ActiveModel {
                owner: Set(owner.as_str().to_owned()),
                key: Set(key.key),
                request_sha256: Set(key.request_sha256),
                job_id: Set(new.id.0),
                created_at_ms: Set(new.created_at),
            };
            row.insert(&tx).await?;
        }
        tx.commit().await?;
        let owner = owner.as_str().to_owned();
        Ok(Accepted::New(Box::new(Snapshot { version: 0, owner, job: new.clone(), events })))
    }

    /// What a request with this key made before, if anything: [`Accepted::Before`] or [`Accepted::Conflict`].
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn repeated(&self, owner: &OwnerId, key: &IdempotencyKey) -> Result<Option<Accepted>, StoreError> {
        match before(&self.db, owner, key).await? {
            Before::Made(before) => Ok(Some(before)),
            Before::Gone | Before::Never => Ok(None),
        }
    }

    /// Applies an input to a job. `None` when there is no such job; else how it stands afterwards and
    /// whether anything changed.
    ///
    /// # Errors
    /// See [`StoreError`]; nothing changed then.
    pub async fn apply(&self, id: JobId, input: Input, now: Millis) -> Result<Option<(Snapshot, bool)>, StoreError> {
        let mut tries = Tries::default();
        loop {
            match self.apply_once(id, input.clone(), now).await {
                Err(error) if tries.again(&error).await => {}
                other => return other,
            }
        }
    }

    async fn apply_once(&self, id: JobId, input: Input, now: Millis) -> Result<Option<(Snapshot, bool)>, StoreError> {
        let tx = database::begin_write(&self.db).await?;
        let Some(row) = job::Entity::find_by_id(id.0).one(&tx).await? else { return Ok(None) };
        let applied = apply_to(&tx, row, input, now).await?;
        tx.commit().await?;
        Ok(Some(applied))
    }

    /// Ids of all running jobs.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn running(&self) -> Result<Vec<JobId>, StoreError> {
        let rows = job::Entity::find().filter(job::Column::State.eq(JobState::Running.as_str())).all(&self.db).await?;
        Ok(rows.into_iter().map(|row| JobId(row.id)).collect())
    }

    /// One job of one owner.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn get(&self, owner: &OwnerId, id: JobId) -> Result<Option<Job>, StoreError> {
        let row = job::Entity::find_by_id(id.0).filter(job::Column::Owner.eq(owner.as_str())).one(&self.db).await?;
        row.as_ref().map(read).transpose()
    }

    /// Whose a job is.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn owner_of(&self, id: JobId) -> Result<Option<String>, StoreError> {
        let owner = job::Entity::find_by_id(id.0).select_only().column(job::Column::Owner);
        Ok(owner.into_tuple().one(&self.db).await?)
    }

    /// Number of the last event of each of these jobs that is there.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn last_events(&self, ids: &[JobId]) -> Result<HashMap<JobId, u64>, StoreError> {
        let last = job::Entity::find().select_only().column(job::Column::Id).column(job::Column::LastEvent);
        let last = last.filter(job::Column::Id.is_in(ids.iter().map(|id| id.0)));
        let rows: Vec<(uuid::Uuid, i64)> = last.into_tuple().all(&self.db).await?;
        Ok(rows.into_iter().map(|(id, last)| (JobId(id), u64::try_from(last).unwrap_or(0))).collect())
    }

    /// Jobs of one owner that are as wanted, newest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn list(&self, owner: &OwnerId, wanted: &Wanted, limit: u64) -> Result<Vec<Job>, StoreError> {
        // Ids are version 7: their order is the order of acceptance.
        let query = job::Entity::find().filter(job::Column::Owner.eq(owner.as_str())).filter(search::condition(wanted));
        query.order_by_desc(job::Column::Id).limit(limit).all(&self.db).await?.iter().map(read).collect()
    }

    /// Events of a job after the given number, in order.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn events_after(&self, id: JobId, number: u64, limit: u64) -> Result<Vec<StoredEvent>, StoreError> {
        let after = i64::try_from(number).unwrap_or(i64::MAX);
        let rows = event::Entity::find()
            .filter(event::Column::JobId.eq(id.0))
            .filter(event::Column::Number.gt(after))
            .order_by_asc(event::Column::Number)
            .limit(limit)
            .all(&self.db)
            .await?;
        Ok(rows.into_iter().map(stored_event).collect())
    }

    /// Removes a job with its events, and what was told of it. Its blobs are the caller's to remove.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn delete(&self, id: JobId) -> Result<(), StoreError> {
        let tx = database::begin_write(&self.db).await?;
        event::Entity::delete_many().filter(event::Column::JobId.eq(id.0)).exec(&tx).await?;
        call::Entity::delete_many().filter(call::Column::JobId.eq(id.0)).exec(&tx).await?;
        idempotency::Entity::delete_many().filter(idempotency::Column::JobId.eq(id.0)).exec(&tx).await?;
        notices::forget_job(&tx, id).await?;
        job::Entity::delete_by_id(id.0).exec(&tx).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// What a key made before.
enum Before {
    /// It was not used.
    Never,
    /// A job that has been deleted since.
    Gone,
    /// This.
    Made(Accepted),
}

async fn before<C: ConnectionTrait>(db: &C, owner: &OwnerId, key: &IdempotencyKey) -> Result<Before, StoreError> {
    let used = idempotency::Entity::find_by_id((owner.as_str().to_owned(), key.key.clone())).one(db).await?;
    let Some(used) = used else { return Ok(Before::Never) };
    if used.request_sha256 != key.request_sha256 {
        return Ok(Before::Made(Accepted::Conflict));
    }
    match job::Entity::find_by_id(used.job_id).one(db).await? {
        Some(row) => Ok(Before::Made(Accepted::Before(Box::new(snapshot(&row)?)))),
        None => Ok(Before::Gone),
    }
}

async fn apply_to<C: ConnectionTrait>(
    tx: &C,
    row: job::Model,
    input: Input,
    now: Millis,
) -> Result<(Snapshot, bool), StoreError> {
    let mut before = snapshot(&row)?;
    before.job.day = daily::left(tx, &row.owner, &before.job, now).await?;
    let next = machine::advance(&before.job, input, now);
    if next.job == before.job && next.commands.is_empty() && next.events.is_empty() {
        return Ok((before, false));
    }
    let id = next.job.id;
    daily::book(tx, &row.owner, (before.job.usage, next.job.usage), now).await?;
    let events = insert_events(tx, id, row.last_event, &next.events, now).await?;
    let last_event = events.last().map_or(row.last_event, |event| i64::try_from(event.number).unwrap_or(i64::MAX));
    let mut messages = Vec::with_capacity(next.commands.len());
    for command in &next.commands {
        let (topic, payload) =
            message::of(&next.job, *command, &row.owner).map_err(|error| StoreError::Content(error.to_string()))?;
        let trace = next.job.trace.as_ref().map(ToString::to_string);
        messages.push(database::outbox::Message {
            message_id: MessageId::new(),
            topic: topic.as_str().to_owned(),
            payload,
            trace,
        });
    }
    let at = chrono::DateTime::from_timestamp_millis(now).unwrap_or_default();
    database::outbox::push(tx, messages, at).await?;
    let saved = job::Entity::update_many()
        .col_expr(job::Column::State, Expr::value(next.job.state.as_str()))
        .col_expr(job::Column::Doc, Expr::value(write(&next.job)?))
        .col_expr(job::Column::Words, Expr::value(search::words_of(&next.job)))
        .col_expr(job::Column::LastEvent, Expr::value(last_event))
        .col_expr(job::Column::NextLeaseMs, Expr::value(next.job.next_lease()))
        .col_expr(job::Column::Version, Expr::value(row.version + 1))
        .filter(job::Column::Id.eq(row.id))
        .filter(job::Column::Version.eq(row.version))
        .exec(tx)
        .await?;
    if saved.rows_affected != 1 {
        return Err(StoreError::Changed);
    }
    if !before.job.state.is_final()
        && let Some(notice) = Notice::of(&next.job)
    {
        notices::announce(tx, &before.owner, &notice, now).await?;
    }
    Ok((Snapshot { version: before.version + 1, owner: before.owner, job: next.job, events }, true))
}

async fn insert_events<C: ConnectionTrait>(
    tx: &C,
    id: JobId,
    last: i64,
    events: &[Event],
    now: Millis,
) -> Result<Vec<StoredEvent>, StoreError> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<event::ActiveModel> = (last + 1..)
        .zip(events)
        .map(|(number, one)| event::ActiveModel {
            job_id: Set(id.0),
            number: Set(number),
            kind: Set(one.kind.to_owned()),
            data: Set(one.data.to_string()),
            at_ms: Set(now),
        })
        .collect();
    event::Entity::insert_many(rows.clone()).exec_without_returning(tx).await?;
    let stored = rows.into_iter().map(|row| row.try_into_model().map(stored_event));
    Ok(stored.collect::<Result<_, _>>()?)
}

fn stored_event(row: event::Model) -> StoredEvent {
    let number = u64::try_from(row.number).unwrap_or(0);
    StoredEvent { number, kind: row.kind, data: row.data, at: row.at_ms }
}

/// What to check when the database takes no writes.
fn no_writes(engine: DatabaseBackend) -> &'static str {
    match engine {
        DatabaseBackend::Sqlite => {
            "the jobs database does not take writes; check the disk of DATABASE_URL, or of DATA_DIR where that is not set"
        }
        _ => "the jobs database does not take writes; check the server of DATABASE_URL",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects operators: they are sent to the disk where the database is a file, and to the server where it is one.
    #[test]
    fn a_database_that_takes_no_writes_is_looked_for_where_it_is() {
        assert!(no_writes(DatabaseBackend::Sqlite).contains("DATA_DIR"));
        assert!(!no_writes(DatabaseBackend::Postgres).contains("DATA_DIR"));
        assert!(no_writes(DatabaseBackend::Postgres).contains("server of DATABASE_URL"));
    }
}
