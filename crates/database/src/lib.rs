//! Connections, migrations and the outbox: what every service with tables of its own needs. No
//! business tables stand here; each service brings its own entities and migrator.
//!
//! One URL for all services; each gets a database of its own below it (a file with SQLite, a schema with
//! PostgreSQL), so no service can reach into another's tables.

pub mod outbox;
mod postgres;

pub use sea_orm::DatabaseConnection;

use sea_orm::{
    ConnectOptions, Database, DatabaseBackend, DatabaseTransaction, DbErr, SqlErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use std::path::Path;
use std::time::Duration;

/// The database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No backend for this scheme.
    #[error(
        "'{0}' is not a database URL this build knows; use sqlite:///absolute/folder or postgres://user:password@host/database"
    )]
    UnknownScheme(String),
    /// The folder cannot be made.
    #[error("the database folder {folder} cannot be used")]
    Folder {
        /// The folder.
        folder: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The engine refuses.
    #[error("the database of service '{service}' cannot be opened")]
    Engine {
        /// Whose database.
        service: String,
        /// Why.
        #[source]
        source: DbErr,
    },
}

/// How long a statement waits for another's write lock before it fails.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Opens the database of `service` at the place the URL names: `sqlite:///folder` holds one file per
/// service, `postgres://user:password@host/database` one schema.
///
/// # Errors
/// See [`ConnectError`].
pub async fn connect(url: &str, service: &str) -> Result<DatabaseConnection, ConnectError> {
    let engine = |source| ConnectError::Engine { service: service.to_owned(), source };
    match url.split_once("://") {
        Some(("sqlite", folder)) => sqlite(folder, service).await,
        Some(("postgres" | "postgresql", _)) => postgres::connect(url, service).await.map_err(engine),
        other => {
            let scheme = other.map_or_else(|| url.split(':').next().unwrap_or_default(), |(scheme, _)| scheme);
            Err(ConnectError::UnknownScheme(scheme.to_owned()))
        }
    }
}

/// After this long without use, connections beyond the first are closed: a busy moment does not hold memory, files and
/// the engine's places for ever.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

async fn sqlite(folder: &str, service: &str) -> Result<DatabaseConnection, ConnectError> {
    std::fs::create_dir_all(folder).map_err(|source| ConnectError::Folder { folder: folder.to_owned(), source })?;
    let file = Path::new(folder).join(format!("{service}.db"));
    let mut options = ConnectOptions::new(format!("sqlite://{}?mode=rwc", file.display()));
    options
        .max_connections(4)
        .min_connections(1)
        .idle_timeout(IDLE_TIMEOUT)
        .acquire_timeout(Duration::from_secs(10))
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|sqlite| {
            use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
            // WAL lets readers go on beside the one writer. FULL: an accepted job survives a power cut.
            sqlite.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full).busy_timeout(BUSY_TIMEOUT)
        });
    Database::connect(options).await.map_err(|source| ConnectError::Engine { service: service.to_owned(), source })
}

/// Brings a service's tables up to date. Safe to call at every start, also of several replicas at once.
///
/// # Errors
/// A migration fails; what it had done is undone.
pub async fn migrate<M: MigratorTrait>(db: &DatabaseConnection) -> Result<(), DbErr> {
    if db.get_database_backend() != DatabaseBackend::Postgres {
        return M::up(db, None).await;
    }
    let alone = db.begin().await?;
    postgres::lock(&alone, "migrate").await?;
    let migrated = M::up(db, None).await;
    alone.rollback().await?;
    migrated
}

/// Work that one replica at a time may do. See [`alone`].
#[derive(Debug)]
pub struct Alone(Option<DatabaseTransaction>);

impl Alone {
    /// Lets others do it.
    ///
    /// # Errors
    /// The connection is lost; then others may do it as well.
    pub async fn done(self) -> Result<(), DbErr> {
        match self.0 {
            Some(tx) => tx.rollback().await,
            None => Ok(()),
        }
    }
}

/// Claims the work of that name within a service, unless another replica is at it. The claim ends with
/// [`Alone::done`], and with this process or its connection. A file of SQLite has only one process anyway.
///
/// # Errors
/// The engine fails.
pub async fn alone(db: &DatabaseConnection, name: &str) -> Result<Option<Alone>, DbErr> {
    if db.get_database_backend() != DatabaseBackend::Postgres {
        return Ok(Some(Alone(None)));
    }
    let tx = db.begin().await?;
    if postgres::try_lock(&tx, name).await? {
        return Ok(Some(Alone(Some(tx))));
    }
    tx.rollback().await?;
    Ok(None)
}

/// As [`begin_write`], for changes that depend on rows they do not change: one such transaction of that name at a
/// time, over all replicas.
///
/// # Errors
/// The lock was not had in time, or the engine fails.
pub async fn begin_alone(db: &DatabaseConnection, name: &str) -> Result<DatabaseTransaction, DbErr> {
    let tx = begin_write(db).await?;
    if db.get_database_backend() == DatabaseBackend::Postgres {
        postgres::lock(&tx, name).await?;
    }
    Ok(tx)
}

/// Whether another transaction was there first: the same change, tried again on what stands now, may succeed.
pub fn is_conflict(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}

/// Begins a transaction that will write.
///
/// SQLite takes the write lock at once: a transaction that read first and wants to write later would
/// fail as soon as another wrote in between.
///
/// # Errors
/// The lock was not had in time, or the engine fails.
pub async fn begin_write(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    if db.get_database_backend() == DatabaseBackend::Sqlite {
        let immediate = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        db.begin_with_options(immediate).await
    } else {
        db.begin().await
    }
}

/// The time now, cut to milliseconds: what every engine stores without loss.
pub fn now() -> chrono::DateTime<chrono::Utc> {
    let now = chrono::Utc::now();
    chrono::DateTime::from_timestamp_millis(now.timestamp_millis()).unwrap_or(now)
}

/// Proves that the database can be written now.
///
/// # Errors
/// It cannot.
pub async fn check(db: &DatabaseConnection) -> Result<(), DbErr> {
    let tx = begin_write(db).await?;
    if db.get_database_backend() == DatabaseBackend::Postgres {
        postgres::takes_writes(&tx).await?;
    }
    tx.rollback().await
}
