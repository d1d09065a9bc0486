//! People.

use super::audit::{self, Action, By};
use super::entity::user::{ActiveModel, Column, Entity, Model};
use super::{Store, USE_INTERVAL_MS, api_keys, now_ms, odd, sessions, time};
use chrono::{DateTime, Utc};
use common::limits::Limits;
use common::{OwnerId, Role, SessionId, UserId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder,
};
use serde_json::json;

/// Who knows a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = UserSource)]
pub enum Source {
    /// This installation.
    Local,
    /// Clerk.
    Clerk,
    /// An issuer of OpenID Connect.
    Oidc,
}

impl Source {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Clerk => "clerk",
            Self::Oidc => "oidc",
        }
    }
}

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// Who.
    pub id: UserId,
    /// Whose objects are theirs.
    pub owner: OwnerId,
    /// How they are called.
    pub name: String,
    /// Their address, in lower case.
    pub email: Option<String>,
    /// What they are to the installation.
    pub role: Role,
    /// Whether they may enter.
    pub is_active: bool,
    /// Who knows them.
    pub source: Source,
    /// The hash of their password, where they have one.
    pub password_hash: Option<String>,
    /// Their organisation, where one is known.
    pub team: Option<String>,
    /// Since when they are here.
    pub created_at: DateTime<Utc>,
    /// When they were last here, to the minute.
    pub last_seen_at: Option<DateTime<Utc>>,
    /// What they may use, where it is not the operator's default.
    pub limits: Limits,
}

/// What an owner changes about a person.
#[derive(Debug, Clone, Copy, Default)]
pub struct Change {
    /// The new role.
    pub role: Option<Role>,
    /// Whether they may enter.
    pub is_active: Option<bool>,
    /// All limits that are not the default from now on.
    pub limits: Option<Limits>,
}

/// What became of a change.
#[derive(Debug)]
pub enum Changed {
    /// It was made.
    Done(Box<UserRow>),
    /// There is no such person.
    Missing,
    /// It would leave no owner who may enter.
    LastOwner,
}

/// What became of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// It was saved.
    Done,
    /// Somebody else has the address.
    EmailTaken,
}

pub(super) fn row(model: Model) -> Result<UserRow, DbErr> {
    let source = [Source::Local, Source::Clerk, Source::Oidc].into_iter().find(|one| one.as_str() == model.source);
    Ok(UserRow {
        id: UserId(model.id),
        owner: OwnerId::parse(&model.owner).map_err(|_| odd("owner"))?,
        name: model.name,
        email: model.email,
        role: model.role.parse().map_err(|_| odd("role"))?,
        is_active: model.is_active,
        source: source.ok_or_else(|| odd("source"))?,
        password_hash: model.password_hash,
        team: model.team,
        created_at: time(model.created_at_ms),
        last_seen_at: model.last_seen_at_ms.map(time),
        limits: match model.limits {
            Some(text) => serde_json::from_str(&text).map_err(|_| odd("limits"))?,
            None => Limits::default(),
        },
    })
}

/// Limits as their column holds them.
fn written(limits: &Limits) -> Result<Option<String>, DbErr> {
    let text = |_| DbErr::Custom("limits cannot be written".to_owned());
    if limits.is_empty() { Ok(None) } else { serde_json::to_string(limits).map(Some).map_err(text) }
}

/// A new person of this installation's own, whose objects are their own.
pub(super) fn new_local(id: UserId, owner: &OwnerId, name: String, role: Role) -> ActiveModel {
    ActiveModel {
        id: Set(id.0),
        owner: Set(owner.to_string()),
        name: Set(name),
        email: Set(None),
        role: Set(role.as_str().to_owned()),
        is_active: Set(true),
        source: Set(Source::Local.as_str().to_owned()),
        issuer: Set(None),
        subject: Set(None),
        password_hash: Set(None),
        team: Set(None),
        created_at_ms: Set(now_ms()),
        last_seen_at_ms: Set(None),
        limits: Set(None),
    }
}

async fn active_owners<C: ConnectionTrait>(db: &C) -> Result<u64, DbErr> {
    let owners = Column::Role.eq(Role::Owner.as_str()).and(Column::IsActive.eq(true));
    Entity::find().filter(owners).count(db).await
}

impl Store {
    /// The first owner keeps everything that was made before there were people.
    pub(super) async fn make_first_owner(&self) -> Result<(), DbErr> {
        let tx = database::begin_alone(&self.db, "users").await?;
        let owner = OwnerId::local();
        if Entity::find().filter(Column::Owner.eq(owner.as_str())).count(&tx).await? == 0 {
            let row = new_local(UserId::new(), &owner, "Owner".to_owned(), Role::Owner);
            Entity::insert(row).exec_without_returning(&tx).await?;
        }
        tx.commit().await
    }

    /// This person.
    pub async fn user(&self, id: UserId) -> Result<Option<UserRow>, DbErr> {
        Entity::find_by_id(id.0).one(&self.db).await?.map(row).transpose()
    }

    /// Whose objects these are.
    pub async fn user_of(&self, owner: &OwnerId) -> Result<Option<UserRow>, DbErr> {
        Entity::find().filter(Column::Owner.eq(owner.as_str())).one(&self.db).await?.map(row).transpose()
    }

    /// Who has this address, in lower case.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<UserRow>, DbErr> {
        Entity::find().filter(Column::Email.eq(email)).one(&self.db).await?.map(row).transpose()
    }

    /// Everybody, in the order in which they came.
    pub async fn users(&self) -> Result<Vec<UserRow>, DbErr> {
        Entity::find().order_by_asc(Column::Id).all(&self.db).await?.into_iter().map(row).collect()
    }

    /// Changes role or state. Whoever may not enter any more has neither sessions nor keys from then on.
    pub async fn change_user(&self, id: UserId, change: Change, by: &By) -> Result<Changed, DbErr> {
        let tx = database::begin_alone(&self.db, "users").await?;
        let Some(before) = Entity::find_by_id(id.0).one(&tx).await?.map(row).transpose()? else {
            tx.rollback().await?;
            return Ok(Changed::Missing);
        };
        let role = change.role.unwrap_or(before.role);
        let is_active = change.is_active.unwrap_or(before.is_active);
        let limits = change.limits.unwrap_or(before.limits);
        let set = ActiveModel {
            id: Set(id.0),
            role: Set(role.as_str().to_owned()),
            is_active: Set(is_active),
            limits: Set(written(&limits)?),
            ..Default::default()
        };
        Entity::update(set).exec(&tx).await?;
        if active_owners(&tx).await? == 0 {
            tx.rollback().await?;
            return Ok(Changed::LastOwner);
        }
        if !is_active {
            sessions::end_all(&tx, id, None).await?;
            api_keys::revoke_all(&tx, id).await?;
        }
        let detail = json!({ "role": change.role, "active": change.is_active, "limits": change.limits });
        audit::write(&tx, by, Action::UserChanged, Some(id.0), &detail).await?;
        tx.commit().await?;
        Ok(Changed::Done(Box::new(UserRow { role, is_active, limits, ..before })))
    }

    /// Sets name and address.
    pub async fn save_profile(&self, id: UserId, name: &str, email: Option<&str>, by: &By) -> Result<Saved, DbErr> {
        let tx = database::begin_write(&self.db).await?;
        let set = ActiveModel {
            id: Set(id.0),
            name: Set(name.to_owned()),
            email: Set(email.map(str::to_owned)),
            ..Default::default()
        };
        match Entity::update(set).exec(&tx).await {
            Ok(_) => {}
            Err(error) if database::is_conflict(&error) => {
                tx.rollback().await?;
                return Ok(Saved::EmailTaken);
            }
            Err(error) => return Err(error),
        }
        audit::write(&tx, by, Action::ProfileChanged, Some(id.0), &json!({})).await?;
        tx.commit().await?;
        Ok(Saved::Done)
    }

    /// Sets the password; all sessions but the one to keep end.
    pub async fn set_password(&self, id: UserId, hash: String, keep: Option<SessionId>, by: &By) -> Result<(), DbErr> {
        let tx = database::begin_write(&self.db).await?;
        let set = ActiveModel { id: Set(id.0), password_hash: Set(Some(hash)), ..Default::default() };
        Entity::update(set).exec(&tx).await?;
        sessions::end_all(&tx, id, keep).await?;
        audit::write(&tx, by, Action::PasswordSet, Some(id.0), &json!({})).await?;
        tx.commit().await
    }

    /// Closes an account for good: what says who it was goes, with sessions and keys; the row stays for the audit's ids.
    /// Whoever vouched for them elsewhere may send them again, as somebody new.
    pub async fn close_account(&self, id: UserId, by: &By) -> Result<Changed, DbErr> {
        let tx = database::begin_alone(&self.db, "users").await?;
        let Some(before) = Entity::find_by_id(id.0).one(&tx).await?.map(row).transpose()? else {
            tx.rollback().await?;
            return Ok(Changed::Missing);
        };
        let set = ActiveModel {
            id: Set(id.0),
            name: Set(String::new()),
            email: Set(None),
            is_active: Set(false),
            issuer: Set(None),
            subject: Set(None),
            password_hash: Set(None),
            team: Set(None),
            last_seen_at_ms: Set(None),
            ..Default::default()
        };
        Entity::update(set).exec(&tx).await?;
        if active_owners(&tx).await? == 0 {
            tx.rollback().await?;
            return Ok(Changed::LastOwner);
        }
        sessions::end_all(&tx, id, None).await?;
        api_keys::remove_all(&tx, id).await?;
        audit::write(&tx, by, Action::AccountClosed, Some(id.0), &json!({})).await?;
        tx.commit().await?;
        Ok(Changed::Done(Box::new(before)))
    }

    /// Notes that the person is here, once a minute at most.
    pub async fn seen(&self, id: UserId) -> Result<(), DbErr> {
        let now = now_ms();
        let due = Condition::any()
            .add(Column::LastSeenAtMs.is_null())
            .add(Column::LastSeenAtMs.lt(now.saturating_sub(USE_INTERVAL_MS)));
        let update = Entity::update_many().col_expr(Column::LastSeenAtMs, Expr::value(now));
        update.filter(Column::Id.eq(id.0)).filter(due).exec(&self.db).await.map(drop)
    }
}
