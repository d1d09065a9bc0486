//! The critic on the bus.

use crate::{TOOLS, critic};
use ::bus::{Bus, BusError, Deliveries, Incoming, MAX_ATTEMPTS, MemoryBus, Outgoing, SharedBus, Subscription};
use async_trait::async_trait;
use common::review::{Review, Verdict};
use common::topic::Topic;
use common::wire::jobs_v1::step_event::Outcome;
use common::wire::{self, critic_v1, jobs_v1};
use common::{ErrorCode, Failure, JobId, MessageId, StepId};
use critic::{Critic, Settings};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(20);

fn command(code: &str) -> (critic_v1::Review, Outgoing) {
    let (job_id, step_id) = (JobId::new().to_string(), StepId::new().to_string());
    let command = critic_v1::Review { job_id, step_id, code: code.to_owned() };
    let payload = wire::encode(&command).expect("encodes");
    (command, Outgoing { message_id: MessageId::new(), topic: Topic::CriticReview, payload, trace: None })
}

async fn next_event(events: &mut Box<dyn Deliveries>) -> jobs_v1::StepEvent {
    let delivery = tokio::time::timeout(PATIENCE, events.next()).await.expect("in time").expect("an event");
    let event = wire::decode(&delivery.message().payload).expect("a step event");
    delivery.ack().await.expect("ack");
    event
}

fn reviewed(event: jobs_v1::StepEvent) -> Review {
    match event.outcome {
        Some(Outcome::Reviewed(reviewed)) => reviewed.try_into().expect("a review"),
        other => panic!("not a review: {other:?}"),
    }
}

/// Protects the path of a job: each command is answered once, for its own job and step, and then it is gone.
#[tokio::test]
async fn commands_are_answered() {
    let bus: SharedBus = Arc::new(MemoryBus::new());
    let stop = CancellationToken::new();
    let consumer = critic::start(&bus, critic().await, stop.clone()).await.expect("starts");
    let mut events = bus.consume(Topic::JobsStep, 1).await.expect("consumes");
    for (code, verdict) in [("print(1)\n", Verdict::Pass), ("import socket\n", Verdict::Block), ("", Verdict::Block)] {
        let (sent, message) = command(code);
        bus.publish(message).await.expect("published");
        let event = next_event(&mut events).await;
        assert_eq!((&event.job_id, &event.step_id), (&sent.job_id, &sent.step_id));
        assert_eq!(reviewed(event).verdict, verdict, "{code:?}");
    }
    stop.cancel();
    tokio::time::timeout(PATIENCE, consumer.finished()).await.expect("drained");
    assert!(bus.dead_letters(Topic::CriticReview).await.expect("dead letters").is_empty());
}

/// Protects the queue: a message that is no command is set aside at once and blocks nobody.
#[tokio::test]
async fn nonsense_is_set_aside() {
    let bus: SharedBus = Arc::new(MemoryBus::new());
    let stop = CancellationToken::new();
    let _consumer = critic::start(&bus, critic().await, stop.clone()).await.expect("starts");
    let mut events = bus.consume(Topic::JobsStep, 1).await.expect("consumes");
    let nonsense = Outgoing {
        message_id: MessageId::new(),
        topic: Topic::CriticReview,
        payload: b"\xff\xff".to_vec(),
        trace: None,
    };
    bus.publish(nonsense).await.expect("published");
    let (_, message) = command("print(1)\n");
    bus.publish(message).await.expect("published");
    assert_eq!(reviewed(next_event(&mut events).await).verdict, Verdict::Pass);
    assert_eq!(bus.dead_letters(Topic::CriticReview).await.expect("dead letters").len(), 1);
    stop.cancel();
}

/// Protects jobs from waiting for ever: when the tools stay broken, the last attempt answers with a failure.
#[tokio::test]
async fn broken_tools_end_in_a_failure_event() {
    let folder = tempfile::tempdir().expect("a folder");
    let tools = folder.path().join("tools");
    std::os::unix::fs::symlink(TOOLS, &tools).expect("a link");
    let critic = Critic::open(Settings::new(&tools)).await.expect("opens");
    std::fs::remove_file(&tools).expect("unlinked");
    let bus: SharedBus = Arc::new(MemoryBus::new());
    let stop = CancellationToken::new();
    let _consumer = critic::start(&bus, critic, stop.clone()).await.expect("starts");
    let mut events = bus.consume(Topic::JobsStep, 1).await.expect("consumes");
    let (sent, message) = command("print(1)\n");
    bus.publish(message).await.expect("published");
    let event = next_event(&mut events).await;
    assert_eq!(event.step_id, sent.step_id);
    let Some(Outcome::Failure(failure)) = event.outcome else { panic!("not a failure") };
    assert_eq!(Failure::from(failure).code, ErrorCode::WorkerFailed);
    assert!(bus.dead_letters(Topic::CriticReview).await.expect("dead letters").is_empty());
    stop.cancel();
}

/// A bus whose first publishes of events fail.
struct Unlucky {
    inner: MemoryBus,
    failures: AtomicU32,
}

#[async_trait]
impl Bus for Unlucky {
    async fn publish(&self, message: Outgoing) -> Result<(), BusError> {
        let fails = message.topic == Topic::JobsStep
            && self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        if fails { Err(BusError::Closed) } else { self.inner.publish(message).await }
    }
    async fn consume(&self, topic: Topic, prefetch: usize) -> Result<Box<dyn Deliveries>, BusError> {
        self.inner.consume(topic, prefetch).await
    }
    async fn subscribe(&self, topic: Topic) -> Result<Box<dyn Subscription>, BusError> {
        self.inner.subscribe(topic).await
    }
    async fn dead_letters(&self, topic: Topic) -> Result<Vec<Incoming>, BusError> {
        self.inner.dead_letters(topic).await
    }
    async fn check(&self) -> Result<(), BusError> {
        self.inner.check().await
    }
    fn is_durable(&self) -> bool {
        self.inner.is_durable()
    }
    async fn close(&self) {
        self.inner.close().await;
    }
}

/// Protects results: a command counts as done only when its event is safe, so a failed publish is repeated.
#[tokio::test]
async fn an_unpublished_event_is_published_later() {
    let unlucky = Unlucky { inner: MemoryBus::new(), failures: AtomicU32::new(MAX_ATTEMPTS - 1) };
    let bus: SharedBus = Arc::new(unlucky);
    let stop = CancellationToken::new();
    let _consumer = critic::start(&bus, critic().await, stop.clone()).await.expect("starts");
    let mut events = bus.consume(Topic::JobsStep, 1).await.expect("consumes");
    let (sent, message) = command("print(1)\n");
    bus.publish(message).await.expect("published");
    let event = next_event(&mut events).await;
    assert_eq!(event.step_id, sent.step_id);
    assert_eq!(reviewed(event).verdict, Verdict::Pass);
    stop.cancel();
}
