//! Answers on the bus: every command gets exactly one, published before the command is settled.

use blob::{BlobError, ErrorKind};
use bus::{Handled, Incoming, MAX_ATTEMPTS, Outgoing, SharedBus, trace_in_hand};
use common::topic::Topic;
use common::wire::jobs_v1::StepEvent;
use common::wire::jobs_v1::step_event::Outcome;
use common::wire::{InvalidMessage, encode};
use common::{ErrorCode, Failure, JobId, MessageId, StepId};
use std::time::Duration;
use uuid::Uuid;

/// Pause before work that failed for lack of something is tried again.
const RETRY_DELAY: Duration = Duration::from_secs(2);
/// The pause before the last time: a store that restarts is back by then.
const LONG_RETRY_DELAY: Duration = Duration::from_secs(10);

/// Whom an answer is for.
#[derive(Debug, Clone, Copy)]
pub struct Address {
    /// The job.
    pub job: JobId,
    /// Its step.
    pub step: StepId,
}

impl Address {
    /// Reads a command's ids.
    pub fn parse(job: &str, step: &str) -> Result<Self, InvalidMessage> {
        let job = job.parse().map_err(|_| InvalidMessage::field("job_id"))?;
        let step = step.parse().map_err(|_| InvalidMessage::field("step_id"))?;
        Ok(Self { job, step })
    }

    /// The event that tells this outcome.
    pub fn event(self, outcome: Outcome) -> StepEvent {
        StepEvent {
            job_id: self.job.to_string(),
            step_id: self.step.to_string(),
            outcome: Some(outcome),
            calls: Vec::new(),
        }
    }
}

/// Why a command got no result.
#[derive(Debug)]
pub enum Trouble {
    /// It never will: tell.
    Final(Failure),
    /// It may later: try again, and tell this when there are no more attempts.
    Passing(Failure),
    /// The service stops: somebody else, or a later start, does it.
    Stopping,
}

impl Trouble {
    /// A blob operation failed. What is not there will not come; the rest may pass.
    pub fn blob(error: &BlobError) -> Self {
        tracing::warn!(error = %error, cause = ?error.source, "blob store");
        match error.kind {
            ErrorKind::NotFound => Self::Final(Failure::with_detail(
                ErrorCode::WorkerFailed,
                "Something this step needs is gone from the store.",
            )),
            ErrorKind::TooLarge => Self::Final(Failure::with_detail(
                ErrorCode::WorkerFailed,
                "Something this step needs is larger than it can be.",
            )),
            _ => Self::Passing(Failure::new(ErrorCode::StorageUnavailable)),
        }
    }
}

/// Publishes and waits until the bus has it; only then the command is done.
pub async fn publish(bus: &SharedBus, address: Address, payload: Vec<u8>) -> Handled {
    // The same answer has the same id, so whoever gets it twice can tell.
    let message_id = MessageId(Uuid::new_v5(&address.step.0, &payload));
    match bus.publish(Outgoing { message_id, topic: Topic::JobsStep, payload, trace: trace_in_hand() }).await {
        Ok(()) => Handled::Done,
        Err(error) => {
            tracing::warn!(%error, "an answer could not be published");
            Handled::PutOff(RETRY_DELAY)
        }
    }
}

/// What to do with a command that got no result.
pub async fn no_result(bus: &SharedBus, message: &Incoming, address: Option<Address>, trouble: Trouble) -> Handled {
    let failure = match trouble {
        Trouble::Stopping => return Handled::PutOff(Duration::ZERO),
        Trouble::Passing(_) if message.attempt < MAX_ATTEMPTS => {
            return Handled::Retry(if message.attempt == 1 { RETRY_DELAY } else { LONG_RETRY_DELAY });
        }
        Trouble::Passing(failure) | Trouble::Final(failure) => failure,
    };
    let Some(address) = address else { return Handled::Done };
    match encode(&address.event(Outcome::Failure(failure.into()))) {
        Ok(payload) => publish(bus, address, payload).await,
        Err(error) => Handled::Reject(error.to_string()),
    }
}
