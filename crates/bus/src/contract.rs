//! The suite every bus backend passes. Call each function with a fresh bus.

use crate::{Bus, BusError, Consumer, Handled, Handler, Incoming, MAX_ATTEMPTS, Outgoing, SharedBus, TraceContext};
use async_trait::async_trait;
use common::MessageId;
use common::topic::Topic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const TOPIC: Topic = Topic::SandboxRun;
const PATIENCE: Duration = Duration::from_secs(10);

fn message(text: &str) -> Outgoing {
    Outgoing { message_id: MessageId::new(), topic: TOPIC, payload: text.as_bytes().to_vec(), trace: None }
}

/// Runs the whole suite; `fresh` gives an empty bus each time it is called.
///
/// # Panics
/// When the backend breaks the contract.
pub async fn run_all<F: AsyncFn() -> SharedBus>(fresh: F) {
    ordered_and_acked_once(&*fresh().await).await;
    prefetch_holds_back(&*fresh().await).await;
    retry_counts_attempts_then_sets_aside(&*fresh().await).await;
    put_off_messages_come_again_uncounted(&*fresh().await).await;
    dropped_deliveries_come_again(&*fresh().await).await;
    rejected_messages_are_set_aside(&*fresh().await).await;
    broadcasts_reach_every_listener(&*fresh().await).await;
    misuse_is_refused(&*fresh().await).await;
    the_largest_message_comes_whole(&*fresh().await).await;
    traces_go_with_their_message(&*fresh().await).await;
    checks_say_whether_it_takes_messages(&*fresh().await).await;
    a_panicking_handler_is_retried(fresh().await).await;
    stopping_lets_work_in_hand_finish(fresh().await).await;
    close_ends_consumers(&*fresh().await).await;
}

async fn next(deliveries: &mut Box<dyn crate::Deliveries>) -> Box<dyn crate::Delivery> {
    tokio::time::timeout(PATIENCE, deliveries.next()).await.expect("a delivery in time").expect("an open bus")
}

async fn nothing_comes(deliveries: &mut Box<dyn crate::Deliveries>) {
    let came = tokio::time::timeout(Duration::from_millis(200), deliveries.next()).await;
    assert!(came.is_err(), "a delivery came that should not");
}

/// Dead letters, once there are so many: a broker moves them in its own time.
async fn dead_letters(bus: &dyn Bus, count: usize) -> Vec<Incoming> {
    let looking = async {
        loop {
            let dead = bus.dead_letters(TOPIC).await.expect("dead letters");
            if dead.len() >= count {
                return dead;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.expect("the message is set aside in time")
}

/// Messages come in order, once each, as they were sent.
async fn ordered_and_acked_once(bus: &dyn Bus) {
    let sent: Vec<_> = (0..5).map(|n| message(&format!("m{n}"))).collect();
    for one in &sent {
        bus.publish(one.clone()).await.expect("publish");
    }
    let mut deliveries = bus.consume(TOPIC, 10).await.expect("consume");
    for one in &sent {
        let delivery = next(&mut deliveries).await;
        assert_eq!(delivery.message().message_id, one.message_id);
        assert_eq!(delivery.message().payload, one.payload);
        assert_eq!((delivery.message().attempt, delivery.message().topic), (1, TOPIC));
        delivery.ack().await.expect("ack");
    }
    nothing_comes(&mut deliveries).await;
}

/// A consumer never holds more unsettled messages than it asked for.
async fn prefetch_holds_back(bus: &dyn Bus) {
    for n in 0..3 {
        bus.publish(message(&n.to_string())).await.expect("publish");
    }
    let mut deliveries = bus.consume(TOPIC, 2).await.expect("consume");
    let first = next(&mut deliveries).await;
    let _second = next(&mut deliveries).await;
    nothing_comes(&mut deliveries).await;
    first.ack().await.expect("ack");
    assert_eq!(next(&mut deliveries).await.message().payload, b"2");
}

/// A retried message comes again with a higher count, and is set aside after the last attempt.
async fn retry_counts_attempts_then_sets_aside(bus: &dyn Bus) {
    let sent = message("again");
    bus.publish(sent.clone()).await.expect("publish");
    let mut deliveries = bus.consume(TOPIC, 1).await.expect("consume");
    for attempt in 1..=MAX_ATTEMPTS {
        let delivery = next(&mut deliveries).await;
        assert_eq!(delivery.message().attempt, attempt);
        delivery.retry(Duration::from_millis(20)).await.expect("retry");
    }
    nothing_comes(&mut deliveries).await;
    let dead = dead_letters(bus, 1).await;
    assert_eq!(dead.iter().map(|m| m.message_id).collect::<Vec<_>>(), [sent.message_id]);
}

/// What is put off comes again after its delay as the same attempt, more often than there are attempts; a failure after
/// that counts from there.
async fn put_off_messages_come_again_uncounted(bus: &dyn Bus) {
    bus.publish(message("later")).await.expect("publish");
    let mut deliveries = bus.consume(TOPIC, 1).await.expect("consume");
    for turn in 0..=MAX_ATTEMPTS {
        let delivery = next(&mut deliveries).await;
        assert_eq!((delivery.message().attempt, &*delivery.message().payload), (1, &b"later"[..]));
        delivery.put_off(Duration::from_millis(if turn == 0 { 50 } else { 0 })).await.expect("put off");
    }
    next(&mut deliveries).await.retry(Duration::ZERO).await.expect("retry");
    let again = next(&mut deliveries).await;
    assert_eq!(again.message().attempt, 2);
    again.ack().await.expect("ack");
    assert!(bus.dead_letters(TOPIC).await.expect("dead letters").is_empty());
}

/// A consumer that dies with a message in hand does not lose it.
async fn dropped_deliveries_come_again(bus: &dyn Bus) {
    bus.publish(message("kept")).await.expect("publish");
    let mut first = bus.consume(TOPIC, 1).await.expect("consume");
    drop(next(&mut first).await);
    drop(first);
    let mut second = bus.consume(TOPIC, 1).await.expect("consume");
    let delivery = next(&mut second).await;
    assert_eq!((delivery.message().payload.as_slice(), delivery.message().attempt), (&b"kept"[..], 2));
    delivery.ack().await.expect("ack");
}

/// A rejected message is set aside at once and blocks nobody.
async fn rejected_messages_are_set_aside(bus: &dyn Bus) {
    bus.publish(message("bad")).await.expect("publish");
    bus.publish(message("good")).await.expect("publish");
    let mut deliveries = bus.consume(TOPIC, 1).await.expect("consume");
    next(&mut deliveries).await.reject().await.expect("reject");
    assert_eq!(next(&mut deliveries).await.message().payload, b"good");
    assert_eq!(dead_letters(bus, 1).await.len(), 1);
}

/// A broadcast reaches each subscriber, and publishing without any is fine.
async fn broadcasts_reach_every_listener(bus: &dyn Bus) {
    let shout = |text: &str| Outgoing { topic: Topic::JobsStopped, ..message(text) };
    bus.publish(shout("unheard")).await.expect("publish");
    let mut listeners = [
        bus.subscribe(Topic::JobsStopped).await.expect("subscribe"),
        bus.subscribe(Topic::JobsStopped).await.expect("subscribe"),
    ];
    bus.publish(shout("heard")).await.expect("publish");
    for listener in &mut listeners {
        let got = tokio::time::timeout(PATIENCE, listener.next()).await.expect("in time").expect("open");
        assert_eq!(got.payload, b"heard");
    }
}

/// What the contract does not allow is an error, not a surprise.
async fn misuse_is_refused(bus: &dyn Bus) {
    assert!(bus.consume(Topic::JobsStopped, 1).await.is_err());
    assert!(bus.subscribe(TOPIC).await.is_err());
    let huge = Outgoing { payload: vec![0; common::wire::MAX_MESSAGE_BYTES + 1], ..message("") };
    assert!(bus.publish(huge).await.is_err());
}

/// The largest message there may be comes as it was sent.
async fn the_largest_message_comes_whole(bus: &dyn Bus) {
    let payload: Vec<u8> = (0..common::wire::MAX_MESSAGE_BYTES).map(|n| (n * 31 % 251) as u8).collect();
    bus.publish(Outgoing { payload: payload.clone(), ..message("") }).await.expect("publish");
    let mut deliveries = bus.consume(TOPIC, 1).await.expect("consume");
    let delivery = next(&mut deliveries).await;
    assert!(delivery.message().payload == payload, "it changed on the way");
    delivery.ack().await.expect("ack");
}

/// A message keeps its trace: as work, when it is given again after a pause or after its consumer died, among the dead
/// letters, and as a broadcast. One without gets none from anybody.
async fn traces_go_with_their_message(bus: &dyn Bus) {
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let trace = TraceContext::new(parent, Some("congo=t61rcWkgMzE,rojo=00f067aa0ba902b7")).expect("a trace");
    let mut subscription = bus.subscribe(Topic::JobsStopped).await.expect("subscribe");
    for topic in [TOPIC, Topic::JobsStopped] {
        bus.publish(Outgoing { topic, trace: Some(trace.clone()), ..message("traced") }).await.expect("publish");
    }
    let heard = tokio::time::timeout(PATIENCE, subscription.next()).await.expect("in time").expect("open");
    assert_eq!(heard.trace.as_ref(), Some(&trace));
    let mut deliveries = bus.consume(TOPIC, 1).await.expect("consume");
    let first = next(&mut deliveries).await;
    assert_eq!(first.message().trace.as_ref(), Some(&trace));
    first.retry(Duration::from_millis(20)).await.expect("retry");
    let second = next(&mut deliveries).await;
    assert_eq!((second.message().attempt, second.message().trace.as_ref()), (2, Some(&trace)));
    drop(second);
    let third = next(&mut deliveries).await;
    assert_eq!((third.message().attempt, third.message().trace.as_ref()), (3, Some(&trace)));
    third.reject().await.expect("reject");
    assert_eq!(dead_letters(bus, 1).await[0].trace.as_ref(), Some(&trace));
    bus.publish(message("alone")).await.expect("publish");
    assert_eq!(next(&mut deliveries).await.message().trace, None);
}

/// A bus that takes messages says so as often as it is asked, and disturbs nobody by it; a closed one does not.
async fn checks_say_whether_it_takes_messages(bus: &dyn Bus) {
    let mut deliveries = bus.consume(TOPIC, 1).await.expect("consume");
    for _ in 0..3 {
        bus.check().await.expect("it takes messages");
    }
    nothing_comes(&mut deliveries).await;
    bus.close().await;
    assert!(matches!(bus.check().await, Err(BusError::Closed)));
}

/// Counts calls and does as told by the function.
struct Told<F>(AtomicUsize, F);

#[async_trait]
impl<F: Fn(usize) -> Handled + Send + Sync + 'static> Handler for Told<F> {
    async fn handle(&self, _: &Incoming) -> Handled {
        let call = self.0.fetch_add(1, Ordering::SeqCst);
        (self.1)(call)
    }
}

/// A handler that panics costs one attempt, not the consumer.
async fn a_panicking_handler_is_retried(bus: SharedBus) {
    bus.publish(message("boom")).await.expect("publish");
    let handler = Arc::new(Told(AtomicUsize::new(0), |call| {
        assert!(call > 0, "first call fails on purpose");
        Handled::Done
    }));
    let stop = CancellationToken::new();
    let consumer = Consumer::start(&bus, TOPIC, 1, handler.clone(), stop.clone()).await.expect("start");
    let waited = tokio::time::timeout(PATIENCE, async {
        while handler.0.load(Ordering::SeqCst) < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    waited.await.expect("the message came again");
    stop.cancel();
    consumer.finished().await;
    assert!(bus.dead_letters(TOPIC).await.expect("dead letters").is_empty());
}

/// Handles slowly and notes what it finished.
struct Slow(Mutex<Vec<Vec<u8>>>);

#[async_trait]
impl Handler for Slow {
    async fn handle(&self, message: &Incoming) -> Handled {
        tokio::time::sleep(Duration::from_millis(200)).await;
        self.0.lock().expect("lock").push(message.payload.clone());
        Handled::Done
    }
}

/// Stopping takes no new message, and waits for the one in hand.
async fn stopping_lets_work_in_hand_finish(bus: SharedBus) {
    bus.publish(message("one")).await.expect("publish");
    bus.publish(message("two")).await.expect("publish");
    let handler = Arc::new(Slow(Mutex::new(Vec::new())));
    let stop = CancellationToken::new();
    let consumer = Consumer::start(&bus, TOPIC, 1, handler.clone(), stop.clone()).await.expect("start");
    tokio::time::sleep(Duration::from_millis(100)).await;
    stop.cancel();
    tokio::time::timeout(PATIENCE, consumer.finished()).await.expect("drained");
    assert_eq!(*handler.0.lock().expect("lock"), [b"one".to_vec()]);
}

/// Closing ends consumers instead of leaving them to wait for ever.
async fn close_ends_consumers(bus: &dyn Bus) {
    let mut deliveries = bus.consume(TOPIC, 1).await.expect("consume");
    let mut subscription = bus.subscribe(Topic::JobsStopped).await.expect("subscribe");
    bus.close().await;
    let ended = tokio::time::timeout(PATIENCE, async {
        (deliveries.next().await.is_none(), subscription.next().await.is_none())
    });
    assert_eq!(ended.await.expect("in time"), (true, true));
    assert!(bus.publish(message("late")).await.is_err());
}
