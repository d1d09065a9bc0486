//! Passwords: what is asked of them, and how they are kept.
//!
//! Argon2id with 19 MiB of memory, two passes and one lane: the parameters of OWASP's Password Storage Cheat Sheet. What is
//! kept is a PHC string with its own parameters, so older ones stay good when these are raised.

use argon2::password_hash::SaltString;
use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version};
use rand::TryRngCore;
use rand::rngs::OsRng;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Memory of one hash, in KiB.
const MEMORY_KIB: u32 = 19 * 1024;

/// Passes over that memory.
const PASSES: u32 = 2;

/// Shortest password, in characters.
pub const MIN_CHARS: usize = 12;

/// Longest password, in bytes: hashing must not become work without end.
pub const MAX_BYTES: usize = 1024;

/// Hashes that are made at the same time; more wait. Bounds memory, and leaves the other cores to the rest.
const AT_ONCE: usize = 2;

/// Looks like any hash and is that of no password anybody can know: nobody learns from the time an answer takes whether
/// there is a person.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5cyBzYWx0IGhlcmU$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A password could not be hashed or compared.
#[derive(Debug, thiserror::Error)]
#[error("a password cannot be worked on: {0}")]
pub struct PasswordError(String);

/// What is wrong with a new password, in a sentence.
pub fn complaint(password: &str) -> Option<String> {
    if password.chars().count() < MIN_CHARS {
        return Some(format!("A password has at least {MIN_CHARS} characters."));
    }
    if password.len() > MAX_BYTES {
        return Some(format!("A password has at most {MAX_BYTES} bytes."));
    }
    None
}

/// Hashes and compares, away from the threads that answer requests.
#[derive(Debug, Clone)]
pub struct Passwords {
    places: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Passwords {
    /// The hash to keep.
    ///
    /// # Errors
    /// There are no random numbers, or no memory.
    pub async fn hash(&self, password: String) -> Result<String, PasswordError> {
        self.work(move || hash(&password)).await
    }

    /// Whether this is the password of that hash. Without a hash nothing is, after the same work.
    ///
    /// # Errors
    /// The hash is none, or there is no memory.
    pub async fn matches(&self, password: String, kept: Option<String>) -> Result<bool, PasswordError> {
        let kept = kept.unwrap_or_else(|| NOBODYS.to_owned());
        self.work(move || matches(&password, &kept)).await
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let place = self.places.clone().acquire_owned().await.map_err(failed)?;
        let done = tokio::task::spawn_blocking(move || {
            let _place = place;
            work()
        });
        done.await.map_err(failed)?
    }
}

fn failed(error: impl std::fmt::Display) -> PasswordError {
    PasswordError(error.to_string())
}

fn hash(password: &str) -> Result<String, PasswordError> {
    let mut salt = [0; 16];
    OsRng.try_fill_bytes(&mut salt).map_err(failed)?;
    let salt = SaltString::encode_b64(&salt).map_err(failed)?;
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(failed)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    Ok(argon2.hash_password(password.as_bytes(), &salt).map_err(failed)?.to_string())
}

fn matches(password: &str, kept: &str) -> Result<bool, PasswordError> {
    let kept = PasswordHash::new(kept).map_err(failed)?;
    match Argon2::default().verify_password(password.as_bytes(), &kept) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::Password) => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects passwords: they are kept salted, with the parameters above, and only the right one is right; nobody's
    /// is a real hash that costs the same.
    #[tokio::test]
    async fn only_the_right_password_is_right() {
        let passwords = Passwords::default();
        let secret = "correct horse battery";
        let (one, two) = (passwords.hash(secret.into()).await.unwrap(), passwords.hash(secret.into()).await.unwrap());
        assert_ne!(one, two);
        for kept in [one.as_str(), NOBODYS] {
            assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        }
        assert!(!one.contains(secret));
        assert!(passwords.matches(secret.into(), Some(one.clone())).await.unwrap());
        assert!(!passwords.matches("correct horse batterY".into(), Some(one)).await.unwrap());
        assert!(!passwords.matches(secret.into(), None).await.unwrap());
        assert!(passwords.matches(secret.into(), Some("plain".into())).await.is_err());
    }

    /// Protects people from passwords that are guessed, and the server from endless ones.
    #[test]
    fn passwords_have_a_length() {
        let rows = [(11, true), (12, false), (MAX_BYTES, false), (MAX_BYTES + 1, true)];
        for (length, refused) in rows {
            assert_eq!(complaint(&"x".repeat(length)).is_some(), refused, "{length}");
        }
        assert!(complaint("äöüäöüäöüäö").is_some(), "characters are counted, not bytes");
    }
}
