//! Which jobs are no longer wanted.

use common::JobId;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio_util::sync::CancellationToken;

/// How many stopped jobs are remembered, so that their queued commands are dropped. Forgetting one
/// costs a turn whose answer nobody reads.
const REMEMBERED: usize = 1024;

#[derive(Debug, Default)]
struct Jobs {
    stopped: VecDeque<JobId>,
    active: HashMap<JobId, Active>,
}

#[derive(Debug, Default)]
struct Active {
    stop: CancellationToken,
    turns: usize,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Stops {
    jobs: Arc<Mutex<Jobs>>,
}

/// A turn that is being worked on. Dropping it ends that.
#[derive(Debug)]
pub struct Ticket {
    job: JobId,
    stop: CancellationToken,
    jobs: Arc<Mutex<Jobs>>,
}

fn lock(jobs: &Mutex<Jobs>) -> MutexGuard<'_, Jobs> {
    // No change of the lists can panic half-way.
    jobs.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stops {
    /// Begins a turn of a job; `None` when the job was stopped before.
    pub fn enter(&self, job: JobId) -> Option<Ticket> {
        let mut jobs = lock(&self.jobs);
        if jobs.stopped.contains(&job) {
            return None;
        }
        let active = jobs.active.entry(job).or_default();
        active.turns += 1;
        Some(Ticket { job, stop: active.stop.clone(), jobs: self.jobs.clone() })
    }

    /// Stops a job: turns in hand end, queued ones will be dropped.
    pub fn stop(&self, job: JobId) {
        let mut jobs = lock(&self.jobs);
        if let Some(active) = jobs.active.get(&job) {
            active.stop.cancel();
        }
        if jobs.stopped.contains(&job) {
            return;
        }
        if jobs.stopped.len() == REMEMBERED {
            jobs.stopped.pop_front();
        }
        jobs.stopped.push_back(job);
    }
}

impl Ticket {
    /// Waits until the job is stopped.
    pub async fn stopped(&self) {
        self.stop.cancelled().await;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut jobs = lock(&self.jobs);
        let Some(active) = jobs.active.get_mut(&self.job) else { return };
        active.turns -= 1;
        if active.turns == 0 {
            jobs.active.remove(&self.job);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the stop button and memory: a stopped job takes no new turn, other jobs do, and neither
    /// list grows without end.
    #[tokio::test]
    async fn stopped_jobs_take_no_turns() {
        let stops = Stops::default();
        let (job, other) = (JobId::new(), JobId::new());
        let tickets = [stops.enter(job).unwrap(), stops.enter(job).unwrap()];
        let kept = stops.enter(other).unwrap();
        stops.stop(job);
        for ticket in &tickets {
            ticket.stopped().await;
        }
        assert!(stops.enter(job).is_none());
        assert!(!kept.stop.is_cancelled());
        drop((tickets, kept));
        assert!(lock(&stops.jobs).active.is_empty());
        for _ in 0..3 * REMEMBERED {
            stops.stop(JobId::new());
        }
        assert_eq!(lock(&stops.jobs).stopped.len(), REMEMBERED);
    }
}
