//! Where the public keys stand. The only part of this service that knows a database.

use super::entity::{ActiveModel, Column, Entity};
use super::migration::Migrator;
use chrono::{DateTime, Utc};
use database::DatabaseConnection;
use edge::identity::JsonWebKey;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use std::time::Duration;

pub use sea_orm::DbErr;

/// The public keys of all replicas.
#[derive(Debug, Clone)]
pub struct KeyStore {
    db: DatabaseConnection,
}

impl KeyStore {
    /// Brings the tables up to date.
    pub async fn open(db: DatabaseConnection) -> Result<Self, DbErr> {
        database::migrate::<Migrator>(&db).await?;
        Ok(Self { db })
    }

    /// Adds a key that stands from now on for a while, and removes those that do not any more.
    pub async fn publish(&self, key: &JsonWebKey, now: DateTime<Utc>, stands: Duration) -> Result<(), DbErr> {
        let now = now.timestamp_millis();
        let ends = now.saturating_add(i64::try_from(stands.as_millis()).unwrap_or(i64::MAX));
        let row = ActiveModel { kid: Set(key.kid.clone()), x: Set(key.x.clone()), ends_at_ms: Set(ends) };
        Entity::insert(row).exec_without_returning(&self.db).await?;
        Entity::delete_many().filter(Column::EndsAtMs.lte(now)).exec(&self.db).await.map(drop)
    }

    /// All keys that stand.
    pub async fn standing(&self, now: DateTime<Utc>) -> Result<Vec<JsonWebKey>, DbErr> {
        let rows = Entity::find().filter(Column::EndsAtMs.gt(now.timestamp_millis())).all(&self.db).await?;
        Ok(rows.into_iter().map(|row| JsonWebKey::ed25519(row.kid, row.x)).collect())
    }

    /// Proves that rows can be written now.
    pub async fn check(&self) -> Result<(), DbErr> {
        database::check(&self.db).await
    }
}
