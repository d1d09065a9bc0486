//! A real model that is hopeless: llama.cpp with 135 million parameters, in all three roles.

use crate::harness::{Server, sample};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use testkit::LlamaServer;

/// A program whose roles are all played by the model at that address; each call may take that many seconds.
fn server(data: &std::path::Path, llama: &LlamaServer, seconds: &str) -> Server {
    let mut variables = vec![("MODEL_TIMEOUT_SECONDS", seconds)];
    for role in ["VISION_MODEL_URL", "REASONING_MODEL_URL", "CODE_MODEL_URL"] {
        variables.push((role, llama.url()));
    }
    for role in ["VISION_MODEL_NAME", "REASONING_MODEL_NAME", "CODE_MODEL_NAME"] {
        variables.push((role, "smollm2"));
    }
    Server::start(data, &variables)
}

async fn llama(context_tokens: u32) -> Option<LlamaServer> {
    match tokio::task::spawn_blocking(move || LlamaServer::start(context_tokens)).await.expect("a thread") {
        Ok(server) => Some(server),
        Err(why) => {
            eprintln!("SKIPPED: no job is tried with a real model: {why}");
            None
        }
    }
}

/// What a person reads of a job.
fn texts(report: &Value) -> Vec<&str> {
    let notes = report["notes"].as_array().into_iter().flatten();
    let single = [&report["summary"], &report["error"]["detail"], &report["error"]["advice"]];
    notes.chain(single).filter_map(Value::as_str).filter(|text| !text.is_empty()).collect()
}

/// Sentences without a trace of the machinery behind.
fn are_plain(report: &Value, llama: &LlamaServer) {
    let address = llama.url().trim_start_matches("http://").trim_end_matches("/v1");
    for text in texts(report) {
        for trace in [address, "panicked", "\"error\"", "server_error", "ErrorKind", "unwrap", "mmproj"] {
            assert!(!text.contains(trace), "'{trace}' in: {text}");
        }
    }
    for note in report["notes"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        assert!(note.starts_with(char::is_uppercase) && note.ends_with('.'), "a sentence: {note}");
    }
}

/// Protects people whose model babbles: the job ends within its turns and its time, in a state that says what came of it,
/// with every model's part named and a way out, in plain words.
#[tokio::test(flavor = "multi_thread")]
async fn a_hopeless_model_ends_bounded_and_polite() {
    let Some(llama) = llama(8192).await else { return };
    let data = tempfile::tempdir().expect("data");
    let server = server(data.path(), &llama, "20");
    let begun = Instant::now();
    let options = json!({ "max_repairs": 0, "run_timeout_seconds": 20, "max_seconds": 80 });
    let job = server.job(&sample("table.png"), options).await;
    let report = server.report(&job).await;
    // No call is begun after 80 seconds, and none lasts longer than twenty; and what a busy machine adds.
    assert!(begun.elapsed() < Duration::from_secs(115), "{:?}", begun.elapsed());
    let steps = report["steps"].as_array().expect("steps");
    let thinks = steps.iter().filter(|step| step["kind"] == "think").count();
    // Each of its turns may be a look closer, which asks for notes, too; before and after all stand notes and a summary.
    assert!((1..=2 * common::job::MAX_TURNS as usize + 2).contains(&thinks), "{thinks} turns: {report}");
    are_plain(&report, &llama);
    // It sees no pictures, and its server says so at once: the person is told who was left out.
    let notes = report["notes"].as_array().expect("notes").clone();
    let told = |wanted: &str| notes.iter().filter_map(Value::as_str).any(|note| note.contains(wanted));
    assert!(told("The model 'smollm2' refused the request (HTTP status 500)."), "{notes:?}");
    match report["state"].as_str() {
        Some("succeeded") => assert!(report["summary"].as_str().is_some_and(|text| !text.is_empty()), "{report}"),
        Some("failed") => {
            let code = report["error"]["code"].as_str().unwrap_or_default();
            assert!(
                [
                    "model_answer_unusable",
                    "review_blocked",
                    "run_failed",
                    "run_timeout",
                    "model_timeout",
                    "budget_reached",
                    "job_timeout"
                ]
                .contains(&code),
                "{report}"
            );
            assert!(report["error"]["advice"].as_str().is_some_and(|text| !text.is_empty()), "{report}");
        }
        state => panic!("{state:?}: {report}"),
    }
    println!("{:?} after {:?}, {thinks} turns: {:?}", report["state"], begun.elapsed(), texts(&report));
}

/// Protects people whose model is too small for any question: its server refuses at once, the built-in rules do the work,
/// and the result says who did it and why.
#[tokio::test(flavor = "multi_thread")]
async fn where_a_real_model_gives_nothing_the_rules_do_it() {
    let Some(llama) = llama(256).await else { return };
    let data = tempfile::tempdir().expect("data");
    let server = server(data.path(), &llama, "20");
    let job = server.job(&sample("table.png"), json!({})).await;
    let report = server.report(&job).await;
    assert_eq!(report["state"], "succeeded", "{report}");
    assert!(!report["outputs"].as_array().expect("outputs").is_empty(), "{report}");
    are_plain(&report, &llama);
    let notes = report["notes"].to_string();
    let wanted =
        "Writing the code was done by the built-in rules. The model 'smollm2' refused the request (HTTP status 400).";
    assert!(notes.contains(wanted), "{notes}");
}
