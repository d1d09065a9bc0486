//! The gateway's rows. The only part of this service that knows a database.

mod api_keys;
mod audit;
mod entity;
mod invitations;
mod migration;
mod sessions;
mod signing_key;
mod signing_keys;
mod subjects;
mod users;

pub use api_keys::{KeyRow, NewKey};
pub use audit::{Action, AuditRow, By};
pub use invitations::{InvitationRow, Join, Joined, NewInvitation};
pub use sea_orm::DbErr;
pub use sea_orm::prelude::Uuid;
pub use sessions::{NewSession, SessionRow, Via};
pub use subjects::Subject;
pub use users::{Change, Changed, Saved, Source, UserRow};

use chrono::{DateTime, Utc};
use database::DatabaseConnection;

/// How often at most a use is written down: so many milliseconds lie between two writes.
pub const USE_INTERVAL_MS: i64 = 60_000;

/// The gateway's tables.
#[derive(Debug, Clone)]
pub struct Store {
    db: DatabaseConnection,
}

impl Store {
    /// Brings the tables up to date, and makes the first owner where there is none.
    ///
    /// # Errors
    /// The database fails.
    pub async fn open(db: DatabaseConnection) -> Result<Self, DbErr> {
        database::migrate::<migration::Migrator>(&db).await?;
        let store = Self { db };
        store.make_first_owner().await?;
        Ok(store)
    }

    /// Proves that rows can be written now.
    ///
    /// # Errors
    /// They cannot.
    pub async fn check(&self) -> Result<(), DbErr> {
        database::check(&self.db).await
    }
}

fn now_ms() -> i64 {
    database::now().timestamp_millis()
}

fn time(ms: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(ms).unwrap_or_default()
}

/// A row that no version of this program has written.
fn odd(what: &str) -> DbErr {
    DbErr::Custom(format!("a row of the gateway cannot be read: {what}"))
}

#[cfg(test)]
mod tests;
