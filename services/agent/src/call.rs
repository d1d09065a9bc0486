//! Calls to models within one turn. Each finished call is stored before its answer is used, so a turn
//! that is begun again pays only for what it has not yet got.

use crate::keys::StepKeys;
use crate::live::Follower;
use crate::prices::Prices;
use crate::prompt;
use crate::think::{Thinker, Trouble};
use crate::turn::{Past, Turn};
use blob::SharedStore;
use bus::SharedBus;
use bus::live::Voice;
use chrono::Utc;
use common::job::Usage;
use common::spend::{Spending, Usd};
use common::wire::agent_v1;
use common::{ErrorCode, Failure};
use llm::{
    Chain, ErrorKind, Heard, Message, Model, ModelError, OnText, PassedOver, Reply, Request, RoleName, Schema,
    StepContext, Tool,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

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

/// A finished call as it is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    finished: Finished,
    /// What it took; absent in what was kept by a release before this field.
    #[serde(default)]
    took: Option<Took>,
}

/// What a call took.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Took {
    started_ms: i64,
    duration_ms: u64,
    first_token_ms: Option<u64>,
}

/// A clock for one call.
struct Watch {
    started_ms: i64,
    begun: Instant,
    /// Milliseconds to the first piece of the answer, and one; zero before it.
    first: Arc<AtomicU64>,
}

impl Watch {
    fn start() -> Self {
        Self { started_ms: Utc::now().timestamp_millis(), begun: Instant::now(), first: Arc::default() }
    }

    /// What hears the answer: this clock, and whoever else follows.
    fn listener(&self, follower: Option<&Follower>) -> OnText {
        let (begun, first, then) = (self.begun, self.first.clone(), follower.map(Follower::listener));
        OnText::new(move |heard| {
            if matches!(heard, Heard::Text(text) | Heard::Arguments(text) if !text.is_empty()) {
                // What came before a lost line came, too: the first piece counts.
                let now = millis(begun).saturating_add(1);
                let _known = first.compare_exchange(0, now, Ordering::SeqCst, Ordering::SeqCst);
            }
            if let Some(then) = &then {
                then.tell(heard);
            }
        })
    }

    fn took(&self) -> Took {
        let first_token_ms = self.first.load(Ordering::SeqCst).checked_sub(1);
        Took { started_ms: self.started_ms, duration_ms: millis(self.begun), first_token_ms }
    }
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// The calls of one turn.
pub struct Calls<'a> {
    store: &'a SharedStore,
    bus: &'a SharedBus,
    prices: &'a Prices,
    keys: &'a StepKeys,
    turn: &'a Turn,
    next: u32,
    /// What all calls of this turn used and cost so far.
    pub usage: Spending,
    /// What each of them took.
    pub traces: Vec<agent_v1::Call>,
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
    pub fn new(thinker: &'a Thinker, keys: &'a StepKeys, turn: &'a Turn) -> Self {
        let Thinker { store, bus, prices, .. } = thinker;
        Self { store, bus, prices, keys, turn, next: 0, usage: Spending::default(), traces: Vec::new() }
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
        let (role, system) = (question.role, question.system);
        let kept = match self.stored(n).await? {
            Some(kept) => kept,
            None => {
                let max_tokens = self.allowed(models.name(), question.max_tokens).map_err(Trouble::Budget)?;
                let watch = Watch::start();
                let finished = match self.call(models, question, max_tokens, n, &watch).await {
                    Ok(finished) => finished,
                    Err(error) => {
                        let spent = self.spent(&error.model, error.usage, &error.passed_over);
                        self.traces.push(trace(models, role, system, watch.took(), &Ended::failed(&error), spent));
                        return Err(error.into());
                    }
                };
                let kept = Kept { finished, took: Some(watch.took()) };
                self.keep(n, &kept).await;
                kept
            }
        };
        let Kept { finished, took } = kept;
        let (ended, spent) = match &finished {
            Finished::Reply(reply) => {
                (Ended::answered(reply), self.spent(&reply.model, reply.usage, &reply.passed_over))
            }
            Finished::BadAnswer { usage, model, passed_over, .. } => {
                let name = if model.is_empty() { models.name() } else { model };
                (
                    Ended { model: name, passed_over, error: Some(ErrorKind::BadAnswer) },
                    self.spent(name, *usage, passed_over),
                )
            }
        };
        self.usage.add(spent);
        if let Some(took) = took {
            self.traces.push(trace(models, role, system, took, &ended, spent));
        }
        match finished {
            Finished::Reply(reply) => Ok(reply),
            Finished::BadAnswer { detail, model, passed_over, .. } => {
                let name = if model.is_empty() { models.name() } else { &model };
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

    async fn call(
        &self,
        models: &Chain,
        question: Question,
        max_tokens: u32,
        n: u32,
        watch: &Watch,
    ) -> Result<Finished, ModelError> {
        let step = self.context(question.role, n);
        // Only code is worth watching while it comes: other answers are short, and come after it.
        let follower = (question.role == RoleName::Code)
            .then(|| Follower::new(Voice::new(self.bus.clone(), self.turn.job_id, self.turn.step_id)));
        let (prompt, _) = prompt::named(question.system);
        let request = Request {
            schema: question.schema,
            tools: question.tools,
            on_text: Some(watch.listener(follower.as_ref())),
            prompt,
            owner: self.turn.owner.clone(),
            ..Request::new(question.system, question.messages, max_tokens, step)
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
            Past::Notes(_) | Past::Closer(_) => role == RoleName::Vision,
            Past::Attempt(attempt) if role == RoleName::Vision => attempt.critique.is_some(),
            Past::Attempt(_) | Past::Unusable(_) => role == RoleName::Code,
        };
        let role_turn = self.turn.past.iter().filter(of_role).count() as u32;
        let turn = self.turn.past.len() as u32;
        StepContext { job_id: self.turn.job_id, step_id: self.turn.step_id, role, turn, role_turn, call }
    }

    async fn stored(&self, n: u32) -> Result<Option<Kept>, Trouble> {
        let key = self.keys.call(n)?;
        match self.store.get(&key, CALL_BYTES).await {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
            Err(error) if error.kind == blob::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The answer is paid for: where it cannot be stored the turn goes on with it all the same.
    async fn keep(&self, n: u32, kept: &Kept) {
        let Ok(key) = self.keys.call(n) else { return };
        let Ok(bytes) = serde_json::to_vec(kept) else { return };
        if let Err(error) = self.store.put(&key, bytes.into()).await {
            tracing::error!(blob.key = %key, blob.error = ?error.kind, "a model's answer could not be stored");
        }
    }
}

/// How a call ended.
struct Ended<'a> {
    model: &'a str,
    passed_over: &'a [PassedOver],
    error: Option<ErrorKind>,
}

impl<'a> Ended<'a> {
    fn answered(reply: &'a Reply) -> Self {
        Self { model: &reply.model, passed_over: &reply.passed_over, error: None }
    }

    fn failed(error: &'a ModelError) -> Self {
        Self { model: &error.model, passed_over: &error.passed_over, error: Some(error.kind) }
    }
}

fn trace(
    models: &Chain,
    role: RoleName,
    system: &str,
    took: Took,
    ended: &Ended<'_>,
    spent: Spending,
) -> agent_v1::Call {
    let host = models.links().find(|link| link.name() == ended.model).and_then(|link| link.host());
    let (prompt_file, prompt_hash) = prompt::named(system);
    agent_v1::Call {
        role: role.as_str().to_owned(),
        model: ended.model.to_owned(),
        host: host.unwrap_or_default().to_owned(),
        started_ms: took.started_ms,
        duration_ms: took.duration_ms,
        first_token_ms: took.first_token_ms,
        usage: Some(spent.into()),
        error_code: ended.error.map(|kind| kind.code().as_str().to_owned()).unwrap_or_default(),
        passed_over: ended.passed_over.iter().map(|passed| passed.model.clone()).collect(),
        prompt_file: prompt_file.to_owned(),
        prompt_hash,
    }
}
