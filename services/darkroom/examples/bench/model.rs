//! What the platform adds to a model call, against a bare HTTP call to the same server, which answers at once.

use crate::measure::quantile;
use actix_web::{App, HttpResponse, HttpServer, web};
use blob::{BlobKey, SharedStore};
use common::{JobId, StepId};
use llm::{ImageType, Limits, Message, Model, Part, Request, Role, RoleName, StepContext};
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};

/// Calls of each kind, interleaved.
const CALLS: usize = 200;
/// Most that the platform may add to a call, p50, in milliseconds.
const MOST_MS: f64 = 5.0;

/// A server that streams an answer of some length at once.
fn server() -> String {
    let piece = |text: &str| format!("data: {}\n\n", json!({"choices": [{"delta": {"content": text}}]}));
    let mut answer: String = (0..200).map(|n| piece(&format!("line {n}\n"))).collect();
    let last = json!({"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 1, "completion_tokens": 200}});
    answer.push_str(&format!("data: {last}\n\ndata: [DONE]\n\n"));
    let server = HttpServer::new(move || {
        let answer = answer.clone();
        let reply = move |_: web::Bytes| {
            let answer = HttpResponse::Ok().content_type("text/event-stream").body(answer.clone());
            async { answer }
        };
        App::new().app_data(web::PayloadConfig::new(64 << 20)).route("/v1/chat/completions", web::post().to(reply))
    });
    let server = server.workers(1).disable_signals().bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/v1", server.addrs()[0]);
    tokio::spawn(server.run());
    url
}

fn request(picture_bytes: usize) -> Request {
    let mut parts = vec![Part::Text("word ".repeat(2000))];
    if picture_bytes > 0 {
        parts.push(Part::Image { kind: ImageType::Png, bytes: vec![7; picture_bytes].into() });
    }
    let messages = vec![Message { speaker: llm::Speaker::User, parts }];
    let role = RoleName::Code;
    let step = StepContext { job_id: JobId::new(), step_id: StepId::new(), role, turn: 0, role_turn: 0, call: 0 };
    Request::new("rules ".repeat(500), messages, 64, step)
}

/// The same bytes as the platform sends, read to the end of the answer, and nothing else.
async fn bare(http: &reqwest::Client, url: &str, bytes: usize) -> Duration {
    // As long as the body of the same question: text, and the picture in base64.
    let body = vec![b'x'; 13_300 + bytes.div_ceil(3) * 4];
    let begun = Instant::now();
    let answer = http.post(format!("{url}/chat/completions")).body(body).send().await.expect("an answer");
    answer.bytes().await.expect("a body");
    begun.elapsed()
}

/// A call as a turn of the agent makes it: is it paid for already? ask; keep the answer.
async fn through(chain: &llm::Chain, store: &SharedStore, request: Request) -> Duration {
    let key = BlobKey::parse(&format!("bench/{}", request.step.step_id)).expect("a key");
    let begun = Instant::now();
    assert!(store.get(&key, 1 << 20).await.is_err(), "it was never asked");
    let reply = chain.complete(request).await.expect("an answer");
    let bytes = serde_json::to_vec(&reply).expect("JSON");
    store.put(&key, bytes.into()).await.expect("kept");
    begun.elapsed()
}

/// Prints the table.
pub async fn figures(folder: &Path) {
    let url = server();
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let Ok(Role::Model(chain)) = llm::connect(&url, "m", None, Limits::default()) else { panic!("a model") };
    let store: SharedStore =
        std::sync::Arc::new(blob::FolderStore::open(folder.join("bench-calls")).await.expect("a folder"));
    println!("a model call against a bare HTTP call to a server that answers at once (wall, p50 / p95 in ms)");
    for (name, bytes) in [("text", 0), ("1 MiB picture", 1 << 20)] {
        let (mut alone, mut whole) = (Vec::new(), Vec::new());
        for _ in 0..CALLS {
            alone.push(bare(&http, &url, bytes).await);
            whole.push(through(&chain, &store, request(bytes)).await);
        }
        let (a, b) = (quantile(&alone, 0.5), quantile(&whole, 0.5));
        let verdict = if b - a <= MOST_MS { "kept" } else { "MISSED" };
        println!(
            "  {name:13} bare {a:6.2} / {:6.2}   platform {b:6.2} / {:6.2}   ratio {:.2}   added {:.2} (limit {MOST_MS}: {verdict})",
            quantile(&alone, 0.95),
            quantile(&whole, 0.95),
            b / a,
            b - a
        );
    }
}
