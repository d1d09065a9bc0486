//! One-time links and the sessions they open. Kept in memory only: a restart ends them all. No clock
//! in here; the caller says what time it is.

use rand::RngCore;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How long a link waits to be used.
pub(crate) const LINK_LIFE: Duration = Duration::from_secs(10 * 60);

/// How long a session lasts.
pub(crate) const SESSION_LIFE: Duration = Duration::from_secs(12 * 3600);

/// Links waiting at the same time; the one that ends first gives way.
const MAX_LINKS: usize = 64;

/// Sessions at the same time; the one that ends first gives way.
const MAX_SESSIONS: usize = 256;

/// What a secret is kept as. Looking one up by its hash takes no time that depends on the secret.
type Hash = [u8; 32];

/// Links and sessions of one server, each with the moment it ends.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    links: HashMap<Hash, Instant>,
    sessions: HashMap<Hash, Instant>,
}

impl Sessions {
    /// A new code that opens one session.
    pub(crate) fn issue(&mut self, now: Instant) -> String {
        insert(&mut self.links, MAX_LINKS, now, LINK_LIFE)
    }

    /// Uses a code up and opens a session; gives the session's id. `None` when the code is wrong, used
    /// or too old.
    pub(crate) fn redeem(&mut self, code: &str, now: Instant) -> Option<String> {
        let ends = self.links.remove(&hash(code.as_bytes()))?;
        (now < ends).then(|| insert(&mut self.sessions, MAX_SESSIONS, now, SESSION_LIFE))
    }

    /// Whether a session by this id is open.
    pub(crate) fn is_open(&self, id: &[u8], now: Instant) -> bool {
        self.sessions.get(&hash(id)).is_some_and(|ends| now < *ends)
    }
}

/// Adds a new random secret, dropping what has ended and, if need be, what ends first.
fn insert(kept: &mut HashMap<Hash, Instant>, most: usize, now: Instant, life: Duration) -> String {
    kept.retain(|_, ends| now < *ends);
    if kept.len() >= most
        && let Some(first) = kept.iter().min_by_key(|(_, ends)| **ends).map(|(key, _)| *key)
    {
        kept.remove(&first);
    }
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    let secret = hex::encode(bytes);
    kept.insert(hash(secret.as_bytes()), now + life);
    secret
}

fn hash(secret: &[u8]) -> Hash {
    Sha256::digest(secret).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects sign-in: a link works once and not for ever, and a session ends.
    #[test]
    fn links_work_once_and_everything_ends() {
        let now = Instant::now();
        let mut sessions = Sessions::default();
        let code = sessions.issue(now);
        assert_eq!(sessions.redeem("guess", now), None);
        let id = sessions.redeem(&code, now + LINK_LIFE / 2).expect("a fresh link");
        assert_eq!(sessions.redeem(&code, now + LINK_LIFE / 2), None);
        assert_ne!(id, code);
        assert!(sessions.is_open(id.as_bytes(), now + SESSION_LIFE));
        assert!(!sessions.is_open(id.as_bytes(), now + LINK_LIFE / 2 + SESSION_LIFE));
        assert!(!sessions.is_open(code.as_bytes(), now));

        let late = sessions.issue(now);
        assert_eq!(sessions.redeem(&late, now + LINK_LIFE), None);
    }

    /// Protects memory: links and sessions are bounded, and the newest always has a place.
    #[test]
    fn the_number_of_secrets_is_bounded() {
        let start = Instant::now();
        let mut sessions = Sessions::default();
        let mut last = String::new();
        for second in 0..1000 {
            let now = start + Duration::from_secs(second) / 10;
            let code = sessions.issue(now);
            last = sessions.redeem(&code, now).expect("a fresh link");
            sessions.issue(now);
        }
        assert!(sessions.links.len() <= MAX_LINKS && sessions.sessions.len() <= MAX_SESSIONS);
        assert!(sessions.is_open(last.as_bytes(), start + Duration::from_secs(100)));
    }
}
