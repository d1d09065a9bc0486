//! A line to the broker that is cut, in two ways.

use crate::support::{Counting, Load, fresh_url, lone_broker, message, until};
use async_trait::async_trait;
use bus::{BusError, Consumer, Handled, Handler, Incoming, SharedBus};
use common::topic::Topic;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use testkit::{Cut, CuttableProxy};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

const PUBLISHERS: usize = 3;
const PREFETCH: usize = 8;
/// How long the line is cut.
const CUT: Duration = Duration::from_secs(10);
/// Longest wait for things to go on after the line stands again.
const BACK: Duration = Duration::from_secs(20);

fn url_through(proxy: &CuttableProxy) -> String {
    format!("amqp://guest:guest@{}/%2f", proxy.address())
}

/// Keeps one message in hand until it is told to let go.
#[derive(Default)]
struct Holding {
    taken: AtomicUsize,
    let_go: Notify,
    done: AtomicUsize,
}

#[async_trait]
impl Handler for Holding {
    async fn handle(&self, _: &Incoming) -> Handled {
        if self.taken.fetch_add(1, Ordering::SeqCst) == 0 {
            self.let_go.notified().await;
        }
        self.done.fetch_add(1, Ordering::SeqCst);
        Handled::Done
    }
}

/// Counts what a subscription hears, however often it has to listen again.
fn listen(bus: &SharedBus) -> Arc<AtomicUsize> {
    let (bus, heard) = (bus.clone(), Arc::new(AtomicUsize::new(0)));
    let counted = heard.clone();
    tokio::spawn(async move {
        let mut subscription = bus.subscribe(Topic::JobsStopped).await.expect("a subscription");
        while subscription.next().await.is_some() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    heard
}

async fn shout_until_heard(bus: &SharedBus, heard: &AtomicUsize) -> Duration {
    let (begun, before) = (Instant::now(), heard.load(Ordering::SeqCst));
    while heard.load(Ordering::SeqCst) == before {
        assert!(begun.elapsed() < BACK, "the subscription does not listen");
        bus.publish(message(Topic::JobsStopped, "heard")).await.expect("published");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    begun.elapsed()
}

/// Protects accepted work from a network that breaks under load, whether it says so or swallows everything: publishers
/// wait and go on, what was in hand comes again, subscriptions listen again, nothing is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_cut_during_load_loses_nothing() {
    let Some(broker) = lone_broker("a line that is cut").await else { return };
    for how in [Cut::Refuse, Cut::Blackhole] {
        cut_during_load(broker.server.address(), how).await;
    }
}

async fn cut_during_load(broker: SocketAddr, how: Cut) {
    let proxy = CuttableProxy::start(broker).expect("a proxy");
    // So that the cut is longer than the time in which it is noticed.
    let bus = bus::connect(&format!("{}&heartbeat=3", fresh_url(&url_through(&proxy)))).await.expect("a connection");
    let (seen, holding, stop) = (Arc::new(Counting::default()), Arc::new(Holding::default()), CancellationToken::new());
    let consumer = Consumer::start(&bus, Topic::SandboxRun, PREFETCH, seen.clone(), stop.clone());
    let holder = Consumer::start(&bus, Topic::AgentThink, 1, holding.clone(), stop.clone());
    let consumers = [consumer.await.expect("a consumer"), holder.await.expect("a consumer")];
    let heard = listen(&bus);
    shout_until_heard(&bus, &heard).await;
    bus.publish(message(Topic::AgentThink, "held")).await.expect("published");
    let load = Arc::new(Load::new(0));
    let publishers: Vec<_> = (0..PUBLISHERS)
        .map(|_| {
            let (bus, load) = (bus.clone(), load.clone());
            tokio::spawn(async move { load.publish(bus, Duration::from_millis(5)).await })
        })
        .collect();
    let loaded = || load.published() > 300 && holding.taken.load(Ordering::SeqCst) == 1;
    until("it is under load", BACK, loaded).await;

    proxy.cut(how).await;
    let (begun, at) = (Instant::now(), load.published());
    tokio::time::sleep(CUT - Duration::from_secs(1)).await;
    // By now the cut was noticed: this cannot be settled.
    holding.let_go.notify_one();
    tokio::time::sleep(CUT.saturating_sub(begun.elapsed())).await;
    let meanwhile = load.published() - at;
    // Confirmations that were read already.
    assert!(meanwhile <= PUBLISHERS, "{meanwhile} messages were confirmed through a line that is cut");
    proxy.restore().await;

    let (at, handled) = (load.published(), seen.different());
    let back = || load.published() > at + 50 && seen.different() > handled + 50;
    let back = until("it goes on", BACK, back).await;
    let again = until("what was in hand comes again", BACK, || holding.done.load(Ordering::SeqCst) >= 2).await;
    let listens = shout_until_heard(&bus, &heard).await;
    load.end();
    for publisher in publishers {
        tokio::time::timeout(BACK, publisher).await.expect("in time").expect("each publish succeeded");
    }
    let published = load.published();
    let drained = until("every message is handled", BACK, || seen.different() == published).await;
    let (repeats, slowest) = (seen.repeats(), load.slowest());
    eprintln!("{how:?}: {published} messages, {repeats} repeats, slowest publish {slowest:?}");
    eprintln!(
        "{how:?}: goes on {back:?} after it stands again; in hand +{again:?}, heard +{listens:?}, all +{drained:?}"
    );
    // In hand or settled in vain, or published again.
    assert!(repeats <= 2 * (PUBLISHERS + PREFETCH), "{repeats} messages came again");
    stop.cancel();
    for consumer in &consumers {
        tokio::time::timeout(BACK, consumer.finished()).await.expect("in time");
    }
    for topic in [Topic::SandboxRun, Topic::AgentThink] {
        assert!(bus.dead_letters(topic).await.expect("dead letters").is_empty());
    }
    bus.close().await;
}

/// Protects callers from waiting for ever for a broker that is not heard from: an idle connection is given up after two
/// and a half heartbeats of five seconds, a check fails within three seconds, and a publisher is told after thirty.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blackhole_is_noticed_in_time() {
    let Some(broker) = lone_broker("a network that swallows everything").await else { return };
    let proxy = CuttableProxy::start(broker.server.address()).expect("a proxy");
    let bus = bus::connect(&fresh_url(&url_through(&proxy))).await.expect("a connection");
    let heard = listen(&bus);
    shout_until_heard(&bus, &heard).await;
    assert_eq!(proxy.accepted(), 2, "one connection to publish on, one to consume on");
    proxy.cut(Cut::Blackhole).await;
    let both_again = || proxy.accepted() >= 4;
    let noticed = until("both connections are given up", Duration::from_millis(13_500), both_again).await;
    let begun = Instant::now();
    let told = bus.check().await;
    let checked = begun.elapsed();
    assert!(matches!(told, Err(BusError::Unavailable(_))), "{told:?}");
    assert!(checked < Duration::from_millis(3_500), "{checked:?}");
    let begun = Instant::now();
    let told = bus.publish(message(Topic::SandboxRun, "unsure")).await;
    let publisher = begun.elapsed();
    assert!(matches!(told, Err(BusError::Unavailable(_))), "{told:?}");
    assert!(publisher < Duration::from_secs(32), "{publisher:?}");
    eprintln!("noticed after {noticed:?}, a check after {checked:?}, a publisher after {publisher:?}: {told:?}");
    eprintln!("{} threads of connections, {} dialled", io_threads(), proxy.accepted());
    assert!(io_threads() <= 4, "attempts that were given up leave something behind");
    proxy.restore().await;
    let begun = Instant::now();
    shout_until_heard(&bus, &heard).await;
    eprintln!("back after {:?}", begun.elapsed());
    bus.check().await.expect("it takes messages");
}

/// Threads that carry a connection to a broker, or try to.
fn io_threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").expect("this process").filter_map(Result::ok);
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|name| name.starts_with("lapin-io")).count()
}
