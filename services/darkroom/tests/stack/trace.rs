//! Finding one request in the logs of all services.

use crate::harness::{Script, Server, fenced, sample};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const WORKERS: [&str; 3] = ["agent", "critic", "sandbox"];

/// Protects whoever looks for what went wrong: everything that a request caused, in every service that had a part in it,
/// is found under the trace that the caller named, and nothing of another request is.
#[tokio::test]
async fn one_trace_finds_a_job_in_all_services() {
    let data = tempfile::tempdir().expect("data");
    let script = Script::new(&[&fenced("print(6 * 7)")], 0);
    let settings = [("LOG", "info"), ("LOG_FORMAT", "json"), ("CODE_MODEL_URL", &script.url())];
    let server = Server::start(data.path(), &settings);
    let other = server.job(&sample("bar_chart.png"), json!({})).await;
    let file = server.upload(&sample("bar_chart.png")).await;
    let request = server.request(reqwest::Method::POST, "/api/v1/jobs").json(&json!({ "file_ids": [file] }));
    let request = request.header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"));
    let job: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    for id in [job["id"].as_str().expect("id"), &other] {
        server.until(id, |job| job["state"] == "succeeded").await;
    }
    let deadline = Instant::now() + Duration::from_secs(10);
    // The last answer is logged after the job says that it ended.
    while messages(&server, "jobs").len() < 5 && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // A look, two turns of thinking, a review, a run: each answered to jobs.
    assert_eq!(messages(&server, "jobs").len(), 5, "{:?}", messages(&server, "jobs"));
    for service in WORKERS {
        assert!(!messages(&server, service).is_empty(), "{service} knows nothing of the trace");
    }
    let services = ["gateway", "files", "jobs", "agent", "critic", "sandbox"];
    for line in services.iter().flat_map(|service| lines(&server, service)) {
        let line: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(line["trace_id"], TRACE, "{line}");
        assert!(line["span_id"].as_str().is_some_and(|id| id.len() == 16), "{line}");
    }
    // The question about the picture came over HTTP.
    let asked = lines(&server, "files").iter().any(|line| line.contains("/internal/v1/pictures/"));
    assert!(asked, "{:?}", lines(&server, "files"));
    let all = WORKERS.iter().flat_map(|service| lines(&server, service));
    assert!(all.filter(|line| line.contains(&other)).count() == 0);
}

/// What a service logged under the trace.
fn lines(server: &Server, service: &str) -> Vec<String> {
    let log = server.log(service);
    log.lines().filter(|line| line.contains(TRACE)).map(ToOwned::to_owned).collect()
}

/// The messages of the trace that a service handled.
fn messages(server: &Server, service: &str) -> Vec<String> {
    lines(server, service).into_iter().filter(|line| line.contains("message handled")).collect()
}
