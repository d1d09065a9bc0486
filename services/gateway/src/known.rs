//! Who was looked up a moment ago. A request need not cost a question to the database: what was found is good for a
//! second, and as long as the database does not answer, for five minutes.
//!
//! A change made at this gateway takes effect at once: whoever changes something forgets everything. A change made at
//! another replica takes effect within [`FRESH`].

use common::KeyId;
use edge::Principal;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long what was found is good without another look.
pub(crate) const FRESH: Duration = Duration::from_secs(1);

/// How long it is good while the database does not answer.
const STALE: Duration = Duration::from_secs(5 * 60);

/// Most callers remembered; beyond it all are forgotten, and looked up again.
const MOST: usize = 10_000;

/// What stands for a credential: its SHA-256.
pub(crate) type Digest = [u8; 32];

/// A caller as the rows say.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    /// Who.
    pub principal: Principal,
    /// The API key that was shown and how many requests a minute it is good for, where that is limited.
    pub key: Option<(KeyId, u32)>,
    /// When session or key end by themselves, in milliseconds since 1970.
    pub ends_at_ms: Option<i64>,
}

#[derive(Default)]
struct Inner {
    found: HashMap<Digest, (Instant, Found)>,
    changes: u64,
}

/// The callers that were looked up.
#[derive(Default)]
pub(crate) struct KnownCallers(Mutex<Inner>);

/// The state before a look at the rows: what was found is remembered only where nothing changed meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Before(u64);

impl KnownCallers {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The caller, where it was looked up less than `age` ago and has not ended.
    fn within(&self, digest: &Digest, age: Duration, now: Instant, now_ms: i64) -> Option<Found> {
        let inner = self.inner();
        let (at, found) = inner.found.get(digest)?;
        let stands = found.ends_at_ms.is_none_or(|end| end > now_ms) && now.saturating_duration_since(*at) < age;
        stands.then(|| found.clone())
    }

    /// The caller, where no look at the rows is needed.
    pub(crate) fn fresh(&self, digest: &Digest, now: Instant, now_ms: i64) -> Option<Found> {
        self.within(digest, FRESH, now, now_ms)
    }

    /// The caller, where the rows cannot be looked at.
    pub(crate) fn stale(&self, digest: &Digest, now: Instant, now_ms: i64) -> Option<Found> {
        self.within(digest, STALE, now, now_ms)
    }

    /// To be taken before the rows are looked at.
    pub(crate) fn before(&self) -> Before {
        Before(self.inner().changes)
    }

    /// Remembers what a look found; that there is nobody, too, by forgetting.
    pub(crate) fn remember(&self, before: Before, digest: Digest, found: Option<Found>, now: Instant) {
        let mut inner = self.inner();
        if inner.changes != before.0 {
            return;
        }
        match found {
            Some(found) => {
                if inner.found.len() >= MOST {
                    inner.found.clear();
                }
                inner.found.insert(digest, (now, found));
            }
            None => drop(inner.found.remove(&digest)),
        }
    }

    /// Forgets everybody: something was changed.
    pub(crate) fn forget(&self) {
        let mut inner = self.inner();
        inner.changes += 1;
        inner.found.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::OwnerId;

    fn found(ends_at_ms: Option<i64>) -> Found {
        Found { principal: Principal::local(OwnerId::local()), key: None, ends_at_ms }
    }

    /// Protects revocation: nobody is known for longer than said, past their end, or from a look that began before a
    /// change.
    #[test]
    fn callers_are_forgotten_in_time() {
        let known = KnownCallers::default();
        let (digest, start) = ([7; 32], Instant::now());
        known.remember(known.before(), digest, Some(found(Some(1000))), start);
        assert!(known.fresh(&digest, start, 999).is_some());
        assert!(known.fresh(&digest, start, 1000).is_none() && known.stale(&digest, start, 1000).is_none(), "ended");
        assert!(known.fresh(&[8; 32], start, 0).is_none());
        assert!(known.fresh(&digest, start + FRESH, 0).is_none());
        assert!(known.stale(&digest, start + FRESH, 0).is_some());
        assert!(known.stale(&digest, start + STALE, 0).is_none());

        let before = known.before();
        known.forget();
        assert!(known.stale(&digest, start, 0).is_none(), "something changed");
        known.remember(before, digest, Some(found(None)), start);
        assert!(known.fresh(&digest, start, 0).is_none(), "the look began before the change");
        known.remember(known.before(), digest, Some(found(None)), start);
        assert!(known.fresh(&digest, start, i64::MAX).is_some());
        known.remember(known.before(), digest, None, start);
        assert!(known.stale(&digest, start, 0).is_none(), "nobody any more");
    }

    /// Protects memory: however many credentials are shown, few are remembered.
    #[test]
    fn memory_is_bounded() {
        let known = KnownCallers::default();
        for number in 0..2 * MOST as u64 + 5 {
            let mut digest = [0; 32];
            digest[..8].copy_from_slice(&number.to_le_bytes());
            known.remember(known.before(), digest, Some(found(None)), Instant::now());
        }
        assert!(known.inner().found.len() <= MOST);
    }
}
