//! One job's trace, read back from a receiver: the same on one process and on services apart.

use crate::harness::{PATIENCE, Script, Server, TELLERS, fenced, sample};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::TcpListener;
use std::time::{Duration, Instant};
use testkit::Sink;
use testkit::otlp::{SpanSeen, orphans, spans};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";
const KINDS: [&str; 4] = ["sandbox.look", "agent.think", "critic.review", "sandbox.run"];

/// The spans of the trace, once those of all steps are there.
fn tree(sink: &Sink) -> Vec<SpanSeen> {
    let of_trace = |received: &[testkit::Received]| -> Vec<SpanSeen> {
        spans(received, "/v1/traces").into_iter().filter(|span| span.trace == TRACE).collect()
    };
    let whole = |received: &[testkit::Received]| {
        let all = of_trace(received);
        // A look, two turns of thinking, a review, a run: each answered to jobs. Senders come before what they cause, but
        // may be sent after it.
        all.iter().filter(|span| span.name == "process jobs.step").count() >= 5
            && TELLERS.iter().all(|teller| all.iter().any(|span| span.service == *teller))
            && orphans(&all, CALLER).is_empty()
    };
    of_trace(&sink.until(Duration::from_secs(30), whole))
}

/// Protects whoever looks for what went wrong or was slow: everything that a request caused stands in one tree below the
/// caller's span, across HTTP, the outbox and the bus, with the model's calls and their tokens, and nothing of another
/// request.
#[tokio::test]
async fn one_trace_holds_a_job_as_a_tree() {
    let data = tempfile::tempdir().expect("data");
    let sink = Sink::start().expect("a receiver");
    let script = Script::new(&[&fenced("print(6 * 7)")], 0);
    let settings = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", sink.url()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20for-the-collector".to_owned()),
        ("CODE_MODEL_URL", script.url()),
    ];
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    let server = Server::start(data.path(), &settings);
    let other = server.job(&sample("bar_chart.png"), json!({})).await;
    let file = server.upload(&sample("bar_chart.png")).await;
    let request = server.request(reqwest::Method::POST, "/api/v1/jobs").json(&json!({ "file_ids": [file] }));
    let request = request.header("traceparent", format!("00-{TRACE}-{CALLER}-01"));
    let job: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    let id = job["id"].as_str().expect("id").to_owned();
    for id in [&id, &other] {
        server.until(id, |job| job["state"] == "succeeded").await;
    }
    let all = tree(&sink);
    let names: BTreeSet<&str> = all.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(orphans(&all, CALLER), Vec::<&SpanSeen>::new(), "{names:?}");
    for request in sink.received() {
        let given = request.heads.get("authorization").map(String::as_str);
        assert_eq!(given, Some("Bearer for-the-collector"), "{:?}", request.heads);
    }
    for teller in TELLERS {
        assert!(all.iter().any(|span| span.service == teller), "{teller} tells nothing: {names:?}");
    }
    for name in ["POST /api/v1/jobs", "job", "run code"] {
        assert!(names.contains(name), "{name} is missing: {names:?}");
    }
    let find = |id: &str| all.iter().find(|span| span.id == id);
    for kind in KINDS {
        // The command: sent by jobs, taken by its worker, answered to jobs.
        let process = all.iter().find(|span| span.name == format!("process {kind}"));
        let process = process.unwrap_or_else(|| panic!("no {kind} in {names:?}"));
        let send = find(&process.parent).expect("its sender");
        assert_eq!((send.name.as_str(), send.kind, process.kind), (format!("send {kind}").as_str(), 4, 5));
        assert_eq!(process.attributes["messaging.destination.name"], kind);
        let answer = all.iter().find(|span| span.name == "send jobs.step" && span.parent == process.id);
        let answer = answer.unwrap_or_else(|| panic!("no answer to {kind}"));
        assert!(all.iter().any(|span| span.name == "process jobs.step" && span.parent == answer.id), "{kind}");
        assert!(!process.failed && !send.failed);
    }
    let call = all.iter().find(|span| span.name.starts_with("chat ")).expect("a model's call");
    assert_eq!(find(&call.parent).map(|span| span.name.as_str()), Some("process agent.think"));
    let expected = [
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.usage.input_tokens", "100"),
        ("gen_ai.usage.output_tokens", "20"),
        ("darkroom.role", "code"),
        ("job.id", &id),
    ];
    for (key, value) in expected {
        assert_eq!(call.attributes.get(key).map(String::as_str), Some(value), "{key}");
    }
    let langfuse = all.iter().flat_map(|span| span.attributes.keys()).find(|key| key.starts_with("langfuse."));
    assert_eq!(langfuse, None, "what is meant for Langfuse went to the collector");
    assert!(!all.iter().any(|span| span.attributes.values().any(|value| value.contains(&other))));
}

/// Protects whoever looks for what a crash did: a job that is killed in the middle goes on in its trace after the restart.
#[tokio::test]
async fn a_restart_goes_on_in_the_same_trace() {
    let data = tempfile::tempdir().expect("data");
    let script = Script::new(&[&fenced("print(6 * 7)")], 2000);
    let before = Sink::start().expect("a receiver");
    let (code, at) = (script.url(), before.url());
    let settings = [("OTEL_EXPORTER_OTLP_ENDPOINT", at.as_str()), ("CODE_MODEL_URL", code.as_str())];
    let mut server = Server::start(data.path(), &settings);
    let file = server.upload(&sample("bar_chart.png")).await;
    let request = server.request(reqwest::Method::POST, "/api/v1/jobs").json(&json!({ "file_ids": [file] }));
    let request = request.header("traceparent", format!("00-{TRACE}-{CALLER}-01"));
    let job: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    let id = job["id"].as_str().expect("id").to_owned();
    let thinks = |step: &Value| (step["kind"].as_str(), step["state"].as_str()) == (Some("think"), Some("running"));
    server.until(&id, |job| job["steps"].as_array().is_some_and(|steps| steps.iter().any(thinks))).await;
    server.kill();
    drop(server);
    let after = Sink::start().expect("a receiver");
    let at = after.url();
    let settings = [("OTEL_EXPORTER_OTLP_ENDPOINT", at.as_str()), ("CODE_MODEL_URL", code.as_str())];
    let server = Server::start(data.path(), &settings);
    server.until(&id, |job| job["state"] == "succeeded").await;
    let seen = |received: &[testkit::Received]| -> BTreeSet<String> {
        let all = spans(received, "/v1/traces").into_iter().filter(|span| span.trace == TRACE);
        all.map(|span| span.name).collect()
    };
    let wanted = ["job", "process agent.think", "process critic.review", "process sandbox.run", "process jobs.step"];
    let whole = |received: &[testkit::Received]| wanted.iter().all(|name| seen(received).contains(*name));
    let received = after.until(Duration::from_secs(60), whole);
    assert!(whole(&received), "{:?}", seen(&received));
}

/// Protects jobs from their observers: a receiver that dies under load holds up neither a job nor the end of the program.
#[tokio::test]
async fn a_dead_receiver_holds_nothing_up() {
    let data = tempfile::tempdir().expect("data");
    let sink = Sink::start().expect("a receiver");
    let settings = [("OTEL_EXPORTER_OTLP_ENDPOINT", sink.url())];
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    let mut server = Server::start(data.path(), &settings);
    let mut jobs = Vec::new();
    for n in 0..6 {
        jobs.push(server.job(&sample("bar_chart.png"), json!({})).await);
        if n == 2 {
            server.until(&jobs[0], |job| job["state"] != "queued").await;
            sink.kill();
        }
    }
    for job in &jobs {
        server.until(job, |job| job["state"] == "succeeded").await;
    }
    ends_by_itself(&mut server);
}

/// Protects jobs from a receiver that takes connections and says nothing ever after.
#[tokio::test]
async fn a_silent_receiver_holds_nothing_up() {
    let data = tempfile::tempdir().expect("data");
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", silent.local_addr().expect("its address"));
    let mut server = Server::start(data.path(), &[("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str())]);
    for _ in 0..3 {
        let job = server.job(&sample("bar_chart.png"), json!({})).await;
        server.until(&job, |job| job["state"] == "succeeded").await;
    }
    ends_by_itself(&mut server);
}

/// Asks the server to end, which it does, whatever becomes of its telemetry.
fn ends_by_itself(server: &mut Server) {
    let asked = Instant::now();
    assert_eq!(server.terminate(), Some(0));
    // Work is drained for 10 s at most and telemetry for 2: far from what a machine that is busy needs.
    assert!(asked.elapsed() < PATIENCE, "the end waited for a receiver");
}
