//! The caller's own account: who, password, sessions.

use super::SignIn;
use super::desk::{self, failed, person};
use crate::Gateway;
use crate::store::{Changed, Saved, SessionRow, Source, UserRow, Via};
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post};
use chrono::{DateTime, Utc};
use common::limits::Limits;
use common::{ErrorCode, OwnerId, Role, Scopes, SessionId, UserId};
use edge::{JsonObject, Principal, Problem, parse_id};
use serde::{Deserialize, Serialize};

/// A person.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Person {
    /// Who.
    id: UserId,
    /// How they are called.
    name: String,
    /// Their e-mail address; none for the first owner until they set one.
    email: Option<String>,
    /// What they are to the installation.
    role: Role,
    /// Whether they may enter.
    active: bool,
    /// Who knows them.
    source: Source,
    /// Whether they can sign in with a password.
    has_password: bool,
    /// Their organisation, where one is known.
    team: Option<String>,
    /// Since when they are here.
    created_at: DateTime<Utc>,
    /// When they were last here, to the minute.
    last_seen_at: Option<DateTime<Utc>>,
    /// What they may use, where it is not the operator's default.
    limits: Limits,
}

impl From<&UserRow> for Person {
    fn from(user: &UserRow) -> Self {
        Self {
            id: user.id,
            name: user.name.clone(),
            email: user.email.clone(),
            role: user.role,
            active: user.is_active,
            source: user.source,
            has_password: user.password_hash.is_some(),
            team: user.team.clone(),
            created_at: user.created_at,
            last_seen_at: user.last_seen_at,
            limits: user.limits,
        }
    }
}

/// The caller.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Me {
    /// Whose objects the caller sees and makes.
    #[schema(value_type = String)]
    owner: OwnerId,
    /// How people sign in here.
    sign_in: SignIn,
    /// What the caller is to the installation.
    role: Role,
    /// What may be done with the credentials in use. Where 'account' is among them a person asks.
    scopes: Vec<&'static str>,
    /// The caller's organisation, where one is known.
    team: Option<String>,
    /// The person behind the caller.
    user: Person,
}

pub(super) fn told(gateway: &Gateway, user: &UserRow, scopes: Scopes) -> Me {
    Me {
        owner: user.owner.clone(),
        sign_in: gateway.settings.way.name(),
        role: user.role,
        scopes: scopes.iter().map(common::Scope::as_str).collect(),
        team: user.team.clone(),
        user: user.into(),
    }
}

async fn user(gateway: &Gateway, principal: &Principal) -> Result<UserRow, Problem> {
    let found = gateway.store.user(person(principal)?).await.map_err(failed)?;
    found.ok_or_else(|| Problem::new(ErrorCode::Unauthorized))
}

/// Who the caller is.
#[utoipa::path(tag = "account", responses((status = 200, body = Me)))]
#[get("/api/v1/me")]
pub async fn me(principal: Principal, gateway: Data<Gateway>) -> Result<Json<Me>, Problem> {
    let user = user(&gateway, &principal).await?;
    Ok(Json(told(&gateway, &user, principal.scopes)))
}

/// What to change about oneself.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileChange {
    /// The new name.
    name: Option<String>,
    /// The new e-mail address.
    email: Option<String>,
}

/// Change one's name or e-mail address.
#[utoipa::path(tag = "account", operation_id = "change_me", request_body = ProfileChange,
    responses((status = 200, body = Me)))]
#[patch("/api/v1/me")]
pub async fn change_me(
    request: HttpRequest,
    principal: Principal,
    gateway: Data<Gateway>,
    change: JsonObject<ProfileChange>,
) -> Result<Json<Me>, Problem> {
    let before = user(&gateway, &principal).await?;
    if before.source != Source::Local {
        return Err(Problem::new(ErrorCode::SignInElsewhere));
    }
    let name = change.name.as_deref().map_or(Ok(before.name.clone()), desk::name)?;
    let email = match change.email.as_deref() {
        Some(text) => Some(desk::email(text)?),
        None => before.email.clone(),
    };
    let by = gateway.by(&request, Some(before.id));
    match gateway.store.save_profile(before.id, &name, email.as_deref(), &by).await.map_err(failed)? {
        Saved::Done => {}
        Saved::EmailTaken => return Err(Problem::new(ErrorCode::EmailTaken)),
    }
    let after = user(&gateway, &principal).await?;
    Ok(Json(told(&gateway, &after, principal.scopes)))
}

/// Close one's account for good: name, address, password, sessions and API keys go at once. What was made is deleted by
/// `DELETE /api/v1/me/data`, before. The audit keeps its lines, with an id for a name.
#[utoipa::path(tag = "account", operation_id = "close_account",
    responses((status = 204, description = "It is closed")))]
#[delete("/api/v1/me")]
pub async fn close_account(
    request: HttpRequest,
    principal: Principal,
    gateway: Data<Gateway>,
) -> Result<HttpResponse, Problem> {
    let user = user(&gateway, &principal).await?;
    let by = gateway.by(&request, Some(user.id));
    let closed = gateway.store.close_account(user.id, &by).await.map_err(failed)?;
    gateway.callers.forget();
    match closed {
        Changed::Done(_) => Ok(HttpResponse::NoContent().finish()),
        Changed::Missing => Err(Problem::new(ErrorCode::UserNotFound)),
        Changed::LastOwner => Err(Problem::new(ErrorCode::LastOwner)),
    }
}

/// A change of the password.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// The password until now. Not needed where there is none yet, after signing in by a one-time link, or with the local
    /// token.
    current: Option<String>,
    /// The password from now on, at least 12 characters.
    new: String,
}

/// Set one's password. All other sessions end.
#[utoipa::path(tag = "credentials", operation_id = "set_password", request_body = PasswordChange,
    responses((status = 204, description = "It is set")))]
#[post("/api/v1/me/password")]
pub async fn set_password(
    request: HttpRequest,
    principal: Principal,
    gateway: Data<Gateway>,
    change: JsonObject<PasswordChange>,
) -> Result<HttpResponse, Problem> {
    let user = user(&gateway, &principal).await?;
    let PasswordChange { current, new } = change.into_inner();
    if user.source != Source::Local {
        return Err(Problem::new(ErrorCode::SignInElsewhere));
    }
    desk::password(&new)?;
    let vouched = match principal.session {
        // The token proves more than a password would.
        None => true,
        Some(session) => {
            let session = gateway.store.session(user.id, session).await.map_err(failed)?;
            user.password_hash.is_none() || session.is_some_and(|session| session.via == Via::Link)
        }
    };
    if !vouched {
        gateway.count_try(user.email.as_deref(), &gateway.address(&request)).await?;
        let current = current.filter(|text| text.len() <= crate::password::MAX_BYTES);
        let matching = gateway.passwords.matches(current.unwrap_or_default(), user.password_hash.clone()).await;
        if !matching.map_err(|error| Problem::internal("comparing a password", &error))? {
            let detail = "The current password is wrong.";
            return Err(Problem::with_detail(ErrorCode::SignInRefused, detail));
        }
    }
    let hash = gateway.passwords.hash(new).await.map_err(|error| Problem::internal("hashing a password", &error))?;
    let by = gateway.by(&request, Some(user.id));
    gateway.store.set_password(user.id, hash, principal.session, &by).await.map_err(failed)?;
    gateway.callers.forget();
    Ok(HttpResponse::NoContent().finish())
}

/// A signed-in browser.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Session {
    /// Which.
    id: SessionId,
    /// Whether it is the one that asks.
    current: bool,
    /// How it was opened.
    via: Via,
    /// What the browser says to be.
    user_agent: String,
    /// When it was opened.
    created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    last_used_at: DateTime<Utc>,
    /// When it ends by itself.
    ends_at: DateTime<Utc>,
}

fn session(row: SessionRow, current: Option<SessionId>) -> Session {
    Session {
        id: row.id,
        current: current == Some(row.id),
        via: row.via,
        user_agent: row.user_agent,
        created_at: row.created_at,
        last_used_at: row.last_used_at,
        ends_at: row.ends_at,
    }
}

/// One's sessions, newest first.
#[utoipa::path(tag = "credentials", operation_id = "sessions", responses((status = 200, body = Vec<Session>)))]
#[get("/api/v1/me/sessions")]
pub async fn sessions(principal: Principal, gateway: Data<Gateway>) -> Result<Json<Vec<Session>>, Problem> {
    let rows = gateway.store.sessions(person(&principal)?).await.map_err(failed)?;
    Ok(Json(rows.into_iter().map(|row| session(row, principal.session)).collect()))
}

/// End one of one's sessions, at once.
#[utoipa::path(tag = "credentials", operation_id = "end_session", params(("id" = SessionId, Path)),
    responses((status = 204, description = "It has ended")))]
#[delete("/api/v1/me/sessions/{id}")]
pub async fn end_session(
    request: HttpRequest,
    principal: Principal,
    gateway: Data<Gateway>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let (user, id) = (person(&principal)?, parse_id(&id, ErrorCode::SessionNotFound)?);
    let ended = gateway.store.end_session(user, id, &gateway.by(&request, Some(user))).await.map_err(failed)?;
    gateway.callers.forget();
    if ended { Ok(HttpResponse::NoContent().finish()) } else { Err(Problem::new(ErrorCode::SessionNotFound)) }
}

/// End all of one's sessions but the one that asks.
#[utoipa::path(tag = "credentials", operation_id = "end_other_sessions",
    responses((status = 204, description = "They have ended")))]
#[delete("/api/v1/me/sessions")]
pub async fn end_other_sessions(
    request: HttpRequest,
    principal: Principal,
    gateway: Data<Gateway>,
) -> Result<HttpResponse, Problem> {
    let user = person(&principal)?;
    let by = gateway.by(&request, Some(user));
    gateway.store.end_other_sessions(user, principal.session, &by).await.map_err(failed)?;
    gateway.callers.forget();
    Ok(HttpResponse::NoContent().finish())
}
