//! One at a time per key: a second request for the same work waits for the first, then finds its result.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::OwnedMutexGuard;

/// A lock per key, kept only while somebody holds or wants it.
#[derive(Debug, Default)]
pub struct Keyed(Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>);

/// Keys at which unused entries are dropped.
const SWEEP_AT: usize = 64;

impl Keyed {
    /// Waits until nobody else holds the key.
    pub async fn lock(&self, key: &str) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if locks.len() >= SWEEP_AT {
                locks.retain(|_, lock| lock.strong_count() > 0);
            }
            let known = locks.get(key).and_then(Weak::upgrade);
            known.unwrap_or_else(|| {
                let lock = Arc::new(tokio::sync::Mutex::new(()));
                locks.insert(key.to_owned(), Arc::downgrade(&lock));
                lock
            })
        };
        lock.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects against doing the same work twice at once, and against holding up other work.
    #[tokio::test]
    async fn same_keys_wait_others_do_not() {
        let keyed = Keyed::default();
        let held = keyed.lock("a").await;
        let mut again = Box::pin(keyed.lock("a"));
        assert!(futures::poll!(&mut again).is_pending());
        let _other = keyed.lock("b").await;
        drop(held);
        let _again = again.await;
    }
}
