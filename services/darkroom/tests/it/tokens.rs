//! What a job is said to have cost, against what the model's server counted.

use crate::harness::{Server, fenced, sample};
use actix_web::{App, HttpResponse, HttpServer, web};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const CODE: &str = "import pandas as pd\npd.DataFrame({'a': [1]}).to_csv('/box/out/data.csv', index=False)";

/// Prompt and completion tokens that the server has counted, and how often it was asked.
type Counted = Arc<Mutex<(u64, u64, u64)>>;

/// A server whose every answer costs something else, some streamed and some not. The first answer to code is of no use.
fn start(counted: &Counted) -> String {
    let shared = counted.clone();
    let server = HttpServer::new(move || {
        let counted = shared.clone();
        let answer = move |body: web::Json<Value>| {
            let (prompt, completion, n) = {
                let mut counted = counted.lock().expect("the count");
                let (prompt, completion) = (100 + 7 * counted.2, 10 + 3 * counted.2);
                *counted = (counted.0 + prompt, counted.1 + completion, counted.2 + 1);
                (prompt, completion, counted.2)
            };
            let text = match body["model"].as_str() {
                Some("coder") if n <= 2 => "I would rather not.".to_owned(),
                Some("coder") => fenced(CODE),
                _ => "It is a table.".to_owned(),
            };
            let usage = json!({"prompt_tokens": prompt, "completion_tokens": completion});
            let whole = json!({"choices": [{"message": {"content": text}, "finish_reason": "stop"}], "usage": usage});
            let piece = json!({"choices": [{"delta": {"content": text}, "finish_reason": "stop"}]});
            let last = json!({"choices": [], "usage": usage});
            let streams = body["model"] == "coder";
            async move {
                if streams {
                    let events = format!("data: {piece}\n\ndata: {last}\n\ndata: [DONE]\n\n");
                    HttpResponse::Ok().content_type("text/event-stream").body(events)
                } else {
                    HttpResponse::Ok().json(whole)
                }
            }
        };
        App::new()
            .app_data(web::JsonConfig::default().limit(32 << 20))
            .route("/v1/chat/completions", web::post().to(answer))
    })
    .workers(1)
    .disable_signals()
    .bind("127.0.0.1:0")
    .expect("a port");
    let url = format!("http://{}/v1", server.addrs()[0]);
    tokio::spawn(server.run());
    url
}

/// Protects whoever pays: the tokens of a job are those that the server counted, of streams and of answers in one piece,
/// of useless answers and of repairs.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_costs_what_the_server_counted() {
    let counted = Counted::default();
    let url = start(&counted);
    let variables = [
        ("VISION_MODEL_URL", url.as_str()),
        ("VISION_MODEL_NAME", "viewer"),
        ("CODE_MODEL_URL", url.as_str()),
        ("CODE_MODEL_NAME", "coder"),
        ("REASONING_MODEL_URL", url.as_str()),
        ("REASONING_MODEL_NAME", "thinker"),
    ];
    let data = tempfile::tempdir().expect("data");
    let server = Server::start(data.path(), &variables);
    let job = server.job(&sample("table.png"), json!({})).await;
    let report = server.report(&job).await;
    assert_eq!(report["state"], "succeeded", "{report}");
    let (prompt, completion, asked) = *counted.lock().expect("the count");
    assert!(asked >= 4, "vision, code, its repair, the summary: {asked}");
    let usage = &report["usage"];
    assert_eq!(
        (usage["prompt_tokens"].as_u64(), usage["completion_tokens"].as_u64()),
        (Some(prompt), Some(completion)),
        "{report}"
    );
}
