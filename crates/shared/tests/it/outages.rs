//! Redis: servers that die, freeze and come back.

use crate::servers::{server, with_password};
use shared::{Key, OPERATION_PATIENCE, Purpose, Rate, RedisSettings, RedisState, SharedError, SharedHandle};
use std::time::{Duration, Instant};
use testkit::Redis;
use tokio::task::spawn_blocking;

/// Most time of an operation, whatever the server does, with what a busy machine adds.
const BOUND: Duration = Duration::from_secs(2);

fn key() -> Key {
    Key::new(Purpose::Session, "of somebody")
}

/// Every operation once, each within the bound; whether all failed as they should.
async fn all_fail_in_time(state: &SharedHandle) {
    assert!(OPERATION_PATIENCE < BOUND);
    let rate = Rate::new(1, Duration::from_secs(1)).expect("a rate");
    for number in 0..10 {
        let begin = Instant::now();
        let keep = Duration::from_secs(60);
        let (what, answer) = match number {
            0 => ("get", state.get(&key()).await.map(drop)),
            1 => ("put", state.put(&key(), "x".into(), keep).await),
            2 => ("put_new", state.put_new(&key(), "x".into(), keep).await.map(drop)),
            3 => ("take", state.take(&key()).await.map(drop)),
            4 => ("delete", state.delete(&key()).await),
            5 => ("spend", state.spend(&key(), rate, 1).await.map(drop)),
            6 => ("put_newer", state.put_newer(&key(), 1, "x".into(), keep).await.map(drop)),
            7 => ("newest", state.newest(&key()).await.map(drop)),
            8 => ("hold", state.hold(&key(), "x", 1, keep).await.map(drop)),
            _ => ("check", state.check().await),
        };
        assert!(matches!(answer, Err(SharedError::Unavailable(_))), "{what}: {answer:?}");
        assert!(begin.elapsed() < BOUND, "{what} took {:?}", begin.elapsed());
    }
}

/// Waits until it works, and answers how long that was.
async fn works_again(state: &SharedHandle) -> Duration {
    let begin = Instant::now();
    while let Err(why) = state.check().await {
        assert!(begin.elapsed() < Duration::from_secs(10), "it does not work again: {why}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    begin.elapsed()
}

/// Kills it on a thread that may wait.
async fn killed(mut server: Redis) -> Redis {
    let killed = spawn_blocking(move || {
        server.kill();
        server
    });
    killed.await.expect("a thread")
}

async fn begun(mut server: Redis) -> Redis {
    let begun = spawn_blocking(move || {
        server.begin().expect("it comes up again");
        server
    });
    begun.await.expect("a thread")
}

/// Protects services from the death of a server: while there is none every operation fails in time, alone and in a
/// crowd; when there is one again everything works, scripts included, without a restart of ours.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_dies_is_survived() {
    let Some(server) = server("the death of Redis", Redis::start).await else { return };
    let state = shared::connect(&server.url()).await.expect("a connection");
    let rate = Rate::new(1, Duration::from_secs(60)).expect("a rate");
    assert!(state.spend(&key(), rate, 1).await.expect("spend").is_allowed());
    let server = killed(server).await;
    all_fail_in_time(&state).await;
    let begin = Instant::now();
    let crowd: Vec<_> = (0..200)
        .map(|_| {
            let state = state.clone();
            tokio::spawn(async move { state.get(&key()).await })
        })
        .collect();
    for one in crowd {
        assert!(one.await.expect("no panic").is_err());
    }
    assert!(begin.elapsed() < BOUND, "a crowd waits no longer than one: {:?}", begin.elapsed());
    let server = begun(server).await;
    let after = works_again(&state).await;
    assert!(state.spend(&key(), rate, 1).await.expect("spend").is_allowed(), "it may forget, and did");
    eprintln!("works {after:?} after the server");

    // Nobody asks while it is away: the first one afterwards notices nothing.
    let server = begun(killed(server).await).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(state.get(&key()).await, Ok(None));
    drop(server);
}

/// Protects services from a server whose machine hangs: connections stand, nothing answers. Operations fail in time,
/// and work when it goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_is_survived() {
    let Some(server) = server("a Redis that hangs", Redis::start).await else { return };
    let state = shared::connect(&server.url()).await.expect("a connection");
    server.freeze();
    all_fail_in_time(&state).await;
    server.go_on();
    eprintln!("works {:?} after the server", works_again(&state).await);
}

/// Protects services while a server's password is changed: refused meanwhile, with the reason, and working when it is
/// the right one again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_changes_is_survived() {
    let start = || Redis::start_with(&["--requirepass", "right"]);
    let Some(server) = server("a Redis with a password", start).await else { return };
    let state = shared::connect(&with_password(&server, "right")).await.expect("a connection");
    let mut server = killed(server).await;
    server.set_options(&["--requirepass", "other"]);
    let server = begun(server).await;
    let why = state.check().await.expect_err("another password").to_string();
    assert!(why.contains("does not accept") && !why.contains("right"), "{why}");
    let mut server = killed(server).await;
    server.set_options(&["--requirepass", "right"]);
    let _server = begun(server).await;
    works_again(&state).await;
}

/// Protects services that can do without: they start while there is no server, and use it once there is one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_may_come_later() {
    let Some(server) = server("a Redis that comes later", Redis::start).await else { return };
    let url = server.url();
    let server = killed(server).await;
    let state = shared::open(&url).expect("a URL");
    assert!(state.check().await.is_err());
    let _server = begun(server).await;
    works_again(&state).await;
    assert!(matches!(shared::open("redis://h/?nonsense=1").err(), Some(shared::ConnectError::Url(_))));
}

/// Protects operators: a URL that leads nowhere, or to something else, is an error in time, and says what is wrong
/// without the password.
#[tokio::test]
async fn nobody_there_is_an_error() {
    let [port] = testkit::free_ports().expect("a port");
    let settings = RedisSettings::parse(&format!("redis://:s3cr3t@127.0.0.1:{port}/0")).expect("settings");
    let settings = RedisSettings { start_patience: Duration::from_millis(500), ..settings };
    let begin = Instant::now();
    let error = RedisState::connect(settings).await.expect_err("nobody is there").to_string();
    assert!(begin.elapsed() < BOUND, "{:?}", begin.elapsed());
    assert!(error.contains("refused") && !error.contains("s3cr3t"), "{error}");

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("its port").port();
    let other = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            // Whoever hangs up first has seen enough.
            let _sent = tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let settings = RedisSettings::parse(&format!("redis://:s3cr3t@127.0.0.1:{port}/0")).expect("settings");
    let settings = RedisSettings { start_patience: Duration::from_millis(500), ..settings };
    let error = RedisState::connect(settings).await.expect_err("no Redis").to_string();
    assert!(!error.contains("s3cr3t"), "{error}");
    eprintln!("something else: {error}");
    other.abort();
}
