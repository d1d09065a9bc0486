//! The service: what it needs, how it is started, how it is asked for its health.

use crate::decide::Models;
use crate::handler::{StopListener, ThinkHandler};
use crate::health::{self, RoleHealth};
use crate::prices::Prices;
use crate::prompt;
use crate::stops::Stops;
use crate::think::Thinker;
use blob::SharedStore;
use bus::{BusError, Consumer, SharedBus};
use common::job::ModelChoice;
use common::topic::Topic;
use llm::{Role, RoleName, Telling};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

/// What the agent works with.
pub struct Deps {
    /// Where commands come from and answers go.
    pub bus: SharedBus,
    /// Where evidence, pictures and code stand.
    pub blob: SharedStore,
    /// Says what pictures show. With [`Role::Builtin`] nobody is asked: there is the evidence.
    pub vision: Role,
    /// Sums up what came of the code.
    pub reasoning: Role,
    /// Writes the code.
    pub code: Role,
    /// What they cost.
    pub prices: Prices,
}

/// Who plays which role.
#[derive(Debug, Clone)]
pub struct Roles {
    pub vision: Role,
    pub reasoning: Role,
    pub code: Role,
}

impl Roles {
    /// All three, in the order in which a job meets them.
    pub fn all(&self) -> [(RoleName, &Role); 3] {
        [(RoleName::Vision, &self.vision), (RoleName::Code, &self.code), (RoleName::Reasoning, &self.reasoning)]
    }

    /// Who plays them in a job for which this was chosen: the same models, in another order, or none.
    pub fn chosen(&self, choice: ModelChoice) -> Self {
        let pick = |role: &Role| match (choice, role) {
            (ModelChoice::Rules, _) => Role::Builtin,
            (ModelChoice::Second, Role::Model(chain)) => Role::Model(Arc::new(chain.second_first())),
            _ => role.clone(),
        };
        Self { vision: pick(&self.vision), reasoning: pick(&self.reasoning), code: pick(&self.code) }
    }

    /// Which roles models play that decide what is done next.
    pub(crate) fn models(&self) -> Models {
        Models { vision: matches!(self.vision, Role::Model(_)), code: matches!(self.code, Role::Model(_)) }
    }

    /// Who plays this role.
    pub fn get(&self, name: RoleName) -> &Role {
        match name {
            RoleName::Vision => &self.vision,
            RoleName::Reasoning => &self.reasoning,
            RoleName::Code => &self.code,
        }
    }
}

/// How the agent works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Turns at a time.
    pub concurrency: usize,
    /// Longest side of a picture that the vision model is sent, in pixels. Models scale larger ones down themselves.
    pub vision_longest_side: u32,
    /// Most tokens of the vision model's notes. Models that think aloud spend some on that.
    pub vision_max_tokens: u32,
    /// Most tokens of an answer with code.
    pub code_max_tokens: u32,
    /// Most tokens of a summary.
    pub summary_max_tokens: u32,
    /// Tokens that a question and its answer may have together: the smallest context window of the models.
    pub context_tokens: u32,
    /// Whether the built-in rules write the code where no model gives an answer. The other parts are done
    /// without a model then in any case, or left out.
    pub rules_stand_in: bool,
    /// Whether Langfuse is told questions and answers.
    pub tell_content: bool,
    /// How long turns in hand may go on after the service was told to stop. Those that are not done by
    /// then are handed back to the bus.
    pub drain: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            concurrency: 4,
            vision_longest_side: 1568,
            vision_max_tokens: 4096,
            code_max_tokens: 16_384,
            summary_max_tokens: 2048,
            context_tokens: 32_768,
            rules_stand_in: true,
            tell_content: false,
            drain: Duration::from_secs(10),
        }
    }
}

/// Bytes of text that make a token at least, in any language and in code: cautious, most texts have four.
const BYTES_PER_TOKEN: usize = 3;

impl Settings {
    /// Most bytes of a conversation, so that it and its answer fit into the context window.
    pub fn conversation_bytes(&self) -> usize {
        let answer = self.code_max_tokens.min(self.context_tokens / 2);
        (self.context_tokens - answer) as usize * BYTES_PER_TOKEN
    }

    /// Most bytes of evidence in one question: a third of the conversation.
    pub fn evidence_bytes(&self) -> usize {
        self.conversation_bytes() / 3
    }

    /// The same with answers that leave room for their questions.
    pub fn fitted(self) -> Self {
        let half = self.context_tokens / 2;
        Self {
            vision_max_tokens: self.vision_max_tokens.min(half),
            code_max_tokens: self.code_max_tokens.min(half),
            summary_max_tokens: self.summary_max_tokens.min(half),
            ..self
        }
    }
}

/// Models that people may try out at the same time: jobs come first.
const TRIES: usize = 2;

/// The agent.
pub struct Agent {
    bus: SharedBus,
    pub(crate) thinker: Arc<Thinker>,
    stops: Arc<Stops>,
    /// Models tried out by people at a time.
    pub(crate) tries: Semaphore,
}

impl Agent {
    /// An agent that does nothing yet.
    pub fn new(deps: Deps, settings: Settings) -> Self {
        let roles = Roles { vision: deps.vision, reasoning: deps.reasoning, code: deps.code };
        for (_, role) in roles.all() {
            let Role::Model(chain) = role else { continue };
            for link in chain.links() {
                link.tell(Telling { price: deps.prices.of(link.name()), content: settings.tell_content });
            }
        }
        let thinker = Thinker {
            store: deps.blob,
            bus: deps.bus.clone(),
            roles,
            settings,
            decoding: Semaphore::new(1),
            prompt_version: prompt::version(),
            prices: deps.prices,
        };
        Self { bus: deps.bus, thinker: Arc::new(thinker), stops: Arc::default(), tries: Semaphore::new(TRIES) }
    }

    /// Starts taking turns, until `stop` is cancelled.
    ///
    /// # Errors
    /// The bus refuses a topic.
    pub async fn start(&self, stop: CancellationToken) -> Result<Running, BusError> {
        // Listening for stopped jobs begins first: none may be missed by a turn that began before.
        let subscription = self.bus.subscribe(Topic::JobsStopped).await?;
        let drain = self.thinker.settings.drain;
        let listener = StopListener { stops: self.stops.clone(), stop: stop.clone(), drain };
        let listener = tokio::spawn(listener.listen(subscription));
        let checks = health::watch(&self.thinker.roles, &stop);
        let handler = ThinkHandler::new(self.bus.clone(), self.thinker.clone(), self.stops.clone(), stop.clone());
        let concurrency = self.thinker.settings.concurrency.max(1);
        let consumer = Consumer::start(&self.bus, Topic::AgentThink, concurrency, Arc::new(handler), stop).await;
        match consumer {
            Ok(consumer) => Ok(Running { consumer, listener, checks }),
            Err(error) => {
                listener.abort();
                Err(error)
            }
        }
    }

    /// Asks each role how it is doing, without paying for an answer. The built-in rules are always ready.
    pub async fn check(&self) -> Vec<RoleHealth> {
        health::of(&self.thinker.roles).await
    }
}

/// An agent at work.
#[derive(Debug)]
pub struct Running {
    consumer: Consumer,
    listener: JoinHandle<()>,
    checks: JoinSet<()>,
}

impl Running {
    /// Waits, after the stop, until all turns in hand are answered or handed back.
    pub async fn finished(mut self) {
        self.consumer.finished().await;
        self.listener.abort();
        self.checks.shutdown().await;
    }
}
