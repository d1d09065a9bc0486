//! Signed-in browsers.

use super::audit::{self, Action, By};
use super::entity::session::{ActiveModel, Column, Entity, Model};
use super::entity::user;
use super::{Store, USE_INTERVAL_MS, UserRow, now_ms, odd, time, users};
use chrono::{DateTime, Utc};
use common::{SessionId, UserId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder};
use serde_json::json;
use std::time::Duration;

/// Longest name of a browser that is kept, in characters.
const MAX_AGENT: usize = 255;

/// How a session was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SessionVia)]
pub enum Via {
    /// By a one-time link.
    Link,
    /// By e-mail address and password.
    Password,
    /// By joining.
    Join,
    /// By an issuer of OpenID Connect.
    Oidc,
}

impl Via {
    const ALL: [Self; 4] = [Self::Link, Self::Password, Self::Join, Self::Oidc];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Password => "password",
            Self::Join => "join",
            Self::Oidc => "oidc",
        }
    }
}

/// A session to be opened.
#[derive(Debug, Clone)]
pub struct NewSession<'a> {
    /// Whose.
    pub user: UserId,
    /// SHA-256 of what the browser will show.
    pub hash: &'a str,
    /// How it is opened.
    pub via: Via,
    /// What the browser says to be.
    pub user_agent: &'a str,
    /// How long it lasts.
    pub life: Duration,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// How it was opened.
    pub via: Via,
    /// What the browser said to be.
    pub user_agent: String,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub last_used_at: DateTime<Utc>,
    /// When it ends by itself.
    pub ends_at: DateTime<Utc>,
}

fn row(model: Model) -> Result<SessionRow, DbErr> {
    Ok(SessionRow {
        id: SessionId(model.id),
        user: UserId(model.user_id),
        via: Via::ALL.into_iter().find(|via| via.as_str() == model.via).ok_or_else(|| odd("via"))?,
        user_agent: model.user_agent,
        created_at: time(model.created_at_ms),
        last_used_at: time(model.last_used_at_ms),
        ends_at: time(model.ends_at_ms),
    })
}

pub(super) async fn insert<C: ConnectionTrait>(db: &C, new: &NewSession<'_>) -> Result<SessionId, DbErr> {
    let (id, now) = (SessionId::new(), now_ms());
    let life = i64::try_from(new.life.as_millis()).unwrap_or(i64::MAX);
    let model = ActiveModel {
        id: Set(id.0),
        hash: Set(new.hash.to_owned()),
        user_id: Set(new.user.0),
        via: Set(new.via.as_str().to_owned()),
        user_agent: Set(new.user_agent.chars().take(MAX_AGENT).collect()),
        created_at_ms: Set(now),
        last_used_at_ms: Set(now),
        ends_at_ms: Set(now.saturating_add(life)),
    };
    Entity::insert(model).exec_without_returning(db).await?;
    // Whoever opens one tidies up.
    Entity::delete_many().filter(Column::EndsAtMs.lte(now)).exec(db).await?;
    Ok(id)
}

/// Ends all sessions of a person but one.
pub(super) async fn end_all<C: ConnectionTrait>(db: &C, user: UserId, keep: Option<SessionId>) -> Result<u64, DbErr> {
    let mut ended = Entity::delete_many().filter(Column::UserId.eq(user.0));
    if let Some(keep) = keep {
        ended = ended.filter(Column::Id.ne(keep.0));
    }
    ended.exec(db).await.map(|done| done.rows_affected)
}

impl Store {
    /// Opens a session.
    pub async fn open_session(&self, new: &NewSession<'_>, by: &By) -> Result<SessionId, DbErr> {
        let tx = database::begin_write(&self.db).await?;
        let id = insert(&tx, new).await?;
        audit::write(&tx, by, Action::SignedIn, Some(id.0), &json!({ "via": new.via })).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// The session that shows this, with its person, while it lasts and the person may enter.
    pub async fn session_by_hash(&self, hash: &str) -> Result<Option<(SessionRow, UserRow)>, DbErr> {
        let standing = Column::Hash.eq(hash).and(Column::EndsAtMs.gt(now_ms()));
        let Some(session) = Entity::find().filter(standing).one(&self.db).await? else { return Ok(None) };
        let Some(person) = user::Entity::find_by_id(session.user_id).one(&self.db).await? else { return Ok(None) };
        let person = users::row(person)?;
        Ok(if person.is_active { Some((row(session)?, person)) } else { None })
    }

    /// One session of a person.
    pub async fn session(&self, user: UserId, id: SessionId) -> Result<Option<SessionRow>, DbErr> {
        let found = Entity::find_by_id(id.0).filter(Column::UserId.eq(user.0)).one(&self.db).await?;
        found.map(row).transpose()
    }

    /// The standing sessions of a person, newest first.
    pub async fn sessions(&self, user: UserId) -> Result<Vec<SessionRow>, DbErr> {
        let standing = Column::UserId.eq(user.0).and(Column::EndsAtMs.gt(now_ms()));
        let found = Entity::find().filter(standing).order_by_desc(Column::Id).all(&self.db).await?;
        found.into_iter().map(row).collect()
    }

    /// Ends one session of a person; answers whether there was one.
    pub async fn end_session(&self, user: UserId, id: SessionId, by: &By) -> Result<bool, DbErr> {
        let tx = database::begin_write(&self.db).await?;
        let which = Column::Id.eq(id.0).and(Column::UserId.eq(user.0));
        let ended = Entity::delete_many().filter(which).exec(&tx).await?.rows_affected > 0;
        if ended {
            audit::write(&tx, by, Action::SessionEnded, Some(id.0), &json!({})).await?;
        }
        tx.commit().await?;
        Ok(ended)
    }

    /// Ends all sessions of a person but the one in use.
    pub async fn end_other_sessions(&self, user: UserId, keep: Option<SessionId>, by: &By) -> Result<u64, DbErr> {
        let tx = database::begin_write(&self.db).await?;
        let ended = end_all(&tx, user, keep).await?;
        audit::write(&tx, by, Action::SessionEnded, None, &json!({ "ended": ended })).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Notes that a session was used, once a minute at most.
    pub async fn session_used(&self, id: SessionId) -> Result<(), DbErr> {
        let now = now_ms();
        let update = Entity::update_many().col_expr(Column::LastUsedAtMs, Expr::value(now));
        let due = Column::Id.eq(id.0).and(Column::LastUsedAtMs.lt(now.saturating_sub(USE_INTERVAL_MS)));
        update.filter(due).exec(&self.db).await.map(drop)
    }
}
