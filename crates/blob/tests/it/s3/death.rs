//! An object store that dies.

use super::{fresh, key, mebibytes, server};
use blob::{BlobError, ErrorKind, SharedStore};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use testkit::S3Server;
use tokio::task::{JoinHandle, spawn_blocking};

/// Bytes that tell the number of their object: large ones go up in parts.
fn content(number: usize) -> Bytes {
    let bytes = if number % 8 == 7 { 6 << 20 } else { 1000 + number };
    Bytes::from(vec![number as u8; bytes])
}

/// What the workers have seen.
#[derive(Default)]
struct Seen {
    stop: AtomicBool,
    accepted: AtomicUsize,
    failed: AtomicUsize,
}

impl Seen {
    /// Waits for more, as long as the busiest machine may take.
    async fn more(&self, of: impl Fn(&Self) -> &AtomicUsize, count: usize) {
        let (until, before) = (Instant::now() + Duration::from_secs(120), of(self).load(Ordering::SeqCst));
        while of(self).load(Ordering::SeqCst) < before + count {
            assert!(Instant::now() < until, "the workers do not get on");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Puts objects until stopped, reads each back, and answers which were accepted. Whatever fails must be `Unavailable`.
fn work(store: SharedStore, first: usize, seen: Arc<Seen>) -> JoinHandle<Vec<usize>> {
    let judging = seen.clone();
    let judge = move |error: BlobError| {
        assert_eq!(error.kind, ErrorKind::Unavailable, "{error:?}");
        judging.failed.fetch_add(1, Ordering::SeqCst);
    };
    tokio::spawn(async move {
        let mut accepted = Vec::new();
        for number in (first..).step_by(2) {
            if seen.stop.load(Ordering::SeqCst) {
                break;
            }
            let name = key(&format!("w/{number}"));
            let bytes = content(number);
            let pieces: Vec<_> = bytes.chunks(700_000).map(|piece| Ok(bytes.slice_ref(piece))).collect();
            match store.put_stream(&name, stream::iter(pieces).boxed(), u64::MAX).await {
                Ok(_) => {
                    accepted.push(number);
                    seen.accepted.fetch_add(1, Ordering::SeqCst);
                }
                Err(error) => judge(error),
            }
            if let Some(last) = accepted.last() {
                match store.get(&key(&format!("w/{last}")), u64::MAX).await {
                    Ok(read) => assert!(read == content(*last), "object {last} is not what was put"),
                    Err(error) => judge(error),
                }
            }
        }
        accepted
    })
}

/// Runs what blocks, and gives the server back.
async fn blocking(mut server: S3Server, work: fn(&mut S3Server)) -> S3Server {
    spawn_blocking(move || {
        work(&mut server);
        server
    })
    .await
    .expect("a thread")
}

fn begin(server: &mut S3Server) {
    server.begin().expect("it comes up again");
}

/// Protects accepted objects and our own life: the store is killed again and again under puts and gets, for moments that
/// are waited out and for longer; what was accepted is there, what failed was `Unavailable`, and afterwards everything
/// works without a restart of ours.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_killed_loses_nothing() {
    let Some(mut server) = server("the death of an object store").await else { return };
    let store = fresh(&server).await;
    let seen = Arc::new(Seen::default());
    let workers = [0, 1].map(|first| work(store.clone(), first, seen.clone()));
    for outage_ms in [Some(0), Some(300), None] {
        seen.more(|seen| &seen.accepted, 20).await;
        server = blocking(server, S3Server::kill).await;
        match outage_ms {
            Some(some) => tokio::time::sleep(Duration::from_millis(some)).await,
            None => seen.more(|seen| &seen.failed, 1).await,
        }
        server = blocking(server, begin).await;
    }
    seen.more(|seen| &seen.accepted, 20).await;
    seen.stop.store(true, Ordering::SeqCst);
    for worker in workers {
        for number in worker.await.expect("every failure was Unavailable, every object whole") {
            let read = store.get(&key(&format!("w/{number}")), u64::MAX).await.expect("what was accepted is there");
            assert!(read == content(number), "object {number} is not what was put");
        }
    }
    store.check().await.expect("it works again");
}

/// Protects readers: a stream whose store dies ends with an error, not as if the object were shorter, and a put that finds
/// nobody says so within seconds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_cut_short_is_an_error() {
    let Some(server) = server("a stream that is cut").await else { return };
    let store = fresh(&server).await;
    store.put_stream(&key("big"), mebibytes(32), u64::MAX).await.expect("put");
    let (info, mut body) = store.get_stream(&key("big")).await.expect("get");
    assert_eq!(info.bytes, 32 << 20);
    body.try_next().await.expect("it begins").expect("there is more");
    let server = blocking(server, S3Server::kill).await;
    let rest = body.try_fold(0, |sum, chunk| async move { Ok(sum + chunk.len()) }).await;
    assert_eq!(rest.expect_err("cut short").kind, ErrorKind::Unavailable);
    let asked = Instant::now();
    let put = store.put(&key("small"), Bytes::new()).await;
    assert_eq!(put.expect_err("nobody there").kind, ErrorKind::Unavailable);
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    let _server = blocking(server, begin).await;
    assert_eq!(store.head(&key("big")).await.expect("it works again").bytes, 32 << 20);
}
