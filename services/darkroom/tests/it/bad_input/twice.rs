//! The same request delivered more than once.

use super::Scene;
use crate::harness::{Script, fenced, sample};
use serde_json::json;
use std::collections::BTreeSet;

/// Protects callers that try again: ten requests with one Idempotency-Key, all at once, are one job, run once,
/// with one result; another request under that key is refused.
#[tokio::test(flavor = "multi_thread")]
async fn one_key_is_one_job() {
    let script = Script::new(&[&fenced("open('/box/out/a.txt', 'w').write('a')")], 0);
    let scene = Scene::new(&[("CODE_MODEL_URL", &script.url())]);
    let file = scene.server.upload(&sample("table.png")).await;
    let create = |prompt: &str| {
        let request = scene.server.request(reqwest::Method::POST, "/api/v1/jobs").header("idempotency-key", "k");
        request.json(&json!({ "file_ids": [file], "prompt": prompt })).send()
    };
    let answers = futures::future::join_all((0..10).map(|_| create("a"))).await;
    let mut ids = BTreeSet::new();
    for answer in answers {
        let answer = answer.expect("an answer");
        assert_eq!(answer.status().as_u16(), 202);
        let job: serde_json::Value = answer.json().await.expect("JSON");
        ids.insert(job["id"].as_str().expect("id").to_owned());
    }
    assert_eq!(ids.len(), 1, "{ids:?}");
    let refused = create("b").await.expect("an answer");
    let problem = (refused.status().as_u16(), refused.json().await.expect("JSON"));
    super::assert_problem("another request", &problem, (409, "idempotency_conflict", "different request"));
    let job = ids.first().expect("one");
    let report = scene.server.report(job).await;
    assert_eq!(report["state"], "succeeded", "{report}");
    assert_eq!(report["outputs"].as_array().map(Vec::len), Some(1));
    assert_eq!(script.calls().len(), 1, "thought of once");
    let (_, list) = scene.server.get("/api/v1/jobs").await;
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1), "{list}");
}
