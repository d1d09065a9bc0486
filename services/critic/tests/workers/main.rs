//! The critic's resident workers, counted as processes. A binary of its own, one test at a time: any
//! other critic in the same process would be counted too.

mod resilience;

use common::review::Review;
use critic::{Critic, Settings};
use tokio::sync::{Mutex, MutexGuard};

/// Where the pinned tools stand, from the root of the workspace.
const TOOLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/tools");

/// Held for the length of a test.
async fn alone() -> MutexGuard<'static, ()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());
    let guard = ONE_AT_A_TIME.lock().await;
    // Workers of the test before end by themselves when their input closes.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while !resilience::workers().is_empty() && std::time::Instant::now() < deadline {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    guard
}

/// A critic with defaults.
async fn critic() -> Critic {
    Critic::open(Settings::new(TOOLS)).await.expect("the review tools are installed")
}

/// The review of some code.
async fn review(critic: &Critic, code: &str) -> Review {
    critic.review(code).await.expect("a review")
}
