//! Direct runs over HTTP, against a real server.

use crate::support::{Room, marker, processes_with, sleepers, until};
use actix_web::web;
use edge::testing::TestServer;
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(15);

struct Client {
    server: TestServer,
    http: reqwest::Client,
    _room: Room,
}

impl Client {
    async fn new() -> Self {
        let room = Room::new().await;
        let sandbox = room.sandbox.clone();
        let server = TestServer::routes(move |cfg| {
            cfg.app_data(web::Data::new(sandbox.clone()));
            sandbox::routes(cfg);
        });
        Self { server, http: reqwest::Client::new(), _room: room }
    }

    async fn post(&self, owner: &str, body: &Value) -> (u16, Value) {
        let request = self.http.post(self.server.url("/api/v1/executions")).bearer_auth(owner).json(body);
        let response = request.send().await.expect("an answer");
        (response.status().as_u16(), response.json().await.expect("JSON"))
    }

    async fn get(&self, owner: &str, path: &str) -> reqwest::Response {
        self.http.get(self.server.url(path)).bearer_auth(owner).send().await.expect("an answer")
    }
}

/// Protects programs that run code: the documented shape, inputs, outputs by link, and only for their owner.
#[tokio::test]
async fn code_runs_over_http() {
    let client = Client::new().await;
    let code = "print(open('/box/in/a.txt').read()); open('/box/out/ä b.csv', 'w').write('1,2'); open('p.html', 'w').write('<html>')";
    let inputs = json!([{ "name": "a.txt", "content_base64": "aGVsbG8=" }]);
    let (status, answer) = client.post("ann", &json!({ "code": code, "inputs": inputs, "timeout_seconds": 20 })).await;
    assert_eq!(status, 200, "{answer}");
    for field in [
        "id",
        "status",
        "exit_code",
        "signal",
        "duration_ms",
        "cpu_ms",
        "peak_memory_bytes",
        "stdout",
        "stderr",
        "truncated",
        "outputs",
        "rejected",
        "isolation",
    ] {
        assert!(answer.get(field).is_some(), "{field} is missing in {answer}");
    }
    assert_eq!((&answer["status"], &answer["stdout"]), (&json!("ok"), &json!("hello\n")));
    let path = |index: usize| answer["outputs"][index]["path"].as_str().expect("a link").to_owned();
    let (html, csv) = (path(0), path(1));
    let response = client.get("ann", &csv).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    assert_eq!(response.text().await.expect("text"), "1,2");
    let response = client.get("ann", &html).await;
    assert!(response.headers()["content-security-policy"].to_str().expect("text").starts_with("sandbox"));
    assert!(response.headers()["content-disposition"].to_str().expect("text").starts_with("attachment"));
    for (owner, path) in [("bob", csv.as_str()), ("ann", &format!("{csv}x")), ("ann", "/api/v1/executions/x/outputs/y")]
    {
        let response = client.get(owner, path).await;
        let problem: Value = response.json().await.expect("a problem");
        assert_eq!((&problem["status"], &problem["code"]), (&json!(404), &json!("output_not_found")), "{owner} {path}");
    }
}

/// Protects the jail's door over HTTP: nonsense is answered with a problem that names the field.
#[tokio::test]
async fn nonsense_is_refused() {
    let client = Client::new().await;
    let table = [
        (json!({ "code": "" }), 422, "invalid_field"),
        (json!({ "code": "a\0" }), 422, "invalid_field"),
        (json!({ "code": "x".repeat(1024 * 1024 + 1) }), 422, "code_too_long"),
        (json!({ "code": "1", "timeout_seconds": 0 }), 422, "invalid_field"),
        (json!({ "code": "1", "timeout_seconds": 121 }), 422, "invalid_field"),
        (json!({ "code": "1", "timeout_seconds": -1 }), 422, "invalid_field"),
        (json!({ "code": "1", "inputs": [{ "name": "../x", "content_base64": "" }] }), 422, "invalid_field"),
        (json!({ "code": "1", "inputs": [{ "name": "x", "content_base64": "!" }] }), 422, "invalid_field"),
        (json!({ "cod": "1" }), 400, "invalid_json"),
    ];
    for (body, status, code) in table {
        let (got, problem) = client.post("ann", &body).await;
        assert_eq!((got, &problem["code"]), (status, &json!(code)), "{problem}");
    }
    let anonymous = client
        .http
        .post(client.server.url("/api/v1/executions"))
        .json(&json!({ "code": "1" }))
        .send()
        .await
        .expect("an answer");
    assert_eq!(anonymous.status(), 401);
}

/// Protects slots from callers that hang up: their run is killed.
#[tokio::test]
async fn hanging_up_kills_the_run() {
    let client = Client::new().await;
    let marker = marker();
    let code = sleepers(&marker) + "time.sleep(1000)";
    let request = client
        .http
        .post(client.server.url("/api/v1/executions"))
        .bearer_auth("ann")
        .json(&json!({ "code": code }))
        .send();
    tokio::select! {
        answer = request => panic!("it cannot end: {answer:?}"),
        () = until("starting", PATIENCE, || processes_with(&marker).len() == 2) => {}
    }
    until("killing", PATIENCE, || processes_with(&marker).is_empty()).await;
}
