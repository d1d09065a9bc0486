//! The API as a program uses it.

use crate::harness::{Server, root, sample};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

/// Protects API callers: a picture goes in, a job runs on built-in rules, the results link to files
/// that can be read, and the stream of events can be resumed anywhere.
#[tokio::test(flavor = "multi_thread")]
async fn a_picture_becomes_results_over_http() {
    let data = tempfile::tempdir().expect("data");
    let server = Server::start(data.path(), &[]);
    let (status, file) =
        server.upload_bytes("../../a chart.png", std::fs::read(sample("bar_chart.png")).expect("sample")).await;
    assert_eq!(status, 201, "{file}");
    assert_eq!((file["media_type"].as_str(), file["name"].as_str()), (Some("image/png"), Some("a chart.png")));
    let (status, job) = server.post("/api/v1/jobs", &json!({ "file_ids": [file["id"]] })).await;
    assert_eq!(status, 202, "{job}");
    let id = job["id"].as_str().expect("id");
    let report = server.report(id).await;
    assert_eq!((report["state"].as_str(), report["image_kind"].as_str()), (Some("succeeded"), Some("bar")), "{report}");
    for output in report["outputs"].as_array().expect("outputs") {
        let response =
            server.request(reqwest::Method::GET, output["path"].as_str().expect("link")).send().await.expect("output");
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(response.bytes().await.expect("bytes").len() as u64, output["bytes"].as_u64().expect("size"));
    }
    let all = server.events(id, 0).await;
    assert_eq!(all.first().map(|event| event.1.as_str()), Some("job_queued"));
    assert_eq!(all.last().map(|event| event.1.as_str()), Some("job_finished"));
    let middle = all[all.len() / 2].0;
    assert_eq!(
        server.events(id, middle).await,
        all.iter().filter(|event| event.0 > middle).cloned().collect::<Vec<_>>()
    );
    let (status, _) = server.post(&format!("/api/v1/jobs/{id}/retry"), &json!({})).await;
    assert_eq!(status, 202);
    let gone = server.request(reqwest::Method::DELETE, &format!("/api/v1/jobs/{id}")).send().await.expect("answer");
    assert_eq!(gone.status().as_u16(), 204);
    assert_eq!(server.get(&format!("/api/v1/jobs/{id}")).await.0, 404);
}

/// Protects the meter that people look at: what they did is taken off what is left, of requests, runs and uploads alike.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_goes_down() {
    let data = tempfile::tempdir().expect("data");
    let limits =
        [("USER_REQUESTS_PER_MINUTE", "1000"), ("USER_RUNS_PER_HOUR", "3"), ("USER_UPLOAD_BYTES_PER_DAY", "1000000")];
    let server = Server::start(data.path(), &limits);
    let left = async || {
        let (_, usage) = server.get("/api/v1/usage").await;
        let of = |name: &str| {
            let all = usage["allowances"].as_array().expect("meters");
            all.iter().find(|one| one["name"] == name).expect(name)["remaining"].as_u64().expect("a number")
        };
        (of("requests"), of("runs"), of("upload_bytes"))
    };
    let before = left().await;
    assert_eq!(before.1, 3);
    let (status, _) = server.post("/api/v1/executions", &json!({ "code": "pass" })).await;
    assert_eq!(status, 200);
    server.upload(&sample("table.png")).await;
    let after = left().await;
    assert!(after.0 < 1000 && after.0 <= before.0, "{before:?} {after:?}");
    assert_eq!(after.1, 2);
    assert!(after.2 + 20_000 < before.2, "{before:?} {after:?}");
}

/// Protects the sandbox as a product of its own: code and inputs in, the whole result out, files by link.
#[tokio::test(flavor = "multi_thread")]
async fn executions_and_reviews_stand_alone() {
    let data = tempfile::tempdir().expect("data");
    let server = Server::start(data.path(), &[]);
    let code = "import sys\ntext = open('/box/in/in.txt').read()\nopen('/box/out/out.txt', 'w').write(text.upper())\nprint('to out')\nprint('to err', file=sys.stderr)\nsys.exit(3)";
    let inputs = json!([{ "name": "in.txt", "content_base64": BASE64_STANDARD.encode("hello") }]);
    let (status, result) =
        server.post("/api/v1/executions", &json!({ "code": code, "inputs": inputs, "timeout_seconds": 20 })).await;
    assert_eq!(status, 200, "{result}");
    assert_eq!((result["status"].as_str(), result["exit_code"].as_i64()), (Some("error"), Some(3)));
    assert_eq!((result["stdout"].as_str(), result["stderr"].as_str()), (Some("to out\n"), Some("to err\n")));
    assert_eq!(result["isolation"]["network"], false);
    let link = result["outputs"][0]["path"].as_str().expect("link");
    let content = server.request(reqwest::Method::GET, link).send().await.expect("output").text().await.expect("text");
    assert_eq!(content, "HELLO");
    let (status, review) = server.post("/api/v1/reviews", &json!({ "code": "import os\nos.system('ls')" })).await;
    assert_eq!((status, review["verdict"].as_str()), (200, Some("block")), "{review}");
    let rows = [
        (json!({ "code": "" }), 422, "invalid_field"),
        (json!({ "code": "print(1)", "timeout_seconds": 0 }), 422, "invalid_field"),
        (json!({ "code": "print(1)", "inputs": [{ "name": "../x", "content_base64": "" }] }), 422, "invalid_field"),
        (json!({ "kode": "print(1)" }), 400, "invalid_json"),
    ];
    for (body, expected, code) in rows {
        let (status, problem) = server.post("/api/v1/executions", &body).await;
        assert_eq!((status, problem["code"].as_str()), (expected, Some(code)), "{body}");
    }
}

/// Protects uploads end to end: every file of the shared collection gets the status it should.
#[tokio::test(flavor = "multi_thread")]
async fn uploads_get_the_status_they_should() {
    let folder = root().join("../shared/uploads");
    let Ok(text) = std::fs::read_to_string(folder.join("expected.json")) else {
        eprintln!("SKIPPED uploads_get_the_status_they_should: {} is not there", folder.display());
        return;
    };
    let expected: Value = serde_json::from_str(&text).expect("JSON");
    let data = tempfile::tempdir().expect("data");
    let server = Server::start(data.path(), &[]);
    for (name, row) in expected.as_object().expect("rows") {
        let (status, answer) = server.upload_bytes(name, std::fs::read(folder.join(name)).expect("readable")).await;
        assert_eq!(Some(u64::from(status)), row["expect"].as_u64(), "{name}: {answer}");
    }
}

/// Protects operators: ready means that real work is possible, each part says so, and a full set of
/// checks passes on a healthy machine.
#[tokio::test(flavor = "multi_thread")]
async fn readiness_does_real_work() {
    let data = tempfile::tempdir().expect("data");
    let server = Server::start(data.path(), &[]);
    let (status, ready) = server.readiness().await;
    assert_eq!((status, &ready["ready"]), (200, &json!(true)), "{ready}");
    let names: Vec<_> =
        ready["checks"].as_array().expect("checks").iter().map(|check| check["name"].as_str().unwrap_or("")).collect();
    for part in ["files", "jobs", "critic", "sandbox", "models"] {
        assert!(names.contains(&part), "{part} says nothing: {names:?}");
    }
}
