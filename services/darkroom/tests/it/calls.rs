//! What model calls took, by HTTP.

use crate::harness::{Script, Server, fenced, sample};
use serde_json::json;

/// Protects the page of models and whoever wrote the prompts: the calls of a job are listed, newest first, with who was
/// asked by which rules and what it cost, page by page, and without a word of what was said.
#[tokio::test(flavor = "multi_thread")]
async fn calls_are_listed_without_their_content() {
    let script = Script::new(&[&fenced("print('canary-of-the-code')"), "canary-of-the-summary"], 0);
    let data = tempfile::tempdir().expect("data");
    let url = script.url();
    let prices = [("MODEL_PRICES", "scripted=2/10"), ("CODE_MODEL_URL", &url), ("REASONING_MODEL_URL", &url)];
    let server = Server::start(data.path(), &prices);
    let job = server.job(&sample("table.png"), json!({ "max_repairs": 0 })).await;
    let report = server.report(&job).await;
    assert_eq!(report["usage"]["calls"], 2, "{report}");
    let (status, page) = server.get("/api/v1/models/calls?limit=1").await;
    assert_eq!(status, 200, "{page}");
    let cursor = page["next_cursor"].as_str().expect("a cursor");
    let (_, rest) = server.get(&format!("/api/v1/models/calls?limit=1&cursor={cursor}")).await;
    assert_eq!(rest["next_cursor"], json!(null));
    for (call, role, file) in [(&page["items"][0], "reasoning", "summary.md"), (&rest["items"][0], "code", "code.md")] {
        assert_eq!((call["role"].as_str(), call["prompt_file"].as_str()), (Some(role), Some(file)), "{call}");
        assert_eq!(call["prompt_hash"].as_str().map(str::len), Some(12), "{call}");
        assert_eq!((call["job_id"].as_str(), call["model"].as_str()), (Some(job.as_str()), Some("scripted")));
        assert_eq!((call["prompt_tokens"].as_u64(), call["completion_tokens"].as_u64()), (Some(100), Some(20)));
        assert_eq!((call["cost_usd"].as_f64(), call["error_code"].as_str()), (Some(0.0004), None), "{call}");
        assert!(call["duration_ms"].is_u64() && call["started_at"].is_string());
    }
    assert!(!format!("{page}{rest}").contains("canary"), "{page} {rest}");
    let (status, refused) = server.get("/api/v1/models/calls?cursor=x").await;
    assert_eq!((status, refused["code"].as_str()), (400, Some("bad_request")));
    let stranger =
        server.stranger().get(format!("{}/api/v1/models/calls", server.base)).send().await.expect("an answer");
    assert_eq!(stranger.status(), 401);
}
