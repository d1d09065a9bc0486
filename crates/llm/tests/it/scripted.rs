use crate::request;
use llm::{ErrorKind, Limits, Role, RoleName, SharedModel, connect};
use std::path::Path;

fn model(folder: &Path, script: &str) -> SharedModel {
    let file = folder.join("script.json");
    std::fs::write(&file, script).unwrap();
    match connect(&format!("scripted:{}", file.display()), "", None, Limits::default()).unwrap() {
        Role::Model(model) => model,
        Role::Builtin => panic!("not a script"),
    }
}

async fn text(model: &SharedModel, role: RoleName, turn: u32, role_turn: u32, call: u32) -> Result<String, ErrorKind> {
    model.complete(request(role, turn, role_turn, call)).await.map(|reply| reply.text).map_err(|error| error.kind)
}

/// Protects the scenario tests: which answer comes depends on the request alone, so a script goes on
/// correctly after a restart, and every call leaves one line.
#[tokio::test]
async fn answers_follow_the_turn() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"{"answers":[{"text":"a"},{"text":"b","repair":"b2"},{"error":"rate_limited"}]}"#;
    for _ in 0..2 {
        let model = model(folder.path(), script);
        assert_eq!(text(&model, RoleName::Code, 0, 0, 0).await, Ok("a".into()));
        assert_eq!(text(&model, RoleName::Code, 1, 0, 0).await, Ok("b".into()));
        assert_eq!(text(&model, RoleName::Code, 1, 0, 1).await, Ok("b2".into()));
        assert_eq!(text(&model, RoleName::Code, 2, 1, 0).await, Err(ErrorKind::RateLimited));
        assert_eq!(text(&model, RoleName::Code, 3, 2, 0).await, Err(ErrorKind::Unavailable));
    }
    let calls = std::fs::read_to_string(folder.path().join("script.json.calls")).unwrap();
    let lines: Vec<serde_json::Value> = calls.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 8);
    assert_eq!((&lines[2]["turn"], &lines[2]["call"], &lines[2]["outcome"]), (&1.into(), &1.into(), &"text".into()));
}

/// Protects scripts that serve several roles: each role has its own row of answers, and the last one
/// repeats where the script says so.
#[tokio::test]
async fn roles_have_their_own_answers() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"{"answers":[{"role":"vision","text":"v"},{"role":"code","text":"c1"},{"role":"code","text":"c2"}],"repeat_last":true}"#;
    let model = model(folder.path(), script);
    assert_eq!(text(&model, RoleName::Vision, 0, 0, 0).await, Ok("v".into()));
    assert_eq!(text(&model, RoleName::Code, 1, 0, 0).await, Ok("c1".into()));
    assert_eq!(text(&model, RoleName::Code, 2, 1, 0).await, Ok("c2".into()));
    assert_eq!(text(&model, RoleName::Code, 9, 8, 0).await, Ok("c2".into()));
    assert_eq!(text(&model, RoleName::Reasoning, 3, 0, 0).await, Err(ErrorKind::Unavailable));
}

/// Protects whoever writes a script: one that cannot be read says so instead of answering something.
#[tokio::test]
async fn broken_scripts_are_told() {
    let folder = tempfile::tempdir().unwrap();
    for script in ["", "{}", r#"{"answers":[{"txt":"a"}]}"#] {
        let model = model(folder.path(), script);
        assert!(model.check().await.is_err(), "{script}");
        assert_eq!(text(&model, RoleName::Code, 0, 0, 0).await, Err(ErrorKind::Unavailable), "{script}");
    }
    let empty = model(folder.path(), r#"{"answers":[{"text":" "}]}"#);
    assert_eq!(text(&empty, RoleName::Code, 0, 0, 0).await, Err(ErrorKind::BadAnswer));
}
