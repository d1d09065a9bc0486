//! Keys: what for, and a digest of whatever text tells them apart.

use sha2::{Digest, Sha256};
use std::fmt;

macro_rules! purposes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal;)+) => {
        /// What a key is for. Names are stable: replicas of two versions share a backend while one replaces the other.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Purpose { $($(#[doc = $doc])+ $variant,)+ }

        impl Purpose {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its name in keys.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

purposes! {
    /// A browser's session, by its token. Sessions stand in the gateway's database now; the name stays taken.
    Session = "session";
    /// Tries to sign in or join, by e-mail address or by where they come from.
    SignInTry = "sign-in-try";
    /// A sign-in link that works once, by its code.
    SignInLink = "sign-in-link";
    /// A sign-in that has begun at an issuer of OpenID Connect, by its state.
    OidcSignIn = "oidc-sign-in";
    /// The answer to a request that may be repeated, by who asks and the request's own key.
    Idempotency = "idempotency";
    /// Where a job stands, by its id: for whoever shows it.
    JobState = "job-state";
    /// Requests for a time, by who asks for what.
    RequestRate = "request-rate";
    /// Work at the same time, by whose it is.
    Concurrency = "concurrency";
    /// Trials of the backend itself.
    Check = "check";
}

/// What something is kept under: a purpose, and any text.
///
/// The text may be of any length and hold any bytes; only its SHA-256 is kept, so a backend's keys are short, plain, and
/// give no token away. Two different texts have the same key only where SHA-256 has a collision.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    purpose: Purpose,
    digest: [u8; 32],
}

impl Key {
    /// The key of this text.
    pub fn new(purpose: Purpose, text: impl AsRef<[u8]>) -> Self {
        Self::of(purpose, &[text.as_ref()])
    }

    /// The key of several texts in this order. Where one ends and the next begins counts: `["ab", "c"]` is another key
    /// than `["a", "bc"]`.
    pub fn of(purpose: Purpose, texts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for text in texts {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
        Self { purpose, digest: hash.finalize().into() }
    }

    /// What it is for.
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }
}

impl fmt::Display for Key {
    /// The purpose's name, a colon, and 64 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.purpose.as_str(), hex::encode(self.digest))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({self})")
    }
}

/// A digest that stands for a holder's name.
pub(crate) fn holder_digest(holder: &str) -> [u8; 32] {
    Sha256::digest(holder.as_bytes()).into()
}

#[cfg(test)]
mod tests;
