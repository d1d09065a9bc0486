//! One run in a container, from its making to its end.
//!
//! The first process of the container tells when the code has ended and every process it left is dead; only
//! then it tells the outputs, so nothing can change under it. A run that has to be ended is ended by that
//! process too, so that what was written so far is kept; the container is killed when it does not answer.

use super::DockerRoom;
use super::body::Plan;
use super::conversation::{Container, Line};
use super::frames::{Ended, Told};
use crate::harvest::Delivery;
use crate::jail::stream::Reader;
use crate::jail::{JailError, Live, Outcome, Stop, Stream, Task, verdict};
use crate::settings::Limits;
use bytes::Bytes;
use common::execution::Start;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

/// Longest wait for a container to come up, and what each megabyte of inputs adds to it.
const START_PATIENCE: Duration = Duration::from_secs(30);
const PATIENCE_PER_MEGABYTE: Duration = Duration::from_millis(200);
/// Longest wait for a run that was told to end.
const STOP_PATIENCE: Duration = Duration::from_secs(5);
/// Longest wait for the outputs.
const HARVEST_PATIENCE: Duration = Duration::from_secs(60);
/// Longest wait for a container that has nothing left to do.
const END_PATIENCE: Duration = Duration::from_secs(5);

/// Runs a task. See [`DockerRoom::run`].
pub async fn run(room: &DockerRoom, mut task: Task, cancel: &CancellationToken) -> Result<Outcome, JailError> {
    let plan = room.plan.less(task.asked);
    let megabytes = task.inputs.iter().map(|(_, bytes)| bytes.len() >> 20).sum::<usize>();
    let patience = START_PATIENCE + PATIENCE_PER_MEGABYTE * u32::try_from(megabytes).unwrap_or(u32::MAX);
    let started = tokio::select! {
        biased;
        () = cancel.cancelled() => return Ok(Outcome::never_ran(plan.limits, task.timeout)),
        started = timeout(patience, start(room, &plan, &task)) => started,
    };
    let late = |_| Err(JailError::Broken("the container did not come up in time".to_owned()));
    let (container, mut line) = started.unwrap_or_else(late)?;
    let begin = Instant::now();
    line.say(b'G', b"").await?;

    let mut watched = Watched::new(&plan.limits, task.live.take());
    watched.watch(&mut line, begin + task.timeout, cancel).await?;
    let duration = watched.stopped_at.unwrap_or_else(Instant::now) - begin;
    let mut delivery = Delivery::default();
    let complete = match watched.ended {
        Some(_) => timeout(HARVEST_PATIENCE, line.take_outputs(&mut delivery)).await.unwrap_or(Ok(false))?,
        None => false,
    };
    let mut ended = watched.ended.unwrap_or_default();
    if !complete {
        // It broke off. Either memory ran out so far that the first process had to go, or the code did it:
        // gVisor lets code end, or speak for, the first process of its own container.
        tracing::warn!(complaint = line.complaint(), "a container broke off");
        // Asked before the container is killed, because a kill can be quicker than that news.
        let lost = container.was_out_of_memory().await;
        ended = Ended { wait_status: None, oom_kills: ended.oom_kills.max(u64::from(lost)), ..ended };
    }
    // Nothing of it is left when this returns.
    if !complete || timeout(END_PATIENCE, line.ended()).await.is_err() {
        container.kill().await;
    }
    let verdict = verdict(watched.stop, ended.wait_status, ended.oom_kills);
    Ok(Outcome {
        status: verdict.status,
        exit_code: verdict.exit_code,
        signal: verdict.signal,
        line: Some(ended.line).filter(|line| *line > 0),
        duration,
        cpu: Duration::from_micros(ended.cpu_micros),
        peak_memory_bytes: ended.peak_memory_bytes,
        streams: watched.streams.finish(),
        harvest: delivery.finish(),
        start: Start::Cold,
        limits: plan.limits,
        timeout: task.timeout,
    })
}

async fn start(room: &DockerRoom, plan: &Plan, task: &Task) -> Result<(Container, Line), JailError> {
    let container = Container::create(&room.daemon.docker, plan, task).await?;
    let mut line = container.start().await?;
    line.prepare(task, plan).await?;
    Ok((container, line))
}

/// What the code printed, as it comes in.
#[derive(Debug)]
enum Heard {
    /// A piece of a stream.
    Printed(Stream, Bytes),
    /// The code has ended.
    Ended(Ended),
}

/// What is known of a run while it goes on.
struct Watched {
    streams: Reader,
    printed_limit: u64,
    stop: Option<Stop>,
    stopped_at: Option<Instant>,
    ended: Option<Ended>,
}

impl Watched {
    fn new(limits: &Limits, live: Option<Live>) -> Self {
        Self {
            streams: Reader::new(limits.stream_bytes, live),
            printed_limit: limits.printed_bytes,
            stop: None,
            stopped_at: None,
            ended: None,
        }
    }

    /// Listens until the code has ended, and ends it when it has to be ended. Without an end when the
    /// container broke off.
    async fn watch(&mut self, line: &mut Line, deadline: Instant, cancel: &CancellationToken) -> Result<(), JailError> {
        while self.ended.is_none() && self.stop.is_none() {
            let stop = tokio::select! {
                biased;
                () = cancel.cancelled() => Some(Stop::Killed),
                () = sleep_until(deadline) => Some(Stop::Timeout),
                heard = line.hear() => {
                    let Some(heard) = meant(heard?) else { return Ok(()) };
                    self.note(heard);
                    (self.streams.printed() > self.printed_limit).then_some(Stop::OutputLimit)
                }
            };
            if let Some(stop) = stop.filter(|_| self.ended.is_none()) {
                self.stop = Some(stop);
                self.stopped_at = Some(Instant::now());
            }
        }
        if self.ended.is_some() {
            self.stopped_at = Some(Instant::now());
            return Ok(());
        }
        // As in the jail, whoever cancels does not ask where the code was.
        let asks = if self.stop == Some(Stop::Killed) { &b""[..] } else { b"?" };
        // If it cannot be told any more, it has ended, and its end is told.
        let _ = line.say(b'S', asks).await;
        let wind_down = async {
            while self.ended.is_none() {
                let Some(heard) = meant(line.hear().await?) else { break };
                self.note(heard);
            }
            Ok(())
        };
        timeout(STOP_PATIENCE, wind_down).await.unwrap_or(Ok(()))
    }

    fn note(&mut self, heard: Heard) {
        match heard {
            Heard::Printed(stream, bytes) => self.streams.take(stream, &bytes),
            Heard::Ended(ended) => self.ended = Some(ended),
        }
    }
}

/// What may be said while code runs; anything else is as good as an end.
fn meant(told: Option<Told>) -> Option<Heard> {
    match told {
        Some(Told::Out(bytes)) => Some(Heard::Printed(Stream::Stdout, bytes)),
        Some(Told::Err(bytes)) => Some(Heard::Printed(Stream::Stderr, bytes)),
        Some(Told::Ended(ended)) => Some(Heard::Ended(ended)),
        _ => None,
    }
}
