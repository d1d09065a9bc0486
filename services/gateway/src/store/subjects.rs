//! People whom somebody else knows: made when they are first seen.

use super::audit::{self, Action, By};
use super::entity::user::{Column, Entity};
use super::{Source, Store, UserRow, odd, users};
use common::{OwnerId, Role, UserId};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DbErr, EntityTrait, ExprTrait, QueryFilter};
use serde_json::json;

/// Longest text that others tell and that is kept, in characters.
const MAX_TEXT: usize = 255;

/// A person as somebody else tells.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    /// Who tells.
    pub source: Source,
    /// Who tells, by their own name.
    pub issuer: &'a str,
    /// Who it is, by the name they have there.
    pub subject: &'a str,
    /// What they are called.
    pub name: &'a str,
    /// Their address, in lower case.
    pub email: Option<&'a str>,
    /// Their organisation.
    pub team: Option<&'a str>,
}

fn kept(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect()
}

impl Store {
    /// The person of that name at that issuer.
    pub async fn user_by_subject(&self, issuer: &str, subject: &str) -> Result<Option<UserRow>, DbErr> {
        let named = Column::Issuer.eq(issuer).and(Column::Subject.eq(subject));
        Entity::find().filter(named).one(&self.db).await?.map(users::row).transpose()
    }

    /// Makes a person who was not here before. Where their address is somebody else's they are here without one: an
    /// address that others tell never makes one person of two.
    pub async fn make_subject(&self, new: &Subject<'_>, address: &str) -> Result<UserRow, DbErr> {
        for email in [new.email, None] {
            match self.insert_subject(new, email, address).await {
                Err(error) if database::is_conflict(&error) => {}
                made => return made,
            }
            // Somebody was first with the same person, or has the address.
            if let Some(there) = self.user_by_subject(new.issuer, new.subject).await? {
                return Ok(there);
            }
        }
        Err(odd("a person who is there and is not"))
    }

    async fn insert_subject(&self, new: &Subject<'_>, email: Option<&str>, address: &str) -> Result<UserRow, DbErr> {
        let id = UserId::new();
        let owner = OwnerId::parse(&id.to_string()).map_err(|_| odd("owner"))?;
        let mut person = users::new_local(id, &owner, kept(new.name), Role::Member);
        person.source = Set(new.source.as_str().to_owned());
        person.issuer = Set(Some(new.issuer.to_owned()));
        person.subject = Set(Some(new.subject.to_owned()));
        person.email = Set(email.map(kept));
        person.team = Set(new.team.map(kept));
        let tx = database::begin_write(&self.db).await?;
        if let Err(error) = Entity::insert(person).exec_without_returning(&tx).await {
            tx.rollback().await?;
            return Err(error);
        }
        let by = By { actor: Some(id), address: address.to_owned() };
        audit::write(&tx, &by, Action::Joined, Some(id.0), &json!({ "source": new.source })).await?;
        let made = Entity::find_by_id(id.0).one(&tx).await?.ok_or_else(|| odd("a person just made"))?;
        tx.commit().await?;
        users::row(made)
    }

    /// Notes the organisation that a person is in now.
    pub async fn set_team(&self, id: UserId, team: Option<&str>) -> Result<(), DbErr> {
        let update = Entity::update_many().col_expr(Column::Team, Expr::value(team.map(kept)));
        update.filter(Column::Id.eq(id.0)).exec(&self.db).await.map(drop)
    }
}
