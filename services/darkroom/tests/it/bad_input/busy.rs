//! A server with more work than it can do.

use super::{EXECUTIONS, Scene, assert_problem};
use serde_json::json;
use std::time::{Duration, Instant};

/// Runs that never end by themselves; this caller may have one slot less than there are.
const HOGS: usize = 2;
const QUEUE: usize = 2;
/// Far above what an answer takes: what is tested is that none waits for a run.
const AT_ONCE: Duration = Duration::from_secs(2);

/// Protects callers of a busy server: beyond slots and queue they are told at once to come back later, and
/// health can still be asked; when the hogs go, everything is served again.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_server_says_so_at_once() {
    let slots = (HOGS + 1).to_string();
    let scene = Scene::new(&[("SANDBOX_SLOTS", &slots), ("SANDBOX_QUEUE", &QUEUE.to_string())]);
    let before = scene.traces().await;
    let client = scene.server.stranger();
    let hog = || {
        let request = client.post(format!("{}{EXECUTIONS}", scene.server.base)).bearer_auth(&scene.server.token);
        tokio::spawn(request.json(&json!({ "code": "while True: pass" })).send())
    };
    let hogs: Vec<_> = (0..HOGS + QUEUE).map(|_| hog()).collect();
    scene.waiting(QUEUE).await;
    for accept in ["*/*", "text/event-stream"] {
        let begin = Instant::now();
        let request = scene.server.request(reqwest::Method::POST, EXECUTIONS).header("accept", accept);
        let response = request.json(&json!({ "code": "print(1)" })).send().await.expect("an answer");
        let status = response.status().as_u16();
        let retry = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        let problem = response.json().await.expect("JSON");
        assert!(begin.elapsed() < AT_ONCE, "{accept}: {:?}", begin.elapsed());
        assert_problem(accept, &(status, problem), (429, "too_busy", "busy"));
        assert!(retry.is_some_and(|seconds| (1..=60).contains(&seconds)), "{accept}: Retry-After {retry:?}");
    }
    for path in ["/healthz", "/api/v1/executions/health", "/readyz", "/api/v1/jobs", "/openapi.json"] {
        let begin = Instant::now();
        let (status, answer) = scene.server.get(path).await;
        assert_eq!(status, 200, "{path}: {answer}");
        assert!(begin.elapsed() < AT_ONCE, "{path}: {:?}", begin.elapsed());
    }
    assert!(hogs.iter().all(|hog| !hog.is_finished()), "nobody in the queue was refused or forgotten");
    hogs.iter().for_each(tokio::task::JoinHandle::abort);
    drop(client);
    // The server sees them go a moment later.
    scene.waiting(0).await;
    scene.is_as(&before, "hogs").await;
}
