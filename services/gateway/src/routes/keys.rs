//! API keys of the caller.

use super::desk::{self, failed, person};
use crate::Gateway;
use crate::secret::FreshKey;
use crate::store::{KeyRow, NewKey};
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use chrono::{DateTime, TimeDelta, Utc};
use common::{ErrorCode, KeyId, Scope, Scopes};
use edge::{JsonObject, Principal, Problem, parse_id};
use serde::{Deserialize, Serialize};

/// Longest life of a key that ends, in days.
const MAX_DAYS: i64 = 3650;

/// An API key, without its secret.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ApiKey {
    /// Which.
    id: KeyId,
    /// What it is for.
    name: String,
    /// How it begins.
    prefix: String,
    /// What may be done with it: 'jobs', 'files' or 'executions' with ':read' or ':write', which includes reading.
    scopes: Vec<&'static str>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it ends by itself; never where nothing is said.
    ends_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    revoked_at: Option<DateTime<Utc>>,
    /// How many requests a minute it is good for; as many as its owner's where nothing is said.
    requests_per_minute: Option<u32>,
}

impl From<KeyRow> for ApiKey {
    fn from(key: KeyRow) -> Self {
        Self {
            id: key.id,
            name: key.name,
            prefix: format!("dk_{}", key.prefix),
            scopes: key.scopes.iter().map(Scope::as_str).collect(),
            created_at: key.created_at,
            ends_at: key.ends_at,
            last_used_at: key.last_used_at,
            revoked_at: key.revoked_at,
            requests_per_minute: key.requests_per_minute,
        }
    }
}

/// An API key that was just made. The key itself is told here and never again.
#[derive(Serialize, utoipa::ToSchema)]
pub struct MadeApiKey {
    /// The key, to be sent as `Authorization: Bearer KEY`.
    key: String,
    /// What is known of it from now on.
    #[serde(flatten)]
    about: ApiKey,
}

/// A key to be made.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApiKey {
    /// What it is for.
    name: String,
    /// What may be done with it, such as 'jobs:write' and 'files:read'. Writing includes reading.
    scopes: Vec<String>,
    /// After how many days it ends (1 to 3650); never where nothing is said.
    days: Option<i64>,
    /// How many requests a minute it is good for (at least 1); as many as its owner's where nothing is said.
    #[schema(minimum = 1)]
    requests_per_minute: Option<u32>,
}

fn scopes(names: &[String]) -> Result<Scopes, Problem> {
    let known = names.iter().map(|name| match name.parse::<Scope>() {
        Ok(scope) if scope.is_for_keys() => Ok(scope),
        _ => Err(desk::invalid("scopes", &format!("'{}' is none.", name.chars().take(40).collect::<String>()))),
    });
    let scopes = known.collect::<Result<Scopes, Problem>>()?;
    if scopes.is_empty() { Err(desk::invalid("scopes", "at least one is expected.")) } else { Ok(scopes) }
}

/// One's API keys, newest first.
#[utoipa::path(tag = "credentials", operation_id = "keys", responses((status = 200, body = Vec<ApiKey>)))]
#[get("/api/v1/keys")]
pub async fn list(principal: Principal, gateway: Data<Gateway>) -> Result<Json<Vec<ApiKey>>, Problem> {
    let rows = gateway.store.keys(person(&principal)?).await.map_err(failed)?;
    Ok(Json(rows.into_iter().map(ApiKey::from).collect()))
}

/// Make an API key. It is shown once.
#[utoipa::path(tag = "credentials", operation_id = "make_key", request_body = NewApiKey,
    responses((status = 201, body = MadeApiKey)))]
#[post("/api/v1/keys")]
pub async fn make(
    request: HttpRequest,
    principal: Principal,
    gateway: Data<Gateway>,
    wanted: JsonObject<NewApiKey>,
) -> Result<HttpResponse, Problem> {
    let user = person(&principal)?;
    let (name, scopes) = (desk::name(&wanted.name)?, scopes(&wanted.scopes)?);
    let ends_at = match wanted.days {
        None => None,
        Some(days) if (1..=MAX_DAYS).contains(&days) => Some(database::now() + TimeDelta::days(days)),
        Some(_) => return Err(desk::invalid("days", "1 to 3650 are expected, or nothing.")),
    };
    if wanted.requests_per_minute.is_some_and(|most| most == 0 || i32::try_from(most).is_err()) {
        return Err(desk::invalid("requests_per_minute", "1 to 2147483647 are expected, or nothing."));
    }
    let requests_per_minute = wanted.requests_per_minute;
    let fresh = FreshKey::make().map_err(desk::no_randomness)?;
    let new =
        NewKey { user, name: &name, prefix: &fresh.prefix, hash: &fresh.hash, scopes, ends_at, requests_per_minute };
    let row = gateway.store.make_key(&new, &gateway.by(&request, Some(user))).await.map_err(failed)?;
    Ok(HttpResponse::Created().json(MadeApiKey { key: fresh.whole, about: row.into() }))
}

/// Revoke an API key, at once.
#[utoipa::path(tag = "credentials", operation_id = "revoke_key", params(("id" = KeyId, Path)),
    responses((status = 204, description = "It is revoked")))]
#[delete("/api/v1/keys/{id}")]
pub async fn revoke(
    request: HttpRequest,
    principal: Principal,
    gateway: Data<Gateway>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let (user, id) = (person(&principal)?, parse_id(&id, ErrorCode::KeyNotFound)?);
    let revoked = gateway.store.revoke_key(user, id, &gateway.by(&request, Some(user))).await.map_err(failed)?;
    gateway.callers.forget();
    if revoked { Ok(HttpResponse::NoContent().finish()) } else { Err(Problem::new(ErrorCode::KeyNotFound)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the account from programs: no key can be given what only people may do, and none is made by mistake.
    #[test]
    fn keys_get_known_scopes_only() {
        let read = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            scopes(&names).map(|scopes| scopes.to_string()).ok()
        };
        assert_eq!(read(&["files:read", "jobs:write"]).as_deref(), Some("jobs:write files:read"));
        for names in [&["account"][..], &[], &["jobs"], &["jobs:read", "everything"]] {
            assert_eq!(read(names), None, "{names:?}");
        }
    }
}
