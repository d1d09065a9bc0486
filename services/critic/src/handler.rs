//! The bus side: one command to review or to compare, one event with what came of it.

use crate::{Critic, compare};
use async_trait::async_trait;
use blob::BlobReader;
use bus::{BusError, Consumer, Handled, Handler, Incoming, MAX_ATTEMPTS, Outgoing, SharedBus, trace_in_hand};
use common::topic::Topic;
use common::wire::jobs_v1::step_event::Outcome;
use common::wire::{self, InvalidMessage, critic_v1, jobs_v1};
use common::{ErrorCode, Failure, JobId, MessageId, StepId};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Pause before a review is tried again after a tool failed: time for a worker to be replaced.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// Pause before publishing is tried again.
const PUBLISH_DELAY: Duration = Duration::from_millis(500);

/// Comparisons at a time: each is a matter of milliseconds.
const COMPARISONS: usize = 4;

/// Starts reviewing what arrives on [`Topic::CriticReview`], as many at a time as the critic allows,
/// until `stop` is cancelled and the reviews in hand are answered.
///
/// # Errors
/// The bus refuses to consume the topic.
pub async fn start(bus: &SharedBus, critic: Critic, stop: CancellationToken) -> Result<Consumer, BusError> {
    let concurrency = critic.concurrency();
    let handler = Arc::new(ReviewHandler { critic, bus: bus.clone() });
    Consumer::start(bus, Topic::CriticReview, concurrency, handler, stop).await
}

/// Starts holding results against pictures, as they arrive on [`Topic::CriticCompare`], until `stop` is cancelled.
///
/// # Errors
/// The bus refuses to consume the topic.
pub async fn start_comparing(
    bus: &SharedBus,
    blob: Arc<dyn BlobReader>,
    stop: CancellationToken,
) -> Result<Consumer, BusError> {
    let handler = Arc::new(CompareHandler { blob, bus: bus.clone() });
    Consumer::start(bus, Topic::CriticCompare, COMPARISONS, handler, stop).await
}

struct CompareHandler {
    blob: Arc<dyn BlobReader>,
    bus: SharedBus,
}

#[async_trait]
impl Handler for CompareHandler {
    async fn handle(&self, message: &Incoming) -> Handled {
        let command: critic_v1::Compare = match wire::decode(&message.payload) {
            Ok(command) => command,
            Err(error) => return Handled::Reject(error.to_string()),
        };
        if let Err(error) = address(&command.job_id, &command.step_id) {
            return Handled::Reject(error.to_string());
        }
        let outcome = match compare::of_command(&*self.blob, &command).await {
            Ok(comparison) => {
                tell(&command, comparison.score);
                Outcome::Compared(comparison.into())
            }
            Err(error) if message.attempt < MAX_ATTEMPTS => {
                tracing::warn!(%error, "a measurement could not be read; trying again");
                return Handled::Retry(RETRY_DELAY);
            }
            Err(error) => {
                tracing::error!(%error, "a measurement could not be read");
                Outcome::Failure(Failure::new(ErrorCode::StorageUnavailable).into())
            }
        };
        answer(&self.bus, command.job_id, command.step_id, outcome).await
    }
}

/// The measure of a result, for whoever compares what led to it.
fn tell(command: &critic_v1::Compare, score: f64) {
    observe::note("langfuse.score", score);
    observe::note("langfuse.score.id", command.step_id.clone());
    observe::note("langfuse.session.id", command.job_id.clone());
    observe::note("darkroom.score", score);
}

struct ReviewHandler {
    critic: Critic,
    bus: SharedBus,
}

#[async_trait]
impl Handler for ReviewHandler {
    async fn handle(&self, message: &Incoming) -> Handled {
        let command = match command(&message.payload) {
            Ok(command) => command,
            Err(error) => return Handled::Reject(error.to_string()),
        };
        let outcome = match self.critic.review(&command.code).await {
            Ok(review) => Outcome::Reviewed(review.into()),
            Err(_) if message.attempt < MAX_ATTEMPTS => return Handled::Retry(RETRY_DELAY),
            Err(failure) => Outcome::Failure(Failure::with_detail(ErrorCode::WorkerFailed, failure.detail).into()),
        };
        answer(&self.bus, command.job_id, command.step_id, outcome).await
    }
}

/// Publishes what came of a command. It is done only once its event is safe with the bus.
async fn answer(bus: &SharedBus, job_id: String, step_id: String, outcome: Outcome) -> Handled {
    let event = jobs_v1::StepEvent { job_id, step_id, outcome: Some(outcome), calls: Vec::new() };
    let payload = match encode(event) {
        Ok(payload) => payload,
        Err(error) => return Handled::Reject(error.to_string()),
    };
    let message = Outgoing { message_id: MessageId::new(), topic: Topic::JobsStep, payload, trace: trace_in_hand() };
    match bus.publish(message).await {
        Ok(()) => Handled::Done,
        Err(error) => {
            tracing::warn!(%error, "the event of a step could not be published");
            Handled::PutOff(PUBLISH_DELAY)
        }
    }
}

fn command(payload: &[u8]) -> Result<critic_v1::Review, InvalidMessage> {
    let command: critic_v1::Review = wire::decode(payload)?;
    address(&command.job_id, &command.step_id)?;
    Ok(command)
}

fn address(job_id: &str, step_id: &str) -> Result<(), InvalidMessage> {
    job_id.parse::<JobId>().map_err(|_| InvalidMessage::field("job_id"))?;
    step_id.parse::<StepId>().map_err(|_| InvalidMessage::field("step_id"))?;
    Ok(())
}

/// Encodes an event, leaving out its least bad findings until it fits into a message. The verdict
/// stays what it was, and what blocks comes first.
fn encode(mut event: jobs_v1::StepEvent) -> Result<Vec<u8>, InvalidMessage> {
    loop {
        match wire::encode(&event) {
            Ok(payload) => return Ok(payload),
            Err(error) => match &mut event.outcome {
                Some(Outcome::Reviewed(reviewed)) if !reviewed.findings.is_empty() => {
                    let keep = reviewed.findings.len() * 3 / 4;
                    reviewed.findings.truncate(keep);
                }
                Some(Outcome::Compared(compared)) if !compared.alt_texts.is_empty() => compared.alt_texts.clear(),
                _ => return Err(error),
            },
        }
    }
}

#[cfg(test)]
mod tests;
