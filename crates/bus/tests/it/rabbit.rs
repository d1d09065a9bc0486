//! RabbitMQ: the contract, and a broker that dies.

use crate::support::{Counting, Own, broker, fresh, fresh_url, message};
use bus::Consumer;
use common::topic::Topic;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

/// Protects every service: a real broker keeps what the in-process bus promises.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rabbitmq_keeps_the_contract() {
    let Some(broker) = broker("the bus contract on RabbitMQ").await else { return };
    bus::contract::run_all(async || fresh(&broker.server.url()).await).await;
}

/// Protects accepted work from the broker's death: killed without warning in the middle of publishing and consuming,
/// started again on its own files; publishers wait, consumers go on, every message is handled, and few of them twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_killed_loses_nothing() {
    const COUNT: usize = 400;
    let Some(broker) = broker("the death of a broker").await else { return };
    let bus = fresh(&broker.server.url()).await;
    let (stop, seen) = (CancellationToken::new(), Arc::new(Counting::default()));
    let consumer = Consumer::start(&bus, Topic::SandboxRun, 4, seen.clone(), stop.clone()).await.expect("a consumer");
    let mut subscription = bus.subscribe(Topic::JobsStopped).await.expect("a subscription");
    let published = Arc::new(AtomicUsize::new(0));
    let (publishing, progress) = (bus.clone(), published.clone());
    let publisher = tokio::spawn(async move {
        for number in 0..COUNT {
            publishing.publish(message(Topic::SandboxRun, &number.to_string())).await.expect("published in the end");
            progress.fetch_add(1, Ordering::SeqCst);
        }
    });
    while published.load(Ordering::SeqCst) < COUNT / 4 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let Own { mut server, weight: _weight } = broker;
    let broker = spawn_blocking(move || {
        server.kill();
        server.begin().expect("the broker comes up again");
        server
    });
    let _broker = broker.await.expect("a thread");
    tokio::time::timeout(Duration::from_secs(60), publisher).await.expect("in time").expect("no panic");
    let done = async {
        while seen.different() < COUNT {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), done).await.expect("every message was handled");
    let twice = seen.repeats();
    // What was in hand or unconfirmed at that moment, and what the broker had heard of but not yet written.
    assert!(twice < COUNT / 4, "{twice} messages came twice");
    eprintln!("{twice} of {COUNT} messages came twice");
    // A subscription listens again as well, as soon as it is asked for the next message.
    let listening = tokio::spawn(async move { subscription.next().await });
    while !listening.is_finished() {
        bus.publish(message(Topic::JobsStopped, "heard")).await.expect("published");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(listening.await.expect("no panic").expect("an open bus").payload, b"heard");
    stop.cancel();
    consumer.finished().await;
    assert!(bus.dead_letters(Topic::SandboxRun).await.expect("dead letters").is_empty());
}

/// Protects a queue from a message that kills whoever takes it: after a while it is set aside, although no consumer
/// ever said a word, and those behind it are given.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_kills_its_consumers_is_set_aside() {
    let Some(broker) = broker("a message that kills its consumers").await else { return };
    let url = fresh_url(&broker.server.url());
    let publisher = bus::connect(&url).await.expect("a connection");
    for text in ["poison", "good"] {
        publisher.publish(message(Topic::AgentThink, text)).await.expect("published");
    }
    let mut deaths = 0;
    loop {
        let dying = bus::connect(&url).await.expect("a connection");
        let mut deliveries = dying.consume(Topic::AgentThink, 1).await.expect("a consumption");
        let next = tokio::time::timeout(Duration::from_secs(20), deliveries.next()).await.expect("in time");
        let delivery = next.expect("an open bus");
        if delivery.message().payload == b"good" {
            delivery.ack().await.expect("ack");
            break;
        }
        deaths += 1;
        assert!(deaths < 20, "it is given for ever");
        // The connection goes with the delivery still in hand.
        dying.close().await;
        std::mem::forget(delivery);
    }
    assert!(deaths >= 3, "one death may be anybody's fault: {deaths}");
    let until = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let dead = publisher.dead_letters(Topic::AgentThink).await.expect("dead letters");
        if dead.iter().map(|letter| letter.payload.as_slice()).eq([b"poison"]) {
            break;
        }
        assert!(tokio::time::Instant::now() < until, "{dead:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Protects operators: a URL that leads nowhere is an error in time, and says what is wrong without the password.
#[tokio::test]
async fn nobody_there_is_an_error() {
    let [port] = testkit::free_ports().expect("a port");
    let settings = bus::RabbitSettings::parse(&format!("amqp://guest:secret@127.0.0.1:{port}/%2f")).expect("settings");
    let settings = bus::RabbitSettings { start_patience: Duration::from_secs(2), ..settings };
    let error = bus::RabbitBus::connect(settings).await.expect_err("nobody is there").to_string();
    assert!(!error.contains("secret"), "{error}");
    assert!(bus::connect("amqp://h?namespace=a.b").await.is_err());
}
