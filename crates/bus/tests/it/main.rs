//! The bus contract on every backend of this build, and what only a broker can do to it.

mod blocked;
mod cluster;
mod cut;
mod rabbit;
mod support;

use bus::{MemoryBus, SharedBus};
use std::sync::Arc;

/// Protects every service: the in-process bus keeps the promises a broker keeps.
#[tokio::test]
async fn memory_bus_keeps_the_contract() {
    bus::contract::run_all(async || Arc::new(MemoryBus::new()) as SharedBus).await;
}
