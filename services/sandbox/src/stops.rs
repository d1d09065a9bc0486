//! Jobs that are no longer wanted: their runs are killed, their waiting commands not run.

use common::JobId;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;

/// Stopped jobs remembered. A command that waits behind more stops than this runs for nothing, no worse.
const REMEMBERED: usize = 4096;

/// What is running for which job, and which jobs have ended. A job that has ended never runs again: a
/// retry is a new job.
#[derive(Debug, Default)]
pub struct Stops(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    stopped: HashSet<JobId>,
    order: VecDeque<JobId>,
    running: HashMap<JobId, (CancellationToken, usize)>,
}

impl Stops {
    /// Kills what runs for the job, and remembers it.
    pub fn stop(&self, job: JobId) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((token, _)) = state.running.get(&job) {
            token.cancel();
        }
        if state.stopped.insert(job) {
            state.order.push_back(job);
        }
        if state.order.len() > REMEMBERED
            && let Some(oldest) = state.order.pop_front()
        {
            state.stopped.remove(&oldest);
        }
    }

    /// Starts work for a job; `None` when it was stopped.
    pub fn enter(&self, job: JobId) -> Option<Wanted> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.stopped.contains(&job) {
            return None;
        }
        let (token, count) = state.running.entry(job).or_default();
        *count += 1;
        Some(Wanted { stopped: token.clone(), job, state: self.0.clone() })
    }
}

/// Work for a job that is still wanted, or was when it began.
#[derive(Debug)]
pub struct Wanted {
    /// Cancelled when the job is stopped.
    pub stopped: CancellationToken,
    job: JobId,
    state: Arc<Mutex<State>>,
}

impl Drop for Wanted {
    fn drop(&mut self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, count)) = state.running.get_mut(&self.job) {
            *count -= 1;
            if *count == 0 {
                state.running.remove(&self.job);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects cancelling: a stop reaches what runs now and what comes later, only for that job, and is
    /// not remembered for ever.
    #[test]
    fn stops_reach_running_and_waiting_work() {
        let stops = Stops::default();
        let (job, other) = (JobId::new(), JobId::new());
        let (first, second) = (stops.enter(job).unwrap(), stops.enter(job).unwrap());
        let unrelated = stops.enter(other).unwrap();
        drop(first);
        stops.stop(job);
        assert!(second.stopped.is_cancelled() && !unrelated.stopped.is_cancelled());
        assert!(stops.enter(job).is_none());
        (0..REMEMBERED).for_each(|_| stops.stop(JobId::new()));
        assert!(stops.enter(job).is_some());
    }
}
