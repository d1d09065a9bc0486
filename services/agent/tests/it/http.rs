//! `GET /api/v1/models` and `POST /api/v1/models/{role}/try`, over real connections.

use crate::instead::{Fixed, both};
use crate::rig::{Rig, Watched, think};
use actix_web::{App, HttpResponse, HttpServer, web};
use agent::{Agent, Role};
use edge::testing::TestServer;
use llm::{ErrorKind, Limits, Part};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

fn served(agent: &Arc<Agent>) -> TestServer {
    let data = web::Data::from(agent.clone());
    TestServer::routes(move |cfg| {
        cfg.app_data(data.clone());
        agent::routes(cfg);
    })
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn list(server: &TestServer) -> Value {
    let answer = client().get(server.url("/api/v1/models")).bearer_auth("me").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

async fn try_out(server: &TestServer, role: &str, body: Value) -> (u16, Value) {
    let url = server.url(&format!("/api/v1/models/{role}/try"));
    let answer = client().post(url).bearer_auth("me").json(&body).send().await.unwrap();
    let status = answer.status().as_u16();
    let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
    assert!(status == 200 || kind == "application/problem+json", "{status} {kind}");
    (status, answer.json().await.unwrap())
}

/// Protects models and their figures from strangers: without a caller both routes answer 401.
#[tokio::test]
async fn strangers_are_told_nothing() {
    let rig = Rig::new().await;
    let server = served(&Arc::new(rig.agent(Role::Builtin, Role::Builtin, Role::Builtin)));
    let answer = client().get(server.url("/api/v1/models")).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    let url = server.url("/api/v1/models/code/try");
    let answer = client().post(url).json(&json!({"prompt": "x"})).send().await.unwrap();
    assert_eq!(answer.status(), 401);
}

/// Protects operators who look for what is wrong: each role tells its chain, with the reason and time of the last
/// error, what was used, and whether a model is left alone; the endpoint's own words are never told.
#[tokio::test]
async fn the_list_tells_how_models_are() {
    let rig = Rig::new().await;
    let first = Fixed::new("first", Err(ErrorKind::Unavailable));
    let second = Fixed::new("second", Ok("```python\nprint(1)\n```"));
    let agent = Arc::new(rig.agent(Role::Builtin, Role::Builtin, both(&first, &second)));
    let _running = agent.start(rig.stop.clone()).await.unwrap();
    let server = served(&agent);
    let before = list(&server).await;
    let names: Vec<_> = before["roles"].as_array().unwrap().iter().map(|role| role["role"].clone()).collect();
    assert_eq!(names, ["vision", "code", "reasoning"]);
    assert_eq!(before["roles"][0]["chain"], json!([{"model": "builtin", "host": null, "seen": null}]));
    assert_eq!(before["roles"][1]["chain"][0]["seen"]["healthy"], Value::Null);
    for _ in 0..3 {
        rig.thought(&think("x", vec![], 4)).await;
    }
    let after = list(&server).await;
    let chain = after["roles"][1]["chain"].as_array().unwrap();
    let models: Vec<_> = chain.iter().map(|model| model["model"].as_str().unwrap()).collect();
    assert_eq!(models, ["first", "second", "builtin"]);
    let failed = &chain[0]["seen"];
    assert_eq!((&failed["healthy"], &failed["breaker"]), (&json!(false), &json!("open")), "{failed}");
    assert_eq!((&failed["calls"], &failed["failures"]), (&json!(3), &json!(3)));
    assert_eq!(failed["last_error"]["error"]["code"], "model_unavailable");
    assert!(
        failed["retry_in_seconds"].as_u64().is_some_and(|left| left <= 31) && failed["last_error"]["at"].is_string()
    );
    let works = &chain[1]["seen"];
    assert_eq!((&works["healthy"], &works["breaker"], &works["calls"]), (&json!(true), &json!("closed"), &json!(3)));
    assert_eq!(works["usage"], json!({"prompt_tokens": 30, "completion_tokens": 3}));
    assert!(works["last_latency_ms"].is_u64() && works["last_answer_at"].is_string());
    assert!(!after.to_string().contains("secret"), "{after}");
}

/// Protects endpoints and keys: an agent at work checks an endpoint by itself, once, however often its health is asked
/// for; the list tells host and port, never the rest of the address or the key.
#[tokio::test]
async fn endpoints_are_checked_without_being_asked() {
    let checks = Arc::new(AtomicUsize::new(0));
    let counted = checks.clone();
    let endpoint = HttpServer::new(move || {
        let counted = counted.clone();
        App::new().route(
            "/hidden-path/v1/models",
            web::get().to(move || {
                counted.fetch_add(1, Ordering::SeqCst);
                async { HttpResponse::Unauthorized().finish() }
            }),
        )
    })
    .workers(1)
    .disable_signals()
    .bind("127.0.0.1:0")
    .unwrap();
    let host = endpoint.addrs()[0].to_string();
    let endpoint = endpoint.run();
    let handle = endpoint.handle();
    tokio::spawn(endpoint);
    let url = format!("http://{host}/hidden-path/v1");
    let code = llm::connect(&url, "m", Some("sk-hidden-key".to_owned().into()), Limits::default()).unwrap();
    let rig = Rig::new().await;
    let agent = Arc::new(rig.agent(Role::Builtin, Role::Builtin, code));
    let running = agent.start(rig.stop.clone()).await.unwrap();
    let server = served(&agent);
    let mut told = Value::Null;
    for _ in 0..100 {
        agent.check().await;
        told = list(&server).await["roles"][1]["chain"][0].clone();
        if told["seen"]["last_check_at"].is_string() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Longer than the first pause of the agent's own check can be.
    tokio::time::sleep(Duration::from_millis(2200)).await;
    agent.check().await;
    assert_eq!(checks.load(Ordering::SeqCst), 1);
    assert_eq!((&told["host"], &told["seen"]["healthy"]), (&json!(host), &json!(false)), "{told}");
    assert_eq!(told["seen"]["last_check_error"]["code"], "model_refused");
    assert!(!told.to_string().contains("hidden"), "{told}");
    rig.stop.cancel();
    tokio::time::timeout(Duration::from_secs(5), running.finished()).await.expect("checks end with the service");
    handle.stop(false).await;
}

/// Protects whoever sets up models: a try gives the answer with who gave it; a vision model is shown a picture.
#[tokio::test]
async fn a_try_is_answered() {
    let rig = Rig::new().await;
    let (asked, mut requests) = tokio::sync::mpsc::unbounded_channel();
    let vision = Role::of(Arc::new(Watched { asked, go: Arc::new(Semaphore::new(9)), text: "Three bars." }));
    let (first, second) = (Fixed::new("first", Err(ErrorKind::Timeout)), Fixed::new("second", Ok("Hello.")));
    let server = served(&Arc::new(rig.agent(vision, Role::Builtin, both(&first, &second))));
    let (status, tried) = try_out(&server, "code", json!({"prompt": "Say hello."})).await;
    assert_eq!((status, &tried["text"], &tried["model"]), (200, &json!("Hello."), &json!("second")), "{tried}");
    assert_eq!(tried["passed_over"][0]["code"], "model_timeout");
    assert!(tried["latency_ms"].is_u64() && tried["usage"]["prompt_tokens"] == 10, "{tried}");
    let (status, tried) = try_out(&server, "vision", json!({"prompt": "What is it?"})).await;
    assert_eq!((status, &tried["text"]), (200, &json!("Three bars.")));
    let request = requests.recv().await.unwrap();
    let picture = request.messages[0].parts.iter().find_map(|part| match part {
        Part::Image { bytes, .. } => image::load_from_memory(bytes).ok(),
        Part::Text(_) => None,
    });
    assert!(picture.is_some_and(|picture| picture.width() == 160), "a picture that can be read");
}

/// Protects clients and purses: what cannot be tried has a code of the table, and nobody is asked for it.
#[tokio::test]
async fn what_cannot_be_tried_has_its_code() {
    let rig = Rig::new().await;
    let model = Fixed::new("refuses", Err(ErrorKind::Refused));
    let server = served(&Arc::new(rig.agent(Role::Builtin, Role::Builtin, Role::of(model))));
    let cases = [
        ("code", json!({"prompt": "x"}), 424, "model_refused"),
        ("vision", json!({"prompt": "x"}), 409, "no_model"),
        ("code", json!({"prompt": "  "}), 422, "invalid_field"),
        ("code", json!({"prompt": "x".repeat(16 * 1024 + 1)}), 422, "prompt_too_long"),
        ("code", json!({"prompt": "x", "model": "y"}), 400, "invalid_json"),
        ("code", json!({}), 400, "invalid_json"),
        ("poet", json!({"prompt": "x"}), 404, "not_found"),
    ];
    for (role, body, status, code) in cases {
        let (found, problem) = try_out(&server, role, body).await;
        assert_eq!((found, problem["code"].as_str()), (status, Some(code)), "{problem}");
    }
    assert_eq!(list(&server).await["roles"][1]["chain"][0]["seen"]["calls"], 1);
}

/// Protects jobs from curious people: only two tries go on at a time.
#[tokio::test]
async fn few_are_tried_at_a_time() {
    let rig = Rig::new().await;
    let (asked, mut requests) = tokio::sync::mpsc::unbounded_channel();
    let go = Arc::new(Semaphore::new(0));
    let code = Role::of(Arc::new(Watched { asked, go: go.clone(), text: "yes" }));
    let server = Arc::new(served(&Arc::new(rig.agent(Role::Builtin, Role::Builtin, code))));
    let mut open = Vec::new();
    for _ in 0..2 {
        let server = server.clone();
        open.push(tokio::spawn(async move { try_out(&server, "code", json!({"prompt": "x"})).await.0 }));
        requests.recv().await.unwrap();
    }
    assert_eq!(try_out(&server, "code", json!({"prompt": "x"})).await.0, 429);
    go.add_permits(2);
    for open in open {
        assert_eq!(open.await.unwrap(), 200);
    }
}
