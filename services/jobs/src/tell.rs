//! What is told to everybody who listens: that a job has changed, so that a stream gets its events whichever replica it
//! hangs on; and again that a job is over, for workers that were cut off when it was said.

use crate::Jobs;
use bus::{Outgoing, SharedBus, Subscription};
use common::topic::Topic;
use common::wire::{decode, encode, jobs_v1};
use common::{JobId, MessageId};
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Changes that wait to be told. Beyond it they are left out: streams look by themselves once a second.
const WAITING: usize = 1024;

/// When the end of a job that was stopped is told again, counted from the end. A worker that lost its connection misses
/// what is said meanwhile; by the last of these a lost connection has been noticed and made again.
const AGAIN_AFTER: [Duration; 4] =
    [Duration::from_secs(2), Duration::from_secs(6), Duration::from_secs(15), Duration::from_secs(40)];

/// Stopped jobs remembered for telling again.
const REMEMBERED: usize = 1024;

/// Where changes are put for telling, and which ends are to be told again.
#[derive(Debug)]
pub struct Teller {
    replica: String,
    changes: mpsc::Sender<(JobId, u64)>,
    waiting: Mutex<Option<mpsc::Receiver<(JobId, u64)>>>,
    ends: Mutex<VecDeque<End>>,
}

#[derive(Debug)]
struct End {
    job: JobId,
    at: Instant,
    told: usize,
}

impl Teller {
    /// One with nothing to tell.
    pub fn new() -> Self {
        let (changes, waiting) = mpsc::channel(WAITING);
        Self {
            replica: MessageId::new().to_string(),
            changes,
            waiting: Mutex::new(Some(waiting)),
            ends: Mutex::default(),
        }
    }

    /// Tells the other replicas that a job has changed, and has events up to this number.
    pub fn changed(&self, job: JobId, last_event: u64) {
        // Full: their streams look by themselves.
        let _full = self.changes.try_send((job, last_event));
    }

    /// Tells workers again, now and then, that a job is over.
    pub fn stopped(&self, job: JobId) {
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        if ends.len() == REMEMBERED {
            ends.pop_front();
        }
        ends.push_back(End { job, at: Instant::now(), told: 0 });
    }

    /// Ends that are due to be told again at that time.
    fn due(&self, now: Instant) -> Vec<JobId> {
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        let mut due = Vec::new();
        for end in ends.iter_mut() {
            if AGAIN_AFTER.get(end.told).is_some_and(|pause| now.saturating_duration_since(end.at) >= *pause) {
                end.told += 1;
                due.push(end.job);
            }
        }
        ends.retain(|end| end.told < AGAIN_AFTER.len());
        due
    }

    /// Tells ends again that are due.
    pub async fn tell_again(&self, bus: &SharedBus) {
        for job in self.due(Instant::now()) {
            let Ok(payload) = encode(&jobs_v1::JobStopped { job_id: job.to_string() }) else { continue };
            let message = Outgoing { message_id: MessageId::new(), topic: Topic::JobsStopped, payload, trace: None };
            if let Err(error) = bus.publish(message).await {
                tracing::warn!(job_id = %job, %error, "the end of a job could not be told again");
            }
        }
    }
}

/// Publishes changes to the other replicas until stopped. A bus within one process has no others.
pub async fn publish_changes(jobs: Jobs, stop: CancellationToken) {
    let teller = &jobs.inner.teller;
    let taken = teller.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(mut waiting) = taken else { return };
    while let Some(Some((job, last_event))) = stop.run_until_cancelled(waiting.recv()).await {
        let change = jobs_v1::JobChanged { job_id: job.to_string(), replica: teller.replica.clone(), last_event };
        let Ok(payload) = encode(&change) else { continue };
        let message = Outgoing { message_id: MessageId::new(), topic: Topic::JobsChanged, payload, trace: None };
        if let Err(error) = jobs.inner.bus.publish(message).await {
            tracing::debug!(job_id = %job, %error, "a change was not told to other replicas");
        }
    }
}

/// Wakes this replica's streams of jobs that another has changed, until stopped.
pub async fn hear_changes(jobs: Jobs, mut changes: Box<dyn Subscription>, stop: CancellationToken) {
    while let Some(Some(message)) = stop.run_until_cancelled(changes.next()).await {
        let Ok(change) = decode::<jobs_v1::JobChanged>(&message.payload) else { continue };
        if change.replica == jobs.inner.teller.replica {
            continue;
        }
        if let Ok(job) = change.job_id.parse() {
            jobs.inner.feeds.heard(job, change.last_event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the stop button on machines that were cut off: an end is told again a few times, then never more, and
    /// ends that nobody asked to remember are not told.
    #[test]
    fn ends_are_told_again_a_few_times() {
        let teller = Teller::new();
        let job = JobId::new();
        let start = Instant::now();
        teller.stopped(job);
        let seconds = (0..120).map(|second| start + Duration::from_secs(second));
        let told: Vec<usize> = seconds.map(|now| teller.due(now).len()).collect();
        assert_eq!(told.iter().sum::<usize>(), AGAIN_AFTER.len());
        assert!(told[0] == 0 && told[3] == 1 && told[60..].iter().all(|count| *count == 0), "{told:?}");
        (0..2 * REMEMBERED).for_each(|_| teller.stopped(JobId::new()));
        assert_eq!(teller.ends.lock().unwrap().len(), REMEMBERED);
    }
}
