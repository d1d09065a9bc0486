//! Invitations, and joining by them.

use super::audit::{self, Action, By};
use super::entity::invitation::{ActiveModel, Column, Entity, Model};
use super::entity::user;
use super::{NewSession, Store, UserRow, Via, now_ms, odd, sessions, time, users};
use chrono::{DateTime, Utc};
use common::{InvitationId, OwnerId, Role, UserId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder};
use serde_json::json;
use std::time::Duration;

/// An invitation to be made.
#[derive(Debug, Clone)]
pub struct NewInvitation<'a> {
    /// SHA-256 of the code.
    pub hash: &'a str,
    /// What whoever joins will be.
    pub role: Role,
    /// The only address that may use it, where one is named.
    pub email: Option<&'a str>,
    /// Who makes it.
    pub made_by: UserId,
    /// How long it waits.
    pub life: Duration,
}

/// An invitation, without its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationRow {
    /// Which.
    pub id: InvitationId,
    /// What whoever joins will be.
    pub role: Role,
    /// The only address that may use it.
    pub email: Option<String>,
    /// Who made it.
    pub made_by: UserId,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
}

/// Who joins, and how they will be known.
#[derive(Debug, Clone)]
pub struct Join<'a> {
    /// SHA-256 of the invitation's code.
    pub invitation: &'a str,
    /// How they are called.
    pub name: &'a str,
    /// Their address, in lower case.
    pub email: &'a str,
    /// The hash of their password.
    pub password_hash: String,
    /// SHA-256 of what their browser will show.
    pub session: &'a str,
    /// What the browser says to be.
    pub user_agent: &'a str,
    /// How long the session lasts.
    pub life: Duration,
}

/// What became of joining.
#[derive(Debug)]
pub enum Joined {
    /// They are in, and signed in.
    Done(Box<UserRow>),
    /// The invitation does not stand, or is for another address.
    NoInvitation,
    /// Somebody has that address.
    EmailTaken,
}

fn row(model: Model) -> Result<InvitationRow, DbErr> {
    Ok(InvitationRow {
        id: InvitationId(model.id),
        role: model.role.parse().map_err(|_| odd("role"))?,
        email: model.email,
        made_by: UserId(model.made_by),
        created_at: time(model.created_at_ms),
        ends_at: time(model.ends_at_ms),
    })
}

impl Store {
    /// Makes an invitation.
    pub async fn invite(&self, new: &NewInvitation<'_>, by: &By) -> Result<InvitationRow, DbErr> {
        let tx = database::begin_write(&self.db).await?;
        let now = now_ms();
        let model = Model {
            id: InvitationId::new().0,
            hash: new.hash.to_owned(),
            role: new.role.as_str().to_owned(),
            email: new.email.map(str::to_owned),
            made_by: new.made_by.0,
            created_at_ms: now,
            ends_at_ms: now.saturating_add(i64::try_from(new.life.as_millis()).unwrap_or(i64::MAX)),
            used_at_ms: None,
        };
        let active: ActiveModel = model.clone().into();
        Entity::insert(active.reset_all()).exec_without_returning(&tx).await?;
        let detail = json!({ "role": new.role, "email": new.email });
        audit::write(&tx, by, Action::InvitationMade, Some(model.id), &detail).await?;
        tx.commit().await?;
        row(model)
    }

    /// The invitations that wait, newest first.
    pub async fn invitations(&self) -> Result<Vec<InvitationRow>, DbErr> {
        let standing = Column::UsedAtMs.is_null().and(Column::EndsAtMs.gt(now_ms()));
        let found = Entity::find().filter(standing).order_by_desc(Column::Id).all(&self.db).await?;
        found.into_iter().map(row).collect()
    }

    /// Takes an invitation back; answers whether there was one that waited.
    pub async fn end_invitation(&self, id: InvitationId, by: &By) -> Result<bool, DbErr> {
        let tx = database::begin_write(&self.db).await?;
        let which = Column::Id.eq(id.0).and(Column::UsedAtMs.is_null());
        let ended = Entity::delete_many().filter(which).exec(&tx).await?.rows_affected > 0;
        if ended {
            audit::write(&tx, by, Action::InvitationEnded, Some(id.0), &json!({})).await?;
        }
        tx.commit().await?;
        Ok(ended)
    }

    /// Uses an invitation up: makes the person and opens their first session, or changes nothing.
    pub async fn join(&self, join: &Join<'_>, address: &str) -> Result<Joined, DbErr> {
        let tx = database::begin_write(&self.db).await?;
        let now = now_ms();
        let standing = Column::Hash.eq(join.invitation).and(Column::UsedAtMs.is_null()).and(Column::EndsAtMs.gt(now));
        // Marked before anything is read: of two who come at once one finds it unused.
        let mark = Entity::update_many().col_expr(Column::UsedAtMs, Expr::value(now)).filter(standing);
        let found = match mark.exec(&tx).await?.rows_affected {
            0 => None,
            _ => Entity::find().filter(Column::Hash.eq(join.invitation)).one(&tx).await?,
        };
        let fits = |invitation: &Model| invitation.email.as_deref().is_none_or(|email| email == join.email);
        let Some(invitation) = found.filter(fits) else {
            tx.rollback().await?;
            return Ok(Joined::NoInvitation);
        };
        let id = UserId::new();
        let owner = OwnerId::parse(&id.to_string()).map_err(|_| odd("owner"))?;
        let role = invitation.role.parse().map_err(|_| odd("role"))?;
        let mut person = users::new_local(id, &owner, join.name.to_owned(), role);
        person.email = Set(Some(join.email.to_owned()));
        person.password_hash = Set(Some(join.password_hash.clone()));
        match user::Entity::insert(person).exec_without_returning(&tx).await {
            Ok(_) => {}
            Err(error) if database::is_conflict(&error) => {
                tx.rollback().await?;
                return Ok(Joined::EmailTaken);
            }
            Err(error) => return Err(error),
        }
        let (hash, user_agent, life) = (join.session, join.user_agent, join.life);
        sessions::insert(&tx, &NewSession { user: id, hash, via: Via::Join, user_agent, life }).await?;
        let by = By { actor: Some(id), address: address.to_owned() };
        let detail = json!({ "role": role, "invitation": invitation.id });
        audit::write(&tx, &by, Action::Joined, Some(id.0), &detail).await?;
        let made = user::Entity::find_by_id(id.0).one(&tx).await?.ok_or_else(|| odd("a person just made"))?;
        tx.commit().await?;
        Ok(Joined::Done(Box::new(users::row(made)?)))
    }
}
