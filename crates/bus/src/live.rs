//! Telling what goes on within a running step, to whoever watches. Nothing depends on it: what cannot be told is left out,
//! and whoever tells is never held up.

use crate::{Outgoing, SharedBus};
use common::topic::Topic;
use common::wire::encode;
use common::wire::jobs_v1::{JobLive, job_live::Channel};
use common::{JobId, MessageId, StepId};
use std::time::Duration;

/// How often something is told at most, of one step.
pub const PACE: Duration = Duration::from_millis(250);

/// Most bytes of text told at a time.
pub const MOST_BYTES: usize = 16 * 1024;

/// Longest wait for the bus.
const PATIENCE: Duration = Duration::from_secs(2);

/// Tells of one step.
#[derive(Clone)]
pub struct Voice {
    bus: SharedBus,
    job: JobId,
    step: StepId,
}

impl Voice {
    /// A voice for this step.
    pub fn new(bus: SharedBus, job: JobId, step: StepId) -> Self {
        Self { bus, job, step }
    }

    /// Tells a text that stands at this place of its channel, in pieces of [`MOST_BYTES`].
    pub async fn say(&self, channel: Channel, mut offset: u64, mut text: &str) {
        while !text.is_empty() {
            let (piece, rest) = text.split_at(text.floor_char_boundary(MOST_BYTES));
            self.publish(channel, offset, piece).await;
            offset += piece.len() as u64;
            text = rest;
        }
    }

    async fn publish(&self, channel: Channel, offset: u64, text: &str) {
        let live = JobLive {
            job_id: self.job.to_string(),
            step_id: self.step.to_string(),
            channel: channel.into(),
            offset,
            text: text.to_owned(),
        };
        let Ok(payload) = encode(&live) else { return };
        let message = Outgoing { message_id: MessageId::new(), topic: Topic::JobsLive, payload, trace: None };
        match tokio::time::timeout(PATIENCE, self.bus.publish(message)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(job.id = %self.job, %error, "what goes on in a step was not told"),
            Err(_) => tracing::debug!(job.id = %self.job, "what goes on in a step was not told in time"),
        }
    }
}
