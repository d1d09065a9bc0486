//! A server whose behaviour is named by the model that is asked for.

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use llm::{Limits, Model, OpenAiModel};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the server was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    pub authorization: Option<String>,
    pub body: Value,
}

#[derive(Clone, Default)]
struct State(Arc<Mutex<Vec<Asked>>>, Arc<AtomicUsize>);

pub struct Endpoint {
    pub url: String,
    state: State,
    handle: ServerHandle,
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        // Sends the order at once; nobody needs to wait for it.
        drop(self.handle.stop(false));
    }
}

impl Endpoint {
    pub fn start() -> Self {
        let state = State::default();
        let shared = state.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(web::Data::new(shared.clone()))
                .app_data(web::JsonConfig::default().limit(32 << 20))
                .route("/v1/chat/completions", web::post().to(answer))
                .route("/locked/v1/models", web::get().to(locked))
                .route(
                    "/lying/v1/models",
                    web::get().to(|| async {
                        HttpResponse::Ok().json(json!({"error": "Unexpected endpoint or method. (GET /models)"}))
                    }),
                )
                .route("/page/v1/models", web::get().to(|| async { HttpResponse::Ok().body("<html>") }))
                .route("/down/v1/models", web::get().to(|| async { HttpResponse::BadGateway().finish() }))
        })
        .workers(1)
        .disable_signals()
        .bind("127.0.0.1:0")
        .unwrap();
        let url = format!("http://{}/v1", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, state, handle }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.state.0.lock().unwrap().clone()
    }

    /// How often the locked list of models was asked for.
    pub fn checks(&self) -> usize {
        self.state.1.load(Ordering::SeqCst)
    }

    pub fn model(&self, name: &str) -> OpenAiModel {
        OpenAiModel::new(&self.url, name, Some("sk-very-secret".to_owned().into()), quick()).unwrap()
    }
}

/// Limits that make the tests quick.
pub fn quick() -> Limits {
    Limits {
        read_timeout: Duration::from_secs(1),
        idle_timeout: Duration::from_secs(1),
        total_timeout: Duration::from_secs(10),
        retry_delay: Duration::from_millis(5),
        max_retry_after: Duration::from_millis(1500),
        max_reply_bytes: 64 * 1024,
        ..Limits::default()
    }
}

fn good(content: &str) -> Value {
    json!({"id": "c", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}})
}

fn only(choice: Value) -> HttpResponse {
    HttpResponse::Ok().json(json!({"choices": [choice]}))
}

async fn locked(state: web::Data<State>) -> HttpResponse {
    state.1.fetch_add(1, Ordering::SeqCst);
    HttpResponse::Unauthorized().finish()
}

async fn answer(request: HttpRequest, body: web::Json<Value>, state: web::Data<State>) -> HttpResponse {
    let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let model = body["model"].as_str().unwrap_or_default().to_owned();
    let newer = body.get("max_completion_tokens").is_some();
    let count = {
        let mut asked = state.0.lock().unwrap();
        asked.push(Asked { authorization: header.map(str::to_owned), body: body.0 });
        asked.len()
    };
    let text = json!({"message": {"content": "hi"}});
    match model.as_str() {
        "good" => HttpResponse::Ok().json(good("hi")),
        "bare" => only(text),
        "odd-usage" => HttpResponse::Ok().json(json!({"choices": [text], "usage": {"prompt_tokens": 3.0, "completion_tokens": null}})),
        "parts" => only(json!({"message": {"content": [{"type": "text", "text": "h"}, {"type": "x"}, {"type": "text", "text": "i"}]}})),
        "odd-finish" => only(json!({"message": {"content": "hi"}, "finish_reason": "eos"})),
        "length" => only(json!({"message": {"content": "hi"}, "finish_reason": "length"})),
        "null-content" => HttpResponse::Ok().json(json!({"choices": [{"message": {"content": null, "reasoning_content": "hm"}}], "usage": {"prompt_tokens": 5, "completion_tokens": 6}})),
        "no-choices" => HttpResponse::Ok().json(json!({"choices": [], "usage": {}})),
        "html" => HttpResponse::Ok().content_type("text/html").body("<html>sign in</html>"),
        "cut-json" => HttpResponse::Ok().content_type("application/json").body("{\"choices\":[{\"mess"),
        "empty" => HttpResponse::Ok().finish(),
        "huge" => HttpResponse::Ok().json(good(&"x".repeat(100_000))),
        "cut-body" => HttpResponse::Ok().content_type("application/json").streaming(futures::stream::iter([
            Ok(web::Bytes::from_static(b"{\"choices\":[{\"mess")),
            Err(std::io::Error::other("cut")),
        ])),
        "cut-body-once" if count == 1 => HttpResponse::Ok().streaming(futures::stream::iter([
            Ok(web::Bytes::from_static(b"{")),
            Err(std::io::Error::other("cut")),
        ])),
        "stall" => HttpResponse::Ok().streaming(futures::StreamExt::chain(
            futures::stream::iter([Ok::<_, std::io::Error>(web::Bytes::from_static(b"{"))]),
            futures::stream::pending(),
        )),
        "slow" => {
            tokio::time::sleep(Duration::from_secs(3)).await;
            HttpResponse::Ok().json(good("late"))
        }
        "429" => HttpResponse::TooManyRequests().json(json!({"error": {"message": "slow", "code": 429}})),
        "429-once-after" if count == 1 => {
            HttpResponse::TooManyRequests().insert_header(("retry-after", "1")).body("<html>slow</html>")
        }
        "429-long-after" => HttpResponse::TooManyRequests().insert_header(("retry-after", "3600")).finish(),
        "quota" => HttpResponse::TooManyRequests().json(json!({"error": {"message": "pay", "code": "insufficient_quota"}})),
        "500" => HttpResponse::InternalServerError().body("boom"),
        "500-nine" if count <= 9 => HttpResponse::InternalServerError().body("boom"),
        "429-then-slow" if count == 1 => HttpResponse::TooManyRequests().insert_header(("retry-after", "3600")).finish(),
        "429-then-slow" => {
            tokio::time::sleep(Duration::from_secs(3)).await;
            HttpResponse::Ok().json(good("late"))
        }
        "401-once" if count == 1 => HttpResponse::Unauthorized().finish(),
        "500-twice" if count <= 2 => HttpResponse::InternalServerError().body("boom"),
        "400-integer-code" => HttpResponse::BadRequest().json(json!({"error": {"message": "ctx too long", "type": "x", "code": 400}})),
        "401" => HttpResponse::Unauthorized().json(json!({"error": {"message": "Incorrect API key provided: sk-very-secret"}})),
        "404" => HttpResponse::NotFound().json(json!({"detail": "Not Found"})),
        "redirect" => HttpResponse::Found().insert_header(("location", "/v1/chat/completions")).finish(),
        "newer" if !newer => HttpResponse::BadRequest().json(json!({"error": {"message": "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."}})),
        "inner-error-once" if count == 1 => HttpResponse::Ok().json(json!({"error": {"message": "upstream", "code": 502}})),
        "cut-body-once" | "429-once-after" | "500-twice" | "500-nine" | "401-once" | "newer" | "inner-error-once" => HttpResponse::Ok().json(good("hi")),
        other => HttpResponse::NotImplemented().body(format!("the test server knows no '{other}'")),
    }
}

/// Protects answers of real servers: bodies that the protocol's letter would refuse are read, and
/// tokens are counted where the server counts them.
#[tokio::test]
async fn dialects_are_understood() {
    let cases = [
        ("good", 11, 7, false),
        ("bare", 0, 0, false),
        ("odd-usage", 3, 0, false),
        ("parts", 0, 0, false),
        ("odd-finish", 0, 0, false),
        ("length", 0, 0, true),
    ];
    for (name, prompt, completion, cut_off) in cases {
        let endpoint = Endpoint::start();
        let reply = endpoint.model(name).complete(super::request(llm::RoleName::Code, 0, 0, 0)).await.expect(name);
        assert_eq!(reply.text, "hi", "{name}");
        assert_eq!((reply.usage.prompt_tokens, reply.usage.completion_tokens), (prompt, completion), "{name}");
        assert_eq!((reply.cut_off, reply.model.as_str()), (cut_off, name));
        assert_eq!(endpoint.asked().len(), 1, "{name}");
    }
}

/// Protects what is sent: rules, text, pictures as data URIs, the limit of tokens and the key, and
/// nothing that a strict server would refuse.
#[tokio::test]
async fn the_request_has_its_parts() {
    let endpoint = Endpoint::start();
    let mut request = super::request(llm::RoleName::Vision, 0, 0, 0);
    let picture = llm::Part::Image { kind: llm::ImageType::Png, bytes: vec![1, 2, 3].into() };
    request.messages[0].parts.push(picture);
    request.messages.push(llm::Message::assistant("earlier"));
    endpoint.model("good").complete(request).await.unwrap();
    let asked = endpoint.asked();
    assert_eq!(asked[0].authorization.as_deref(), Some("Bearer sk-very-secret"));
    assert_eq!(
        asked[0].body,
        json!({"model": "good", "stream": true, "stream_options": {"include_usage": true}, "max_tokens": 64, "messages": [
            {"role": "system", "content": "rules"},
            {"role": "user", "content": [
                {"type": "text", "text": "question"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AQID"}}]},
            {"role": "assistant", "content": "earlier"}]})
    );
}

/// Protects local servers: without a key no Authorization header is sent at all.
#[tokio::test]
async fn without_a_key_there_is_no_header() {
    let endpoint = Endpoint::start();
    let model = OpenAiModel::new(&format!("{}/", endpoint.url), "good", None, quick()).unwrap();
    model.complete(super::request(llm::RoleName::Code, 0, 0, 0)).await.unwrap();
    assert_eq!(endpoint.asked()[0].authorization, None);
}

/// Protects newer hosted models: the name of the token limit is learnt from the refusal, once.
#[tokio::test]
async fn the_newer_token_limit_is_learnt() {
    let endpoint = Endpoint::start();
    let model = endpoint.model("newer");
    for _ in 0..2 {
        model.complete(super::request(llm::RoleName::Code, 0, 0, 0)).await.unwrap();
    }
    let asked = endpoint.asked();
    assert_eq!(asked.len(), 3);
    assert!(asked[0].body.get("max_tokens").is_some());
    assert!(
        asked[1..]
            .iter()
            .all(|asked| asked.body["max_completion_tokens"] == 64 && asked.body.get("max_tokens").is_none())
    );
}
