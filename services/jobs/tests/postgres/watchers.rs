//! What callers cost the database, with replicas that share a Redis: those who watch a job, and those who repeat a
//! request. And that nothing but time is lost with that Redis.

use crate::harness::{PATIENCE, Process, limits, straight};
use async_trait::async_trait;
use bus::{Bus, BusError, Deliveries, Incoming, MemoryBus, Outgoing, SharedBus, Subscription};
use common::topic::Topic;
use common::{ErrorCode, FileId, JobId, OwnerId};
use futures::{StreamExt, future};
use jobs::NewJob;
use shared::SharedHandle;
use std::sync::Arc;
use std::time::{Duration, Instant};
use testkit::Redis;
use tokio::task::spawn_blocking;

/// Those who watch on each replica.
const WATCHERS: usize = 25;
/// Events of a job that goes straight.
const EVENTS: u64 = 17;

/// A bus for several replicas of a test, which tell each other of changes as they do over a broker.
struct TellingBus(MemoryBus);

#[async_trait]
impl Bus for TellingBus {
    async fn publish(&self, message: Outgoing) -> Result<(), BusError> {
        self.0.publish(message).await
    }

    async fn consume(&self, topic: Topic, prefetch: usize) -> Result<Box<dyn Deliveries>, BusError> {
        self.0.consume(topic, prefetch).await
    }

    async fn subscribe(&self, topic: Topic) -> Result<Box<dyn Subscription>, BusError> {
        self.0.subscribe(topic).await
    }

    async fn dead_letters(&self, topic: Topic) -> Result<Vec<Incoming>, BusError> {
        self.0.dead_letters(topic).await
    }

    async fn check(&self) -> Result<(), BusError> {
        self.0.check().await
    }

    fn is_durable(&self) -> bool {
        true
    }

    async fn close(&self) {
        self.0.close().await;
    }
}

/// A Redis of the test's own, and two connections to it; none where it or PostgreSQL cannot be had, and that is said.
async fn engines() -> Option<(Redis, [SharedHandle; 2])> {
    let started = spawn_blocking(|| testkit::postgres().map(drop).and_then(|()| Redis::start()));
    let redis = match started.await.expect("a thread") {
        Ok(redis) => redis,
        Err(why) => {
            eprintln!("SKIPPED: what callers cost the database is not tried: {why}");
            return None;
        }
    };
    let one = shared::connect(&redis.url()).await.expect("a connection");
    let two = shared::connect(&redis.url()).await.expect("a connection");
    Some((redis, [one, two]))
}

/// Does it to the server on a thread that may wait.
async fn with(mut redis: Redis, work: impl FnOnce(&mut Redis) + Send + 'static) -> Redis {
    let done = spawn_blocking(move || {
        work(&mut redis);
        redis
    });
    done.await.expect("a thread")
}

fn telling_bus() -> SharedBus {
    Arc::new(TellingBus(MemoryBus::new()))
}

/// Reads of events, and those that say whose a job is or how far it has come.
fn reads_of_streams(process: &Process) -> usize {
    let statements = process.statements.lock().expect("lock");
    let is_read = |sql: &&String| {
        let of_jobs = sql.contains("FROM \"job\"") && !sql.contains("COUNT");
        sql.starts_with("SELECT") && (sql.contains("FROM \"job_event\"") || of_jobs && !sql.contains("doc"))
    };
    statements.iter().filter(is_read).count()
}

async fn numbers(process: &Process, id: JobId, after: u64) -> Vec<u64> {
    let events = process.jobs.events(&OwnerId::local(), id, after).await.expect("a stream");
    let numbers = events.map(|event| event.number).collect();
    tokio::time::timeout(PATIENCE, numbers).await.expect("it ends")
}

/// Protects the database from those who watch: fifty streams of one job on two replicas read as much as two would, while
/// nothing happens and while everything does; and each gets every event once, in order.
#[tokio::test(flavor = "multi_thread")]
async fn watchers_cost_no_reads_of_their_own() {
    let Some((_redis, [one, two])) = engines().await else { return };
    let (folder, file, bus) = (tempfile::tempdir().expect("folder"), FileId::new(), telling_bus());
    let first = Process::alone((bus.clone(), one.clone()), folder.path(), file, limits(0)).await;
    let second = Process::alone((bus.clone(), two), folder.path(), file, limits(0)).await;
    let id = first.create(file).await;
    let begin = Instant::now();
    let watching = future::join_all((0..2 * WATCHERS).map(|number| numbers([&first, &second][number % 2], id, 0)));
    let starting = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        let idle = [&first, &second].map(reads_of_streams);
        (Process::start_on((bus, one), folder.path(), file, 4, straight).await, idle)
    };
    let (all, (third, idle)) = tokio::join!(watching, starting);
    let most = begin.elapsed().as_secs() as usize + 1;
    for seen in all {
        assert_eq!(seen, (1..=EVENTS).collect::<Vec<_>>());
    }
    let reads = [&first, &second].map(reads_of_streams);
    eprintln!("reads of two replicas: {idle:?} in three idle seconds, {reads:?} at the end");
    for reads in reads {
        // Two at the opening, one a second; and one for an event that was replaced by the next before it was seen.
        assert!(reads <= 2 + most + EVENTS as usize, "{reads} reads in {most} seconds");
    }
    for process in [first, second, third] {
        process.end().await;
    }
}

/// Protects those who watch from the loss of Redis: their streams go on to the end, without a gap, on every replica; and
/// protects them while it hangs.
#[tokio::test(flavor = "multi_thread")]
async fn streams_go_on_without_redis() {
    let Some((redis, [one, two])) = engines().await else { return };
    let file = FileId::new();
    let mut redis = redis;
    for is_killed in [false, true] {
        let (folder, bus) = (tempfile::tempdir().expect("folder"), telling_bus());
        let first = Process::alone((bus.clone(), one.clone()), folder.path(), file, limits(0)).await;
        let second = Process::alone((bus.clone(), two.clone()), folder.path(), file, limits(0)).await;
        let id = first.create(file).await;
        let losing = async {
            let opened = [&first, &second].map(|process| async move {
                let mut events = process.jobs.events(&OwnerId::local(), id, 0).await.expect("a stream").boxed();
                assert_eq!(events.next().await.expect("an event").number, 1);
                events
            });
            let opened = future::join_all(opened).await;
            let lost = with(redis, move |redis| if is_killed { redis.kill() } else { redis.freeze() }).await;
            let third = Process::start_on((bus, one.clone()), folder.path(), file, 4, straight).await;
            (opened, lost, third)
        };
        let (opened, lost, third) = losing.await;
        for events in opened {
            let rest = events.map(|event| event.number).collect::<Vec<_>>();
            let rest = tokio::time::timeout(PATIENCE, rest).await.expect("it ends");
            assert_eq!(rest, (2..=EVENTS).collect::<Vec<_>>());
        }
        redis = with(lost, move |redis| {
            if !is_killed {
                redis.go_on()
            }
        })
        .await;
        for process in [first, second, third] {
            process.end().await;
        }
    }
}

/// Protects those who move from one replica to another: a number that this replica has not heard of yet is waited for,
/// one that never was ends the stream; and a stream that somebody else has open shows nothing to a stranger.
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_elsewhere() {
    let Some((_redis, [one, two])) = engines().await else { return };
    let (folder, file) = (tempfile::tempdir().expect("folder"), FileId::new());
    // They share the database alone: neither is told what the other does.
    let first = Process::alone((telling_bus(), one.clone()), folder.path(), file, limits(0)).await;
    let id = first.create(file).await;
    let mut open = first.jobs.events(&OwnerId::local(), id, 0).await.expect("a stream").boxed();
    assert_eq!(open.next().await.map(|event| event.number), Some(1));
    let stranger = OwnerId::parse("stranger").expect("owner");
    assert_eq!(first.jobs.events(&stranger, id, 0).await.err().map(|error| error.code), Some(ErrorCode::JobNotFound));
    let unknown = first.jobs.events(&OwnerId::local(), JobId::new(), 0).await;
    assert_eq!(unknown.err().map(|error| error.code), Some(ErrorCode::JobNotFound));

    let third = Process::start_on((telling_bus(), two), folder.path(), file, 4, straight).await;
    third.until_final(id).await;
    assert_eq!(numbers(&first, id, EVENTS - 1).await, [EVENTS], "newer than what the open stream has seen");
    assert_eq!(numbers(&first, id, EVENTS).await, Vec::<u64>::new(), "all of it was seen");
    let rest: Vec<_> = tokio::time::timeout(PATIENCE, open.map(|event| event.number).collect()).await.expect("ends");
    assert_eq!(rest, (2..=EVENTS).collect::<Vec<_>>(), "found without being told");

    let waiting = Process::alone((telling_bus(), one), folder.path(), file, limits(0)).await;
    third.end().await;
    let id = waiting.create(file).await;
    assert_eq!(numbers(&waiting, id, 99).await, Vec::<u64>::new(), "an event that never was");
    waiting.end().await;
    first.end().await;
}

/// Protects callers that repeat a request from the loss of Redis: before, while and after it is away, empty or not, a
/// key gives one job on every replica, and another request under it is refused. Tells what a repeat costs with and
/// without.
#[tokio::test(flavor = "multi_thread")]
async fn repeats_need_no_redis() {
    const REPEATS: usize = 400;
    let Some((redis, [one, two])) = engines().await else { return };
    let (folder, file, bus) = (tempfile::tempdir().expect("folder"), FileId::new(), telling_bus());
    let first = Process::start_on((bus.clone(), one), folder.path(), file, 4, straight).await;
    let second = Process::alone((bus, two), folder.path(), file, limits(4)).await;
    let owner = OwnerId::local();
    let request = |prompt: &str| NewJob { file_ids: vec![file], prompt: prompt.into(), options: Default::default() };
    let create = |number: usize, prompt: &str, key: &str| {
        [&first, &second][number % 2].jobs.create(&owner, request(prompt), Some(key.to_owned()))
    };
    let id = create(0, "a", "before").await.expect("made").id;
    first.until_final(id).await;
    let all_the_same = async |when: &str| {
        let mut times = Vec::new();
        for number in 0..REPEATS {
            let begin = Instant::now();
            assert_eq!(create(number, "a", "before").await.expect("made").id, id, "{when}");
            times.push(begin.elapsed());
        }
        times.sort();
        eprintln!("a repeat {when}: p50 {:?}, p95 {:?}", times[REPEATS / 2], times[REPEATS * 95 / 100]);
        for number in 0..2 {
            let refused = create(number, "b", "before").await.expect_err("another request");
            assert_eq!(refused.code, ErrorCode::IdempotencyConflict, "{when}");
        }
    };
    all_the_same("with Redis").await;
    // It goes while many make the same job.
    let killing = with(redis, Redis::kill);
    let made = future::join_all((0..16).map(|number| create(number, "a", "while")));
    let (redis, made) = tokio::join!(killing, made);
    let ids: Vec<_> = made.into_iter().map(|made| made.expect("made").id).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    all_the_same("without Redis").await;
    let _redis = with(redis, |redis| redis.begin().expect("it comes up again")).await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    all_the_same("with an empty Redis").await;
    assert_eq!(create(1, "a", "while").await.expect("made").id, ids[0]);
    second.end().await;
    first.end().await;
}
