//! Changes that are tried again where another replica was there first.

use super::StoreError;
use std::time::Duration;

/// A change that may meet another replica's, and is then tried again on what stands by then.
#[derive(Default)]
pub struct Tries(u32);

impl Tries {
    /// How often at most.
    const MOST: u32 = 20;
    /// Longest pause before, in milliseconds; its length is left to chance, so that two do not meet again.
    const PAUSE_MS: u64 = 20;

    /// Whether to try again after this error; waits until it is time to.
    pub async fn again(&mut self, error: &StoreError) -> bool {
        self.0 += 1;
        if self.0 >= Self::MOST || !error.is_conflict() {
            return false;
        }
        let pause = uuid::Uuid::new_v4().as_u64_pair().0 % Self::PAUSE_MS;
        tokio::time::sleep(Duration::from_millis(pause)).await;
        true
    }
}
