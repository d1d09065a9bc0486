//! What was done, by whom: written with the change itself, and never changed.

use super::entity::audit::{ActiveModel, Column, Entity, Model};
use super::{Store, now_ms, time};
use chrono::{DateTime, Utc};
use common::UserId;
use sea_orm::ActiveValue::Set;
use sea_orm::prelude::Uuid;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;

macro_rules! actions {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal;)+) => {
        /// Something that is written down. Names are stable.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Action { $($(#[doc = $doc])+ $variant,)+ }

        impl Action {
            /// Its name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

actions! {
    /// Somebody signed in.
    SignedIn = "session.opened";
    /// Somebody was refused.
    SignInRefused = "session.refused";
    /// A session was ended; without an object, all of a person but the one in use.
    SessionEnded = "session.ended";
    /// A password was set.
    PasswordSet = "password.set";
    /// Name or e-mail address changed.
    ProfileChanged = "user.changed";
    /// Role or state changed.
    UserChanged = "user.governed";
    /// Somebody closed their account.
    AccountClosed = "user.closed";
    /// Somebody joined by an invitation, or was seen first.
    Joined = "user.joined";
    /// A one-time link for somebody was made.
    LinkMade = "link.made";
    /// An invitation was made.
    InvitationMade = "invitation.made";
    /// An invitation was taken back.
    InvitationEnded = "invitation.ended";
    /// An API key was made.
    KeyMade = "key.made";
    /// An API key was revoked.
    KeyRevoked = "key.revoked";
}

/// Who does something, and from where.
#[derive(Debug, Clone)]
pub struct By {
    /// Who; nobody where it is not known.
    pub actor: Option<UserId>,
    /// The network address.
    pub address: String,
}

/// One line of the audit.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRow {
    /// Its id; later lines have larger ones.
    pub id: Uuid,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: Option<UserId>,
    /// What.
    pub action: String,
    /// To what or whom: a person, session, invitation or key.
    pub object: Option<Uuid>,
    /// More about it; never a secret.
    pub detail: Value,
    /// From where.
    pub address: String,
}

/// Writes a line, within the transaction of what it tells.
pub(super) async fn write<C: ConnectionTrait>(
    db: &C,
    by: &By,
    action: Action,
    object: Option<Uuid>,
    detail: &Value,
) -> Result<(), DbErr> {
    let row = ActiveModel {
        id: Set(Uuid::now_v7()),
        at_ms: Set(now_ms()),
        actor: Set(by.actor.map(|user| user.0)),
        action: Set(action.as_str().to_owned()),
        object: Set(object),
        detail: Set(detail.to_string()),
        address: Set(by.address.chars().take(64).collect()),
    };
    Entity::insert(row).exec_without_returning(db).await.map(drop)
}

fn row(model: Model) -> AuditRow {
    AuditRow {
        id: model.id,
        at: time(model.at_ms),
        actor: model.actor.map(UserId),
        action: model.action,
        object: model.object,
        detail: serde_json::from_str(&model.detail).unwrap_or(Value::String(model.detail)),
        address: model.address,
    }
}

impl Store {
    /// Writes a line about something that changed no other row.
    pub async fn note(&self, by: &By, action: Action, object: Option<Uuid>, detail: &Value) -> Result<(), DbErr> {
        write(&self.db, by, action, object, detail).await
    }

    /// At most `limit` lines older than `before`, newest first.
    pub async fn audit(&self, before: Option<Uuid>, limit: u64) -> Result<Vec<AuditRow>, DbErr> {
        let mut query = Entity::find().order_by_desc(Column::Id).limit(limit);
        if let Some(before) = before {
            query = query.filter(Column::Id.lt(before));
        }
        Ok(query.all(&self.db).await?.into_iter().map(row).collect())
    }
}
