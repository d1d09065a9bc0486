//! A real server with a real model, which is hopeless at everything but the protocol.

use crate::request;
use llm::{
    ErrorKind, Heard, ImageType, Limits, Message, Model, OnText, OpenAiModel, Part, Request, RoleName, Schema, Tool,
};
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use testkit::LlamaServer;

/// A picture of one pixel.
const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde";

/// Protects from what fixtures cannot show: llama.cpp itself streams to whoever listens, counts tokens, holds a model to a
/// schema, takes tools, and says no in ways that are understood at once.
#[tokio::test]
async fn a_real_server_is_understood() {
    let server = match tokio::task::spawn_blocking(|| LlamaServer::start(1024)).await.unwrap() {
        Ok(server) => server,
        Err(why) => return eprintln!("SKIPPED: no real model is tried: {why}"),
    };
    // Time is not what is tried here, and the machine may be busy.
    let limits = Limits { total_timeout: Duration::from_secs(240), ..Limits::default() };
    let model = OpenAiModel::new(server.url(), "smollm2", None, limits).unwrap();
    model.check().await.unwrap();
    let ask = |text: &str| Request {
        messages: vec![Message::user(text)],
        max_tokens: 48,
        ..request(RoleName::Code, 0, 0, 0)
    };

    let heard = Arc::new(Mutex::new((0, String::new())));
    let kept = heard.clone();
    let on_text = OnText::new(move |what| {
        if let Heard::Text(text) = what {
            let mut kept = kept.lock().unwrap();
            kept.0 += 1;
            kept.1.push_str(text);
        }
    });
    let reply = model.complete(Request { on_text: Some(on_text), ..ask("Name three colours.") }).await.unwrap();
    let (pieces, text) = heard.lock().unwrap().clone();
    assert_eq!(text, reply.text);
    assert!(pieces > 1, "it came in {pieces} pieces");
    assert!(reply.counted && reply.usage.prompt_tokens > 5, "{:?}", reply.usage);
    assert!((1..=48).contains(&reply.usage.completion_tokens), "{:?}", reply.usage);

    let shape = json!({"type": "object", "additionalProperties": false, "required": ["colour"],
        "properties": {"colour": {"type": "string", "enum": ["red", "green"]}}});
    let schema = Some(Schema { name: "colour", schema: shape });
    let reply = model.complete(Request { schema, ..ask("Tell me a story about a horse.") }).await.unwrap();
    let value = llm::json::of(&reply).unwrap();
    assert!(["red", "green"].contains(&value["colour"].as_str().unwrap_or_default()), "{value}");

    let tools = vec![Tool { name: "crop", description: "Cuts.".into(), parameters: json!({"type": "object"}) }];
    let reply = model.complete(Request { tools, ..ask("Hello") }).await.unwrap();
    assert!(!reply.text.is_empty() || !reply.tool_calls.is_empty());

    let started = Instant::now();
    let mut picture = ask("What is this?");
    picture.messages[0].parts.push(Part::Image { kind: ImageType::Png, bytes: PIXEL.into() });
    let error = model.complete(picture).await.unwrap_err();
    assert_eq!((error.kind, error.status, error.lasting), (ErrorKind::Refused, Some(500), false), "{error}");
    let error = model.complete(ask(&"word ".repeat(3000))).await.unwrap_err();
    assert_eq!((error.kind, error.status), (ErrorKind::Refused, Some(400)), "{error}");
    assert!(started.elapsed() < Duration::from_secs(20), "refusals come at once: {:?}", started.elapsed());
}
