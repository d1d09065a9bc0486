//! Telemetry as a program starts it. It is one per process, so this is one test.

use runtime::Settings;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use testkit::Sink;

const SECRET: &str = "picture-content-s3cr3t";

/// The events that came, each the item of an envelope after its two heads.
fn events(sink: &Sink) -> Vec<Value> {
    let received = sink.received();
    let lines = received.iter().flat_map(|request| request.body.split(|byte| *byte == b'\n'));
    let all = lines.filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    all.filter(|item| item.get("event_id").is_some() && item.get("platform").is_some()).collect()
}

/// Protects people and whoever is woken: a panic, an answer with 5xx and a failed job reach Sentry at their end, with
/// release, environment and the kinds of the steps, and without anything that they were about.
#[test]
fn sentry_gets_failures_without_their_content() {
    let sink = Sink::start().expect("a receiver");
    let dsn = format!("http://public@{}/7", sink.address());
    let variables = [("SENTRY_DSN", dsn.as_str()), ("SENTRY_ENVIRONMENT", "trial")];
    let variables: BTreeMap<String, String> =
        variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let settings = Settings::from_variables(&variables).expect("settings");
    let telemetry = runtime::telemetry::start(&settings, "error", "jobs").expect("telemetry");
    let panicked = std::thread::spawn(|| panic!("{SECRET}")).join();
    assert!(panicked.is_err());
    tracing::warn!(
        target: "edge::middleware", { http.route = "/api/v1/jobs", http.status = 503_u16 }, "request answered"
    );
    tracing::info!(
        target: "edge::middleware", { http.route = "/api/v1/jobs", http.status = 200_u16 }, "request answered"
    );
    let steps = "look succeeded,think succeeded,run failed";
    tracing::warn!(
        target: "jobs::told",
        { job.id = SECRET, job.code = "run_failed", job.stopped_by = "repairs", job.steps = steps },
        "a job failed"
    );
    tracing::error!(target: "jobs::orchestrator", { error = SECRET }, "the jobs store failed");
    telemetry.end();
    let three = |received: &[testkit::Received]| received.len() >= 3;
    for request in sink.until(Duration::from_secs(20), three) {
        assert!(request.path.starts_with("/api/7/envelope/"), "{}", request.path);
        assert!(!String::from_utf8_lossy(&request.body).contains(SECRET));
    }
    let all = events(&sink);
    assert_eq!(all.len(), 3, "{all:?}");
    for event in &all {
        assert_eq!((&event["environment"], &event["tags"]["service"]), (&"trial".into(), &"darkroom-jobs".into()));
        assert!(event["release"].as_str().is_some_and(|release| release.starts_with("darkroom@")), "{event}");
        assert!(event.get("server_name").is_none() && event.get("user").is_none(), "{event}");
    }
    let tagged = |tag: &str, value: &str| all.iter().find(|event| event["tags"][tag] == value);
    assert!(tagged("http.status", "503").is_some(), "{all:?}");
    let failed = tagged("code", "run_failed").expect("the failed job");
    assert_eq!(failed["breadcrumbs"]["values"][2]["message"], "run failed");
    let panic = all.iter().find(|event| event["exception"]["values"][0]["type"] == "panic");
    assert!(panic.is_some(), "{all:?}");
}
