//! Public keys on the wire (RFC 7517, RFC 8037).

use serde::{Deserialize, Serialize};

/// A public key as JSON. Only Ed25519 keys for signatures are made, and only such are used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JsonWebKey {
    /// `OKP`.
    pub kty: String,
    /// `Ed25519`.
    pub crv: String,
    /// The key, base64url without padding.
    pub x: String,
    /// Which key it is.
    pub kid: String,
    /// `sig`.
    #[serde(rename = "use")]
    pub purpose: String,
    /// `EdDSA`.
    pub alg: String,
}

impl JsonWebKey {
    /// The key of that id.
    pub fn ed25519(kid: String, x: String) -> Self {
        let text = str::to_owned;
        Self { kty: text("OKP"), crv: text("Ed25519"), x, kid, purpose: text("sig"), alg: text("EdDSA") }
    }

    /// Whether it is of the one kind that is used.
    pub fn is_usable(&self) -> bool {
        self.kty == "OKP" && self.crv == "Ed25519" && self.alg == "EdDSA" && !self.kid.is_empty()
    }
}

/// Public keys as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct JsonWebKeySet {
    /// All that are in use, in any order.
    pub keys: Vec<JsonWebKey>,
}
