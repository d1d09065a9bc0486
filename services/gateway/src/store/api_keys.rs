//! API keys.

use super::audit::{self, Action, By};
use super::entity::api_key::{ActiveModel, Column, Entity, Model};
use super::entity::user;
use super::{Store, USE_INTERVAL_MS, UserRow, now_ms, odd, time, users};
use chrono::{DateTime, Utc};
use common::{KeyId, Scopes, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
};
use serde_json::json;

/// A key to be made.
#[derive(Debug, Clone)]
pub struct NewKey<'a> {
    /// Whose.
    pub user: UserId,
    /// What it is for.
    pub name: &'a str,
    /// The part that may be shown.
    pub prefix: &'a str,
    /// SHA-256 of the secret part.
    pub hash: &'a str,
    /// What may be done with it.
    pub scopes: Scopes,
    /// When it ends by itself; never where nothing is said.
    pub ends_at: Option<DateTime<Utc>>,
    /// How many requests a minute it is good for; as many as its owner's where nothing is said.
    pub requests_per_minute: Option<u32>,
}

/// A key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// Which.
    pub id: KeyId,
    /// Whose.
    pub user: UserId,
    /// What it is for.
    pub name: String,
    /// The part that may be shown.
    pub prefix: String,
    /// SHA-256 of the secret part.
    pub hash: String,
    /// What may be done with it.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends by itself.
    pub ends_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// How many requests a minute it is good for; as many as its owner's where nothing is said.
    pub requests_per_minute: Option<u32>,
}

fn row(model: Model) -> Result<KeyRow, DbErr> {
    Ok(KeyRow {
        id: KeyId(model.id),
        user: UserId(model.user_id),
        name: model.name,
        prefix: model.prefix,
        hash: model.hash,
        scopes: model.scopes.parse().map_err(|_| odd("scopes"))?,
        created_at: time(model.created_at_ms),
        ends_at: model.ends_at_ms.map(time),
        last_used_at: model.last_used_at_ms.map(time),
        revoked_at: model.revoked_at_ms.map(time),
        requests_per_minute: model.requests_per_minute.map(|most| u32::try_from(most).unwrap_or(0)),
    })
}

/// Removes all keys of a person with what they were called.
pub(super) async fn remove_all<C: ConnectionTrait>(db: &C, user: UserId) -> Result<(), DbErr> {
    Entity::delete_many().filter(Column::UserId.eq(user.0)).exec(db).await.map(drop)
}

/// Revokes all keys of a person.
pub(super) async fn revoke_all<C: ConnectionTrait>(db: &C, user: UserId) -> Result<(), DbErr> {
    let update = Entity::update_many().col_expr(Column::RevokedAtMs, Expr::value(now_ms()));
    update.filter(Column::UserId.eq(user.0)).filter(Column::RevokedAtMs.is_null()).exec(db).await.map(drop)
}

impl Store {
    /// Makes a key.
    pub async fn make_key(&self, new: &NewKey<'_>, by: &By) -> Result<KeyRow, DbErr> {
        let tx = database::begin_write(&self.db).await?;
        let model = Model {
            id: KeyId::new().0,
            user_id: new.user.0,
            name: new.name.to_owned(),
            prefix: new.prefix.to_owned(),
            hash: new.hash.to_owned(),
            scopes: new.scopes.to_string(),
            created_at_ms: now_ms(),
            ends_at_ms: new.ends_at.map(|at| at.timestamp_millis()),
            last_used_at_ms: None,
            revoked_at_ms: None,
            requests_per_minute: new.requests_per_minute.map(i64::from),
        };
        let active: ActiveModel = model.clone().into();
        Entity::insert(active.reset_all()).exec_without_returning(&tx).await?;
        let detail = json!({ "name": new.name, "prefix": new.prefix, "scopes": new.scopes.to_string() });
        audit::write(&tx, by, Action::KeyMade, Some(model.id), &detail).await?;
        tx.commit().await?;
        row(model)
    }

    /// The key of that shown part with its person, while it stands and the person may enter.
    pub async fn key_by_prefix(&self, prefix: &str) -> Result<Option<(KeyRow, UserRow)>, DbErr> {
        let lasts = Condition::any().add(Column::EndsAtMs.is_null()).add(Column::EndsAtMs.gt(now_ms()));
        let standing = Column::Prefix.eq(prefix).and(Column::RevokedAtMs.is_null());
        let found = Entity::find().filter(standing).filter(lasts).one(&self.db).await?;
        let Some(key) = found else { return Ok(None) };
        let Some(person) = user::Entity::find_by_id(key.user_id).one(&self.db).await? else { return Ok(None) };
        let person = users::row(person)?;
        Ok(if person.is_active { Some((row(key)?, person)) } else { None })
    }

    /// All keys of a person, newest first, also those that do not stand any more.
    pub async fn keys(&self, user: UserId) -> Result<Vec<KeyRow>, DbErr> {
        let found = Entity::find().filter(Column::UserId.eq(user.0)).order_by_desc(Column::Id).all(&self.db).await?;
        found.into_iter().map(row).collect()
    }

    /// Revokes a key of a person; answers whether there was one that stood.
    pub async fn revoke_key(&self, user: UserId, id: KeyId, by: &By) -> Result<bool, DbErr> {
        let tx = database::begin_write(&self.db).await?;
        let which = Column::Id.eq(id.0).and(Column::UserId.eq(user.0)).and(Column::RevokedAtMs.is_null());
        let update = Entity::update_many().col_expr(Column::RevokedAtMs, Expr::value(now_ms()));
        let revoked = update.filter(which).exec(&tx).await?.rows_affected > 0;
        if revoked {
            audit::write(&tx, by, Action::KeyRevoked, Some(id.0), &json!({})).await?;
        }
        tx.commit().await?;
        Ok(revoked)
    }

    /// Notes that a key was used, once a minute at most.
    pub async fn key_used(&self, id: KeyId) -> Result<(), DbErr> {
        let now = now_ms();
        let due = Condition::any()
            .add(Column::LastUsedAtMs.is_null())
            .add(Column::LastUsedAtMs.lt(now.saturating_sub(USE_INTERVAL_MS)));
        let update = Entity::update_many().col_expr(Column::LastUsedAtMs, Expr::value(now));
        update.filter(Column::Id.eq(id.0)).filter(due).exec(&self.db).await.map(drop)
    }
}
