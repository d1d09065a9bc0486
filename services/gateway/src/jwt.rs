//! JSON Web Tokens of others (RFC 7519): signed by keys that their issuer tells (RFC 7517), checked to the letter.
//!
//! What a token says about itself is never believed: which algorithms may be used is fixed before, and which of them a key
//! is for follows from the key. So `none` and HMAC with a public key as its secret are no cases at all.

use async_trait::async_trait;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::de::DeserializeOwned;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, RwLock};

/// How old keys may be before they are asked for again, so that keys that were taken back stop working.
const REFRESH: Duration = Duration::from_secs(15 * 60);

/// Shortest pause between two questions for keys: tokens with made-up keys must not become a flood of questions.
const PAUSE: Duration = Duration::from_secs(10);

/// Longest wait for an issuer.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Largest answer of an issuer, in bytes.
const MOST_BYTES: usize = 1 << 20;

/// Longest token, in bytes.
const MOST_TOKEN_BYTES: usize = 16 * 1024;

/// How far the clocks of issuer and gateway may differ, in seconds.
const LEEWAY_SECONDS: u64 = 5;

/// Shortest RSA modulus, in bytes (NIST SP 800-131A: 2048 bits).
const LEAST_RSA_BYTES: usize = 256;

/// An issuer's keys cannot be had.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the keys of the issuer cannot be had: {0}")]
pub struct KeysUnavailable(pub String);

/// Where keys come from.
#[async_trait]
pub trait KeySource: Send + Sync + 'static {
    /// All keys of the issuer.
    ///
    /// # Errors
    /// They cannot be had now.
    async fn keys(&self) -> Result<JwkSet, KeysUnavailable>;
}

/// JSON at an address.
///
/// # Errors
/// It cannot be had, is too large, or not what was expected.
pub async fn fetch<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, KeysUnavailable> {
    let unavailable = |error: reqwest::Error| KeysUnavailable(error.without_url().to_string());
    let mut answer = request.send().await.map_err(unavailable)?.error_for_status().map_err(unavailable)?;
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(unavailable)? {
        if body.len() + piece.len() > MOST_BYTES {
            return Err(KeysUnavailable("the answer is too large".to_owned()));
        }
        body.extend_from_slice(&piece);
    }
    serde_json::from_slice(&body).map_err(|error| KeysUnavailable(error.to_string()))
}

/// Keys over HTTP.
#[derive(Debug)]
pub struct KeysAt {
    /// Where.
    pub url: String,
    /// By what.
    pub http: reqwest::Client,
}

#[async_trait]
impl KeySource for KeysAt {
    async fn keys(&self) -> Result<JwkSet, KeysUnavailable> {
        fetch(self.http.get(&self.url)).await
    }
}

/// A key, and the one algorithm it is for.
struct TrustedKey {
    key: DecodingKey,
    algorithm: Algorithm,
}

/// A key that can be used, by its id; `None` for keys of other kinds, for other uses, too short ones, and those without
/// an id.
fn trusted(jwk: &Jwk) -> Option<(String, Arc<TrustedKey>)> {
    let (algorithm, named) = match &jwk.algorithm {
        AlgorithmParameters::RSA(rsa) => {
            let modulus = BASE64_URL_SAFE_NO_PAD.decode(&rsa.n).ok()?;
            (modulus.len() >= LEAST_RSA_BYTES).then_some((Algorithm::RS256, KeyAlgorithm::RS256))?
        }
        AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        _ => return None,
    };
    let is_for_this = jwk.common.key_algorithm.is_none_or(|told| told == named);
    let is_for_signatures =
        jwk.common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature);
    if !is_for_this || !is_for_signatures {
        return None;
    }
    let kid = jwk.common.key_id.clone().filter(|kid| !kid.is_empty())?;
    Some((kid, Arc::new(TrustedKey { key: DecodingKey::from_jwk(jwk).ok()?, algorithm })))
}

#[derive(Default)]
struct Known {
    keys: HashMap<String, Arc<TrustedKey>>,
    had: Option<Instant>,
}

/// What tokens must say.
#[derive(Debug, Clone)]
pub struct Expected {
    /// The algorithms that may have signed.
    pub algorithms: &'static [Algorithm],
    /// `iss`: one of these.
    pub issuers: Vec<String>,
    /// `aud`, where it is looked at.
    pub audience: Option<String>,
    /// Claims that must be there.
    pub required: &'static [&'static str],
}

/// Checks tokens of one issuer.
pub struct Verifier {
    source: Box<dyn KeySource>,
    known: RwLock<Known>,
    /// The last question for keys: when it began, and what came of it. Held while it is asked.
    asked: Mutex<Option<(Instant, Result<(), KeysUnavailable>)>>,
    expected: Expected,
}

impl Verifier {
    /// One that takes its keys from there.
    pub fn new(source: impl KeySource, expected: Expected) -> Self {
        Self { source: Box::new(source), known: RwLock::default(), asked: Mutex::default(), expected }
    }

    /// Asks for the keys, unless somebody did a moment ago: then that answer stands. One asks, all wait for it.
    async fn refresh(&self) -> Result<(), KeysUnavailable> {
        let mut asked = self.asked.lock().await;
        if let Some((at, outcome)) = &*asked
            && at.elapsed() < PAUSE
        {
            return outcome.clone();
        }
        let at = Instant::now();
        let outcome = self.source.keys().await;
        let outcome = match outcome {
            Ok(set) => {
                let keys = set.keys.iter().filter_map(trusted).collect();
                *self.known.write().await = Known { keys, had: Some(at) };
                Ok(())
            }
            Err(error) => {
                tracing::warn!(%error, "an issuer's keys are not fresh");
                Err(error)
            }
        };
        *asked = Some((at, outcome.clone()));
        outcome
    }

    async fn key(&self, kid: &str) -> Result<Option<Arc<TrustedKey>>, KeysUnavailable> {
        let (found, is_fresh) = {
            let known = self.known.read().await;
            (known.keys.get(kid).cloned(), known.had.is_some_and(|at| at.elapsed() < REFRESH))
        };
        if found.is_some() && is_fresh {
            return Ok(found);
        }
        match (self.refresh().await, found) {
            (Ok(()), _) => Ok(self.known.read().await.keys.get(kid).cloned()),
            // The issuer is away: who was known stays known.
            (Err(_), Some(stale)) => Ok(Some(stale)),
            (Err(error), None) => Err(error),
        }
    }

    /// The claims of a token; `None` when it proves nothing.
    ///
    /// # Errors
    /// The key it names is not known and the keys cannot be had, so nothing can be told.
    pub async fn claims<T: DeserializeOwned>(&self, token: &str) -> Result<Option<T>, KeysUnavailable> {
        if token.len() > MOST_TOKEN_BYTES {
            return Ok(None);
        }
        let Ok(header) = jsonwebtoken::decode_header(token) else { return Ok(None) };
        // Before any key is asked for.
        if !self.expected.algorithms.contains(&header.alg) {
            return Ok(None);
        }
        let Some(kid) = header.kid else { return Ok(None) };
        let Some(key) = self.key(&kid).await?.filter(|key| key.algorithm == header.alg) else { return Ok(None) };
        let mut validation = Validation::new(key.algorithm);
        validation.leeway = LEEWAY_SECONDS;
        validation.validate_nbf = true;
        validation.set_issuer(&self.expected.issuers);
        validation.set_required_spec_claims(self.expected.required);
        match &self.expected.audience {
            Some(audience) => validation.set_audience(&[audience]),
            None => validation.validate_aud = false,
        }
        match jsonwebtoken::decode::<T>(token, &key.key, &validation) {
            Ok(proven) => Ok(Some(proven.claims)),
            Err(error) => {
                tracing::debug!(%error, "a token was refused");
                Ok(None)
            }
        }
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier").field("expected", &self.expected).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
