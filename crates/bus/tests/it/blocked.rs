//! A broker that is short of memory.

use crate::support::{Counting, fresh_url, lone_broker, message, until};
use bus::{BusError, Consumer};
use common::topic::Topic;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use testkit::CuttableProxy;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

/// Protects a broker that runs out of memory, and everybody who waits for it: checks and publishers are told in plain
/// words, no connection is given up for it, what is there can be consumed and settled, which is what helps; what shall
/// come again waits and comes again; and when there is memory again everything goes on by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_without_memory_is_told_and_can_be_emptied() {
    let Some(broker) = lone_broker("a broker that is short of memory").await else { return };
    let (broker, weight) = (Arc::new(broker.server), broker.weight);
    let ctl = async |words: &'static [&str]| {
        let broker = broker.clone();
        spawn_blocking(move || broker.ctl(words)).await.expect("a thread").expect("it obeys")
    };
    let proxy = CuttableProxy::start(broker.address()).expect("a proxy");
    let url = fresh_url(&format!("amqp://guest:guest@{}/%2f", proxy.address()));
    let bus = bus::connect(&url).await.expect("a connection");
    for number in 0..100 {
        bus.publish(message(Topic::SandboxRun, &number.to_string())).await.expect("published");
    }
    bus.check().await.expect("it takes messages");

    ctl(&["set_vm_memory_high_watermark", "0"]).await;
    let other = bus::connect(&url).await.expect("a connection without a message is fine");
    for bus in [&bus, &other] {
        let begun = Instant::now();
        let told = bus.check().await.expect_err("it takes no messages");
        assert!(matches!(told, BusError::Blocked(_)), "{told:?}");
        assert!(begun.elapsed() < Duration::from_millis(3_500));
        let text = told.to_string();
        assert!(text.starts_with("the broker takes no messages for now") && text.contains("memory"), "{text}");
        eprintln!("a check was told after {:?}: {text}", begun.elapsed());
    }
    let (dialled, waiting) = (proxy.accepted(), bus.clone());
    let told = tokio::spawn(async move {
        let begun = Instant::now();
        (waiting.publish(message(Topic::SandboxRun, "unsure")).await, begun.elapsed())
    });
    let (seen, stop) = (Arc::new(Counting::default()), CancellationToken::new());
    seen.some_later.store(true, Ordering::SeqCst);
    let consumer = Consumer::start(&bus, Topic::SandboxRun, 8, seen.clone(), stop.clone()).await.expect("a consumer");
    // Every twentieth is wanted later, which takes a place to wait in.
    let emptied = until("what is there is handled", Duration::from_secs(20), || seen.different() == 95).await;
    // The broker counts every five seconds.
    let begun = Instant::now();
    let is_left = |line: &str| line.ends_with(&format!(".{}\t5", Topic::SandboxRun));
    while !ctl(&["list_queues", "name", "messages"]).await.lines().any(is_left) {
        assert!(begun.elapsed() < Duration::from_secs(20), "what was handled is not settled");
    }
    let (told, after) = told.await.expect("no panic");
    assert!(matches!(told, Err(BusError::Blocked(_))), "{told:?}");
    assert!(after >= Duration::from_secs(29) && after < Duration::from_secs(32), "{after:?}");
    eprintln!("emptied in {emptied:?}, a publisher was told after {after:?}");

    let waiting = bus.clone();
    let publisher = tokio::spawn(async move { waiting.publish(message(Topic::SandboxRun, "patient")).await });
    ctl(&["set_vm_memory_high_watermark", "0.4"]).await;
    tokio::time::timeout(Duration::from_secs(10), publisher).await.expect("in time").expect("no panic").expect("taken");
    let later = || (0..100).all(|number: usize| seen.times(&number.to_string()) > 0) && seen.times("patient") > 0;
    until("what had to wait is handled", Duration::from_secs(20), later).await;
    for bus in [&bus, &other] {
        bus.check().await.expect("it takes messages again");
    }
    assert_eq!(proxy.accepted(), dialled, "no connection was given up");
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(10), consumer.finished()).await.expect("in time");
    assert!(bus.dead_letters(Topic::SandboxRun).await.expect("dead letters").is_empty());
    drop(weight);
}
