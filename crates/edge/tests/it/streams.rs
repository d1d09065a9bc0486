//! Server-sent events.

use crate::support::{OpenStreams, get, settings, site};
use edge::testing::TestServer;
use futures::StreamExt;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Reads a stream until the text holds `end`.
async fn read_until(response: reqwest::Response, end: &str) -> String {
    let mut text = String::new();
    let mut chunks = response.bytes_stream();
    while !text.contains(end) {
        let chunk = tokio::time::timeout(Duration::from_secs(3), chunks.next()).await.expect("more within 3 s");
        text.push_str(&String::from_utf8_lossy(&chunk.expect("the stream goes on").expect("bytes")));
    }
    text
}

/// Protects the live view: numbered events with names, a retry pace and keep-alive comments, never
/// compressed, cached or held back.
#[actix_web::test]
async fn events_are_framed_for_browsers() {
    let server = TestServer::start(site(&OpenStreams::default()), settings());
    let response = get(&server, "/api/v1/events").header("accept-encoding", "gzip").send().await.expect("an answer");
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap_or_default().to_owned());
    assert_eq!(header("content-type").as_deref(), Some("text/event-stream"));
    assert_eq!(header("cache-control").as_deref(), Some("no-store"));
    assert_eq!(header("x-accel-buffering").as_deref(), Some("no"));
    assert_ne!(header("content-encoding").as_deref(), Some("gzip"));
    let text = read_until(response, ": keep-alive").await;
    assert!(text.starts_with("retry: 2000\n\nid: 1\nevent: step\ndata: {\"n\":1}\n\nid: 2\n"), "{text}");
}

/// Protects the view across a reload: the stream goes on after the last event the browser saw, and a
/// header that is no number starts from the beginning.
#[actix_web::test]
async fn a_stream_resumes_after_the_last_event() {
    let server = TestServer::start(site(&OpenStreams::default()), settings());
    for (last, first) in [("3", "id: 4\n"), ("x", "id: 1\n"), ("-1", "id: 1\n"), ("99999999999999999999", "id: 1\n")] {
        let response = get(&server, "/api/v1/events").header("last-event-id", last).send().await.expect("an answer");
        let text = read_until(response, "id: 5\n").await;
        assert!(text.starts_with(&format!("retry: 2000\n\n{first}")), "{last}: {text}");
    }
}

/// Protects a graceful stop: open streams end with the stop token instead of holding it up.
#[actix_web::test]
async fn a_stop_ends_open_streams_at_once() {
    let open = OpenStreams::default();
    let server = TestServer::start(site(&open), settings());
    let mut streams = Vec::new();
    for _ in 0..4 {
        streams.push(get(&server, "/api/v1/events").send().await.expect("an answer"));
    }
    assert_eq!(open.0.load(Ordering::SeqCst), 4);
    let start = Instant::now();
    server.stop().await.expect("a clean stop");
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    for stream in streams {
        assert!(stream.text().await.expect("a whole body, not a cut-off one").contains("id: 5"));
    }
    assert_eq!(open.0.load(Ordering::SeqCst), 0);
}

/// Protects memory: a stream whose client left is dropped within a second.
#[actix_web::test]
async fn a_left_stream_is_dropped() {
    let open = OpenStreams::default();
    let server = TestServer::start(site(&open), settings());
    let response = get(&server, "/api/v1/events").send().await.expect("an answer");
    assert_eq!(open.0.load(Ordering::SeqCst), 1);
    drop(response);
    let start = Instant::now();
    while open.0.load(Ordering::SeqCst) > 0 {
        assert!(start.elapsed() < Duration::from_secs(1), "still open");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
