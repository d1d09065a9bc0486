//! Signing in by an issuer of OpenID Connect: off to it, and back.

use super::desk::{self, failed};
use super::sign_in::is_https;
use crate::jwt::KeysUnavailable;
use crate::oidc::{Begun, Oidc, OidcPerson};
use crate::store::{Action, Source, Subject, Via};
use crate::{Gateway, web as app};
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse, get};
use common::ErrorCode;
use edge::Problem;
use serde::Deserialize;
use serde_json::json;
use shared::{Key, Purpose};
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq;

/// Where the issuer sends browsers back to.
pub const CALLBACK: &str = "/api/v1/auth/oidc/callback";

/// How long a sign-in may take at the issuer.
const LIFE: Duration = Duration::from_secs(10 * 60);

impl Gateway {
    fn issuer(&self) -> Result<Arc<Oidc>, Problem> {
        self.settings.way.oidc().cloned().ok_or_else(|| Problem::new(ErrorCode::SignInElsewhere))
    }

    /// What only the browser that began a sign-in has. Not `Strict`: it comes back from the issuer's pages.
    fn oidc_cookie(&self, request: &HttpRequest, value: String) -> Cookie<'static> {
        let name = format!("{}_oidc", self.callers.cookie());
        let cookie = Cookie::build(name, value).path(CALLBACK).http_only(true).same_site(SameSite::Lax);
        let life = actix_web::cookie::time::Duration::seconds(LIFE.as_secs().try_into().unwrap_or(i64::MAX));
        cookie.secure(is_https(request)).max_age(life).finish()
    }
}

fn key(state: &str) -> Key {
    Key::new(Purpose::OidcSignIn, state)
}

fn away(error: KeysUnavailable) -> Problem {
    tracing::error!(%error, "nobody can sign in by the issuer");
    Problem::with_detail(ErrorCode::NotReady, "The issuer that people sign in by cannot be asked now.").retry_after(5)
}

fn forgotten(error: shared::SharedError) -> Problem {
    tracing::error!(%error, "a sign-in cannot be kept or found");
    Problem::with_detail(ErrorCode::NotReady, "Nobody can sign in now.").retry_after(2)
}

fn refused() -> Problem {
    let detail = "This sign-in was not begun in this browser, has ended, or was refused by the issuer.";
    Problem::with_detail(ErrorCode::Unauthorized, detail)
}

/// Begin to sign in by the issuer: leads to its pages.
#[utoipa::path(tag = "sign_in", operation_id = "oidc_start",
    responses((status = 303, description = "To the issuer's pages")))]
#[get("/api/v1/auth/oidc/start")]
pub async fn start(request: HttpRequest, gateway: Data<Gateway>) -> Result<HttpResponse, Problem> {
    let issuer = gateway.issuer()?;
    gateway.count_try(None, &gateway.address(&request)).await?;
    let start = issuer.start().await.map_err(away)?;
    let begun = serde_json::to_vec(&start.begun).map_err(|error| Problem::internal("keeping a sign-in", &error))?;
    gateway.shared.put(&key(&start.state), begun.into(), LIFE).await.map_err(forgotten)?;
    let cookie = gateway.oidc_cookie(&request, start.browser);
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, start.url)).cookie(cookie).finish())
}

/// What the issuer sends back.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Answer {
    /// By what it is known.
    state: String,
    /// What the person's tokens are asked for with.
    code: Option<String>,
    /// Why there is no code.
    error: Option<String>,
    /// Who answers (RFC 9207).
    iss: Option<String>,
}

/// Come back from the issuer: opens a session in this browser and leads to the web app.
#[utoipa::path(tag = "sign_in", operation_id = "oidc_callback", params(Answer),
    responses((status = 303, description = "Signed in; the cookie is set")))]
#[get("/api/v1/auth/oidc/callback")]
pub async fn callback(
    request: HttpRequest,
    gateway: Data<Gateway>,
    answer: Query<Answer>,
) -> Result<HttpResponse, Problem> {
    let issuer = gateway.issuer()?;
    // A program that only looks must not use the sign-in up.
    if edge::is_head(&request) {
        return Ok(HttpResponse::NoContent().finish());
    }
    // Used up whatever comes of it: an answer counts once.
    let kept = gateway.shared.take(&key(&answer.state)).await.map_err(forgotten)?.ok_or_else(refused)?;
    let begun: Begun = serde_json::from_slice(&kept).map_err(|error| Problem::internal("finding a sign-in", &error))?;
    let mut gone = gateway.oidc_cookie(&request, String::new());
    let shown = request.cookie(gone.name()).ok_or_else(refused)?;
    let same_issuer = answer
        .iss
        .as_deref()
        .is_none_or(|told| told.trim_end_matches('/').as_bytes().ct_eq(issuer.issuer().as_bytes()).into());
    if !begun.is_of(shown.value().as_bytes()) || !same_issuer {
        return Err(refused());
    }
    let Some(code) = answer.code.as_deref().filter(|_| answer.error.is_none()) else { return Err(refused()) };
    let address = gateway.address(&request);
    let Some(person) = issuer.finish(code, &begun).await.map_err(away)? else {
        let by = gateway.by(&request, None);
        gateway.store.note(&by, Action::SignInRefused, None, &json!({ "via": "oidc" })).await.map_err(failed)?;
        return Err(refused());
    };
    let user = match gateway.store.user_by_subject(issuer.issuer(), &person.subject).await.map_err(failed)? {
        Some(user) => user,
        None => {
            let OidcPerson { subject, name, email } = person;
            let email = email.and_then(|email| desk::email(&email).ok());
            let new = Subject {
                source: Source::Oidc,
                issuer: issuer.issuer(),
                name: name.as_deref().unwrap_or(&subject),
                subject: &subject,
                email: email.as_deref(),
                team: None,
            };
            gateway.store.make_subject(&new, &address).await.map_err(failed)?
        }
    };
    if !user.is_active {
        return Err(refused());
    }
    let cookie = gateway.open_session(&request, user.id, Via::Oidc).await?;
    gone.make_removal();
    let next = if app::is_built() { "/" } else { "/docs" };
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, next)).cookie(cookie).cookie(gone).finish())
}
