//! Calls to models within one turn. Each finished call is stored before its answer is used, so a turn
//! that is begun again pays only for what it has not yet got.

use crate::keys::StepKeys;
use crate::think::Trouble;
use crate::turn::{Past, Turn};
use blob::SharedStore;
use common::job::Usage;
use llm::{Chain, ErrorKind, Message, Model, ModelError, PassedOver, Reply, Request, RoleName, StepContext};
use serde::{Deserialize, Serialize};

/// Largest stored call, in bytes.
const CALL_BYTES: u64 = 16 * 1024 * 1024;

/// What a finished call brought. Both kinds were paid for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Finished {
    Reply(Reply),
    BadAnswer {
        detail: String,
        usage: Usage,
        #[serde(default)]
        model: String,
        #[serde(default)]
        passed_over: Vec<PassedOver>,
    },
}

/// The calls of one turn.
pub struct Calls<'a> {
    store: &'a SharedStore,
    keys: &'a StepKeys,
    turn: &'a Turn,
    next: u32,
    /// Tokens of all calls of this turn so far.
    pub usage: Usage,
}

/// A question, without what belongs to the turn.
pub struct Question {
    pub role: RoleName,
    pub system: &'static str,
    pub messages: Vec<Message>,
    pub max_tokens: u32,
}

impl<'a> Calls<'a> {
    pub fn new(store: &'a SharedStore, keys: &'a StepKeys, turn: &'a Turn) -> Self {
        Self { store, keys, turn, next: 0, usage: Usage::default() }
    }

    /// Asks the models in their order, or gives what one of them answered before.
    ///
    /// # Errors
    /// No model gave an answer, or the store cannot be read.
    pub async fn ask(&mut self, models: &Chain, question: Question) -> Result<Reply, Trouble> {
        let n = self.next;
        self.next += 1;
        let finished = match self.stored(n).await? {
            Some(finished) => finished,
            None => {
                let finished = self.call(models, question, n).await?;
                self.keep(n, &finished).await;
                finished
            }
        };
        match finished {
            Finished::Reply(reply) => {
                self.usage.add(reply.usage);
                Ok(reply)
            }
            Finished::BadAnswer { detail, usage, model, passed_over } => {
                self.usage.add(usage);
                let name = if model.is_empty() { models.name() } else { &model };
                Err(ModelError {
                    passed_over: passed_over.into(),
                    ..ModelError::new(ErrorKind::BadAnswer, name, detail)
                }
                .into())
            }
        }
    }

    async fn call(&self, models: &Chain, question: Question, n: u32) -> Result<Finished, ModelError> {
        let step = self.context(question.role, n);
        let request = Request {
            system: question.system.to_owned(),
            messages: question.messages,
            max_tokens: question.max_tokens,
            step,
        };
        match models.complete(request).await {
            Ok(reply) => Ok(Finished::Reply(reply)),
            // Of one that was not asked at all there is nothing to keep.
            Err(ModelError {
                kind: ErrorKind::BadAnswer, left_alone: None, detail, usage, model, passed_over, ..
            }) => Ok(Finished::BadAnswer { detail, usage, model, passed_over: passed_over.into_vec() }),
            Err(error) => Err(error),
        }
    }

    fn context(&self, role: RoleName, call: u32) -> StepContext {
        let of_role = |past: &&Past| match past {
            Past::Notes(_) => role == RoleName::Vision,
            Past::Attempt(_) | Past::Unusable(_) => role == RoleName::Code,
        };
        let role_turn = self.turn.past.iter().filter(of_role).count() as u32;
        let turn = self.turn.past.len() as u32;
        StepContext { job_id: self.turn.job_id, step_id: self.turn.step_id, role, turn, role_turn, call }
    }

    async fn stored(&self, n: u32) -> Result<Option<Finished>, Trouble> {
        let key = self.keys.call(n)?;
        match self.store.get(&key, CALL_BYTES).await {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if error.kind == blob::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The answer is paid for: where it cannot be stored the turn goes on with it all the same.
    async fn keep(&self, n: u32, finished: &Finished) {
        let Ok(key) = self.keys.call(n) else { return };
        let Ok(bytes) = serde_json::to_vec(finished) else { return };
        if let Err(error) = self.store.put(&key, bytes.into()).await {
            tracing::error!(blob.key = %key, blob.error = ?error.kind, "a model's answer could not be stored");
        }
    }
}
