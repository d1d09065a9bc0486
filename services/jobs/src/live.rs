//! What goes on within running steps, as workers tell it: the present state for whoever comes late, and every change. It is
//! of the moment: kept in memory while it lasts, bounded, and never part of a job's history.

use crate::Jobs;
use bus::Subscription;
use common::wire::jobs_v1::job_live::Channel as Wire;
use common::wire::{decode, jobs_v1};
use common::{JobId, StepId};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Jobs of which something is kept.
const JOBS: usize = 256;

/// Most bytes kept of a channel, and how many are left when there are more: the newest.
const MOST_BYTES: usize = 64 * 1024;
const LEFT_BYTES: usize = 48 * 1024;

/// What is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// The code that a model is writing.
    Code,
    /// Standard output of running code.
    Stdout,
    /// Standard error of running code.
    Stderr,
}

impl Channel {
    const ALL: [Self; 3] = [Self::Code, Self::Stdout, Self::Stderr];

    /// The stable text, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// A text for whoever watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The step it belongs to.
    pub step: StepId,
    /// Which of its texts.
    pub channel: Channel,
    /// True where it takes the place of all that was told of this channel before.
    pub replaces: bool,
    /// True where something before it is left out.
    pub cut: bool,
    /// The text.
    pub text: String,
}

/// A text that grows at its end.
#[derive(Debug, Default)]
struct Growing {
    /// Counts how often it began again.
    generation: u64,
    /// Bytes before `text` that are not kept.
    start: u64,
    text: String,
}

impl Growing {
    fn end(&self) -> u64 {
        self.start + self.text.len() as u64
    }

    fn take(&mut self, offset: u64, text: &str) {
        if offset == 0 || offset > self.end() {
            // It begins anew, or something was lost on the way.
            *self = Self { generation: self.generation + 1, start: offset, text: text.to_owned() };
        } else if offset == self.end() {
            self.text.push_str(text);
        }
        if self.text.len() > MOST_BYTES {
            let cut = self.text.ceil_char_boundary(self.text.len() - LEFT_BYTES);
            self.start += cut as u64;
            self.text.drain(..cut);
        }
    }
}

/// What goes on in a job: in the step that is told of, which is one at a time.
#[derive(Debug, Default)]
pub struct Present {
    step: Option<StepId>,
    channels: [Growing; 3],
}

impl Present {
    fn take(&mut self, step: StepId, channel: Channel, offset: u64, text: &str) {
        if self.step != Some(step) {
            // Generations go on counting, so that no reader takes the new text for more of the old.
            let begun = |growing: &Growing| Growing { generation: growing.generation + 1, ..Growing::default() };
            *self = Self { step: Some(step), channels: [0, 1, 2].map(|index| begun(&self.channels[index])) };
        }
        self.channels[channel as usize].take(offset, text);
    }

    /// The step that is told of.
    pub fn step(&self) -> Option<StepId> {
        self.step
    }
}

/// How far a reader is.
#[derive(Debug, Default)]
pub struct Reader {
    channels: [(u64, u64); 3],
}

impl Reader {
    /// What this reader has not seen, oldest channel first; the whole of a text that began again or of which something
    /// was dropped meanwhile.
    pub fn news(&mut self, present: &Present) -> Vec<Piece> {
        let Some(step) = present.step else { return Vec::new() };
        let mut news = Vec::new();
        for channel in Channel::ALL {
            let growing = &present.channels[channel as usize];
            let (generation, seen) = &mut self.channels[channel as usize];
            let goes_on = *generation == growing.generation && *seen >= growing.start;
            let from = if goes_on { usize::try_from(*seen - growing.start).unwrap_or(usize::MAX) } else { 0 };
            let text = growing.text.get(from..).unwrap_or_default();
            (*generation, *seen) = (growing.generation, growing.end());
            if !text.is_empty() {
                let cut = !goes_on && growing.start > 0;
                news.push(Piece { step, channel, replaces: !goes_on, cut, text: text.to_owned() });
            }
        }
        news
    }
}

/// What goes on in all jobs that are told of or watched.
#[derive(Default)]
pub struct Lives {
    jobs: Mutex<HashMap<JobId, Life>>,
}

struct Life {
    present: watch::Sender<Present>,
    touched: Instant,
}

impl Lives {
    fn jobs(&self) -> MutexGuard<'_, HashMap<JobId, Life>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, job: JobId, act: impl FnOnce(&watch::Sender<Present>) -> T) -> T {
        let mut jobs = self.jobs();
        if !jobs.contains_key(&job) && jobs.len() >= JOBS {
            // Whoever is watched stays, if anything may.
            let idle = |life: &Life| (life.present.receiver_count() > 0, life.touched);
            let oldest = jobs.iter().min_by_key(|(_, life)| idle(life)).map(|(id, _)| *id);
            oldest.and_then(|oldest| jobs.remove(&oldest));
        }
        let life =
            jobs.entry(job).or_insert_with(|| Life { present: watch::Sender::default(), touched: Instant::now() });
        life.touched = Instant::now();
        act(&life.present)
    }

    /// Follows a job.
    pub fn watch(&self, job: JobId) -> watch::Receiver<Present> {
        self.with(job, watch::Sender::subscribe)
    }

    /// Takes what a worker tells.
    fn heard(&self, job: JobId, step: StepId, channel: Channel, offset: u64, text: &str) {
        self.with(job, |present| present.send_modify(|present| present.take(step, channel, offset, text)));
    }

    /// The job has ended: nothing goes on any more.
    pub fn forget(&self, job: JobId) {
        self.jobs().remove(&job);
    }
}

/// Hears what workers tell, until stopped.
pub async fn hear(jobs: Jobs, mut told: Box<dyn Subscription>, stop: CancellationToken) {
    while let Some(Some(message)) = stop.run_until_cancelled(told.next()).await {
        let Ok(live) = decode::<jobs_v1::JobLive>(&message.payload) else { continue };
        let channel = match live.channel() {
            Wire::Code => Channel::Code,
            Wire::Stdout => Channel::Stdout,
            Wire::Stderr => Channel::Stderr,
            Wire::Unspecified => continue,
        };
        if let (Ok(job), Ok(step)) = (live.job_id.parse(), live.step_id.parse()) {
            jobs.inner.lives.heard(job, step, channel, live.offset, &live.text);
        }
    }
}

#[cfg(test)]
mod tests;
