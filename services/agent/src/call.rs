//! Calls to models within one turn. Each finished call is stored before its answer is used, so a turn
//! that is begun again pays only for what it has not yet got.

use crate::keys::StepKeys;
use crate::prices::Prices;
use crate::think::Trouble;
use crate::turn::{Past, Turn};
use blob::SharedStore;
use common::job::Usage;
use common::spend::{Spending, Usd};
use common::{ErrorCode, Failure};
use llm::{
    Chain, ErrorKind, Message, Model, ModelError, PassedOver, Reply, Request, RoleName, Schema, StepContext, Tool,
};
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
    prices: &'a Prices,
    next: u32,
    /// What all calls of this turn used and cost so far.
    pub usage: Spending,
}

/// A question, without what belongs to the turn.
pub struct Question {
    pub role: RoleName,
    pub system: &'static str,
    pub messages: Vec<Message>,
    pub max_tokens: u32,
    /// The shape of the answer, for servers that hold models to one.
    pub schema: Option<Schema>,
    /// What may be asked for in place of an answer, for servers that know tools.
    pub tools: Vec<Tool>,
}

impl Question {
    /// One that is answered with text.
    pub fn new(role: RoleName, system: &'static str, messages: Vec<Message>, max_tokens: u32) -> Self {
        Self { role, system, messages, max_tokens, schema: None, tools: Vec::new() }
    }
}

impl<'a> Calls<'a> {
    pub fn new(store: &'a SharedStore, keys: &'a StepKeys, turn: &'a Turn, prices: &'a Prices) -> Self {
        Self { store, keys, turn, prices, next: 0, usage: Spending::default() }
    }

    /// Most tokens that the next answer of this model may have. A question goes out whole: it may take the job past its
    /// budget by its own length, never an answer.
    ///
    /// # Errors
    /// The job's tokens or its money are used up.
    fn allowed(&self, model: &str, wanted: u32) -> Result<u32, Failure> {
        let reached = |what: &str| Failure::with_detail(ErrorCode::BudgetReached, format!("The job's {what} used up."));
        let mut most = u64::from(wanted);
        if let Some(left) = self.turn.tokens_left {
            most = most.min(left.saturating_sub(self.usage.tokens()));
        }
        if most == 0 {
            return Err(reached("tokens are"));
        }
        let price = self.prices.of(model);
        if let Some(left) = self.turn.cost_left
            && (price.prompt > 0.0 || price.completion > 0.0)
        {
            let left = left.less(self.usage.cost_usd);
            if left == Usd::default() {
                return Err(reached("money is"));
            }
            if price.completion > 0.0 {
                most = most.min((left.micros() as f64 / price.completion).floor() as u64).max(1);
            }
        }
        Ok(u32::try_from(most).unwrap_or(u32::MAX))
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
                self.usage.add(self.spent(&reply.model, reply.usage, &reply.passed_over));
                Ok(reply)
            }
            Finished::BadAnswer { detail, usage, model, passed_over } => {
                let name = if model.is_empty() { models.name() } else { &model };
                self.usage.add(self.spent(name, usage, &passed_over));
                Err(ModelError {
                    passed_over: passed_over.into(),
                    ..ModelError::new(ErrorKind::BadAnswer, name, detail)
                }
                .into())
            }
        }
    }

    /// What a call used and cost: each model's tokens at that model's price. `usage` is that of all together.
    fn spent(&self, model: &str, usage: Usage, passed_over: &[PassedOver]) -> Spending {
        let (mut own, mut cost) = (usage, Usd::default());
        for PassedOver { model, usage, .. } in passed_over {
            own.prompt_tokens = own.prompt_tokens.saturating_sub(usage.prompt_tokens);
            own.completion_tokens = own.completion_tokens.saturating_sub(usage.completion_tokens);
            cost = cost.plus(self.prices.of(model).of(*usage));
        }
        Spending::call(usage, cost.plus(self.prices.of(model).of(own)))
    }

    async fn call(&self, models: &Chain, question: Question, n: u32) -> Result<Finished, Trouble> {
        let max_tokens = self.allowed(models.name(), question.max_tokens).map_err(Trouble::Budget)?;
        let step = self.context(question.role, n);
        let request = Request {
            schema: question.schema,
            tools: question.tools,
            ..Request::new(question.system, question.messages, max_tokens, step)
        };
        match models.complete(request).await {
            Ok(reply) => Ok(Finished::Reply(reply)),
            // Of one that was not asked at all there is nothing to keep.
            Err(ModelError {
                kind: ErrorKind::BadAnswer, left_alone: None, detail, usage, model, passed_over, ..
            }) => Ok(Finished::BadAnswer { detail, usage, model, passed_over: passed_over.into_vec() }),
            Err(error) => Err(error.into()),
        }
    }

    fn context(&self, role: RoleName, call: u32) -> StepContext {
        let of_role = |past: &&Past| match past {
            Past::Notes(_) | Past::Closer(_) => role == RoleName::Vision,
            Past::Attempt(attempt) if role == RoleName::Vision => attempt.critique.is_some(),
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
