//! Model calls as Langfuse gets them, field by field, from a model that answers as servers do.

use crate::harness::{Server, sample};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::otlp::{SpanSeen, spans};
use testkit::{Received, Sink};

const TRACES: &str = "/api/public/otel/v1/traces";
const SCORES: &str = "/api/public/scores";
const ANSWER: &str = "Here is the code.\n\n```python\nprint(6 * 7)\n```\n";

/// A model that answers as a stream, with its tokens counted at the end.
fn model() -> Sink {
    Sink::answering(|request: &Received| {
        if request.path.ends_with("/models") {
            return ("application/json", json!({ "object": "list", "data": [{ "id": "reader-1" }] }).to_string());
        }
        let piece = |delta: Value, reason: Value| {
            json!({ "id": "1", "object": "chat.completion.chunk", "created": 1, "model": "reader-1",
                "choices": [{ "index": 0, "delta": delta, "finish_reason": reason }] })
        };
        let usage = json!({ "id": "1", "object": "chat.completion.chunk", "created": 1, "model": "reader-1", "choices": [],
            "usage": { "prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200 } });
        let pieces = [
            piece(json!({ "role": "assistant", "content": ANSWER }), Value::Null),
            piece(json!({}), json!("stop")),
            usage,
        ];
        let text: String = pieces.iter().map(|piece| format!("data: {piece}\n\n")).collect();
        ("text/event-stream", format!("{text}data: [DONE]\n\n"))
    })
    .expect("a model")
}

fn settings(langfuse: &Sink, more: &[(&'static str, String)]) -> Vec<(&'static str, String)> {
    let mut all = vec![
        ("LANGFUSE_HOST", langfuse.url()),
        ("LANGFUSE_PUBLIC_KEY", "pk-lf-test".to_owned()),
        ("LANGFUSE_SECRET_KEY", "not-a-real-key".to_owned()),
        ("SENTRY_ENVIRONMENT", "trial".to_owned()),
    ];
    all.extend(more.iter().cloned());
    all
}

fn start(data: &std::path::Path, settings: &[(&'static str, String)]) -> Server {
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Server::start(data, &settings)
}

/// The spans of one job, once its own and at least one generation are there.
fn of_job(langfuse: &Sink, job: &str) -> Vec<SpanSeen> {
    let of = |received: &[Received]| -> Vec<SpanSeen> {
        let all = spans(received, TRACES).into_iter();
        all.filter(|span| span.attributes.get("langfuse.session.id").is_some_and(|id| id == job)).collect()
    };
    let whole = |received: &[Received]| {
        let all = of(received);
        let is = |kind: &str| all.iter().any(|span| span.attributes["langfuse.observation.type"] == kind);
        is("span") && is("generation")
    };
    of(&langfuse.until(Duration::from_secs(30), whole))
}

/// Protects whoever judges prompts and pays for models: a generation says all that there is to say of it, below an
/// observation of its job, and nothing but that goes to Langfuse.
#[tokio::test]
async fn a_call_is_a_generation_with_all_its_fields() {
    let (data, langfuse, model) = (tempfile::tempdir().expect("data"), Sink::start().expect("a receiver"), model());
    let more = [
        ("CODE_MODEL_URL", format!("{}/v1", model.url())),
        ("CODE_MODEL_NAME", "reader-1".to_owned()),
        ("MODEL_PRICES", "reader-1=2.5/10".to_owned()),
        ("LANGFUSE_CONTENT", "text".to_owned()),
    ];
    let server = start(data.path(), &settings(&langfuse, &more));
    let job = server.job(&sample("bar_chart.png"), json!({})).await;
    server.until(&job, |job| job["state"] == "succeeded").await;
    let all = of_job(&langfuse, &job);
    let root = all.iter().find(|span| span.attributes["langfuse.observation.type"] == "span").expect("the job");
    assert_eq!((root.name.as_str(), root.parent.as_str()), ("job", ""));
    let call = all.iter().find(|span| span.attributes["langfuse.observation.type"] == "generation").expect("a call");
    assert_eq!((call.parent.as_str(), call.trace.as_str()), (root.id.as_str(), root.trace.as_str()));
    let field = |name: &str| call.attributes.get(name).map(String::as_str).unwrap_or_default();
    for (name, value) in [
        ("gen_ai.request.model", "reader-1"),
        ("gen_ai.response.model", "reader-1"),
        ("gen_ai.usage.input_tokens", "1000"),
        ("gen_ai.usage.output_tokens", "200"),
        ("langfuse.observation.prompt.name", "code.md"),
        ("langfuse.observation.output", ANSWER.trim()),
        ("langfuse.observation.level", "DEFAULT"),
        ("langfuse.trace.name", "job"),
        ("langfuse.trace.tags", "code"),
        ("langfuse.user.id", "local"),
        ("langfuse.environment", "trial"),
    ] {
        assert_eq!(field(name).trim(), value, "{name}");
    }
    let read =
        |name: &str| serde_json::from_str::<Value>(field(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(read("langfuse.observation.usage_details"), json!({ "input": 1000, "output": 200, "total": 1200 }));
    assert_eq!(read("langfuse.observation.cost_details"), json!({ "total": 0.0045 }));
    assert!(read("langfuse.observation.model.parameters")["max_tokens"].is_u64());
    let input = read("langfuse.observation.input");
    assert_eq!((&input[0]["role"], &input[1]["role"]), (&json!("system"), &json!("user")));
    assert_eq!(field("langfuse.version").len(), 12, "{}", field("langfuse.version"));
    let began = field("langfuse.observation.completion_start_time");
    assert!(began.ends_with('Z') && began.contains('T'), "{began}");
    for request in langfuse.received() {
        assert_eq!(request.heads["authorization"], "Basic cGstbGYtdGVzdDpub3QtYS1yZWFsLWtleQ==");
        if request.path == TRACES {
            assert_eq!(request.heads["x-langfuse-ingestion-version"], "4");
        }
    }
    let others = spans(&langfuse.received(), TRACES);
    let others = others.iter().filter(|span| !span.attributes.contains_key("langfuse.observation.type"));
    assert_eq!(others.count(), 0, "spans that are none of Langfuse's business");
}

/// Protects what people write: unless the operator wants it otherwise, neither questions nor answers leave; and a call that
/// fails says so.
#[tokio::test]
async fn content_stays_here_by_default_and_failures_are_told() {
    let (data, langfuse, model) = (tempfile::tempdir().expect("data"), Sink::start().expect("a receiver"), model());
    let dead = Sink::start().expect("a port");
    dead.kill();
    let more = [
        ("CODE_MODEL_URL", format!("{}/v1", dead.url())),
        ("CODE_MODEL_NAME", "gone-1".to_owned()),
        ("CODE_MODEL_FALLBACK_URL", format!("{}/v1", model.url())),
        ("CODE_MODEL_FALLBACK_NAME", "reader-1".to_owned()),
    ];
    let server = start(data.path(), &settings(&langfuse, &more));
    let job = server.job(&sample("bar_chart.png"), json!({})).await;
    server.until(&job, |job| job["state"] == "succeeded").await;
    let all = of_job(&langfuse, &job);
    let calls = all.iter().filter(|span| span.attributes["langfuse.observation.type"] == "generation");
    let failed: Vec<_> = calls.clone().filter(|call| call.failed).collect();
    assert!(!failed.is_empty());
    for call in failed {
        assert_eq!(call.attributes["langfuse.observation.level"], "ERROR");
        assert_eq!(call.attributes["gen_ai.request.model"], "gone-1");
        assert!(!call.attributes["langfuse.observation.status_message"].is_empty());
    }
    for call in calls {
        for content in ["langfuse.observation.input", "langfuse.observation.output"] {
            assert_eq!(call.attributes.get(content), None, "{content}");
        }
    }
}

/// Protects whoever compares prompts by what came of them: the measure of a result is a score of its trace.
#[tokio::test]
async fn the_measure_is_a_score() {
    let (data, langfuse) = (tempfile::tempdir().expect("data"), Sink::start().expect("a receiver"));
    let server = start(data.path(), &settings(&langfuse, &[]));
    let job = server.job(&sample("bar_chart.png"), json!({})).await;
    server.until(&job, |job| job["state"] == "succeeded").await;
    let scored = |received: &[Received]| received.iter().any(|request| request.path == SCORES);
    let received = langfuse.until(Duration::from_secs(30), scored);
    let score = received.iter().find(|request| request.path == SCORES).expect("a score");
    let score: Value = serde_json::from_slice(&score.body).expect("JSON");
    let value = score["value"].as_f64().expect("a number");
    assert!((0.0..=1.0).contains(&value), "{score}");
    assert_eq!(
        (&score["name"], &score["dataType"], &score["environment"]),
        (&json!("fit"), &json!("NUMERIC"), &json!("trial"))
    );
    let root = of_trace(&langfuse, score["traceId"].as_str().expect("a trace"));
    assert_eq!(score["observationId"], json!(root.id));
    assert!(score["id"].as_str().is_some_and(|id| !id.is_empty()), "{score}");
}

fn of_trace(langfuse: &Sink, trace: &str) -> SpanSeen {
    let of = |received: &[Received]| spans(received, TRACES).into_iter().find(|span| span.trace == trace);
    of(&langfuse.until(Duration::from_secs(30), |received| of(received).is_some())).expect("the job's observation")
}
