//! Knows callers by the gateway's signature.

use super::{AUDIENCE, Claims, HEADER, ISSUER, JsonWebKeySet, LEEWAY};
use crate::principal::{Authenticator, Principal};
use crate::problem::Problem;
use actix_web::http::header::HeaderMap;
use async_trait::async_trait;
use common::{ErrorCode, Pass};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, RwLock};

/// How long the keys may be old before they are asked for again, so that keys that were taken back stop working.
const REFRESH: Duration = Duration::from_secs(5 * 60);

/// Shortest pause between two questions for keys: proofs with made-up keys must not become a flood of questions. Whoever
/// comes with an unknown key meanwhile waits for the next.
const PAUSE: Duration = Duration::from_secs(1);

/// The gateway's keys cannot be had.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the gateway's keys cannot be had: {0}")]
pub struct KeysUnavailable(pub String);

/// Where the gateway's public keys come from.
#[async_trait]
pub trait KeySource: Send + Sync + 'static {
    /// All keys that are in use now.
    ///
    /// # Errors
    /// They cannot be had now.
    async fn keys(&self) -> Result<JsonWebKeySet, KeysUnavailable>;
}

#[derive(Default)]
struct Known {
    keys: HashMap<String, Arc<DecodingKey>>,
    had: Option<Instant>,
}

/// A question for keys.
struct Asked {
    at: Instant,
    outcome: Result<(), KeysUnavailable>,
}

/// Lets in whoever carries a proof that one of the gateway's keys signed, and nobody else.
pub struct Verifier {
    source: Box<dyn KeySource>,
    known: RwLock<Known>,
    /// The last question for keys; held while it is asked.
    asked: Mutex<Option<Asked>>,
    validation: Validation,
}

impl Verifier {
    /// One that takes its keys from there.
    pub fn new(source: impl KeySource) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp", "nbf"]);
        validation.validate_nbf = true;
        validation.leeway = LEEWAY.as_secs();
        Self { source: Box::new(source), known: RwLock::default(), asked: Mutex::default(), validation }
    }

    /// Proves that callers can be known now: the keys were had at least once.
    ///
    /// # Errors
    /// They never were, and cannot be had now.
    pub async fn check(&self) -> Result<(), KeysUnavailable> {
        if self.known.read().await.had.is_some() { Ok(()) } else { self.refresh(None).await }
    }

    /// Asks for the keys, unless somebody did since this call began. Those that were had stay when they cannot be had now.
    async fn refresh(&self, missing: Option<&str>) -> Result<(), KeysUnavailable> {
        let begun = Instant::now();
        let mut asked = self.asked.lock().await;
        // Whoever waited for another's question finds its answer.
        if let Some(kid) = missing
            && self.known.read().await.keys.contains_key(kid)
        {
            return Ok(());
        }
        if let Some(last) = &*asked {
            if last.at >= begun {
                return last.outcome.clone();
            }
            tokio::time::sleep(PAUSE.saturating_sub(last.at.elapsed())).await;
        }
        let at = Instant::now();
        let outcome = self.ask().await;
        *asked = Some(Asked { at, outcome: outcome.clone() });
        outcome
    }

    async fn ask(&self) -> Result<(), KeysUnavailable> {
        let set = self.source.keys().await?;
        let usable = set.keys.iter().filter(|key| key.is_usable());
        let keys = usable
            .filter_map(|key| Some((key.kid.clone(), Arc::new(DecodingKey::from_ed_components(&key.x).ok()?))))
            .collect();
        *self.known.write().await = Known { keys, had: Some(Instant::now()) };
        Ok(())
    }

    async fn key(&self, kid: &str) -> Result<Option<Arc<DecodingKey>>, KeysUnavailable> {
        let found = {
            let known = self.known.read().await;
            let fresh = known.had.is_some_and(|at| at.elapsed() < REFRESH);
            known.keys.get(kid).cloned().map(|key| (key, fresh))
        };
        match found {
            Some((key, true)) => return Ok(Some(key)),
            Some((key, false)) => {
                if let Err(error) = self.refresh(None).await {
                    // The gateway is away for a moment: who was known stays known.
                    tracing::warn!(%error, "the gateway's keys are not fresh");
                    return Ok(Some(key));
                }
            }
            None => self.refresh(Some(kid)).await?,
        }
        Ok(self.known.read().await.keys.get(kid).cloned())
    }

    /// The caller the proof speaks of; `None` when it proves nothing.
    ///
    /// # Errors
    /// The keys were never had, so nothing can be told.
    pub async fn caller(&self, proof: &str) -> Result<Option<Principal>, KeysUnavailable> {
        let Ok(header) = jsonwebtoken::decode_header(proof) else { return Ok(None) };
        // Before any key is asked for: nothing else is ever signed.
        if header.alg != Algorithm::EdDSA {
            return Ok(None);
        }
        let Some(kid) = header.kid else { return Ok(None) };
        let Some(key) = self.key(&kid).await? else { return Ok(None) };
        match jsonwebtoken::decode::<Claims>(proof, &key, &self.validation) {
            Ok(proven) => Ok(proven.claims.principal()),
            Err(error) => {
                tracing::debug!(%error, "a proof of identity was refused");
                Ok(None)
            }
        }
    }
}

#[async_trait]
impl Authenticator for Verifier {
    async fn authenticate(&self, headers: &HeaderMap, _: &str, _: &str) -> Result<Option<Principal>, Problem> {
        let mut given = headers.get_all(HEADER);
        let (Some(proof), None) = (given.next(), given.next()) else { return Ok(None) };
        let Ok(proof) = proof.to_str() else { return Ok(None) };
        let caller = self.caller(proof).await.map_err(|error| {
            tracing::error!(%error, "nobody can be let in");
            Problem::with_detail(ErrorCode::NotReady, "The server cannot tell who is asking now.").retry_after(2)
        })?;
        Ok(caller.map(|caller| Principal { pass: Some(Pass::new(proof)), ..caller }))
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verifier").finish_non_exhaustive()
    }
}
