//! The contract of shared state on every backend of this build, and what only a server can do to it.

mod outages;
mod servers;

use shared::contract::{Trial, run_all};
use shared::{ConnectError, MemoryState, SharedHandle};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Memory on a clock that is set by hand.
#[derive(Default)]
struct Memory {
    /// Since whatever start, in microseconds.
    clock: Arc<AtomicU64>,
}

impl Trial for Memory {
    async fn fresh(&self) -> [SharedHandle; 2] {
        let clock = self.clock.clone();
        let state: SharedHandle =
            Arc::new(MemoryState::with_clock(move || Duration::from_micros(clock.load(Ordering::SeqCst))));
        [state.clone(), state]
    }

    async fn pass(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).expect("a time to wait for");
        self.clock.fetch_add(micros, Ordering::SeqCst);
    }
}

/// Protects every service: memory keeps the promises a server keeps, to the microsecond.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory_keeps_the_contract() {
    run_all(&Memory::default()).await;
}

/// Protects the default: the machine's own clock ends things as well.
#[tokio::test]
async fn memory_ends_things_by_itself() {
    let state = shared::connect("memory:").await.expect("memory");
    let key = shared::Key::new(shared::Purpose::Session, "s");
    state.put(&key, "x".into(), Duration::from_millis(30)).await.expect("put");
    assert!(state.check().await.is_ok());
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert_eq!(state.get(&key).await, Ok(None));
}

/// Protects operators and passwords: what is no backend is refused with what to write instead, and repeated only where
/// it is surely no secret.
#[tokio::test]
async fn other_urls_are_refused() {
    for url in ["", "s3cr3t", "//:s3cr3t@h/0", ":s3cr3t@h", "s3cr3t-redis://h"] {
        let error = shared::connect(url).await.err().expect("no backend");
        assert!(matches!(error, ConnectError::UnknownScheme(_)), "{url}: {error}");
        assert!(error.to_string().contains("memory:") && !error.to_string().contains("s3cr3t"), "{error}");
    }
    let error = shared::connect("memcached://h").await.err().expect("no backend");
    assert_eq!(error, ConnectError::UnknownScheme("memcached".to_owned()));
}
