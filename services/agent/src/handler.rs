//! From a delivered command to a published answer.

use crate::call::Calls;
use crate::keys::StepKeys;
use crate::outcome::event;
use crate::stops::Stops;
use crate::think::{EVENT_BYTES, Thinker, Trouble};
use crate::turn::Turn;
use async_trait::async_trait;
use blob::ErrorKind;
use bus::{Handled, Handler, Incoming, MAX_ATTEMPTS, Outgoing, SharedBus, Subscription, trace_in_hand};
use common::topic::Topic;
use common::wire::{agent_v1, decode, encode, jobs_v1};
use common::{ErrorCode, Failure, MessageId, StepId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Pause before a command is given again because the bus or the store failed.
const PAUSE: Duration = Duration::from_secs(2);

/// The pause before the last time: a store that restarts is back by then.
const LONG_PAUSE: Duration = Duration::from_secs(10);

/// Handles `agent.think`.
pub struct ThinkHandler {
    bus: SharedBus,
    thinker: Arc<Thinker>,
    stops: Arc<Stops>,
    stop: CancellationToken,
    /// One lock per step in hand: a repeat waits for the first, then finds its answer stored.
    steps: Mutex<HashMap<StepId, Arc<tokio::sync::Mutex<()>>>>,
}

impl ThinkHandler {
    pub fn new(bus: SharedBus, thinker: Arc<Thinker>, stops: Arc<Stops>, stop: CancellationToken) -> Self {
        Self { bus, thinker, stops, stop, steps: Mutex::default() }
    }

    fn lock_of(&self, step: StepId) -> Arc<tokio::sync::Mutex<()>> {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        steps.retain(|_, lock| Arc::strong_count(lock) > 1);
        steps.entry(step).or_default().clone()
    }

    async fn answer(&self, turn: &Turn, attempt: u32) -> Handled {
        let lock = self.lock_of(turn.step_id);
        let _alone = lock.lock().await;
        let keys = match StepKeys::new(turn.job_id, turn.step_id) {
            Ok(keys) => keys,
            Err(error) => return Handled::Reject(error.to_string()),
        };
        let stored = match self.stored(&keys).await {
            Ok(stored) => stored,
            Err(trouble) => return self.no_store(turn, attempt, &trouble).await,
        };
        if let Some(bytes) = stored {
            tracing::info!(job.id = %turn.job_id, step.id = %turn.step_id, "an answered step is answered again");
            return self.publish(turn, bytes).await;
        }
        let mut calls = Calls::new(&self.thinker, &keys, turn);
        let outcome = match self.thinker.think(turn, &keys, &mut calls).await {
            Ok(thought) => Ok(thought),
            Err(Trouble::Model(error)) => {
                tracing::error!(job.id = %turn.job_id, step.id = %turn.step_id, llm.error = %error, "a model gave no answer");
                Err(error.failure())
            }
            Err(Trouble::Budget(failure)) => Err(failure),
            Err(trouble) => return self.no_store(turn, attempt, &trouble).await,
        };
        let bytes = match encode(&event(turn, outcome, calls.traces)) {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::error!(job.id = %turn.job_id, step.id = %turn.step_id, %error, "answer cannot be sent");
                return self.fail(turn, ErrorCode::WorkerFailed).await;
            }
        };
        self.keep(&keys, &bytes).await;
        self.publish(turn, bytes).await
    }

    /// The stored answer of the step. One that cannot be read is as good as none.
    async fn stored(&self, keys: &StepKeys) -> Result<Option<Vec<u8>>, Trouble> {
        match self.thinker.store.get(&keys.event()?, EVENT_BYTES).await {
            Ok(bytes) => {
                let whole = decode::<jobs_v1::StepEvent>(&bytes).is_ok_and(|event| event.outcome.is_some());
                Ok(whole.then(|| bytes.to_vec()))
            }
            Err(error) if error.kind == ErrorKind::Unavailable => Err(error.into()),
            Err(_) => Ok(None),
        }
    }

    /// The turn is paid for: where its answer cannot be stored it is published all the same.
    async fn keep(&self, keys: &StepKeys, bytes: &[u8]) {
        let Ok(key) = keys.event() else { return };
        if let Err(error) = self.thinker.store.put(&key, bytes.to_vec().into()).await {
            tracing::error!(blob.key = %key, blob.error = ?error.kind, "an answer could not be stored");
        }
    }

    async fn publish(&self, turn: &Turn, payload: Vec<u8>) -> Handled {
        // The same step always has the same message: consumers drop the repeat.
        let message_id = MessageId(uuid::Uuid::new_v5(&turn.step_id.0, b"agent.step-event"));
        match self.bus.publish(Outgoing { message_id, topic: Topic::JobsStep, payload, trace: trace_in_hand() }).await {
            Ok(()) => Handled::Done,
            Err(error) => {
                tracing::warn!(job.id = %turn.job_id, step.id = %turn.step_id, %error, "answer could not be published");
                Handled::PutOff(PAUSE)
            }
        }
    }

    /// The store cannot be read: again later, and a failure when that was the last time.
    async fn no_store(&self, turn: &Turn, attempt: u32, trouble: &Trouble) -> Handled {
        tracing::warn!(job.id = %turn.job_id, step.id = %turn.step_id, %trouble, attempt, "the store cannot be read");
        if attempt < MAX_ATTEMPTS {
            Handled::Retry(if attempt == 1 { PAUSE } else { LONG_PAUSE })
        } else {
            self.fail(turn, ErrorCode::StorageUnavailable).await
        }
    }

    async fn fail(&self, turn: &Turn, code: ErrorCode) -> Handled {
        match encode(&event(turn, Err(Failure::new(code)), Vec::new())) {
            Ok(bytes) => self.publish(turn, bytes).await,
            Err(error) => Handled::Reject(error.to_string()),
        }
    }
}

#[async_trait]
impl Handler for ThinkHandler {
    async fn handle(&self, message: &Incoming) -> Handled {
        let turn = match decode::<agent_v1::Think>(&message.payload).and_then(Turn::try_from) {
            Ok(turn) => turn,
            Err(error) => return Handled::Reject(error.to_string()),
        };
        let Some(ticket) = self.stops.enter(turn.job_id) else {
            tracing::info!(job.id = %turn.job_id, step.id = %turn.step_id, "a stopped job's turn is dropped");
            return Handled::Done;
        };
        // Dropping the answer drops the request to the model with it.
        tokio::select! {
            biased;
            () = ticket.stopped() => {
                tracing::info!(job.id = %turn.job_id, step.id = %turn.step_id, "a turn ends because its job was stopped");
                Handled::Done
            }
            () = drained(&self.stop, self.thinker.settings.drain) => Handled::PutOff(Duration::ZERO),
            handled = self.answer(&turn, message.attempt) => handled,
        }
    }
}

/// Hears which jobs were stopped.
pub struct StopListener {
    pub stops: Arc<Stops>,
    pub stop: CancellationToken,
    pub drain: Duration,
}

impl StopListener {
    /// Listens until the service has drained or the bus is closed.
    pub async fn listen(self, mut subscription: Box<dyn Subscription>) {
        loop {
            let message = tokio::select! {
                () = drained(&self.stop, self.drain) => return,
                message = subscription.next() => message,
            };
            let Some(message) = message else { return };
            let job =
                decode::<jobs_v1::JobStopped>(&message.payload).ok().and_then(|stopped| stopped.job_id.parse().ok());
            match job {
                Some(job) => self.stops.stop(job),
                None => {
                    tracing::warn!(message.id = %message.message_id, "a message about a stopped job cannot be read")
                }
            }
        }
    }
}

/// Ends when the service was told to stop and the time for turns in hand is over.
async fn drained(stop: &CancellationToken, drain: Duration) {
    stop.cancelled().await;
    tokio::time::sleep(drain).await;
}
