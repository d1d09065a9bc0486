//! What owners do: people, invitations, the audit.

use super::desk::{self, failed, person};
use super::me::Person;
use crate::store::{Action, AuditRow, Change, Changed, InvitationRow, NewInvitation, Uuid};
use crate::{Gateway, secret};
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post};
use chrono::{DateTime, Utc};
use common::limits::Limits;
use common::{ErrorCode, InvitationId, Role, UserId};
use edge::{JsonObject, Principal, Problem, page_size, parse_id};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;

/// How long an invitation waits, in days, where nothing is said.
const INVITATION_DAYS: u32 = 7;

/// Most lines of the audit at once.
const MOST_LINES: u64 = 200;

/// Everybody, in the order in which they came.
#[utoipa::path(tag = "administration", operation_id = "users", responses((status = 200, body = Vec<Person>)))]
#[get("/api/v1/users")]
pub async fn users(_owner: Principal, gateway: Data<Gateway>) -> Result<Json<Vec<Person>>, Problem> {
    let rows = gateway.store.users().await.map_err(failed)?;
    Ok(Json(rows.iter().map(Person::from).collect()))
}

/// What to change about a person.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    /// The new role.
    role: Option<Role>,
    /// Whether they may enter. Where not, their sessions and API keys end at once.
    active: Option<bool>,
    /// All that they may use otherwise than the operator's default says, from now on; `{}` is the default again. Jobs
    /// keep what they began with.
    #[schema(value_type = Option<Limits>)]
    limits: Option<JsonObject<Limits>>,
}

/// Change a person's role and limits, shut them out or let them in again. An owner who may enter always remains.
#[utoipa::path(tag = "administration", operation_id = "change_user", request_body = UserChange,
    params(("id" = UserId, Path)), responses((status = 200, body = Person)))]
#[patch("/api/v1/users/{id}")]
pub async fn change_user(
    request: HttpRequest,
    owner: Principal,
    gateway: Data<Gateway>,
    id: Path<String>,
    change: JsonObject<UserChange>,
) -> Result<Json<Person>, Problem> {
    let id = parse_id(&id, ErrorCode::UserNotFound)?;
    let by = gateway.by(&request, Some(person(&owner)?));
    let change = change.into_inner();
    let limits = change.limits.map(JsonObject::into_inner);
    if limits.is_some_and(|limits| !desk::are_documented(&limits)) {
        return Err(desk::invalid("limits", "a number is too large."));
    }
    let change = Change { role: change.role, is_active: change.active, limits };
    let changed = gateway.store.change_user(id, change, &by).await.map_err(failed)?;
    gateway.callers.forget();
    match changed {
        Changed::Done(user) => Ok(Json(Person::from(&*user))),
        Changed::Missing => Err(Problem::new(ErrorCode::UserNotFound)),
        Changed::LastOwner => Err(Problem::new(ErrorCode::LastOwner)),
    }
}

/// A one-time sign-in link.
#[derive(Serialize, utoipa::ToSchema)]
pub struct SignInLink {
    /// A path below the server's address. It works once, within ten minutes, and then lets a new password be set.
    path: String,
}

/// Make a one-time sign-in link for a person who has lost their password.
#[utoipa::path(tag = "administration", operation_id = "make_link", params(("id" = UserId, Path)),
    responses((status = 201, body = SignInLink)))]
#[post("/api/v1/users/{id}/link")]
pub async fn make_link(
    request: HttpRequest,
    owner: Principal,
    gateway: Data<Gateway>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: UserId = parse_id(&id, ErrorCode::UserNotFound)?;
    let user = gateway.store.user(id).await.map_err(failed)?.filter(|user| user.is_active);
    let user = user.ok_or_else(|| Problem::new(ErrorCode::UserNotFound))?;
    let by = gateway.by(&request, Some(person(&owner)?));
    gateway.store.note(&by, Action::LinkMade, Some(user.id.0), &json!({})).await.map_err(failed)?;
    let code = gateway.links.issue(user.id).await.map_err(|error| {
        tracing::error!(%error, "a sign-in link cannot be made");
        Problem::new(ErrorCode::NotReady).retry_after(2)
    })?;
    Ok(HttpResponse::Created().json(SignInLink { path: format!("/signin?code={code}") }))
}

/// An invitation that waits.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Invitation {
    /// Which.
    id: InvitationId,
    /// What whoever joins will be.
    role: Role,
    /// The only e-mail address that may use it, where one is named.
    email: Option<String>,
    /// Who made it.
    made_by: UserId,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it ends.
    ends_at: DateTime<Utc>,
}

impl From<InvitationRow> for Invitation {
    fn from(row: InvitationRow) -> Self {
        let InvitationRow { id, role, email, made_by, created_at, ends_at } = row;
        Self { id, role, email, made_by, created_at, ends_at }
    }
}

/// An invitation that was just made. Code and path are told here and never again.
#[derive(Serialize, utoipa::ToSchema)]
pub struct MadeInvitation {
    /// The code that joining takes.
    code: String,
    /// Where the web app takes the code, as a path below the server's address. The code stands behind the '#', so no
    /// server and no proxy on the way writes it down.
    path: String,
    /// What is known of it from now on.
    #[serde(flatten)]
    about: Invitation,
}

/// An invitation to be made.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvite {
    /// What whoever joins will be.
    role: Role,
    /// The only e-mail address that may use it; any where nothing is said.
    email: Option<String>,
    /// How many days it waits (1 to 90); 7 where nothing is said.
    days: Option<u32>,
}

/// The invitations that wait, newest first.
#[utoipa::path(tag = "administration", operation_id = "invitations", responses((status = 200, body = Vec<Invitation>)))]
#[get("/api/v1/invitations")]
pub async fn invitations(_owner: Principal, gateway: Data<Gateway>) -> Result<Json<Vec<Invitation>>, Problem> {
    let rows = gateway.store.invitations().await.map_err(failed)?;
    Ok(Json(rows.into_iter().map(Invitation::from).collect()))
}

/// Invite somebody. The code is shown once.
#[utoipa::path(tag = "administration", operation_id = "invite", request_body = NewInvite,
    responses((status = 201, body = MadeInvitation)))]
#[post("/api/v1/invitations")]
pub async fn invite(
    request: HttpRequest,
    owner: Principal,
    gateway: Data<Gateway>,
    wanted: JsonObject<NewInvite>,
) -> Result<HttpResponse, Problem> {
    gateway.knows_people()?;
    let made_by = person(&owner)?;
    let email = wanted.email.as_deref().map(desk::email).transpose()?;
    let days = wanted.days.unwrap_or(INVITATION_DAYS);
    if !(1..=90).contains(&days) {
        return Err(desk::invalid("days", "1 to 90 are expected, or nothing."));
    }
    let code = secret::random().map_err(desk::no_randomness)?;
    let hash = secret::hash(code.as_bytes());
    let life = Duration::from_secs(u64::from(days) * 24 * 3600);
    let new = NewInvitation { hash: &hash, role: wanted.role, email: email.as_deref(), made_by, life };
    let row = gateway.store.invite(&new, &gateway.by(&request, Some(made_by))).await.map_err(failed)?;
    let path = format!("/join#code={code}");
    Ok(HttpResponse::Created().json(MadeInvitation { code, path, about: row.into() }))
}

/// Take an invitation back.
#[utoipa::path(tag = "administration", operation_id = "end_invitation", params(("id" = InvitationId, Path)),
    responses((status = 204, description = "It has ended")))]
#[delete("/api/v1/invitations/{id}")]
pub async fn end_invitation(
    request: HttpRequest,
    owner: Principal,
    gateway: Data<Gateway>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let id = parse_id(&id, ErrorCode::InvitationNotFound)?;
    let by = gateway.by(&request, Some(person(&owner)?));
    match gateway.store.end_invitation(id, &by).await.map_err(failed)? {
        true => Ok(HttpResponse::NoContent().finish()),
        false => Err(Problem::new(ErrorCode::InvitationNotFound)),
    }
}

/// One line of the audit.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AuditLine {
    /// Its id; later lines have larger ones.
    #[schema(value_type = String, format = Uuid)]
    id: Uuid,
    /// When.
    at: DateTime<Utc>,
    /// Who; nobody where it is not known.
    actor: Option<UserId>,
    /// What, such as 'session.opened'.
    action: String,
    /// To what or whom: the id of a person, session, invitation or key.
    #[schema(value_type = Option<String>, format = Uuid)]
    object: Option<Uuid>,
    /// More about it.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
    /// From which network address.
    address: String,
}

impl From<AuditRow> for AuditLine {
    fn from(row: AuditRow) -> Self {
        let AuditRow { id, at, actor, action, object, detail, address } = row;
        Self { id, at, actor, action, object, detail, address }
    }
}

/// A page of the audit.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct AuditPage {
    /// The lines, newest first.
    lines: Vec<AuditLine>,
    /// What to ask for as `before` to read on; none at the end.
    #[schema(value_type = Option<String>, format = Uuid)]
    next: Option<Uuid>,
}

/// Which page of the audit.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Only lines older than this one.
    #[param(value_type = Option<String>)]
    before: Option<Uuid>,
    /// How many lines (1 to 200); 50 where nothing is said.
    #[param(default = 50, minimum = 1, maximum = 200)]
    limit: Option<u64>,
}

/// What was done about people, sessions, invitations and keys, newest first.
#[utoipa::path(tag = "administration", operation_id = "audit", params(AuditQuery),
    responses((status = 200, body = AuditPage)))]
#[get("/api/v1/audit")]
pub async fn audit(
    _owner: Principal,
    gateway: Data<Gateway>,
    query: Query<AuditQuery>,
) -> Result<Json<AuditPage>, Problem> {
    let limit = page_size(query.limit, 50, MOST_LINES)?;
    let mut rows = gateway.store.audit(query.before, limit + 1).await.map_err(failed)?;
    let more = rows.len() as u64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = if more { rows.last().map(|row| row.id) } else { None };
    Ok(Json(AuditPage { lines: rows.into_iter().map(AuditLine::from).collect(), next }))
}
