//! Models and stores that fail, and commands that make no sense.

use crate::rig::{Rig, attempt, next, run, send, think};
use agent::Role;
use async_trait::async_trait;
use blob::{BlobError, BlobInfo, BlobKey, BlobReader, BlobStore, ByteStream, ErrorKind, SharedStore};
use bytes::Bytes;
use common::topic::Topic;
use common::wire::agent_v1::thought::Action;
use common::wire::common_v1::RunStatus;
use common::wire::jobs_v1::step_event::Outcome;
use common::wire::{MAX_MESSAGE_BYTES, encode};
use std::sync::Arc;
use std::time::Duration;

/// Protects the person's next step where rules may not stand in: each way a model fails has its own code.
#[tokio::test]
async fn a_failing_code_model_has_its_code() {
    let cases = [
        ("unavailable", "model_unavailable"),
        ("rate_limited", "model_rate_limited"),
        ("refused", "model_refused"),
        ("timeout", "model_timeout"),
    ];
    let mut rig = Rig::new().await;
    rig.settings.rules_stand_in = false;
    let code = rig.script("{}");
    let _running = rig.start(code).await;
    for (error, expected) in cases {
        rig.script(&format!(r#"{{"answers":[{{"error":"{error}"}}]}}"#));
        let Outcome::Failure(failure) = rig.ask(&think("x", vec![], 4)).await else { panic!("{error}") };
        assert_eq!(failure.code, expected);
    }
}

/// Protects against answers without code: the model is asked once more, then the turn is unusable, with
/// all tokens counted.
#[tokio::test]
async fn answers_without_code_are_asked_for_once_more() {
    let usage = r#""usage":{"prompt_tokens":5,"completion_tokens":1}"#;
    let rows = [
        (format!(r#"{{"answers":[{{"text":"Sorry.","repair":"```python\nprint(1)\n```",{usage}}}]}}"#), true, 10),
        (format!(r#"{{"answers":[{{"text":"Sorry.",{usage}}}]}}"#), false, 10),
        (format!(r#"{{"answers":[{{"error":"bad_answer",{usage}}}]}}"#), false, 10),
        (format!(r#"{{"answers":[{{"text":"```python\nprint(","cut_off":true,{usage}}}]}}"#), false, 10),
    ];
    let mut rig = Rig::new().await;
    rig.settings.rules_stand_in = false;
    let code = rig.script("{}");
    let _running = rig.start(code).await;
    for (n, (script, usable, tokens)) in rows.into_iter().enumerate() {
        rig.script(&script);
        let thought = rig.thought(&think("x", vec![], 4)).await;
        assert_eq!(matches!(thought.action, Some(Action::WriteCode(_))), usable, "{script}: {thought:?}");
        assert_eq!(matches!(thought.action, Some(Action::Unusable(_))), !usable, "{script}: {thought:?}");
        assert_eq!(thought.usage.unwrap().prompt_tokens, tokens, "{script}");
        assert_eq!(rig.calls(), 2 * (n + 1));
    }
}

/// Protects the job from the helpers: without vision it goes on with the evidence, without a summary
/// from a model it ends with the code's own words; both say so.
#[tokio::test]
async fn helpers_may_fail() {
    let rig = Rig::new().await;
    let down = || rig.script(r#"{"answers":[{"error":"unavailable"}],"repeat_last":true}"#);
    let _running = rig.agent(down(), down(), Role::Builtin).start(rig.stop.clone()).await.unwrap();
    let thought = rig.thought(&think("x", vec![], 4)).await;
    let Some(Action::VisionNotes(notes)) = thought.action else { panic!("{thought:?}") };
    assert!(notes.contains("could not be asked"), "{notes}");
    let worked = vec![attempt("k", "", run(RunStatus::Ok, "24 coins", ""))];
    let thought = rig.thought(&think("x", worked, 3)).await;
    let Some(Action::Finish(finish)) = thought.action else { panic!("{thought:?}") };
    assert!(finish.summary.contains("24 coins") && finish.summary.contains("could not be asked"), "{}", finish.summary);
}

/// Protects the job from missing or damaged evidence and pictures: it goes on with what there is.
#[tokio::test]
async fn missing_evidence_and_pictures_are_survived() {
    let rig = Rig::new().await;
    rig.put("evidence/damaged", b"{\"kind\": ".to_vec()).await;
    rig.put("pictures/damaged", b"not a png".to_vec()).await;
    let vision = rig.script(r#"{"answers":[{"text":"never asked"}]}"#);
    let _running = rig.agent(vision, Role::Builtin, Role::Builtin).start(rig.stop.clone()).await.unwrap();
    for (picture, evidence) in [("pictures/damaged", "evidence/damaged"), ("pictures/gone", "evidence/gone")] {
        let mut command = think("x", vec![], 4);
        command.pictures[0].blob_key = picture.into();
        command.seen[0].evidence_key = evidence.into();
        let thought = rig.thought(&command).await;
        assert!(matches!(&thought.action, Some(Action::VisionNotes(notes)) if notes.contains("could not be asked")));
        let notes = common::wire::agent_v1::VisionNotes { text: "n".into() };
        let turn = common::wire::agent_v1::Turn { turn: Some(common::wire::agent_v1::turn::Turn::VisionNotes(notes)) };
        let again = common::wire::agent_v1::Think {
            step_id: common::StepId::new().to_string(),
            transcript: vec![turn],
            ..command
        };
        assert!(matches!(rig.thought(&again).await.action, Some(Action::WriteCode(_))));
    }
    assert_eq!(rig.calls(), 0);
}

/// Protects the bus: the longest code with the longest words beside it still fits into a message.
#[tokio::test]
async fn the_longest_answer_fits_the_bus() {
    let rig = Rig::new().await;
    let code = "x = 1\n".repeat(common::execution::MAX_JOB_CODE_BYTES / 6);
    let text = format!("{}\n```python\n{code}```", "é".repeat(20_000));
    let script = serde_json::json!({"answers": [{"text": text}]}).to_string();
    let _running = rig.start(rig.script(&script)).await;
    let mut answers = rig.answers().await;
    rig.send(&think("x", vec![], 4)).await;
    let event = next(&mut answers).await;
    assert!(encode(&event).unwrap().len() < MAX_MESSAGE_BYTES);
    let Some(Outcome::Thought(thought)) = event.outcome else { panic!("no thought") };
    let Some(Action::WriteCode(written)) = thought.action else { panic!("{:?}", thought.action) };
    assert_eq!(written.code, code);
}

/// Protects the queue: commands that can never be handled are set aside at once.
#[tokio::test]
async fn senseless_commands_are_set_aside() {
    let rig = Rig::new().await;
    let _running = rig.start(Role::Builtin).await;
    let mut bad = vec![vec![0xff, 0xff, 0xff]];
    for change in [
        |think: &mut common::wire::agent_v1::Think| think.job_id = "../../etc".into(),
        |think: &mut common::wire::agent_v1::Think| think.step_id.clear(),
        |think: &mut common::wire::agent_v1::Think| think.seen.clear(),
        |think: &mut common::wire::agent_v1::Think| think.seen[0].evidence_key = "../secret".into(),
        |think: &mut common::wire::agent_v1::Think| think.transcript.push(Default::default()),
    ] {
        let mut command = think("x", vec![], 4);
        change(&mut command);
        bad.push(encode(&command).unwrap());
    }
    let count = bad.len();
    for payload in bad {
        send(&rig.bus, Topic::AgentThink, payload).await;
    }
    rig.thought(&think("x", vec![], 4)).await;
    assert_eq!(rig.bus.dead_letters(Topic::AgentThink).await.unwrap().len(), count);
}

/// A store of which reading or writing fails.
struct Broken {
    inner: SharedStore,
    reads: bool,
}

fn broken(key: &BlobKey) -> BlobError {
    BlobError { kind: ErrorKind::Unavailable, key: key.to_string(), source: None }
}

#[async_trait]
impl BlobReader for Broken {
    async fn head(&self, key: &BlobKey) -> Result<BlobInfo, BlobError> {
        self.inner.head(key).await
    }
    async fn get(&self, key: &BlobKey, limit: u64) -> Result<Bytes, BlobError> {
        if self.reads { self.inner.get(key, limit).await } else { Err(broken(key)) }
    }
    async fn get_stream(&self, key: &BlobKey) -> Result<(BlobInfo, ByteStream), BlobError> {
        self.inner.get_stream(key).await
    }
    async fn list(&self, prefix: &BlobKey) -> Result<Vec<BlobKey>, BlobError> {
        self.inner.list(prefix).await
    }
}

#[async_trait]
impl BlobStore for Broken {
    async fn put(&self, key: &BlobKey, _: Bytes) -> Result<(), BlobError> {
        Err(broken(key))
    }
    async fn put_stream(&self, key: &BlobKey, _: ByteStream, _: u64) -> Result<u64, BlobError> {
        Err(broken(key))
    }
    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        Err(broken(key))
    }
    async fn delete_prefix(&self, prefix: &BlobKey) -> Result<(), BlobError> {
        Err(broken(prefix))
    }
    async fn check(&self) -> Result<(), BlobError> {
        Ok(())
    }
}

/// Protects money on a full disk: an answer that cannot be stored is still delivered, not asked again.
#[tokio::test]
async fn a_paid_answer_is_delivered_even_when_it_cannot_be_stored() {
    let rig = Rig::new().await;
    let code = rig.script(r#"{"answers":[{"text":"```python\nprint(1)\n```"}]}"#);
    let store = Arc::new(Broken { inner: rig.store.clone(), reads: true });
    let agent = rig.agent_on(rig.bus.clone(), store, Role::Builtin, Role::Builtin, code);
    let _running = agent.start(rig.stop.clone()).await.unwrap();
    assert!(matches!(rig.thought(&think("x", vec![], 4)).await.action, Some(Action::WriteCode(_))));
    assert_eq!(rig.calls(), 1);
}

/// Protects the job from a store that cannot be read: it is tried again, then told, and nothing is paid.
#[tokio::test]
async fn an_unreadable_store_is_told_in_the_end() {
    let rig = Rig::new().await;
    let code = rig.script(r#"{"answers":[{"text":"```python\nprint(1)\n```"}]}"#);
    let store = Arc::new(Broken { inner: rig.store.clone(), reads: false });
    let agent = rig.agent_on(rig.bus.clone(), store, Role::Builtin, Role::Builtin, code);
    let _running = agent.start(rig.stop.clone()).await.unwrap();
    let started = std::time::Instant::now();
    let Outcome::Failure(failure) = rig.ask(&think("x", vec![], 4)).await else { panic!("no failure") };
    assert_eq!(failure.code, "storage_unavailable");
    assert!(started.elapsed() > Duration::from_secs(10), "a store that restarts is waited for");
    assert_eq!(rig.calls(), 0);
}
