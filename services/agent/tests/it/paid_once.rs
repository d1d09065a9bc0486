//! A finished model call is never paid twice.

use crate::rig::{Rig, next, think};
use agent::Role;
use async_trait::async_trait;
use bus::{Bus, BusError, Deliveries, Incoming, Outgoing, SharedBus, Subscription};
use common::topic::Topic;
use common::wire::agent_v1::thought::Action;
use common::wire::encode;
use common::wire::jobs_v1::step_event::Outcome;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

const SLOW: &str = r#"{"answers":[{"text":"```python\nprint(1)\n```","delay_ms":150}]}"#;

/// Protects money: a command that comes again is answered from the store, with the same message.
#[tokio::test]
async fn a_repeated_command_is_answered_from_the_store() {
    let rig = Rig::new().await;
    let _running = rig.start(rig.script(SLOW)).await;
    let mut answers = rig.answers().await;
    let command = think("x", vec![], 4);
    rig.send(&command).await;
    let first = next(&mut answers).await;
    rig.send(&command).await;
    assert_eq!(next(&mut answers).await, first);
    assert_eq!(rig.calls(), 1);
}

/// Protects money: a repeat that comes while the first is being thought about waits for it.
#[tokio::test]
async fn concurrent_repeats_wait_for_the_first() {
    let rig = Rig::new().await;
    let _running = rig.start(rig.script(SLOW)).await;
    let mut answers = rig.answers().await;
    let command = think("x", vec![], 4);
    for _ in 0..4 {
        rig.send(&command).await;
    }
    let mut ids = Vec::new();
    for _ in 0..4 {
        let delivery = tokio::time::timeout(Duration::from_secs(10), answers.next()).await.unwrap().unwrap();
        ids.push(delivery.message().message_id);
        delivery.ack().await.unwrap();
    }
    assert_eq!(rig.calls(), 1);
    assert!(ids.iter().all(|id| *id == ids[0]), "repeats must be recognisable: {ids:?}");
}

/// A bus on which publishing hangs, as if the process died right there.
struct Hanging {
    inner: SharedBus,
    reached: Arc<Notify>,
}

#[async_trait]
impl Bus for Hanging {
    async fn publish(&self, _: Outgoing) -> Result<(), BusError> {
        self.reached.notify_one();
        std::future::pending().await
    }
    async fn consume(&self, topic: Topic, prefetch: usize) -> Result<Box<dyn Deliveries>, BusError> {
        self.inner.consume(topic, prefetch).await
    }
    async fn subscribe(&self, topic: Topic) -> Result<Box<dyn Subscription>, BusError> {
        self.inner.subscribe(topic).await
    }
    async fn dead_letters(&self, topic: Topic) -> Result<Vec<Incoming>, BusError> {
        self.inner.dead_letters(topic).await
    }
    async fn check(&self) -> Result<(), BusError> {
        self.inner.check().await
    }
    fn is_durable(&self) -> bool {
        self.inner.is_durable()
    }
    async fn close(&self) {
        self.inner.close().await;
    }
}

/// Protects money across a crash between the model's answer and its publication: the next process
/// publishes what was stored.
#[tokio::test]
async fn a_crash_before_publishing_pays_nothing_again() {
    let rig = Rig::new().await;
    let reached = Arc::new(Notify::new());
    let hanging = Arc::new(Hanging { inner: rig.bus.clone(), reached: reached.clone() });
    let agent = rig.agent_on(hanging, rig.store.clone(), Role::Builtin, Role::Builtin, rig.script(SLOW));
    let stop = tokio_util::sync::CancellationToken::new();
    let dying = agent.start(stop.clone()).await.unwrap();
    let mut answers = rig.answers().await;
    rig.send(&think("x", vec![], 4)).await;
    tokio::time::timeout(Duration::from_secs(5), reached.notified()).await.unwrap();
    stop.cancel();
    dying.finished().await;
    assert_eq!(rig.calls(), 1);

    let _running = rig.start(rig.script(SLOW)).await;
    let Some(Outcome::Thought(thought)) = next(&mut answers).await.outcome else { panic!("no thought") };
    assert!(matches!(thought.action, Some(Action::WriteCode(_))));
    assert_eq!(rig.calls(), 1);
}

/// Protects money across a crash within a turn: the first answer is kept when the process dies while
/// the second question is open.
#[tokio::test]
async fn a_crash_between_two_calls_keeps_the_first() {
    let rig = Rig::new().await;
    let usage = r#""usage":{"prompt_tokens":5,"completion_tokens":1}"#;
    let garbage = format!(r#"{{"answers":[{{"text":"Sorry.","delay_ms":200,{usage}}}]}}"#);
    let stop = tokio_util::sync::CancellationToken::new();
    let agent = rig.agent(Role::Builtin, Role::Builtin, rig.script(&garbage));
    let dying = agent.start(stop.clone()).await.unwrap();
    let command = think("x", vec![], 4);
    let stored = format!("jobs/{}/steps/{}/call-0.json", command.job_id, command.step_id);
    let mut answers = rig.answers().await;
    rig.send(&command).await;
    while rig.get(&stored).await.is_none() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop.cancel();
    dying.finished().await;
    assert_eq!(rig.calls(), 1, "the second call was given up");

    let repaired = format!(r#"{{"answers":[{{"text":"not asked","repair":"```python\nprint(1)\n```",{usage}}}]}}"#);
    let _running = rig.start(rig.script(&repaired)).await;
    let Some(Outcome::Thought(thought)) = next(&mut answers).await.outcome else { panic!("no thought") };
    assert!(matches!(thought.action, Some(Action::WriteCode(_))), "{thought:?}");
    assert_eq!(thought.usage.unwrap().prompt_tokens, 10, "both calls are counted");
    assert_eq!(rig.calls(), 2);
}

/// Protects against half-written or foreign memos: they are as good as none.
#[tokio::test]
async fn unreadable_memos_are_ignored() {
    let rig = Rig::new().await;
    let _running = rig.start(rig.script(SLOW)).await;
    let command = think("x", vec![], 4);
    let folder = format!("jobs/{}/steps/{}", command.job_id, command.step_id);
    rig.put(&format!("{folder}/event.pb"), vec![0xff; 10]).await;
    rig.put(&format!("{folder}/call-0.json"), b"{\"reply\":".to_vec()).await;
    assert!(matches!(rig.thought(&command).await.action, Some(Action::WriteCode(_))));
    let empty = common::wire::jobs_v1::StepEvent::default();
    let command = think("x", vec![], 4);
    rig.put(&format!("jobs/{}/steps/{}/event.pb", command.job_id, command.step_id), encode(&empty).unwrap()).await;
    assert!(matches!(rig.thought(&command).await.action, Some(Action::WriteCode(_))));
}
