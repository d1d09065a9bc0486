//! Typed actions over real HTTP: as tools, as an object of a given shape, as text, from servers that know them, refuse them,
//! ignore them, or fill them with nonsense; and what all of that costs.

use crate::rig::{Rig, attempt, next, run, think};
use crate::served::{Answer, Refusal, Served};
use agent::{Agent, Deps, Prices, Role, Running};
use common::wire::agent_v1;
use common::wire::agent_v1::thought::Action;
use common::wire::agent_v1::turn::Turn;
use common::wire::common_v1::RunStatus;
use common::wire::jobs_v1::step_event::Outcome;
use serde_json::{Value, json};
use std::time::Duration;

/// As Ollama says it of a model without a template for tools.
const NO_TOOLS: Refusal = ("tools", 400, "registry.ollama.ai/library/m does not support tools");
/// As DeepSeek says it.
const NO_SCHEMA: Refusal = ("response_format", 400, "This response_format type is unavailable now");
/// As servers say it that know no better.
const BAD_TOOLS: Refusal = ("tools", 400, "Bad Request");
const BAD_SCHEMA: Refusal = ("response_format", 422, "Unprocessable Entity");

const FENCED: &str = "Counts.\n```python\nprint(1)\n```";

fn call() -> Answer {
    Answer::call("write_code", json!({"code": "print(1)", "explanation": "Counts."}))
}

fn object() -> Answer {
    Answer::Text(json!({"action": "write_code", "code": "print(1)", "explanation": "Counts."}).to_string())
}

pub async fn start(rig: &Rig, vision: Role, code: Role, stop: &tokio_util::sync::CancellationToken) -> Running {
    let prices = Prices::parse("m=2/10").unwrap();
    let deps = Deps { bus: rig.bus.clone(), blob: rig.store.clone(), vision, reasoning: Role::Builtin, code, prices };
    Agent::new(deps, rig.settings).start(stop.clone()).await.unwrap()
}

/// A job whose last result could be better.
fn poor() -> agent_v1::Think {
    let Turn::Attempt(attempt) = attempt("k", "", run(RunStatus::Ok, "24 coins", "")) else { panic!("an attempt") };
    let comparison = agent_v1::Comparison { score: 0.4, good: false, code_report: vec![], visual_report: vec![] };
    think("x", vec![Turn::Attempt(agent_v1::Attempt { comparison: Some(comparison), best: true, ..attempt })], 3)
}

/// Protects jobs from what their servers do not know, and the bill: whatever is refused, ignored or answered with nonsense,
/// the action is found, with one repair question at most; what is refused is refused once; and every token is counted as the
/// server counted it, at its price.
#[tokio::test]
async fn every_server_gives_actions() {
    type Row = (&'static str, &'static [Refusal], Vec<Answer>, usize, &'static [&'static str], bool);
    let nonsense = || Answer::Calls(vec![("dance", "]]".to_owned())]);
    let rows: Vec<Row> = vec![
        ("knows both, calls", &[], vec![call()], 1, &["response_format", "tools"], true),
        ("knows both, answers in the shape", &[], vec![object()], 1, &["response_format", "tools"], true),
        ("ignores both", &[], vec![Answer::text(FENCED)], 1, &["response_format", "tools"], true),
        ("refuses tools", &[NO_TOOLS], vec![object()], 1, &["response_format"], true),
        ("refuses the shape", &[NO_SCHEMA], vec![call()], 1, &["tools"], true),
        ("refuses both", &[NO_TOOLS, NO_SCHEMA], vec![Answer::text(FENCED)], 1, &[], true),
        ("refuses both without a reason", &[BAD_SCHEMA, BAD_TOOLS], vec![Answer::text(FENCED)], 1, &[], true),
        ("nonsense as a call", &[], vec![nonsense(), call()], 2, &["response_format", "tools"], true),
        (
            "nonsense as arguments",
            &[NO_SCHEMA],
            vec![Answer::Calls(vec![("write_code", "{\"code\": ".to_owned())]), call()],
            2,
            &["tools"],
            true,
        ),
        (
            "nonsense in the shape",
            &[NO_TOOLS],
            vec![Answer::text(r#"{"action": "write_code", "code": {"x": [1]}}"#), object()],
            2,
            &["response_format"],
            true,
        ),
        (
            "tools as text",
            &[NO_TOOLS, NO_SCHEMA],
            vec![Answer::text(
                "<tool_call>\n{\"name\": \"write_code\", \"arguments\": {\"code\": \"print(1)\", \"explanation\": \"Counts.\"}}\n</tool_call>",
            )],
            1,
            &[],
            true,
        ),
        ("nothing but nonsense", &[], vec![nonsense()], 2, &["response_format", "tools"], false),
    ];
    for (name, refusals, answers, questions, offered, usable) in rows {
        let rig = Rig::new().await;
        let server = Served::start(refusals, answers.clone());
        let _running = start(&rig, Role::Builtin, server.role(), &rig.stop).await;
        let thought = rig.thought(&think("x", vec![], 4)).await;
        match (&thought.action, usable) {
            (Some(Action::WriteCode(written)), true) => {
                assert_eq!((written.code.as_str(), written.explanation.as_str()), ("print(1)\n", "Counts."), "{name}");
            }
            (Some(Action::Unusable(reason)), false) => assert!(reason.contains("no JSON object"), "{name}: {reason}"),
            other => panic!("{name}: {other:?}"),
        }
        assert_eq!(thought.usage, Some(server.bill()), "{name}");
        let asked = server.asked();
        assert_eq!(asked.len(), questions, "{name}");
        for body in &asked {
            let given: Vec<&str> =
                ["response_format", "tools"].into_iter().filter(|field| !body[*field].is_null()).collect();
            assert_eq!(given, offered, "{name}");
        }
        // What it does not know is remembered: nothing is refused a second time.
        let refused = server.refused();
        assert_eq!(refused, refusals.len(), "{name}");
        server.answers(answers);
        rig.thought(&think("x", vec![], 4)).await;
        assert_eq!((server.refused(), server.asked().len()), (refused, questions), "{name}");
    }
}

/// Protects what is offered: a first turn offers no end, and refuses one; looks are actions like code, with their part cut to
/// the picture; and a repair question shows the model its own call.
#[tokio::test]
async fn actions_are_those_of_the_turn() {
    let rig = Rig::new().await;
    let look = json!({"picture": 1, "box": [30, 20, 500, 500], "question": "what is there?"});
    let server = Served::start(&[], vec![Answer::call("finish", json!({})), Answer::call("look_closer", look)]);
    let _running = start(&rig, Role::Builtin, server.role(), &rig.stop).await;
    let command = agent_v1::Think { looks_left: 2, ..think("x", vec![], 4) };
    let thought = rig.thought(&command).await;
    let Some(Action::LookCloser(look)) = thought.action else { panic!("{thought:?}") };
    let area = look.r#box.expect("a part");
    assert_eq!((area.left, area.top, area.width, area.height), (30, 20, 10, 10));
    assert_eq!(look.question, "what is there?");
    let asked = server.asked();
    let tools = |body: &Value| -> Vec<String> {
        let each = body["tools"].as_array().into_iter().flatten();
        each.filter_map(|tool| tool["function"]["name"].as_str()).map(str::to_owned).collect()
    };
    assert_eq!(tools(&asked[0]), ["write_code", "look_closer"], "rules see, so nobody can be asked about a picture");
    let repair = asked[1]["messages"].to_string();
    assert!(repair.contains("finish") && repair.contains("not possible now"), "{repair}");
    assert_eq!(thought.usage, Some(server.bill()));
}

/// Protects jobs on real servers: a call in each of the shapes that these send, whole, streamed or as text, is the action,
/// and is counted as the server says.
#[tokio::test]
async fn calls_of_real_servers_are_actions() {
    let fixtures = include_str!("../../../../crates/llm/tests/it/dialects/tool_calls.json").replace("crop", "finish");
    let fixtures: Vec<Value> = serde_json::from_str(&fixtures).unwrap();
    let mut tried = 0;
    for fixture in fixtures.iter().filter(|fixture| fixture["calls"][0].is_array()) {
        let name = fixture["name"].as_str().unwrap();
        let (kind, body, told) = match fixture["events"].as_array() {
            None => ("application/json", fixture["body"].to_string(), fixture["body"]["usage"].clone()),
            Some(events) => {
                let body: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
                let told = events.iter().rev().map(|event| event["usage"].clone()).find(Value::is_object);
                ("text/event-stream", format!("{body}data: [DONE]\n\n"), told.unwrap_or_default())
            }
        };
        let rig = Rig::new().await;
        let server = Served::start(&[], vec![Answer::Raw { kind, body }]);
        let _running = start(&rig, Role::Builtin, server.role(), &rig.stop).await;
        let thought = rig.thought(&poor()).await;
        let Some(Action::Finish(finish)) = thought.action else { panic!("{name}: {thought:?}") };
        assert!(finish.summary.contains("24 coins"), "{name}: {}", finish.summary);
        assert_eq!(server.asked().len(), 1, "{name}");
        let usage = thought.usage.unwrap();
        let count = |field: &str| told[field].as_u64().unwrap_or_default();
        assert_eq!(
            (usage.prompt_tokens, usage.completion_tokens, usage.calls),
            (count("prompt_tokens"), count("completion_tokens"), 1),
            "{name}"
        );
        tried += 1;
    }
    assert!(tried >= 15, "{tried} shapes");
}

/// Protects money across a kill between an answer that cannot be used and the repair question: the first is never asked
/// again, the repair question once.
#[tokio::test]
async fn a_repair_question_is_paid_once() {
    let rig = Rig::new().await;
    let server = Served::start(&[], vec![Answer::call("dance", json!({})), Answer::Silence]);
    let stop = tokio_util::sync::CancellationToken::new();
    let dying = start(&rig, Role::Builtin, server.role(), &stop).await;
    let mut answers = rig.answers().await;
    rig.send(&think("x", vec![], 4)).await;
    tokio::time::timeout(Duration::from_secs(60), async {
        while server.asked().len() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("the repair question");
    stop.cancel();
    dying.finished().await;
    server.answers(vec![call()]);
    let _running = start(&rig, Role::Builtin, server.role(), &rig.stop).await;
    let Some(Outcome::Thought(thought)) = next(&mut answers).await.outcome else { panic!("no thought") };
    assert!(matches!(thought.action, Some(Action::WriteCode(_))), "{thought:?}");
    assert_eq!(server.asked().len(), 1, "only the repair question");
    assert!(server.asked()[0]["messages"].to_string().contains("does not exist"));
    assert_eq!(thought.usage, Some(server.bill()));
}

/// Protects the bill of a chain: a useless answer of the first model is paid at its own price, not at that of the second.
#[tokio::test]
async fn each_model_is_paid_at_its_price() {
    let rig = Rig::new().await;
    let useless =
        r#"{"choices": [{"message": {"content": ""}}], "usage": {"prompt_tokens": 1000, "completion_tokens": 10}}"#;
    let first = Served::start(&[], vec![Answer::Raw { kind: "application/json", body: useless.to_owned() }]);
    let second = Served::start(&[], vec![call()]);
    let chain = Role::of_all(vec![first.model("dear"), second.model("m")], llm::BreakerPolicy::default());
    let prices = Prices::parse("dear=20/100,m=2/10").unwrap();
    let deps = Deps {
        bus: rig.bus.clone(),
        blob: rig.store.clone(),
        vision: Role::Builtin,
        reasoning: Role::Builtin,
        code: chain,
        prices,
    };
    let _running = Agent::new(deps, rig.settings).start(rig.stop.clone()).await.unwrap();
    let usage = rig.thought(&think("x", vec![], 4)).await.usage.unwrap();
    let bill = second.bill();
    assert_eq!(usage.prompt_tokens, 1000 + bill.prompt_tokens);
    assert_eq!(usage.cost_micro_usd, 20 * 1000 + 100 * 10 + bill.cost_micro_usd);
}
