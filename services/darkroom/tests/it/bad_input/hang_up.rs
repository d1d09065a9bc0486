//! Clients that go away: whoever sent a plain run and left gets no answer, so the run is ended.

use super::{EXECUTIONS, PATIENCE, Scene, marker, processes_with, run_groups, sleepers};
use crate::harness::Line;
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A second, with room for the tests beside this one: what is stopped would live for minutes.
const AT_ONCE: Duration = Duration::from_secs(6);

/// Sends a run on a connection of its own; the connection is not read.
async fn send(scene: &Scene, accept: &str, code: &str, cut: usize) -> Box<dyn Line> {
    let mut stream = scene.server.connect().await;
    let body = json!({ "code": code }).to_string();
    let request = format!(
        "POST {EXECUTIONS} HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {}\r\nAccept: {accept}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        scene.server.token,
        body.len()
    );
    stream.write_all(&request.as_bytes()[..request.len() - cut]).await.expect("sent");
    stream.flush().await.expect("sent");
    stream
}

/// Protects slots, memory and the disk: a client that goes away in the middle of a run, followed or not, ends
/// it at once; one that goes in the middle of its request has started nothing.
#[tokio::test(flavor = "multi_thread")]
async fn who_goes_away_leaves_nothing() {
    let scene = Scene::new(&[]);
    let before = scene.traces().await;
    for accept in ["*/*", "text/event-stream"] {
        let marker = marker();
        // The file would be kept if the run were taken for finished.
        let code = format!("open('/box/out/kept.txt', 'w').write('x')\n{}", sleepers(&marker));
        let mut client = send(&scene, accept, &code, 0).await;
        scene.until("starting", PATIENCE, || processes_with(&marker).len() == 2).await;
        assert!(!run_groups(&scene.server).is_empty(), "its groups are seen, so that none left means something");
        if accept == "text/event-stream" {
            let mut piece = [0; 4096];
            let length = client.read(&mut piece).await.expect("the beginning of a stream");
            assert!(String::from_utf8_lossy(&piece[..length]).starts_with("HTTP/1.1 200"));
        }
        drop(client);
        scene.until("ending the run", AT_ONCE, || processes_with(&marker).is_empty()).await;
        scene.is_as(&before, accept).await;
    }
    let marker = marker();
    drop(send(&scene, "*/*", &sleepers(&marker), 10).await);
    scene.is_as(&before, "half a request").await;
    assert_eq!(processes_with(&marker), Vec::<u32>::new(), "half a request runs nothing");
}

/// Protects those who wait: a client that goes away while it waits for a slot frees its place, and its code
/// never runs.
#[tokio::test(flavor = "multi_thread")]
async fn who_stops_waiting_frees_the_place() {
    let scene = Scene::new(&[("SANDBOX_SLOTS", "1"), ("SANDBOX_QUEUE", "1")]);
    let before = scene.traces().await;
    let (running, waiting) = (marker(), marker());
    let first = send(&scene, "*/*", &sleepers(&running), 0).await;
    scene.until("starting", PATIENCE, || processes_with(&running).len() == 2).await;
    let second = send(&scene, "*/*", &sleepers(&waiting), 0).await;
    scene.waiting(1).await;
    let refused = scene.server.post(EXECUTIONS, &json!({ "code": "print(1)" })).await;
    super::assert_problem("a third", &refused, (429, "too_busy", "busy"));
    drop(second);
    scene.waiting(0).await;
    drop(first);
    scene.until("ending the run", AT_ONCE, || processes_with(&running).is_empty()).await;
    scene.is_as(&before, "waiting").await;
    assert_eq!(processes_with(&waiting), Vec::<u32>::new(), "nobody waits for it");
}
