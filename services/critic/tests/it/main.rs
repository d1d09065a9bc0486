//! The critic with its real tools: ruff, bandit and the policy in resident workers.

mod bus;
mod http;
mod open;
mod snippets;
mod templates;

use common::review::Review;
use critic::{Critic, Settings};

/// Where the pinned tools stand, from the root of the workspace.
const TOOLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/tools");

/// A critic with defaults.
async fn critic() -> Critic {
    Critic::open(Settings::new(TOOLS)).await.expect("the review tools are installed")
}

/// The review of some code.
async fn review(critic: &Critic, code: &str) -> Review {
    critic.review(code).await.expect("a review")
}
