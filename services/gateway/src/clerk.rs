//! People that Clerk knows: who a session token speaks of, and what Clerk tells about them.

use crate::jwt::{Expected, KeysAt, KeysUnavailable, PATIENCE, Verifier};
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use clerk_rs::ClerkConfiguration;
use clerk_rs::apis::users_api;
use clerk_rs::validators::authorizer::ClerkJwt;
use jsonwebtoken::Algorithm;
use serde_json::Value;
use std::time::Duration;

/// Longest wait for what Clerk tells about a person: whoever is new waits for it.
const PROFILE_PATIENCE: Duration = Duration::from_secs(3);

/// What joins this installation to one of Clerk's instances.
#[derive(Clone)]
pub struct ClerkSettings {
    /// Tells the web app which instance it is. Public.
    pub publishable_key: String,
    /// For Clerk's Backend API; without it people are known by their id alone.
    pub secret_key: Option<String>,
    /// Origins whose tokens are taken (`azp`); any where none is named.
    pub authorized_parties: Vec<String>,
    /// Who must have made the tokens. Follows from the publishable key where nothing is said.
    pub issuer: Option<String>,
    /// Clerk's Backend API, where it is not Clerk's own.
    pub api_url: Option<String>,
}

/// The settings name no instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClerkError {
    /// The key is not one.
    #[error("CLERK_PUBLISHABLE_KEY is not one of Clerk's publishable keys ('pk_test_…' or 'pk_live_…')")]
    PublishableKey,
    /// There can be no HTTP client.
    #[error("there can be no HTTP client")]
    Http,
}

/// Who a token speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClerkCaller {
    /// Clerk's id of the person.
    pub subject: String,
    /// The organisation that is active in the session.
    pub team: Option<String>,
    /// When the token ends, in seconds since 1970.
    pub expires: i64,
}

/// What Clerk tells about a person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Profile {
    /// Their name.
    pub name: Option<String>,
    /// Their first address.
    pub email: Option<String>,
}

/// One of Clerk's instances.
#[derive(Debug)]
pub struct Clerk {
    verifier: Verifier,
    backend: Option<ClerkConfiguration>,
    parties: Vec<String>,
    /// Who makes the tokens.
    pub issuer: String,
    /// Host of the scripts that the web app loads.
    pub host: String,
    /// Tells the web app which instance it is.
    pub publishable_key: String,
}

/// The instance's own host, which is written into its publishable key: `pk_test_` and base64 of `host$`.
fn host_of(publishable_key: &str) -> Option<String> {
    let marks = ["pk_test_", "pk_live_"];
    let coded = marks.into_iter().find_map(|mark| publishable_key.strip_prefix(mark))?;
    let text = String::from_utf8(BASE64_STANDARD_NO_PAD.decode(coded.trim_end_matches('=')).ok()?).ok()?;
    let host = text.strip_suffix('$')?;
    // It becomes part of a policy for browsers.
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
    (!host.is_empty() && host.chars().all(plain)).then(|| host.to_owned())
}

impl Clerk {
    /// The instance that the settings name.
    ///
    /// # Errors
    /// See [`ClerkError`].
    pub fn new(settings: ClerkSettings) -> Result<Self, ClerkError> {
        let host = host_of(&settings.publishable_key).ok_or(ClerkError::PublishableKey)?;
        let issuer = settings.issuer.unwrap_or_else(|| format!("https://{host}")).trim_end_matches('/').to_owned();
        let http = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build().map_err(|_| ClerkError::Http)?;
        let keys = KeysAt { url: format!("{issuer}/.well-known/jwks.json"), http };
        let expected = Expected {
            algorithms: &[Algorithm::RS256],
            issuers: vec![issuer.clone()],
            // Session tokens have none; those made by a template may, for somebody else, and say so in `azp` as well.
            audience: None,
            required: &["exp", "nbf", "iss", "sub"],
        };
        let backend = settings.secret_key.map(|secret| {
            let backend = ClerkConfiguration::new(secret);
            match &settings.api_url {
                Some(url) => backend.with_base_path(url.trim_end_matches('/')),
                None => backend,
            }
        });
        let (verifier, parties) = (Verifier::new(keys, expected), settings.authorized_parties);
        Ok(Self { verifier, backend, parties, issuer, host, publishable_key: settings.publishable_key })
    }

    /// Who a session token speaks of; `None` when it proves nothing.
    ///
    /// # Errors
    /// Clerk's keys were never had, and cannot be had now.
    pub async fn caller(&self, token: &str) -> Result<Option<ClerkCaller>, KeysUnavailable> {
        let Some(all) = self.verifier.claims::<Value>(token).await? else { return Ok(None) };
        let claims = serde_json::from_value::<ClerkJwt>(all.clone()).ok();
        Ok(claims.filter(|claims| is_for(claims, &self.parties)).map(|claims| ClerkCaller {
            team: team(&all),
            expires: i64::from(claims.exp),
            subject: claims.sub,
        }))
    }

    /// What Clerk tells about a person; nothing where it does not tell in time.
    pub async fn profile(&self, subject: &str) -> Profile {
        let Some(backend) = &self.backend else { return Profile::default() };
        match tokio::time::timeout(PROFILE_PATIENCE, users_api::get_user(backend, subject)).await {
            Ok(Ok(user)) => {
                let names: Vec<String> = [user.first_name, user.last_name].into_iter().flatten().collect();
                let name = Some(names.join(" ").trim().to_owned()).filter(|name| !name.is_empty());
                let first = user.primary_email_address_id;
                let mut emails = user.email_addresses.into_iter();
                let email = emails.find(|email| first.is_some() && email.id == first).map(|email| email.email_address);
                Profile { name: name.or(user.username), email }
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "Clerk does not tell who somebody is");
                Profile::default()
            }
            Err(_) => {
                tracing::warn!("Clerk did not tell in time who somebody is");
                Profile::default()
            }
        }
    }
}

/// Whether the token was made for a page of ours, in a session that is not waiting for anything.
fn is_for(claims: &ClerkJwt, parties: &[String]) -> bool {
    let is_ours = parties.is_empty() || claims.azp.as_ref().is_some_and(|party| parties.contains(party));
    let is_pending = claims.other.get("sts").is_some_and(|status| status == "pending");
    is_ours && !is_pending && !claims.sub.is_empty()
}

/// The organisation that is active in the session: by its short name, else by its id. Tokens of version 2 have it in `o`,
/// those of version 1 in `org_slug` and `org_id`, which need not come with roles and permissions (`ClerkJwt` loses them then).
fn team(claims: &Value) -> Option<String> {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    if let Some(organisation) = claims.get("o") {
        return text(organisation.get("slg")).or_else(|| text(organisation.get("id")));
    }
    text(claims.get("org_slug")).or_else(|| text(claims.get("org_id")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn claims(more: Value) -> ClerkJwt {
        let mut all = json!({ "iss": "i", "sub": "user_1", "exp": 2, "iat": 1, "nbf": 1, "sid": "s", "fva": [1, -1] });
        all.as_object_mut().expect("claims").extend(more.as_object().expect("claims").clone());
        serde_json::from_value(all).expect("claims")
    }

    /// Protects sign-in: the instance's host is read from its key, and nothing that would break a policy passes as one.
    #[test]
    fn the_host_stands_in_the_key() {
        let key = |mark: &str, host: &str| format!("{mark}{}", BASE64_STANDARD_NO_PAD.encode(host));
        assert_eq!(host_of(&key("pk_test_", "a.clerk.accounts.dev$")).as_deref(), Some("a.clerk.accounts.dev"));
        assert_eq!(host_of(&format!("{}==", key("pk_live_", "clerk.a.org$"))).as_deref(), Some("clerk.a.org"));
        for odd in [key("sk_test_", "a.b$"), key("pk_test_", "a.b"), key("pk_test_", "a.b; script-src *$")] {
            assert_eq!(host_of(&odd), None, "{odd}");
        }
        assert!(host_of("pk_test_").is_none() && host_of("pk_test_é").is_none() && host_of("").is_none());
    }

    /// Protects teams: the active organisation is found in tokens of both versions, complete or not.
    #[test]
    fn organisations_of_both_versions_are_found() {
        let rows = [
            (json!({}), None),
            (
                json!({ "v": 2, "o": { "id": "org_1", "rol": "admin", "slg": "acme", "per": "a", "fpm": "1" } }),
                Some("acme"),
            ),
            (json!({ "v": 2, "o": { "id": "org_1", "rol": "admin" } }), Some("org_1")),
            (
                json!({ "org_id": "org_1", "org_slug": "acme", "org_role": "org:admin", "org_permissions": ["a"] }),
                Some("acme"),
            ),
            (json!({ "org_id": "org_1", "org_slug": "acme", "org_role": "org:admin" }), Some("acme")),
            (json!({ "org_id": "org_1", "org_role": "org:admin" }), Some("org_1")),
        ];
        for (more, expected) in rows {
            assert_eq!(team(&more).as_deref(), expected, "{more}");
        }
    }

    /// Protects against tokens that were made for other pages: where origins are named, one of them must stand in the
    /// token; and a session that still has something to do opens nothing.
    #[test]
    fn tokens_for_other_pages_are_refused() {
        let ours = ["https://a.org".to_owned(), "https://b.org".to_owned()];
        assert!(is_for(&claims(json!({})), &[]) && is_for(&claims(json!({ "azp": "https://evil.org" })), &[]));
        assert!(is_for(&claims(json!({ "azp": "https://b.org", "sts": "active" })), &ours));
        for more in
            [json!({}), json!({ "azp": "https://evil.org" }), json!({ "azp": "https://b.org", "sts": "pending" })]
        {
            assert!(!is_for(&claims(more.clone()), &ours), "{more}");
        }
    }
}
