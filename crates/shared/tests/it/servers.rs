//! Redis: the contract, and servers that refuse.

use common::MessageId;
use shared::contract::{Trial, run_all};
use shared::{Key, Purpose, RedisSettings, RedisState, SharedHandle, SharedState};
use std::time::{Duration, Instant};
use testkit::Redis;
use tokio::task::spawn_blocking;

/// A server of the test's own; none where it cannot be had, and that is said.
pub async fn server(what: &str, start: impl FnOnce() -> Result<Redis, String> + Send + 'static) -> Option<Redis> {
    match spawn_blocking(start).await.expect("a thread") {
        Ok(server) => Some(server),
        Err(why) => {
            eprintln!("SKIPPED: {what} is not tried: {why}");
            None
        }
    }
}

/// The URL with user and password in it.
pub fn with_password(server: &Redis, password: &str) -> String {
    server.url().replace("://", &format!("://:{password}@"))
}

/// Why this URL cannot be used, and that it is said at once.
async fn refusal(url: &str) -> String {
    let begin = Instant::now();
    let error = shared::connect(url).await.err().expect("a refusal");
    assert!(begin.elapsed() < Duration::from_secs(2), "{error} after {:?}", begin.elapsed());
    error.to_string()
}

/// A namespace of the server for each state.
struct Namespaces<'a>(&'a Redis, &'a str);

impl Trial for Namespaces<'_> {
    async fn fresh(&self) -> [SharedHandle; 2] {
        let url = format!("{}?namespace=test-{}{}", self.0.url(), MessageId::new(), self.1);
        let one = shared::connect(&url).await.expect("a connection");
        [one, shared::connect(&url).await.expect("a connection of another replica")]
    }

    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time + Duration::from_millis(2)).await;
    }
}

/// Protects every service: a real server keeps what the memory promises, for two replicas at once, and namespaces keep
/// installations apart.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redis_keeps_the_contract() {
    let Some(server) = server("the contract of shared state on Redis", Redis::start).await else { return };
    run_all(&Namespaces(&server, "")).await;
}

/// Protects what travels between machines: the same over TLS with an authority of one's own; a server of an authority
/// that nobody knows is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redis_keeps_the_contract_over_tls() {
    let Some(server) = server("Redis over TLS", Redis::start_with_tls).await else { return };
    run_all(&Namespaces(&server, &format!("&ca={}", server.authority().display()))).await;
    let error = refusal(&server.url()).await;
    assert!(error.contains("certificate"), "{error}");
    let error = refusal(&format!("{}?ca={}", server.url(), server.authority().with_extension("key").display())).await;
    assert!(error.contains("ca.key"), "{error}");
}

/// Protects operators: a missing or wrong password is named at once, without the wrong one.
#[tokio::test]
async fn a_password_is_asked_for() {
    let start = || Redis::start_with(&["--requirepass", "right"]);
    let Some(server) = server("a Redis with a password", start).await else { return };
    let error = refusal(&server.url()).await;
    assert!(error.contains("asks for a password"), "{error}");
    let error = refusal(&with_password(&server, "wr0ng")).await;
    assert!(error.contains("does not accept") && !error.contains("wr0ng"), "{error}");
    let settings = RedisSettings::parse(&with_password(&server, "right")).expect("settings");
    let shown = format!("{settings:?}");
    let state = RedisState::connect(settings).await.expect("a connection");
    assert_eq!(state.check().await, Ok(()));
    assert!(!format!("{shown} {state:?}").contains("right"));
}

/// Protects operators from a URL that names a replica: that it only reads is said at the start, not found by users.
#[tokio::test]
async fn a_server_that_only_reads_is_refused() {
    let Some(main) = server("a replica of Redis", Redis::start).await else { return };
    let of = format!("127.0.0.1 {}", main.port());
    let start = move || Redis::start_with(&["--replicaof", &of]);
    let Some(replica) = server("a replica of Redis", start).await else { return };
    let error = refusal(&replica.url()).await;
    assert!(error.contains("only reads"), "{error}");
}

/// Protects operators: databases there are not, and users that may not, are named.
#[tokio::test]
async fn what_is_not_allowed_is_told() {
    let start =
        || Redis::start_with(&["--user", "default", "on", "nopass", "~*", "+@read", "+hello", "+select", "+client"]);
    let Some(server) = server("a Redis with rights", start).await else { return };
    let error = refusal(&server.url()).await;
    assert!(error.contains("does not allow"), "{error}");
    let settings = RedisSettings::parse(&server.url().replace("/0", "/99")).expect("settings");
    let settings = RedisSettings { start_patience: Duration::from_millis(300), ..settings };
    let error = RedisState::connect(settings).await.expect_err("no such database").to_string();
    assert!(error.contains("DB index"), "{error}");
}

/// Protects the memory of a server over years: what has ended leaves no key, whichever way it was used; and what is
/// there is named by namespace, kind and purpose, and holds no text of a key.
#[tokio::test]
async fn nothing_stays_for_ever() {
    let Some(server) = server("the keys in Redis", Redis::start).await else { return };
    let state = shared::connect(&format!("{}?namespace=keys", server.url())).await.expect("a connection");
    let client = raw::Raw(server.port());
    // What it tried at the start ends after a millisecond.
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert_eq!(client.ask("KEYS *"), "*0", "the start leaves nothing");
    let key = Key::new(Purpose::Concurrency, "s3cr3t");
    let rate = shared::Rate::new(10, Duration::from_millis(100)).expect("a rate");
    state.put(&key, "x".into(), Duration::from_millis(700)).await.expect("put");
    assert!(state.spend(&key, rate, 7).await.expect("spend").is_allowed());
    assert!(state.hold(&key, "one", 2, Duration::from_millis(700)).await.expect("hold"));
    assert!(state.hold(&key, "two", 2, Duration::from_millis(100)).await.expect("hold"));
    let names = client.ask("KEYS *");
    for kind in ["value", "rate", "hold"] {
        assert!(names.contains(&format!("keys:{kind}:{key}")), "{names}");
        let left = client.ask(&format!("PTTL keys:{kind}:{key}"));
        let left: u64 = left.trim_start_matches(':').parse().expect("a time");
        assert!((1..=700).contains(&left), "{kind} ends in {left} ms");
    }
    assert!(!names.contains("s3cr3t"));
    tokio::time::sleep(Duration::from_millis(710)).await;
    assert_eq!(client.ask("KEYS *"), "*0");
}

/// The server's own protocol, without the library.
mod raw {
    use std::io::{Read, Write};
    use std::net::{Shutdown, TcpStream};

    /// The port of a server.
    pub struct Raw(pub u16);

    impl Raw {
        /// One command, and the whole answer with spaces for line ends.
        pub fn ask(&self, command: &str) -> String {
            let mut stream = TcpStream::connect(("127.0.0.1", self.0)).expect("a connection");
            write!(stream, "{command}\r\n").expect("sent");
            stream.shutdown(Shutdown::Write).expect("all sent");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).expect("an answer");
            answer.replace("\r\n", " ").trim_end().to_owned()
        }
    }
}
