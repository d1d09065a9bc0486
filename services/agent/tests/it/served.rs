//! A model's server over real HTTP that knows what it is told to know, and counts what it bills.

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::{App, HttpResponse, HttpServer, web};
use agent::Role;
use common::wire::common_v1::Usage;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Tokens that each answer is billed: sent, and received.
pub const BILLED: (u64, u64) = (101, 7);

/// What the server answers to one question.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A whole body, or the events of a stream, as a real server sends it. Billed as it says itself.
    Raw { kind: &'static str, body: String },
    /// Text.
    Text(String),
    /// Calls of tools: name and arguments.
    Calls(Vec<(&'static str, String)>),
    /// Nothing, for ever.
    Silence,
}

impl Answer {
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub fn call(name: &'static str, arguments: Value) -> Self {
        Self::Calls(vec![(name, arguments.to_string())])
    }
}

/// A refusal: a field, the status, and the sentence that a real server says.
pub type Refusal = (&'static str, u16, &'static str);

#[derive(Default)]
struct Seen {
    answers: Vec<Answer>,
    asked: Vec<Value>,
    refused: usize,
    billed: Usage,
}

pub struct Served {
    url: String,
    seen: Arc<Mutex<Seen>>,
    handle: ServerHandle,
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

impl Served {
    /// A server that refuses these fields, and gives these answers in turn, the last one again and again.
    pub fn start(refusals: &'static [Refusal], answers: Vec<Answer>) -> Self {
        let seen = Arc::new(Mutex::new(Seen { answers, ..Seen::default() }));
        let shared = seen.clone();
        let server = HttpServer::new(move || {
            let seen = shared.clone();
            let answer = move |body: web::Json<Value>| {
                let answer = answered(refusals, body.0, &mut seen.lock().unwrap());
                async {
                    match answer {
                        Some(answer) => answer,
                        None => {
                            tokio::time::sleep(Duration::from_secs(600)).await;
                            HttpResponse::Ok().finish()
                        }
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
        .unwrap();
        let url = format!("http://{}/v1", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, seen, handle }
    }

    /// Whoever this server's model plays.
    pub fn role(&self) -> Role {
        llm::connect(&self.url, "m", None, llm::Limits::default()).unwrap()
    }

    /// One of its models.
    pub fn model(&self, name: &str) -> llm::SharedModel {
        Arc::new(llm::OpenAiModel::new(&self.url, name, None, llm::Limits::default()).unwrap())
    }

    /// What was asked and not refused.
    pub fn asked(&self) -> Vec<Value> {
        self.seen.lock().unwrap().asked.clone()
    }

    /// How often something was refused.
    pub fn refused(&self) -> usize {
        self.seen.lock().unwrap().refused
    }

    /// Everything that was billed, at 2 and 10 dollars for a million tokens.
    pub fn bill(&self) -> Usage {
        let billed = self.seen.lock().unwrap().billed;
        Usage { cost_micro_usd: 2 * billed.prompt_tokens + 10 * billed.completion_tokens, ..billed }
    }

    /// What is answered from now on.
    pub fn answers(&self, answers: Vec<Answer>) {
        let mut seen = self.seen.lock().unwrap();
        *seen = Seen { answers, asked: Vec::new(), ..std::mem::take(&mut *seen) };
    }
}

/// Nothing where there is only silence.
fn answered(refusals: &[Refusal], body: Value, seen: &mut Seen) -> Option<HttpResponse> {
    let given = |field: &str| !matches!(&body[field], Value::Null | Value::Bool(false));
    if let Some((_, status, why)) = refusals.iter().find(|(field, _, _)| given(field)) {
        seen.refused += 1;
        let status = StatusCode::from_u16(*status).unwrap();
        return Some(
            HttpResponse::build(status).json(json!({"error": {"message": why, "type": "invalid_request_error"}})),
        );
    }
    let index = seen.asked.len().min(seen.answers.len().saturating_sub(1));
    seen.asked.push(body);
    let (message, finish) = match seen.answers[index].clone() {
        Answer::Silence => return None,
        Answer::Raw { kind, body } => return Some(HttpResponse::Ok().content_type(kind).body(body)),
        Answer::Text(text) => (json!({"role": "assistant", "content": text}), "stop"),
        Answer::Calls(calls) => {
            let calls: Vec<Value> = calls
                .iter()
                .enumerate()
                .map(|(n, (name, arguments))| {
                    json!({"id": format!("call_{n}"), "type": "function",
                        "function": {"name": name, "arguments": arguments}})
                })
                .collect();
            (json!({"role": "assistant", "content": null, "tool_calls": calls}), "tool_calls")
        }
    };
    seen.billed.prompt_tokens += BILLED.0;
    seen.billed.completion_tokens += BILLED.1;
    seen.billed.calls += 1;
    Some(HttpResponse::Ok().json(json!({
        "id": "c", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": BILLED.0, "completion_tokens": BILLED.1, "total_tokens": BILLED.0 + BILLED.1},
    })))
}
