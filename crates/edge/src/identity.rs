//! The proof of who is asking that travels between the gateway and the other services.
//!
//! ```text
//!  browser, program ──token, cookie──► Traefik ──forwardAuth──► gateway: who is it?
//!                                         │ ◄───── x-darkroom-identity: signed, minutes long
//!                                         ▼
//!                                      service: signature, audience, time ──► Principal
//! ```
//!
//! A compact JWS (RFC 7515) with the algorithm EdDSA over Ed25519 (RFC 8037) and no other. Each replica of the gateway
//! has a key of its own that never leaves its memory; what others need to check signatures is a set of public keys
//! (RFC 7517).

mod keys;
mod verifier;

pub use keys::{JsonWebKey, JsonWebKeySet};
pub use verifier::{KeySource, KeysUnavailable, Verifier};

use crate::Principal;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use common::limits::Limits;
use common::{OwnerId, Role, Scopes, UserId};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rand::RngCore;
use serde::{Deserialize, Serialize};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The header that carries the proof. What a client sends under this name is removed by the proxy.
pub const HEADER: &str = "x-darkroom-identity";

/// How long a proof is good for: it is made for one request, which may go on to a second service.
pub const LIFE: Duration = Duration::from_secs(5 * 60);

/// How far the clocks of two machines may differ.
const LEEWAY: Duration = Duration::from_secs(30);

/// Who signs.
const ISSUER: &str = "darkroom-gateway";

/// Whom it is for.
const AUDIENCE: &str = "darkroom-services";

/// What is signed.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    /// Whose objects the caller sees and makes.
    sub: String,
    /// Who it is, where a person stands behind the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<UserId>,
    /// `owner` or `member`.
    role: Role,
    /// What may be done, as names with spaces between them (RFC 8693, 4.2).
    scope: String,
    /// What the caller may use, where it is not the operator's default.
    #[serde(default, skip_serializing_if = "Limits::is_empty")]
    limits: Limits,
    /// Seconds since 1970.
    iat: u64,
    nbf: u64,
    exp: u64,
}

impl Claims {
    /// Whom they speak of; nobody where a word is not known.
    fn principal(&self) -> Option<Principal> {
        let owner = OwnerId::parse(&self.sub).ok()?;
        let scopes: Scopes = self.scope.parse().ok()?;
        Some(Principal { user: self.user, role: self.role, scopes, limits: self.limits, ..Principal::local(owner) })
    }
}

/// The signature could not be made, or no key.
#[derive(Debug, thiserror::Error)]
#[error("the identity of a caller cannot be signed: {0}")]
pub struct SigningError(String);

/// A private key and what signs with it. It shows itself in no debug print.
pub struct Signer {
    key: EncodingKey,
    public: JsonWebKey,
}

impl Signer {
    /// A new key.
    ///
    /// # Errors
    /// The operating system gives no random numbers.
    pub fn generate() -> Result<Self, SigningError> {
        let failed = |error: &dyn std::fmt::Display| SigningError(error.to_string());
        let pair = Ed25519KeyPair::generate().map_err(|error| failed(&error))?;
        let private = pair.to_pkcs8v1().map_err(|error| failed(&error))?;
        let mut id = [0; 16];
        rand::rng().fill_bytes(&mut id);
        let x = BASE64_URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let public = JsonWebKey::ed25519(hex::encode(id), x);
        Ok(Self { key: EncodingKey::from_ed_der(private.as_ref()), public })
    }

    /// What others check its signatures with.
    pub fn public(&self) -> &JsonWebKey {
        &self.public
    }

    /// The proof that the caller is this one, with these rights, from now on for [`LIFE`].
    ///
    /// # Errors
    /// It cannot be signed.
    pub fn sign(&self, caller: &Principal) -> Result<String, SigningError> {
        self.sign_at(caller, SystemTime::now())
    }

    /// As [`Signer::sign`], at another time.
    ///
    /// # Errors
    /// It cannot be signed.
    pub fn sign_at(&self, caller: &Principal, now: SystemTime) -> Result<String, SigningError> {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: caller.owner.to_string(),
            user: caller.user,
            role: caller.role,
            scope: caller.scopes.to_string(),
            limits: caller.limits,
            iat: now,
            nbf: now,
            exp: now + LIFE.as_secs(),
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.public.kid.clone());
        jsonwebtoken::encode(&header, &claims, &self.key).map_err(|error| SigningError(error.to_string()))
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("kid", &self.public.kid).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
