//! Getting in and out: one-time links, passwords, invitations.

use super::desk::{self, failed};
use super::me::{Me, told};
use crate::store::{Action, Join, Joined, NewSession, Via};
use crate::{Gateway, secret, web as app};
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{LOCATION, USER_AGENT};
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse, get, post};
use common::{ErrorCode, UserId};
use edge::{JsonObject, Principal, Problem};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// How long a session lasts.
pub const SESSION_LIFE: Duration = Duration::from_secs(7 * 24 * 3600);

/// What a person signs in with.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// The e-mail address.
    email: String,
    /// The password.
    password: String,
}

/// How a person who was invited wants to be known.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMember {
    /// The code of the invitation.
    code: String,
    /// What the person is called.
    name: String,
    /// The e-mail address to sign in with.
    email: String,
    /// The password to sign in with, at least 12 characters.
    password: String,
}

/// Over HTTPS, as a proxy in front says. Whoever says it of a plain connection locks only themselves out.
pub(super) fn is_https(request: &HttpRequest) -> bool {
    request.headers().get("x-forwarded-proto").is_some_and(|value| value.as_bytes() == b"https")
}

fn agent(request: &HttpRequest) -> &str {
    request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

impl Gateway {
    /// The cookie of a session. One that was opened over HTTPS is never sent over anything else.
    fn cookie(&self, request: &HttpRequest, id: String) -> Cookie<'static> {
        let life = SESSION_LIFE.as_secs().try_into().unwrap_or(i64::MAX);
        let cookie = Cookie::build(self.callers.cookie().to_owned(), id).path("/").http_only(true);
        let cookie = cookie.same_site(SameSite::Strict).secure(is_https(request));
        cookie.max_age(actix_web::cookie::time::Duration::seconds(life)).finish()
    }

    /// Opens a session for a person; gives its cookie.
    pub(crate) async fn open_session(
        &self,
        request: &HttpRequest,
        user: UserId,
        via: Via,
    ) -> Result<Cookie<'static>, Problem> {
        let id = secret::random().map_err(desk::no_randomness)?;
        let hash = secret::hash(id.as_bytes());
        let new = NewSession { user, hash: &hash, via, user_agent: agent(request), life: SESSION_LIFE };
        self.store.open_session(&new, &self.by(request, Some(user))).await.map_err(failed)?;
        Ok(self.cookie(request, id))
    }
}

/// Sign in with e-mail address and password. The answer sets the session's cookie.
#[utoipa::path(tag = "sign_in", operation_id = "password", request_body = Credentials,
    responses((status = 200, description = "Signed in; the cookie is set", body = Me)))]
#[post("/api/v1/auth/sign-in")]
pub async fn sign_in(
    request: HttpRequest,
    gateway: Data<Gateway>,
    given: JsonObject<Credentials>,
) -> Result<HttpResponse, Problem> {
    gateway.knows_people()?;
    let Credentials { email, password } = given.into_inner();
    let address = gateway.address(&request);
    // What is no address is nobody's: the answer is that of any wrong one.
    let email = desk::email(&email).ok();
    gateway.count_try(email.as_deref(), &address).await?;
    let found = match &email {
        Some(email) => gateway.store.user_by_email(email).await.map_err(failed)?,
        None => None,
    };
    let hash = found.as_ref().and_then(|user| user.password_hash.clone());
    let too_long = password.len() > crate::password::MAX_BYTES;
    let right = !too_long
        && gateway.passwords.matches(password, hash).await.map_err(|error| Problem::internal("signing in", &error))?;
    let user = match found {
        Some(user) if right && user.is_active => user,
        found => {
            let object = found.map(|user| user.id.0);
            let by = gateway.by(&request, None);
            gateway.store.note(&by, Action::SignInRefused, object, &json!({})).await.map_err(failed)?;
            return Err(Problem::new(ErrorCode::SignInRefused));
        }
    };
    let cookie = gateway.open_session(&request, user.id, Via::Password).await?;
    Ok(HttpResponse::Ok().cookie(cookie).json(told(&gateway, &user, common::Scopes::all())))
}

/// Join by an invitation. The answer sets the session's cookie.
#[utoipa::path(tag = "sign_in", operation_id = "join", request_body = NewMember,
    responses((status = 201, description = "Joined and signed in; the cookie is set", body = Me)))]
#[post("/api/v1/auth/join")]
pub async fn join(
    request: HttpRequest,
    gateway: Data<Gateway>,
    given: JsonObject<NewMember>,
) -> Result<HttpResponse, Problem> {
    gateway.knows_people()?;
    let given = given.into_inner();
    let address = gateway.address(&request);
    let (name, email) = (desk::name(&given.name)?, desk::email(&given.email)?);
    desk::password(&given.password)?;
    gateway.count_try(None, &address).await?;
    let hashed = gateway.passwords.hash(given.password).await;
    let password_hash = hashed.map_err(|error| Problem::internal("hashing a password", &error))?;
    let id = secret::random().map_err(desk::no_randomness)?;
    let join = Join {
        invitation: &secret::hash(given.code.as_bytes()),
        name: &name,
        email: &email,
        password_hash,
        session: &secret::hash(id.as_bytes()),
        user_agent: agent(&request),
        life: SESSION_LIFE,
    };
    match gateway.store.join(&join, &address).await.map_err(failed)? {
        Joined::Done(user) => {
            let cookie = gateway.cookie(&request, id);
            Ok(HttpResponse::Created().cookie(cookie).json(told(&gateway, &user, common::Scopes::all())))
        }
        Joined::NoInvitation => Err(Problem::new(ErrorCode::InvitationNotFound)),
        Joined::EmailTaken => Err(Problem::new(ErrorCode::EmailTaken)),
    }
}

/// Sign out: ends the session in use and takes its cookie away.
#[utoipa::path(tag = "sign_in", operation_id = "out", responses((status = 204, description = "Signed out")))]
#[post("/api/v1/auth/sign-out")]
pub async fn sign_out(
    request: HttpRequest,
    gateway: Data<Gateway>,
    principal: Principal,
) -> Result<HttpResponse, Problem> {
    let user = desk::person(&principal)?;
    if let Some(session) = principal.session {
        gateway.store.end_session(user, session, &gateway.by(&request, Some(user))).await.map_err(failed)?;
        gateway.callers.forget();
    }
    let mut gone = gateway.cookie(&request, String::new());
    gone.make_removal();
    Ok(HttpResponse::NoContent().cookie(gone).finish())
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

/// Uses a one-time link up and opens a session in this browser.
#[get("/signin")]
pub async fn by_link(
    request: HttpRequest,
    query: Query<Code>,
    gateway: Data<Gateway>,
) -> Result<HttpResponse, Problem> {
    let mut response = HttpResponse::SeeOther();
    response.insert_header((LOCATION, if app::is_built() { "/" } else { "/docs" }));
    // A program that only looks whether the link is alive must not use it up.
    if edge::is_head(&request) {
        return Ok(response.finish());
    }
    let refused =
        || Problem::with_detail(ErrorCode::Unauthorized, "This sign-in link is wrong, was used before, or is too old.");
    let redeemed = gateway.links.redeem(&query.code).await.map_err(|error| {
        tracing::error!(%error, "a sign-in link cannot be looked up");
        Problem::with_detail(ErrorCode::NotReady, "The server cannot look up sign-in links now.").retry_after(2)
    })?;
    let user = redeemed.ok_or_else(refused)?;
    let is_active = gateway.store.user(user).await.map_err(failed)?.is_some_and(|user| user.is_active);
    if !is_active {
        return Err(refused());
    }
    let cookie = gateway.open_session(&request, user, Via::Link).await?;
    Ok(response.cookie(cookie).finish())
}
