//! The part of the service that listens on the bus.

use crate::Sandbox;
use crate::health::keep_proving;
use crate::look::LookHandler;
use crate::run::RunHandler;
use crate::told;
use blob::BlobKey;
use bus::{BusError, Consumer, SharedBus, Subscription};
use common::topic::Topic;
use common::wire::{decode, jobs_v1::JobStopped};
use common::{ExecutionId, JobId};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often outputs of direct runs that are too old are looked for.
const TIDY_EVERY: Duration = Duration::from_secs(3600);

/// A sandbox that listens. It ends when its token is cancelled.
#[derive(Debug)]
pub struct Running {
    consumers: Vec<Consumer>,
    tasks: TaskTracker,
}

impl Running {
    /// Waits until nothing is in hand any more: runs were killed, their commands given back.
    pub async fn finished(&self) {
        for consumer in &self.consumers {
            consumer.finished().await;
        }
        self.tasks.wait().await;
    }
}

impl Sandbox {
    /// Starts answering runs and looks, and listening for jobs that are stopped. Cancelling `stop` kills
    /// what runs; its commands are given back to the bus.
    ///
    /// # Errors
    /// The bus refuses.
    pub async fn start(&self, bus: SharedBus, stop: CancellationToken) -> Result<Running, BusError> {
        let tasks = TaskTracker::new();
        // Stops first: a stop missed would cost a whole run.
        let stops = bus.subscribe(Topic::JobsStopped).await?;
        tasks.spawn(listen(self.clone(), stops, stop.clone()));
        tasks.spawn(tidy(self.clone(), stop.clone()));
        tasks.spawn(keep_proving(self.clone(), stop.clone()));
        tasks.spawn(told::watch(self.clone(), stop.clone()));
        tasks.close();
        let run = RunHandler { sandbox: self.clone(), bus: bus.clone(), stop: stop.clone() };
        let look = LookHandler { sandbox: self.clone(), bus: bus.clone(), stop: stop.clone() };
        let hands = self.0.settings.slots.max(1);
        let consumers = vec![
            Consumer::start(&bus, Topic::SandboxRun, hands, Arc::new(run), stop.clone()).await?,
            Consumer::start(&bus, Topic::SandboxLook, hands, Arc::new(look), stop).await?,
        ];
        Ok(Running { consumers, tasks })
    }
}

async fn listen(sandbox: Sandbox, mut stops: Box<dyn Subscription>, stop: CancellationToken) {
    loop {
        let next = tokio::select! {
            () = stop.cancelled() => None,
            next = stops.next() => next,
        };
        let Some(message) = next else { return };
        let job = decode::<JobStopped>(&message.payload).ok().and_then(|stopped| stopped.job_id.parse::<JobId>().ok());
        match job {
            Some(job) => sandbox.0.stops.stop(job),
            None => tracing::warn!("a stop names no job"),
        }
    }
}

/// Removes outputs of direct runs that are older than they are kept.
async fn tidy(sandbox: Sandbox, stop: CancellationToken) {
    loop {
        if let Err(error) = remove_old(&sandbox).await {
            tracing::warn!(%error, "old outputs could not be removed");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(TIDY_EVERY) => {}
        }
    }
}

async fn remove_old(sandbox: &Sandbox) -> Result<(), blob::BlobError> {
    let Ok(all) = BlobKey::parse("executions") else { return Ok(()) };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    for key in sandbox.0.blob.list(&all).await? {
        // executions/OWNER/ID/outputs/NAME; the id says when it was made.
        let id = key.segments().nth(2).and_then(|id| id.parse::<ExecutionId>().ok());
        let made = id.and_then(|id| id.0.get_timestamp()).map(|made| Duration::from_secs(made.to_unix().0));
        if made.is_some_and(|made| made + sandbox.0.settings.keep_outputs < now) {
            sandbox.0.blob.delete(&key).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects tidying: the age of a direct run can be read from its id.
    #[test]
    fn ids_carry_their_age() {
        let made = ExecutionId::new().0.get_timestamp().unwrap().to_unix().0;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        assert!(now.abs_diff(made) < 60);
    }
}
