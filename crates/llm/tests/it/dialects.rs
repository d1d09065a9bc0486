//! Answers and errors as servers describe them, each with its source beside it, over real connections.
//!
//! A body that is a text is sent as it stands; names and figures in the bodies are ours, shapes are the servers'.

use crate::endpoint::quick;
use crate::request;
use actix_web::dev::ServerHandle;
use actix_web::{App, HttpResponse, HttpServer, web};
use llm::{ErrorKind, Model, OpenAiModel, RoleName};
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixture {
    name: String,
    source: String,
    status: u16,
    body: Value,
    expected: Expected,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Expected {
    Read { text: String, prompt_tokens: u64, completion_tokens: u64, cut_off: bool },
    Refused { error: ErrorKind, requests: usize, lasting: bool },
}

const SERVERS: [(&str, &str); 7] = [
    ("OpenAI", include_str!("dialects/openai.json")),
    ("Mistral", include_str!("dialects/mistral.json")),
    ("DeepSeek", include_str!("dialects/deepseek.json")),
    ("vLLM", include_str!("dialects/vllm.json")),
    ("Ollama", include_str!("dialects/ollama.json")),
    ("llama.cpp", include_str!("dialects/llama_cpp.json")),
    ("LM Studio", include_str!("dialects/lm_studio.json")),
];

/// A server that gives one answer again and again. Stopped when dropped.
pub struct Replay {
    pub url: String,
    asked: Arc<AtomicUsize>,
    handle: ServerHandle,
}

impl Replay {
    pub fn start(status: u16, content_type: &'static str, body: String) -> Self {
        let asked = Arc::new(AtomicUsize::new(0));
        let (counted, status) = (asked.clone(), actix_web::http::StatusCode::from_u16(status).unwrap());
        let http = HttpServer::new(move || {
            let (body, counted) = (body.clone(), counted.clone());
            App::new().route(
                "/v1/chat/completions",
                web::post().to(move || {
                    counted.fetch_add(1, Ordering::SeqCst);
                    let answer = HttpResponse::build(status).content_type(content_type).body(body.clone());
                    async { answer }
                }),
            )
        })
        .workers(1)
        .disable_signals()
        .bind("127.0.0.1:0")
        .unwrap();
        let url = format!("http://{}/v1", http.addrs()[0]);
        let http = http.run();
        let handle = http.handle();
        tokio::spawn(http);
        Self { url, asked, handle }
    }

    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        // Sends the order at once; nobody needs to wait for it.
        drop(self.handle.stop(false));
    }
}

async fn check(name: &str, fixture: Fixture) {
    let name = format!("{name}: {}", fixture.name);
    assert!(fixture.source.starts_with("https://"), "{name} names its source");
    let body = match &fixture.body {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let server = Replay::start(fixture.status, "application/json", body);
    let model = OpenAiModel::new(&server.url, "m", None, quick()).unwrap();
    let answer = model.complete(request(RoleName::Code, 0, 0, 0)).await;
    match (answer, fixture.expected) {
        (Ok(reply), Expected::Read { text, prompt_tokens, completion_tokens, cut_off }) => {
            assert_eq!((reply.text, reply.cut_off), (text, cut_off), "{name}");
            let used = (reply.usage.prompt_tokens, reply.usage.completion_tokens);
            assert_eq!(used, (prompt_tokens, completion_tokens), "{name}");
            assert_eq!(server.asked(), 1, "{name}");
        }
        (Err(error), Expected::Refused { error: kind, requests, lasting }) => {
            assert_eq!((error.kind, error.lasting), (kind, lasting), "{name}: {error}");
            assert_eq!(server.asked(), requests, "{name}");
            let told = error.failure().detail;
            assert!(told.starts_with("The model 'm' ") && !told.contains("sk-"), "{name}: {told}");
        }
        (answer, _) => panic!("{name}: {answer:?}"),
    }
}

/// Protects whoever brings a server of one's own: every shape that these servers describe is read, or refused with
/// its kind, after the right number of requests, and known as lasting where asking again cannot help.
#[tokio::test]
async fn servers_are_understood() {
    for (server, fixtures) in SERVERS {
        let fixtures: Vec<Fixture> = serde_json::from_str(fixtures).unwrap_or_else(|error| panic!("{server}: {error}"));
        assert!(fixtures.len() >= 3, "{server}");
        for fixture in fixtures {
            check(server, fixture).await;
        }
    }
}
