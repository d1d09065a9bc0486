//! What servers refuse is learnt, over real connections: the fallback works at once, and nothing is refused twice.

use crate::endpoint::quick;
use crate::request;
use actix_web::dev::ServerHandle;
use actix_web::{App, HttpResponse, HttpServer, web};
use llm::{Model, OpenAiModel, Request, RoleName, Schema, Tool};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// A server that refuses some fields, and remembers what it was asked.
struct Strict {
    url: String,
    asked: Arc<Mutex<Vec<Value>>>,
    handle: ServerHandle,
}

impl Drop for Strict {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

impl Strict {
    fn start(refuses: &'static [(&'static str, u16, &'static str)]) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = asked.clone();
        let server = HttpServer::new(move || {
            let kept = kept.clone();
            let answer = move |body: web::Json<Value>| {
                kept.lock().unwrap().push(body.0.clone());
                let given = |field: &str| !matches!(&body[field], Value::Null | Value::Bool(false));
                let refused = refuses.iter().find(|(field, _, _)| given(field));
                let answer = match refused {
                    Some((_, status, why)) => {
                        HttpResponse::build(actix_web::http::StatusCode::from_u16(*status).unwrap())
                            .json(json!({"error": {"message": why, "code": status}}))
                    }
                    None => HttpResponse::Ok().json(json!({"choices": [{"message": {"content": "{\"a\": 1}"}}]})),
                };
                async { answer }
            };
            App::new().route("/v1/chat/completions", web::post().to(answer))
        })
        .workers(1)
        .disable_signals()
        .bind("127.0.0.1:0")
        .unwrap();
        let url = format!("http://{}/v1", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, asked, handle }
    }
}

fn with_all() -> Request {
    let schema = Schema { name: "action", schema: json!({"type": "object"}) };
    let tool = Tool { name: "crop", description: "Cuts.".into(), parameters: json!({"type": "object"}) };
    Request { schema: Some(schema), tools: vec![tool], ..request(RoleName::Code, 0, 0, 0) }
}

/// Protects servers that know less, and time: each thing that is refused is left out at once and in every later
/// question, and what was not refused is still sent.
#[tokio::test]
async fn a_refusal_is_paid_for_once() {
    type Row = (&'static [(&'static str, u16, &'static str)], usize, &'static [&'static str]);
    let rows: &[Row] = &[
        (&[], 1, &["response_format", "tools"]),
        (&[("response_format", 400, "This response_format type is unavailable now")], 2, &["tools"]),
        (&[("tools", 400, "m does not support tools")], 2, &["response_format"]),
        (&[("tools", 500, "tools param requires --jinja flag")], 2, &["response_format"]),
        (
            &[("stream_options", 422, "body.stream_options: extra fields not permitted")],
            2,
            &["response_format", "tools"],
        ),
        (&[("stream", 400, "streaming is not supported")], 2, &["response_format", "tools"]),
        (&[("response_format", 400, "Bad Request"), ("tools", 400, "Bad Request")], 3, &[]),
        (
            &[
                ("max_tokens", 400, "use max_completion_tokens"),
                ("tools", 400, "no tools"),
                ("response_format", 400, "no json_schema"),
                ("stream_options", 400, "no stream_options"),
                ("stream", 400, "no stream"),
            ],
            6,
            &[],
        ),
    ];
    for (refuses, first, kept) in rows {
        let server = Strict::start(refuses);
        let model = OpenAiModel::new(&server.url, "m", None, quick()).unwrap();
        for round in 0..2 {
            let reply = model.complete(with_all()).await.unwrap_or_else(|error| panic!("{refuses:?}: {error}"));
            assert_eq!((llm::json::of(&reply), reply.counted), (Ok(json!({"a": 1})), false), "no usage is invented");
            let asked = server.asked.lock().unwrap();
            assert_eq!(asked.len(), first + round, "{refuses:?}");
            let last = asked.last().unwrap();
            for field in ["response_format", "tools"] {
                assert_eq!(last.get(field).is_some(), kept.contains(&field), "{refuses:?}: {field}");
            }
        }
        let asked = server.asked.lock().unwrap();
        assert_eq!(asked.last().unwrap()["stream"], false, "it answered in one piece: it is asked so");
    }
}

/// Protects from learning the wrong thing: where leaving out helps nothing, the first refusal is told, the number of
/// questions is bounded, and everything is sent again next time.
#[tokio::test]
async fn what_does_not_help_is_not_learnt() {
    let server = Strict::start(&[("model", 400, "Bad Request")]);
    let model = OpenAiModel::new(&server.url, "m", None, quick()).unwrap();
    for round in 1..=2 {
        let error = model.complete(with_all()).await.unwrap_err();
        assert_eq!((error.kind, error.status), (llm::ErrorKind::Refused, Some(400)));
        let asked = server.asked.lock().unwrap();
        assert_eq!(asked.len(), 3 * round);
        assert!(asked[3 * (round - 1)].get("tools").is_some(), "tools are offered again");
    }
}

/// Protects what is sent: a schema and tools in the protocol's own form.
#[tokio::test]
async fn a_schema_and_tools_have_the_protocols_form() {
    let server = Strict::start(&[]);
    OpenAiModel::new(&server.url, "m", None, quick()).unwrap().complete(with_all()).await.unwrap();
    let asked = server.asked.lock().unwrap();
    assert_eq!(
        asked[0]["response_format"],
        json!({"type": "json_schema", "json_schema": {"name": "action", "strict": true, "schema": {"type": "object"}}})
    );
    assert_eq!(
        asked[0]["tools"],
        json!([{"type": "function", "function": {"name": "crop", "description": "Cuts.", "parameters": {"type": "object"}}}])
    );
}
