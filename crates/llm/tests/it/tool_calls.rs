//! Tool calls as servers and models describe them, each with its source beside it, over real connections.
//!
//! `body` is an answer in one piece, `events` those of a stream. Names and figures are ours, shapes are the servers'.

use crate::dialects::Replay;
use crate::endpoint::quick;
use crate::request;
use llm::{Model, OpenAiModel, Request, RoleName, Tool};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixture {
    name: String,
    source: String,
    #[serde(default)]
    body: Value,
    #[serde(default)]
    events: Vec<Value>,
    text: String,
    /// Name and arguments of each.
    calls: Vec<(String, Value)>,
}

/// Protects tool calls from how servers send them: natively, in pieces, or as text of the model's own; their arguments
/// are whole JSON, and what is said beside them is kept.
#[tokio::test]
async fn tool_calls_are_understood() {
    let fixtures: Vec<Fixture> = serde_json::from_str(include_str!("dialects/tool_calls.json")).unwrap();
    assert!(fixtures.len() >= 12);
    for fixture in fixtures {
        let name = &fixture.name;
        assert!(fixture.source.starts_with("https://"), "{name} names its source");
        let (kind, body) = if fixture.events.is_empty() {
            ("application/json", fixture.body.to_string())
        } else {
            let events: String = fixture.events.iter().map(|event| format!("data: {event}\n\n")).collect();
            ("text/event-stream", format!("{events}data: [DONE]\n\n"))
        };
        let server = Replay::start(200, kind, body);
        let model = OpenAiModel::new(&server.url, "m", None, quick()).unwrap();
        let tool = Tool { name: "crop", description: "Cuts.".into(), parameters: json!({"type": "object"}) };
        let offered = Request { tools: vec![tool], ..request(RoleName::Code, 0, 0, 0) };
        let reply = model.complete(offered).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(reply.text, fixture.text, "{name}");
        let calls: Vec<(String, Value)> = reply
            .tool_calls
            .iter()
            .map(|call| {
                (call.name.clone(), llm::json::parse(&call.arguments).unwrap_or_else(|why| panic!("{name}: {why}")))
            })
            .collect();
        assert_eq!(calls, fixture.calls, "{name}");
        assert_eq!(server.asked(), 1, "{name}");
        // Nobody who offered none gets any.
        if let Ok(reply) = model.complete(request(RoleName::Code, 0, 0, 0)).await {
            assert!(reply.tool_calls.is_empty(), "{name}");
        }
    }
}
