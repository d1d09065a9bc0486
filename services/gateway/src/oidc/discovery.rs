//! What an issuer tells about itself (OpenID Connect Discovery 1.0).

use crate::jwt::{KeySource, KeysUnavailable, fetch};
use async_trait::async_trait;
use jsonwebtoken::jwk::JwkSet;
use reqwest::Url;
use serde::Deserialize;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long it is good.
const REFRESH: Duration = Duration::from_secs(60 * 60);

/// The settings name no issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    /// Its address cannot be used.
    #[error("OIDC_ISSUER is not an address that begins with https:// (http:// on this machine alone)")]
    Issuer,
    /// The client has no name.
    #[error("OIDC_CLIENT_ID is not set")]
    ClientId,
    /// There can be no HTTP client.
    #[error("there can be no HTTP client")]
    Http,
}

/// Where its parts are.
#[derive(Debug, Deserialize)]
pub struct About {
    issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    jwks_uri: String,
}

/// An issuer, and what it last told.
pub struct Issuer {
    address: String,
    http: reqwest::Client,
    told: Mutex<Option<(Instant, Arc<About>)>>,
}

/// Over TLS, or on this machine.
fn is_safe(address: &str) -> bool {
    let Ok(url) = address.parse::<Url>() else { return false };
    let is_here = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    url.scheme() == "https" || (url.scheme() == "http" && is_here)
}

impl Issuer {
    /// The issuer at that address.
    ///
    /// # Errors
    /// It is none.
    pub fn new(address: &str, http: reqwest::Client) -> Result<Self, OidcError> {
        if !is_safe(address) {
            return Err(OidcError::Issuer);
        }
        Ok(Self { address: address.to_owned(), http, told: Mutex::default() })
    }

    /// What it tells; while it is away, what it told before.
    ///
    /// # Errors
    /// It never told, and does not now.
    pub async fn about(&self) -> Result<Arc<About>, KeysUnavailable> {
        let mut told = self.told.lock().await;
        if let Some((at, about)) = &*told
            && at.elapsed() < REFRESH
        {
            return Ok(about.clone());
        }
        match (self.ask().await, &*told) {
            (Ok(about), _) => {
                let about = Arc::new(about);
                *told = Some((Instant::now(), about.clone()));
                Ok(about)
            }
            (Err(error), Some((_, about))) => {
                tracing::warn!(%error, "the issuer does not tell about itself; what it told before goes on");
                Ok(about.clone())
            }
            (Err(error), None) => Err(error),
        }
    }

    async fn ask(&self) -> Result<About, KeysUnavailable> {
        let url = format!("{}/.well-known/openid-configuration", self.address);
        let about: About = fetch(self.http.get(url)).await?;
        // Discovery, 4.3: whoever tells of another issuer is an impostor.
        if about.issuer.trim_end_matches('/') != self.address {
            return Err(KeysUnavailable("it tells of another issuer".to_owned()));
        }
        let all = [&about.authorization_endpoint, &about.token_endpoint, &about.jwks_uri];
        if all.into_iter().any(|address| !is_safe(address)) {
            return Err(KeysUnavailable("it tells of addresses without TLS".to_owned()));
        }
        Ok(about)
    }
}

/// The keys that an issuer tells.
pub struct IssuerKeys(pub Arc<Issuer>);

#[async_trait]
impl KeySource for IssuerKeys {
    async fn keys(&self) -> Result<JwkSet, KeysUnavailable> {
        let about = self.0.about().await?;
        fetch(self.0.http.get(&about.jwks_uri)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects codes and secrets on their way: they go over TLS, or do not leave the machine.
    #[test]
    fn addresses_are_safe() {
        let rows = [
            ("https://login.example.org/realms/a", true),
            ("http://127.0.0.1:9000", true),
            ("http://localhost/a", true),
            ("http://login.example.org", false),
            ("http://localhost.example.org", false),
            ("ftp://127.0.0.1", false),
            ("login.example.org", false),
            ("", false),
        ];
        for (address, expected) in rows {
            assert_eq!(is_safe(address), expected, "{address}");
        }
    }
}
