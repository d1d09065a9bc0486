//! Alive and ready.

use crate::support::{get, settings};
use edge::testing::{OwnerToken, TestServer};
use edge::{Check, Health, Site};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

fn server(health: Health) -> TestServer {
    TestServer::start(Site::new(Arc::new(OwnerToken)).health(health), settings())
}

async fn readyz(server: &TestServer) -> (u16, Value) {
    let response = get(server, "/readyz").send().await.expect("an answer");
    (response.status().as_u16(), response.json().await.expect("JSON"))
}

fn fine() -> Check {
    Check::new("database", || async { Ok("answers".to_owned()) })
}

/// Protects operators: ready means every check passed, and each is listed.
#[actix_web::test]
async fn ready_when_every_check_passes() {
    let server = server(Health::new(vec![fine()]));
    let (status, body) = readyz(&server).await;
    assert_eq!(
        (status, &body["ready"], &body["checks"][0]["name"]),
        (200, &Value::Bool(true), &Value::from("database"))
    );
    assert_eq!(body["checks"][0]["detail"], "answers");
    assert!(body["checks"][0]["duration_ms"].is_u64(), "{body}");
}

/// Protects operators: one failing, hanging or panicking check makes the process unready, says why, and
/// neither holds up nor hides the others.
#[actix_web::test]
async fn unready_when_a_check_fails_hangs_or_panics() {
    let bad: [(Check, &str); 3] = [
        (Check::new("jail", || async { Err("No user namespaces. Enable them.".to_owned()) }), "Enable them"),
        (Check::new("jail", std::future::pending), "No answer within 200 ms"),
        (Check::new("jail", || async { panic!("inner words") }), "the log says why"),
    ];
    for (check, reason) in bad {
        let server = server(Health::new(vec![fine(), check]).timeout(Duration::from_millis(200)));
        let start = Instant::now();
        let (status, body) = readyz(&server).await;
        assert_eq!((status, &body["ready"]), (503, &Value::Bool(false)), "{body}");
        assert_eq!(body["checks"][0]["ok"], true, "{body}");
        assert!(body["checks"][1]["detail"].as_str().is_some_and(|text| text.contains(reason)), "{body}");
        assert!(start.elapsed() < Duration::from_secs(2));
        assert_eq!(get(&server, "/healthz").send().await.expect("an answer").status().as_u16(), 200);
    }
}

/// Protects what is checked from its checkers: probes in quick succession share one run.
#[actix_web::test]
async fn results_are_kept_for_a_moment() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = runs.clone();
    let check = Check::new("model", move || {
        counted.fetch_add(1, Ordering::SeqCst);
        async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Ok(String::new())
        }
    });
    let server = server(Health::new(vec![check]).keep(Duration::from_millis(400)));
    futures::future::join_all((0..10).map(|_| readyz(&server))).await;
    assert_eq!(runs.load(Ordering::SeqCst), 1);
    tokio::time::sleep(Duration::from_millis(500)).await;
    readyz(&server).await;
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}
