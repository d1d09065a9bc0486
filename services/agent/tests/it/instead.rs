//! Who answers in whose place, and what a person is told of it.

use crate::rig::{Rig, attempt, run, think};
use agent::Role;
use async_trait::async_trait;
use common::ErrorCode;
use common::wire::agent_v1::thought::Action;
use common::wire::agent_v1::{self, Thought};
use common::wire::common_v1::RunStatus;
use llm::{BreakerPolicy, ErrorKind, Model, ModelError, Reply, Request, SharedModel};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const CODE: &str = "```python\nprint(1)\n```";

/// Answers always the same, and counts.
pub struct Fixed {
    name: &'static str,
    answer: Result<&'static str, ErrorKind>,
    asked: AtomicUsize,
}

impl Fixed {
    pub fn new(name: &'static str, answer: Result<&'static str, ErrorKind>) -> Arc<Self> {
        Arc::new(Self { name, answer, asked: AtomicUsize::new(0) })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Model for Fixed {
    async fn complete(&self, _: Request) -> Result<Reply, ModelError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let usage = common::job::Usage { prompt_tokens: 10, completion_tokens: 1 };
        match self.answer {
            Ok(text) => Ok(Reply::new(self.name, text, usage)),
            Err(kind) => {
                let usage = if kind == ErrorKind::BadAnswer { usage } else { Default::default() };
                Err(ModelError { usage, ..ModelError::new(kind, self.name, "secret words") })
            }
        }
    }

    fn name(&self) -> &str {
        self.name
    }

    async fn check(&self) -> Result<(), ModelError> {
        self.answer.map(drop).map_err(|kind| ModelError::new(kind, self.name, "secret words"))
    }
}

pub fn both(first: &Arc<Fixed>, second: &Arc<Fixed>) -> Role {
    let models: Vec<SharedModel> = vec![first.clone(), second.clone()];
    Role::of_all(models, BreakerPolicy::default())
}

fn tokens(thought: &Thought) -> u64 {
    thought.usage.map_or(0, |usage| usage.prompt_tokens)
}

/// Protects people who chose: the models they named are asked first, and none where they want none; whoever answers as
/// chosen stands in for nobody, so nothing is said of it.
#[tokio::test]
async fn a_job_asks_the_models_that_were_chosen() {
    use agent_v1::think::Models;
    for (choice, first_fails, second_fails, expected, asked) in [
        (Models::Unspecified, false, false, "first", (1, 0)),
        (Models::Second, false, false, "second", (0, 1)),
        (Models::Second, false, true, "first", (1, 1)),
        (Models::Rules, false, false, "builtin", (0, 0)),
    ] {
        let rig = Rig::new().await;
        let answer = |fails: bool| if fails { Err(ErrorKind::Refused) } else { Ok(CODE) };
        let (first, second) = (Fixed::new("first", answer(first_fails)), Fixed::new("second", answer(second_fails)));
        let _running = rig.start(both(&first, &second)).await;
        let thought = rig.thought(&agent_v1::Think { models: choice.into(), ..think("x", vec![], 4) }).await;
        assert_eq!(thought.model, expected, "{choice:?}");
        assert_eq!((first.asked(), second.asked()), asked, "{choice:?}");
        assert_eq!(thought.notes.is_empty(), !second_fails, "{choice:?}: {:?}", thought.notes);
    }
}

/// Protects the job from its first model: the second one's code is taken, the event names it and says why, and
/// what was paid is counted.
#[tokio::test]
async fn the_second_model_is_named() {
    for (kind, code, paid) in [
        (ErrorKind::Unavailable, ErrorCode::ModelUnavailable, 10),
        (ErrorKind::Timeout, ErrorCode::ModelTimeout, 10),
        (ErrorKind::Refused, ErrorCode::ModelRefused, 10),
        (ErrorKind::RateLimited, ErrorCode::ModelRateLimited, 10),
        (ErrorKind::BadAnswer, ErrorCode::ModelAnswerUnusable, 20),
    ] {
        let rig = Rig::new().await;
        let (first, second) = (Fixed::new("first", Err(kind)), Fixed::new("second", Ok(CODE)));
        let _running = rig.start(both(&first, &second)).await;
        let command = think("x", vec![], 4);
        let thought = rig.thought(&command).await;
        assert!(matches!(thought.action, Some(Action::WriteCode(_))), "{thought:?}");
        assert_eq!((thought.model.as_str(), tokens(&thought)), ("second", paid), "{code}");
        let note = thought.notes.join("|");
        assert!(note.starts_with("Writing the code was done by the model 'second'. The model 'first' "), "{note}");
        assert!(!note.contains("secret"), "{note}");
        // The same command again is answered from the store, with the same note.
        assert_eq!(rig.thought(&command).await, thought);
        assert_eq!((first.asked(), second.asked()), (1, 1));
    }
}

/// Protects the job when no model answers: the rules write the code, and the event says so with both reasons. What
/// useless answers cost is counted.
#[tokio::test]
async fn the_rules_come_last() {
    for (kind, paid) in [(ErrorKind::Unavailable, 0), (ErrorKind::Refused, 0), (ErrorKind::BadAnswer, 40)] {
        let rig = Rig::new().await;
        let (first, second) = (Fixed::new("first", Err(kind)), Fixed::new("second", Err(kind)));
        let _running = rig.start(both(&first, &second)).await;
        let thought = rig.thought(&think("x", vec![], 4)).await;
        assert!(matches!(thought.action, Some(Action::WriteCode(_))), "{thought:?}");
        assert_eq!((thought.model.as_str(), tokens(&thought)), ("builtin", paid), "{kind:?}");
        let note = thought.notes.join("|");
        assert!(note.starts_with("Writing the code was done by the built-in rules. "), "{note}");
        assert!(note.contains("'first'") && note.contains("'second'"), "{note}");
    }
}

/// Protects the reader of a result: a part that was done without its model is named too.
#[tokio::test]
async fn parts_without_a_model_are_named() {
    let rig = Rig::new().await;
    let down = || Role::of(Fixed::new("down", Err(ErrorKind::Unavailable)));
    let _running = rig.agent(down(), down(), Role::Builtin).start(rig.stop.clone()).await.unwrap();
    let thought = rig.thought(&think("x", vec![], 4)).await;
    assert!(thought.notes[0].starts_with("Looking at the pictures was done without a model. "), "{thought:?}");
    let worked = vec![attempt("k", "", run(RunStatus::Ok, "24 coins", ""))];
    let thought = rig.thought(&think("x", worked, 3)).await;
    assert!(thought.notes[0].starts_with("Summing up was done without a model. "), "{thought:?}");
    // Where the first model answers there is nothing to tell.
    let rig = Rig::new().await;
    let _running = rig.start(Role::of(Fixed::new("fine", Ok(CODE)))).await;
    assert!(rig.thought(&think("x", vec![], 4)).await.notes.is_empty());
}
