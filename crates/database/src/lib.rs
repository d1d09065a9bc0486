//! Connections, migrations and the outbox: what every service with tables of its own needs. No
//! business tables stand here; each service brings its own entities and migrator.
//!
//! One URL for all services; each gets a database of its own below it (a file with SQLite), so no
//! service can reach into another's tables.

pub mod outbox;

pub use sea_orm::DatabaseConnection;

use sea_orm::{
    ConnectOptions, Database, DatabaseBackend, DatabaseTransaction, DbErr, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use std::path::Path;
use std::time::Duration;

/// The database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No backend for this scheme.
    #[error("'{0}' is not a database URL this build knows; use sqlite:///absolute/folder")]
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
/// service.
///
/// # Errors
/// See [`ConnectError`].
pub async fn connect(url: &str, service: &str) -> Result<DatabaseConnection, ConnectError> {
    let Some(folder) = url.strip_prefix("sqlite://") else {
        return Err(ConnectError::UnknownScheme(url.split(':').next().unwrap_or_default().to_owned()));
    };
    std::fs::create_dir_all(folder).map_err(|source| ConnectError::Folder { folder: folder.to_owned(), source })?;
    let file = Path::new(folder).join(format!("{service}.db"));
    let mut options = ConnectOptions::new(format!("sqlite://{}?mode=rwc", file.display()));
    options
        .max_connections(4)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(10))
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|sqlite| {
            use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
            // WAL lets readers go on beside the one writer. FULL: an accepted job survives a power cut.
            sqlite.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full).busy_timeout(BUSY_TIMEOUT)
        });
    Database::connect(options).await.map_err(|source| ConnectError::Engine { service: service.to_owned(), source })
}

/// Brings a service's tables up to date. Safe to call at every start.
///
/// # Errors
/// A migration fails; what it had done is undone.
pub async fn migrate<M: MigratorTrait>(db: &DatabaseConnection) -> Result<(), DbErr> {
    M::up(db, None).await
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
    tx.rollback().await
}
