//! Models that err, through the real critic and the real jail.

use crate::harness::{Script, Server, fenced, sample};
use serde_json::{Value, json};

const GOOD: &str =
    "import pandas as pd\npd.DataFrame({'a': [1, 2]}).to_csv('/box/out/data.csv', index=False)\nprint('two rows')";
const EVIL: &str = "import subprocess\nsubprocess.run('id', shell=True)";

/// One story: what the model answers, and how the job must end.
struct Story {
    name: &'static str,
    answers: Vec<String>,
    options: Value,
    state: &'static str,
    error: Option<&'static str>,
    run_status: Option<&'static str>,
    attempts: usize,
}

fn story(
    name: &'static str,
    answers: &[&str],
    state: &'static str,
    error: Option<&'static str>,
    run_status: Option<&'static str>,
    attempts: usize,
) -> Story {
    let answers = answers.iter().map(|code| fenced(code)).collect();
    Story { name, answers, options: json!({ "run_timeout_seconds": 60 }), state, error, run_status, attempts }
}

fn stories() -> Vec<Story> {
    let short = json!({ "run_timeout_seconds": 1, "max_repairs": 1 });
    let once = json!({ "run_timeout_seconds": 60, "max_repairs": 0 });
    vec![
        story("works at once", &[GOOD], "succeeded", None, Some("ok"), 1),
        story("blocked by bandit, then fixed", &[EVIL, GOOD], "succeeded", None, Some("ok"), 2),
        story("crashes, then fixed", &["raise ValueError('first')", GOOD], "succeeded", None, Some("ok"), 2),
        story(
            "never works",
            &["raise ValueError('a')", "raise KeyError('b')", "raise OSError('c')", "raise TypeError('d')"],
            "failed",
            Some("run_failed"),
            Some("error"),
            4,
        ),
        story("fails in circles", &["raise ValueError('always')"], "failed", Some("run_failed"), Some("error"), 1),
        story("always blocked", &[EVIL], "failed", Some("review_blocked"), None, 1),
        Story {
            options: short,
            ..story("loops for ever", &["while True:\n    pass"], "failed", Some("run_timeout"), Some("timeout"), 1)
        },
        Story {
            options: once.clone(),
            ..story(
                "eats memory",
                &["hold = []\nwhile True:\n    hold.append(bytearray(64 << 20))"],
                "failed",
                Some("run_out_of_memory"),
                Some("out_of_memory"),
                1,
            )
        },
        Story {
            options: once.clone(),
            ..story(
                "floods stdout",
                &["while True:\n    print('x' * 65536)"],
                "failed",
                Some("run_output_limit"),
                Some("output_limit"),
                1,
            )
        },
        Story {
            options: once,
            ..story(
                "writes 10,000 files",
                &[
                    "for n in range(10_000):\n    with open(f'/box/out/{n:05}.txt', 'w') as file:\n        file.write('x')",
                ],
                "succeeded",
                None,
                Some("ok"),
                1,
            )
        },
        Story {
            answers: vec!["I am sorry, I cannot.".into()],
            ..story("answers garbage", &[], "failed", Some("model_answer_unusable"), None, 0)
        },
    ]
}

/// Protects people from models: whatever the model answers, the job ends with the right state, code and
/// run status, within its repairs, and the best result is delivered.
#[tokio::test(flavor = "multi_thread")]
async fn models_that_err_end_as_they_should() {
    for story in stories() {
        let answers: Vec<&str> = story.answers.iter().map(String::as_str).collect();
        let script = Script::new(&answers, 0);
        let data = tempfile::tempdir().expect("data");
        let server = Server::start(data.path(), &[("CODE_MODEL_URL", &script.url())]);
        let job = server.job(&sample("table.png"), story.options.clone()).await;
        let report = server.report(&job).await;
        let name = story.name;
        assert_eq!(report["state"], story.state, "{name}: {report}");
        assert_eq!(report["error"]["code"].as_str(), story.error, "{name}: {report}");
        assert_eq!(report["run"]["status"].as_str(), story.run_status, "{name}: {report}");
        let steps = report["steps"].as_array().expect("steps");
        let reviews = steps.iter().filter(|step| step["kind"] == "review").count();
        assert_eq!(reviews, story.attempts, "{name}: every attempt is reviewed before anything else");
        if story.state == "succeeded" {
            assert!(report["summary"].as_str().is_some_and(|text| !text.is_empty()), "{name}");
        } else {
            assert!(
                report["error"]["advice"].as_str().is_some_and(|text| !text.is_empty()),
                "{name}: says what to try"
            );
        }
        if name.contains("10,000") {
            let outputs = report["outputs"].as_array().expect("outputs").len();
            assert!((1..=100).contains(&outputs), "{name}: capped, found {outputs}");
        }
    }
}

/// Protects delivery: what the code wrote arrives byte for byte, typed, under its link.
#[tokio::test(flavor = "multi_thread")]
async fn outputs_are_delivered_byte_for_byte() {
    let script = Script::new(&[&fenced(GOOD)], 0);
    let data = tempfile::tempdir().expect("data");
    let server = Server::start(data.path(), &[("CODE_MODEL_URL", &script.url())]);
    let job = server.job(&sample("table.png"), json!({})).await;
    let report = server.report(&job).await;
    let output = &report["outputs"][0];
    assert_eq!((output["name"].as_str(), output["media_type"].as_str()), (Some("data.csv"), Some("text/csv")));
    let response =
        server.request(reqwest::Method::GET, output["path"].as_str().expect("link")).send().await.expect("output");
    let header =
        |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    assert!(header("content-security-policy").starts_with("sandbox"), "{}", header("content-security-policy"));
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(response.text().await.expect("body"), "a\n1\n2\n");
    assert_eq!(report["run"]["stdout"], "two rows\n");
}

/// Protects people whose endpoint is down: the built-in rules do its part, and the report says who did what and why;
/// where rules may not, the job fails soon, with the code that says so.
#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_down_is_named() {
    // A port that was just free: nothing listens there.
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("port");
    let url = format!("http://{free}/v1");
    let data = tempfile::tempdir().expect("data");
    let server = Server::start(data.path(), &[("CODE_MODEL_URL", &url), ("CODE_MODEL_NAME", "none")]);
    let job = server.job(&sample("table.png"), json!({})).await;
    let report = server.report(&job).await;
    assert_eq!((report["state"].as_str(), &report["models"]), (Some("succeeded"), &json!(["builtin"])), "{report}");
    let note = report["notes"][0].as_str().unwrap_or_default();
    assert!(note.starts_with("Writing the code was done by the built-in rules. The model 'none'"), "{report}");
    drop(server);
    let data = tempfile::tempdir().expect("data");
    let settings = [("CODE_MODEL_URL", url.as_str()), ("CODE_MODEL_NAME", "none"), ("MODEL_LAST_RESORT", "none")];
    let server = Server::start(data.path(), &settings);
    let job = server.job(&sample("table.png"), json!({})).await;
    let report = server.report(&job).await;
    assert_eq!(
        (report["state"].as_str(), report["error"]["code"].as_str()),
        (Some("failed"), Some("model_unavailable")),
        "{report}"
    );
    let (status, ready) = server.readiness().await;
    assert_eq!((status, &ready["ready"]), (503, &json!(false)), "{ready}");
}
