//! The blob contract on an object store, and what only a store behind a network does: pages, faults, death.

mod death;
mod memory;

use blob::{BlobKey, ByteStream, ConnectError, ErrorKind, SharedStore};
use bytes::Bytes;
use common::MessageId;
use futures::{StreamExt, stream};
use std::collections::BTreeSet;
use std::error::Error;
use std::time::{Duration, Instant};
use testkit::S3Server;
use tokio::task::spawn_blocking;

/// A server of the test's own; none where it cannot be had, and that is said.
async fn server(what: &str) -> Option<S3Server> {
    match spawn_blocking(S3Server::start).await.expect("a thread") {
        Ok(server) => Some(server),
        Err(why) => {
            eprintln!("SKIPPED: {what} is not tried: {why}");
            None
        }
    }
}

/// A store in a bucket that all share, below a prefix that nobody has used.
async fn fresh(server: &S3Server) -> SharedStore {
    blob::connect(&server.url(&format!("shared/{}", MessageId::new()))).await.expect("a store")
}

fn key(text: &str) -> BlobKey {
    BlobKey::parse(text).expect("a valid key")
}

/// That many chunks of one MiB.
fn mebibytes(count: usize) -> ByteStream {
    stream::iter((0..count).map(|n| Ok(Bytes::from(vec![n as u8; 1 << 20])))).boxed()
}

/// What an error and all its causes say, to people and to programmers.
fn told(error: &dyn Error) -> String {
    let mut told = format!("{error:?}");
    let mut next = Some(error);
    while let Some(error) = next {
        told = format!("{told}: {error}");
        next = error.source();
    }
    told
}

/// Protects every service: an object store keeps the promises that the folder keeps.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s3_keeps_the_contract() {
    let Some(server) = server("the blob contract on S3").await else { return };
    blob::contract::run_all(async || fresh(&server).await).await;
    assert_eq!(server.unfinished_uploads().expect("its folder"), 0, "what failed or was dropped is aborted");
}

/// Protects large jobs and installations: more keys than one page or one deletion holds are all listed, in order of
/// their bytes, and all deleted; those of another prefix in the same bucket are not touched.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_pages_are_listed_and_deleted() {
    let Some(server) = server("listing of many keys").await else { return };
    let (store, other) = (fresh(&server).await, fresh(&server).await);
    other.put(&key("many/0"), Bytes::new()).await.expect("put");
    let names: BTreeSet<String> = (0..2_345).map(|n| format!("many/{n}")).collect();
    let puts = names.iter().map(|name| (store.clone(), key(name)));
    let put = |(store, key): (SharedStore, BlobKey)| async move { store.put(&key, Bytes::new()).await.expect("put") };
    stream::iter(puts).for_each_concurrent(16, put).await;
    let listed = store.list(&key("many")).await.expect("list");
    assert!(listed.iter().map(BlobKey::as_str).eq(names.iter().map(String::as_str)), "{} keys", listed.len());
    store.delete_prefix(&key("many")).await.expect("delete");
    assert_eq!(store.list(&key("many")).await.expect("list"), []);
    assert_eq!(other.list(&key("many")).await.expect("list"), [key("many/0")]);
}

/// Protects names that mean something in URLs, in XML or at an edge: they come back from listings as they were, and
/// deletions in bulk hit them and nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_survive_urls_and_xml() {
    let Some(server) = server("odd names on S3").await else { return };
    let store = fresh(&server).await;
    let odd =
        ["a&b", "<Key>", "&amp;", "]]>", " ahead", "behind ", " ", "a  b", "100%", "%2F", "a=b&c=d", "#?", "+", "..."];
    let all: BTreeSet<BlobKey> = odd.iter().map(|name| key(&format!("odd/{name}"))).collect();
    for name in &all {
        store.put(name, Bytes::from(name.to_string())).await.expect("put");
    }
    assert!(store.list(&key("odd")).await.expect("list").iter().eq(&all));
    for name in &all {
        assert_eq!(store.get(name, 1000).await.expect("get"), name.as_str());
        store.put(&key(&format!("odd2/{}", &name.as_str()[4..])), Bytes::new()).await.expect("put");
    }
    for name in odd {
        store.delete(&key(&format!("odd2/{name}"))).await.expect("delete");
    }
    assert_eq!(store.list(&key("odd2")).await.expect("list"), []);
    store.delete_prefix(&key("odd")).await.expect("delete");
    assert_eq!(store.list(&key("odd")).await.expect("list"), []);
}

/// Protects keys that are objects and begin other keys, as nothing forbids in S3: each is its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_may_stand_above_others() {
    let Some(server) = server("objects above objects").await else { return };
    let store = fresh(&server).await;
    for name in ["a", "a/b", "a/b/c"] {
        store.put(&key(name), Bytes::from(name)).await.expect("put");
    }
    store.delete(&key("a/b")).await.expect("delete");
    assert_eq!(store.list(&key("a")).await.expect("list"), [key("a/b/c")]);
    assert_eq!(store.get(&key("a"), 10).await.expect("get"), "a");
}

/// Protects replicas that start at the same moment: all make the bucket, all get it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_make_the_same_bucket() {
    let Some(server) = server("making a bucket at once").await else { return };
    let url = server.url("made-by-all");
    let opened = futures::future::join_all((0..8).map(|_| blob::connect(&url))).await;
    for (number, store) in opened.into_iter().enumerate() {
        let store = store.expect("a store");
        store.put(&key("k"), Bytes::from(number.to_string())).await.expect("put");
        assert_eq!(store.get(&key("k"), 10).await.expect("get"), number.to_string());
    }
}

/// Protects secrets and whoever mistyped one: what is wrong is said at the start, and the secret is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_credentials_are_told_without_them() {
    let Some(server) = server("wrong credentials").await else { return };
    let right = server.url("shared");
    for (from, to) in [("s3://tests:", "s3://nobody:"), ("open%2F%2Bsesame%40", "open-barley")] {
        let wrong = right.replace(from, to);
        assert_ne!(wrong, right);
        let error = blob::connect(&wrong).await.err().expect("refused");
        assert!(matches!(error, ConnectError::Bucket { .. }));
        let told = told(&error);
        assert!(told.contains("shared") && told.contains("refuses these credentials"), "{told}");
        for secret in server.secrets().into_iter().chain(["barley", "nobody", "tests"]) {
            assert!(!told.contains(secret), "{told}");
        }
    }
}

/// Protects callers from a store under load: what passes soon is not their business, what lasts is `Unavailable`, and a
/// store without room is `Full` at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_that_pass_are_waited_out() {
    let Some(server) = server("faults of an object store").await else { return };
    let store = fresh(&server).await;
    store.put(&key("a/1"), Bytes::from_static(b"one")).await.expect("put");
    // Each call, or the first of those an operation makes, fails twice.
    let fail = |count| server.fail(count, 503, "SlowDown").expect("ordered");
    fail(2);
    assert_eq!(store.get(&key("a/1"), 10).await.expect("get"), "one");
    fail(2);
    assert_eq!(store.head(&key("a/1")).await.expect("head").bytes, 3);
    fail(2);
    assert_eq!(store.list(&key("a")).await.expect("list"), [key("a/1")]);
    fail(2);
    assert_eq!(store.put_stream(&key("b/1"), mebibytes(6), u64::MAX).await.expect("put"), 6 << 20);
    fail(2);
    store.put(&key("a/2"), Bytes::new()).await.expect("put");
    fail(2);
    store.delete(&key("a/2")).await.expect("delete");
    fail(2);
    store.delete_prefix(&key("b")).await.expect("delete");
    fail(1000);
    assert_eq!(store.put(&key("a/2"), Bytes::new()).await.expect_err("it lasts").kind, ErrorKind::Unavailable);
    assert_eq!(store.check().await.expect_err("it lasts").kind, ErrorKind::Unavailable);
    fail(0);
    server.fail(1, 507, "XMinioStorageFull").expect("ordered");
    let asked = Instant::now();
    assert_eq!(store.put(&key("a/2"), Bytes::new()).await.expect_err("no room").kind, ErrorKind::Full);
    assert!(asked.elapsed() < Duration::from_secs(1), "waiting makes no room");
    assert_eq!(store.list(&key("a")).await.expect("list"), [key("a/1")]);
}

/// Protects the bucket from being paid for twice: an upload in parts that fails, grows too large or is dropped is aborted,
/// and shows nowhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unfinished_uploads_are_aborted() {
    let Some(server) = server("unfinished uploads").await else { return };
    let store = fresh(&server).await;
    let cut = || stream::once(async { Err(blob::BlobError::new(ErrorKind::Unavailable, &key("source"))) });
    let broken = store.put_stream(&key("a/1"), mebibytes(11).chain(cut()).boxed(), u64::MAX).await;
    assert_eq!(broken.expect_err("the source broke").kind, ErrorKind::Source);
    let large = store.put_stream(&key("a/2"), mebibytes(12), 11 << 20).await;
    assert_eq!(large.expect_err("too large").kind, ErrorKind::TooLarge);
    assert_eq!(server.unfinished_uploads().expect("its folder"), 0, "a failed put aborts before it answers");
    let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
    let waiting = stream::once(async move {
        // Asked for more, the put has sent what it had.
        let _ = sender.send(());
        std::future::pending().await
    });
    let (putting, source) = (store.clone(), mebibytes(11).chain(waiting).boxed());
    let put = tokio::spawn(async move { putting.put_stream(&key("a/3"), source, u64::MAX).await });
    receiver.await.expect("two parts are sent");
    assert_eq!(server.unfinished_uploads().expect("its folder"), 1);
    put.abort();
    assert!(put.await.expect_err("dropped").is_cancelled());
    let until = Instant::now() + Duration::from_secs(20);
    while server.unfinished_uploads().expect("its folder") > 0 {
        assert!(Instant::now() < until, "a dropped put is aborted behind the caller's back");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(store.list(&key("a")).await.expect("list"), []);
}
