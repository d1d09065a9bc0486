//! What the tests of a broker share.

use async_trait::async_trait;
use bus::{Handled, Handler, Incoming, Outgoing, SharedBus};
use common::MessageId;
use common::topic::Topic;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use testkit::RabbitMq;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::spawn_blocking;

/// Brokers that run at the same time, one weight each: clocks are worth nothing on a machine that is out of breath.
static WEIGHT: Semaphore = Semaphore::const_new(2);

/// A server of the test's own, and the right to have it.
pub struct Own<T> {
    pub server: T,
    pub weight: SemaphorePermit<'static>,
}

/// Starts a server; none where it cannot be had, and that is said.
pub async fn own<T: Send + 'static>(what: &str, weight: u32, start: fn() -> Result<T, String>) -> Option<Own<T>> {
    let weight = WEIGHT.acquire_many(weight).await.expect("never closed");
    match spawn_blocking(start).await.expect("a thread") {
        Ok(server) => Some(Own { server, weight }),
        Err(why) => {
            eprintln!("SKIPPED: {what} is not tried: {why}");
            None
        }
    }
}

/// A broker beside which another may run.
pub async fn broker(what: &str) -> Option<Own<RabbitMq>> {
    own(what, 1, RabbitMq::start).await
}

/// A broker alone, for tests that look at the clock.
pub async fn lone_broker(what: &str) -> Option<Own<RabbitMq>> {
    own(what, 2, RabbitMq::start).await
}

/// A bus on that URL, with queues that nobody has used.
pub async fn fresh(url: &str) -> SharedBus {
    bus::connect(&fresh_url(url)).await.expect("a connection")
}

/// The URL with a namespace that nobody has used.
pub fn fresh_url(url: &str) -> String {
    format!("{url}?namespace=test-{}", MessageId::new())
}

pub fn message(topic: Topic, text: &str) -> Outgoing {
    Outgoing { message_id: MessageId::new(), topic, payload: text.as_bytes().to_vec(), trace: None }
}

/// Waits until something is so.
pub async fn until(what: &str, patience: Duration, so: impl Fn() -> bool) -> Duration {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < patience, "not within {patience:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    begun.elapsed()
}

/// Counts how often each message was handled to the end.
#[derive(Default)]
pub struct Counting {
    seen: Mutex<BTreeMap<Vec<u8>, usize>>,
    /// Every twentieth number is wanted later the first time.
    pub some_later: AtomicBool,
}

impl Counting {
    pub fn different(&self) -> usize {
        self.seen.lock().expect("lock").len()
    }

    pub fn times(&self, text: &str) -> usize {
        self.seen.lock().expect("lock").get(text.as_bytes()).copied().unwrap_or_default()
    }

    /// Those of the first numbers that were not handled.
    pub fn missing(&self, published: usize) -> Vec<usize> {
        (0..published).filter(|number| self.times(&number.to_string()) == 0).collect()
    }

    /// Repeats beyond the first time.
    pub fn repeats(&self) -> usize {
        self.seen.lock().expect("lock").values().map(|times| times - 1).sum()
    }
}

#[async_trait]
impl Handler for Counting {
    async fn handle(&self, message: &Incoming) -> Handled {
        tokio::time::sleep(Duration::from_millis(2)).await;
        let number = std::str::from_utf8(&message.payload).ok().and_then(|text| text.parse::<usize>().ok());
        let later = number.is_some_and(|number| number.is_multiple_of(20)) && message.attempt == 1;
        if later && self.some_later.load(Ordering::SeqCst) {
            return Handled::Retry(Duration::from_millis(100));
        }
        *self.seen.lock().expect("lock").entry(message.payload.clone()).or_default() += 1;
        Handled::Done
    }
}

/// Load that goes on until it is told to end: publishers that publish numbers, one after the other each.
pub struct Load {
    published: AtomicUsize,
    next: AtomicUsize,
    slowest_millis: AtomicUsize,
    end: AtomicBool,
    least: usize,
}

impl Load {
    /// Ends with that many messages at the earliest.
    pub fn new(least: usize) -> Self {
        let zero = || AtomicUsize::new(0);
        Self { published: zero(), next: zero(), slowest_millis: zero(), end: AtomicBool::new(false), least }
    }

    pub fn published(&self) -> usize {
        self.published.load(Ordering::SeqCst)
    }

    pub fn end(&self) {
        self.end.store(true, Ordering::SeqCst);
    }

    /// The longest that one publish took.
    pub fn slowest(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.slowest_millis.load(Ordering::SeqCst)).expect("not that long"))
    }

    /// One publisher. Each publish must succeed in the end.
    pub async fn publish(&self, bus: SharedBus, pace: Duration) {
        while !self.end.load(Ordering::SeqCst) || self.next.load(Ordering::SeqCst) < self.least {
            let number = self.next.fetch_add(1, Ordering::SeqCst);
            let begun = Instant::now();
            bus.publish(message(Topic::SandboxRun, &number.to_string())).await.expect("published in the end");
            let millis = usize::try_from(begun.elapsed().as_millis()).expect("not that long");
            self.slowest_millis.fetch_max(millis, Ordering::SeqCst);
            self.published.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(pace).await;
        }
    }
}
