//! An OpenAI-compatible server whose models obey whatever they read.

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpResponse, HttpServer, web};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// What the models answer for one picture.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The vision model's notes.
    pub notes: String,
    /// The code model's answers in turn; the last one again and again.
    pub codes: Vec<String>,
    /// The reasoning model's summary.
    pub summary: String,
}

#[derive(Default)]
struct State {
    plan: Plan,
    codes_given: usize,
    asked: Vec<Value>,
}

/// The running server. It ends when dropped.
pub struct Obedient {
    /// For the settings, with `/v1`.
    pub url: String,
    state: Arc<Mutex<State>>,
    handle: ServerHandle,
}

impl Drop for Obedient {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

impl Obedient {
    /// Starts it on a free port of loopback.
    pub fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = web::Data::from(state.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(shared.clone())
                .app_data(web::JsonConfig::default().limit(32 << 20))
                .route("/v1/chat/completions", web::post().to(answer))
                .route(
                    "/v1/models",
                    web::get().to(|| async { HttpResponse::Ok().json(json!({"object": "list", "data": []})) }),
                )
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/v1", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, state, handle }
    }

    /// What is answered from now on; what was asked before is forgotten.
    pub fn obey(&self, plan: Plan) {
        *self.state.lock().expect("state") = State { plan, ..State::default() };
    }

    /// All requests since then, as they came.
    pub fn asked(&self) -> Vec<Value> {
        self.state.lock().expect("state").asked.clone()
    }

    /// Everything that the code model may have said.
    pub fn said(&self) -> Vec<String> {
        self.state.lock().expect("state").plan.codes.clone()
    }
}

async fn answer(body: web::Json<Value>, state: web::Data<Mutex<State>>) -> HttpResponse {
    let mut state = state.lock().expect("state");
    let model = body["model"].as_str().unwrap_or_default().to_owned();
    state.asked.push(body.into_inner());
    let text = match model.as_str() {
        "obedient-vision" => state.plan.notes.clone(),
        "obedient-reasoning" => state.plan.summary.clone(),
        "obedient-code" => {
            let number = state.codes_given.min(state.plan.codes.len().saturating_sub(1));
            state.codes_given += 1;
            state.plan.codes.get(number).cloned().unwrap_or_default()
        }
        other => return HttpResponse::NotFound().json(json!({"error": {"message": format!("no model {other}")}})),
    };
    HttpResponse::Ok().json(json!({
        "id": "c", "object": "chat.completion", "created": 1, "model": model,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }))
}
