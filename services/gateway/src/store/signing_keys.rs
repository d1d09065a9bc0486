//! Where the public keys of all replicas stand.

use super::Store;
use super::signing_key::{ActiveModel, Column, Entity};
use chrono::{DateTime, Utc};
use edge::identity::JsonWebKey;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter};
use std::time::Duration;

impl Store {
    /// Adds a key that stands from now on for a while, and removes those that do not any more.
    pub async fn publish_key(&self, key: &JsonWebKey, now: DateTime<Utc>, stands: Duration) -> Result<(), DbErr> {
        let now = now.timestamp_millis();
        let ends = now.saturating_add(i64::try_from(stands.as_millis()).unwrap_or(i64::MAX));
        let row = ActiveModel { kid: Set(key.kid.clone()), x: Set(key.x.clone()), ends_at_ms: Set(ends) };
        Entity::insert(row).exec_without_returning(&self.db).await?;
        Entity::delete_many().filter(Column::EndsAtMs.lte(now)).exec(&self.db).await.map(drop)
    }

    /// All keys that stand.
    pub async fn standing_keys(&self, now: DateTime<Utc>) -> Result<Vec<JsonWebKey>, DbErr> {
        let rows = Entity::find().filter(Column::EndsAtMs.gt(now.timestamp_millis())).all(&self.db).await?;
        Ok(rows.into_iter().map(|row| JsonWebKey::ed25519(row.kid, row.x)).collect())
    }
}
