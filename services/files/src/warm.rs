//! Has a new picture looked at ahead of time, so that its first job finds the look in the cache.

use crate::Files;
use crate::store::FileRow;
use bus::Outgoing;
use common::picture::PictureRef;
use common::topic::Topic;
use common::wire::{encode, sandbox_v1};
use common::{MessageId, TraceContext};
use std::time::Duration;

/// How long an upload waits for the bus.
const PATIENCE: Duration = Duration::from_secs(1);

impl Files {
    /// Best effort: without it the job's own look is only slower.
    pub(crate) async fn warm_up(&self, row: &FileRow, trace: Option<TraceContext>) {
        let picture = PictureRef::from(row);
        // Empty ids: nobody waits for the answer.
        let look = sandbox_v1::Look { job_id: String::new(), step_id: String::new(), picture: Some(picture.into()) };
        let payload = match encode(&look) {
            Ok(payload) => payload,
            Err(error) => return tracing::warn!(%error, "no look ahead of time"),
        };
        let message = Outgoing { message_id: MessageId::new(), topic: Topic::SandboxLook, payload, trace };
        match tokio::time::timeout(PATIENCE, self.bus().publish(message)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "no look ahead of time"),
            Err(_) => tracing::warn!("no look ahead of time: the bus did not answer"),
        }
    }
}
