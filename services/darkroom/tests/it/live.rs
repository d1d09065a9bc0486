//! What goes on within a step is seen while it goes on: code while a model writes it, output while code prints it.

use crate::harness::{PATIENCE, Server, sample};
use actix_web::dev::ServerHandle;
use actix_web::{App, HttpResponse, HttpServer, web};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Prints, then works for longer than anybody waits: what is seen of it is seen while it runs.
const CODE: [&str; 2] = ["import time\nprint('begun é', flush=True)\n", "time.sleep(100)\nprint('ended')\n"];

/// A model that streams one half of its code, and the other when it is let.
struct Slow {
    url: String,
    go: Arc<Semaphore>,
    handle: ServerHandle,
}

impl Drop for Slow {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

fn event(delta: Value, finish: Option<&str>) -> web::Bytes {
    let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
    web::Bytes::from(format!("data: {}\n\n", json!({ "object": "chat.completion.chunk", "choices": [choice] })))
}

impl Slow {
    fn start() -> Self {
        let go = Arc::new(Semaphore::new(0));
        let shared = go.clone();
        let server = HttpServer::new(move || {
            let go = shared.clone();
            let answer = move || {
                let go = go.clone();
                async move {
                    let first = event(json!({ "content": format!("It waits.\n```python\n{}", CODE[0]) }), None);
                    let rest = stream::once(async move {
                        go.acquire().await.expect("an open gate").forget();
                        let rest = event(json!({ "content": format!("{}```\n", CODE[1]) }), None);
                        let usage = json!({ "prompt_tokens": 10, "completion_tokens": 5 });
                        let end = json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }], "usage": usage });
                        web::Bytes::from([rest, web::Bytes::from(format!("data: {end}\n\ndata: [DONE]\n\n"))].concat())
                    });
                    let body = stream::iter([first]).chain(rest).map(Ok::<_, Infallible>);
                    HttpResponse::Ok().content_type("text/event-stream").streaming(body)
                }
            };
            App::new()
                .app_data(web::PayloadConfig::new(32 << 20))
                .route("/v1/chat/completions", web::post().to(answer))
                .route("/v1/models", web::get().to(|| async { HttpResponse::Ok().json(json!({ "data": [] })) }))
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/v1", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, go, handle }
    }
}

/// The events of a job as they come.
struct Watcher {
    response: reqwest::Response,
    buffer: String,
    bytes: Vec<u8>,
}

impl Watcher {
    async fn of(server: &Server, job: &str) -> Self {
        let request = server.request(reqwest::Method::GET, &format!("/api/v1/jobs/{job}/events"));
        let response = request.send().await.expect("a stream");
        assert_eq!(response.status(), 200);
        Self { response, buffer: String::new(), bytes: Vec::new() }
    }

    /// The next event: whether it has a number, its name, its data. Nothing at the end.
    async fn next(&mut self) -> Option<(bool, String, Value)> {
        loop {
            while let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.buffer = rest;
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                if let (Some(name), Some(data)) = (field("event:"), field("data:")) {
                    let data = serde_json::from_str(data).expect("JSON data");
                    return Some((field("id:").is_some(), name.to_owned(), data));
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await.expect("an event in time");
            self.bytes.extend_from_slice(&chunk.expect("the stream goes on")?);
            let whole = match std::str::from_utf8(&self.bytes) {
                Ok(text) => text.len(),
                Err(error) => error.valid_up_to(),
            };
            let rest = self.bytes.split_off(whole);
            self.buffer.push_str(&String::from_utf8_lossy(&self.bytes));
            self.bytes = rest;
        }
    }

    /// What is shown of a channel once `wanted` holds of it, added up as a page does, and all names of events until then.
    async fn until(&mut self, channel: &str, wanted: &str) -> (String, Vec<String>) {
        let (mut shown, mut names) = (String::new(), Vec::new());
        while !shown.contains(wanted) {
            let (numbered, name, data) =
                self.next().await.unwrap_or_else(|| panic!("{wanted:?} never came: {names:?}"));
            assert_eq!(numbered, name != "live", "what is of the moment has no number: {name}");
            if name == "live" && data["channel"] == channel {
                if data["replace"] == true {
                    shown.clear();
                }
                shown.push_str(data["text"].as_str().expect("a text"));
            }
            names.push(format!("{name} {}", data["data"]["kind"].as_str().unwrap_or_default()));
        }
        (shown, names)
    }
}

/// Protects people from staring at a wheel: half of the code is there while the model has not sent the other, what code
/// prints is there while it runs, whoever comes late sees the same, and none of it stays in the job's history.
#[tokio::test(flavor = "multi_thread")]
async fn steps_are_seen_while_they_go_on() {
    let model = Slow::start();
    let data = tempfile::tempdir().expect("data");
    let server = Server::start(data.path(), &[("CODE_MODEL_URL", model.url.as_str()), ("CODE_MODEL_NAME", "slow")]);
    let job = server.job(&sample("table.png"), json!({ "max_repairs": 0 })).await;
    let mut early = Watcher::of(&server, &job).await;
    let (code, names) = early.until("code", "flush=True)\n").await;
    assert_eq!(code, CODE[0]);
    assert!(!names.iter().any(|name| name == "step_finished think"), "{names:?}");
    let mut late = Watcher::of(&server, &job).await;
    assert_eq!(late.until("code", "flush=True)\n").await.0, CODE[0], "whoever comes late sees the same");
    model.go.add_permits(9);
    let (printed, names) = early.until("stdout", "begun é\n").await;
    assert_eq!(printed, "begun é\n");
    assert!(
        names.iter().any(|name| name == "step_finished think") && !names.iter().any(|name| name == "step_finished run"),
        "{names:?}"
    );
    assert_eq!(late.until("stdout", "begun é\n").await.0, "begun é\n");
    let mut again = Watcher::of(&server, &job).await;
    assert_eq!(
        again.until("stdout", "begun é\n").await.0,
        "begun é\n",
        "a line that was lost loses nothing that matters"
    );
    let (status, cancelled) = server.post(&format!("/api/v1/jobs/{job}/cancel"), &json!({})).await;
    assert_eq!(status, 200, "{cancelled}");
    let mut last = String::new();
    while let Some((_, name, _)) = early.next().await {
        last = name;
    }
    assert_eq!(last, "job_finished");
    let history = server.events(&job, 0).await;
    assert!(history.iter().all(|(_, name, _)| name != "live"), "{history:?}");
    assert!(history.iter().any(|(_, name, data)| name == "step_finished" && data["detail"]["code"] == CODE.concat()));
}
