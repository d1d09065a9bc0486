//! One run as the service sees it: files in, streams while it runs, what it left at the end.

use super::link::{Link, News};
use super::stream::{Reading, Streams, drain};
use super::verdict::{Stop, verdict};
use super::{JailError, Outcome, Task};
use crate::harvest::{self, Harvest};
use crate::settings::Limits;
use bytes::Bytes;
use common::execution::Start;
use rustix::fs::{MemfdFlags, memfd_create};
use std::fs::File;
use std::io::{self, Seek, Write};
use std::os::fd::OwnedFd;
use std::time::Duration;
use supervisor::bundle;
use supervisor::frames::{COLD, Ended, Order, Run, Told};
use tokio::net::unix::pipe::Receiver;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// Bundles up to this many bytes are put together without a thread of their own.
const SMALL: usize = 256 * 1024;

/// Runs a task. See [`super::Jail::run`].
pub async fn run(link: &Link, ceilings: Limits, task: Task, cancel: &CancellationToken) -> Result<Outcome, JailError> {
    let limits = ceilings.less(task.asked);
    let Task { code, inputs, timeout, tier, live, .. } = task;
    let bundle = bundled(code, inputs).await.map_err(JailError::Storage)?;
    if cancel.is_cancelled() {
        return Ok(Outcome::never_ran(limits, timeout));
    }
    let (id, mut news) = link.enter();
    let _left = Leaving { link, id };
    let order = Run {
        id,
        tier: tier.map_or(COLD, |tier| tier.number()),
        timeout_us: u64::try_from(timeout.as_micros()).unwrap_or(u64::MAX),
        memory_bytes: limits.memory_bytes,
        pids: limits.pids,
        cpu_percent: limits.cpu_percent,
    };
    link.tell(&Order::Run(order), Some(&bundle)).map_err(|error| {
        tracing::error!(%error, "the supervisor takes no order");
        JailError::Lost { started: false }
    })?;
    drop(bundle);
    let mut seen = Seen::new(limits, live);
    let ended = follow(link, id, &mut news, &mut seen, cancel).await?;
    let streams = seen.finish().await;
    let (files, rejected, start) = (seen.files, seen.rejected, seen.start);
    let more = (ended.more_rejected > 0).then_some((ended.more_rejected, ended.more_reason));
    let harvest = if files.is_empty() {
        harvest::put_together(Vec::new(), rejected, more)
    } else {
        let read = spawn_blocking(move || harvest::put_together(files, rejected, more)).await;
        read.map_err(|error| JailError::Broken(format!("reading outputs: {error}")))?
    };
    Ok(outcome(&ended, limits, timeout, start, streams, harvest))
}

fn outcome(
    ended: &Ended,
    limits: Limits,
    timeout: Duration,
    start: Start,
    streams: Streams,
    harvest: Harvest,
) -> Outcome {
    let verdict = verdict(ended.stop, ended.status, ended.oom_kills.into());
    Outcome {
        status: verdict.status,
        exit_code: verdict.exit_code,
        signal: verdict.signal,
        line: Some(ended.line).filter(|line| *line > 0),
        duration: Duration::from_micros(ended.wall_us),
        cpu: Duration::from_micros(ended.cpu_us),
        peak_memory_bytes: ended.peak_memory_bytes,
        streams,
        harvest,
        start,
        limits,
        timeout,
    }
}

/// Forgets the run however this ends. A run that is given up is killed.
struct Leaving<'a> {
    link: &'a Link,
    id: u64,
}

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.link.leave(self.id);
    }
}

/// What has been seen of a run so far.
struct Seen {
    files: Vec<(String, u64, OwnedFd)>,
    rejected: Vec<(Vec<u8>, u8)>,
    start: Start,
    limits: Limits,
    live: Option<super::Live>,
    /// Ends when nobody wants the streams any more: a run that broke off has no end that would be waited for.
    streams: Option<AbortOnDropHandle<Streams>>,
    over: CancellationToken,
    all_dead: CancellationToken,
}

impl Seen {
    fn new(limits: Limits, live: Option<super::Live>) -> Self {
        Self {
            files: Vec::new(),
            rejected: Vec::new(),
            start: Start::Cold,
            limits,
            live,
            streams: None,
            over: CancellationToken::new(),
            all_dead: CancellationToken::new(),
        }
    }

    fn started(&mut self, warm: bool, fds: Vec<OwnedFd>) -> io::Result<()> {
        self.start = if warm { Start::Warm } else { Start::Cold };
        let mut fds = fds.into_iter();
        let mut pipe = || -> io::Result<Receiver> {
            Receiver::from_owned_fd(fds.next().ok_or_else(|| io::Error::other("a stream is missing"))?)
        };
        let reading = Reading {
            stdout: pipe()?,
            stderr: pipe()?,
            keep: self.limits.stream_bytes,
            limit: self.limits.printed_bytes,
            over: self.over.clone(),
            ended: self.all_dead.clone(),
            live: self.live.take(),
        };
        self.streams = Some(AbortOnDropHandle::new(tokio::spawn(drain(reading))));
        Ok(())
    }

    /// Ends the reading of streams; what is in the pipes is still read.
    async fn finish(&mut self) -> Streams {
        self.all_dead.cancel();
        match self.streams.take() {
            Some(streams) => streams.await.unwrap_or_default(),
            None => Streams::default(),
        }
    }
}

/// Takes the frames about a run until its last.
async fn follow(
    link: &Link,
    id: u64,
    news: &mut UnboundedReceiver<News>,
    seen: &mut Seen,
    cancel: &CancellationToken,
) -> Result<Ended, JailError> {
    let over = seen.over.clone();
    let mut asked_to_end = false;
    loop {
        let News { told, fds } = tokio::select! {
            biased;
            next = news.recv() => next.ok_or(JailError::Lost { started: seen.streams.is_some() })?,
            why = async { tokio::select! {
                () = cancel.cancelled() => Stop::Killed,
                () = over.cancelled() => Stop::OutputLimit,
            } }, if !asked_to_end => {
                asked_to_end = true;
                let started = seen.streams.is_some();
                link.tell(&Order::Kill { id, why }, None).map_err(|_| JailError::Lost { started })?;
                continue;
            }
        };
        match told {
            Told::Started { warm, .. } => {
                seen.started(warm, fds).map_err(|error| JailError::Broken(format!("its streams: {error}")))?;
            }
            Told::File { size, name, .. } => {
                if let (Ok(name), Some(file)) = (String::from_utf8(name), fds.into_iter().next()) {
                    seen.files.push((name, size, file));
                }
            }
            Told::Rejected { reason, name, .. } => seen.rejected.push((name, reason)),
            Told::Ended(ended) => return Ok(ended),
            Told::Failed { why, .. } => return Err(JailError::Broken(why)),
            Told::Hello(_) | Told::Refused(_) | Told::Tier { .. } => {}
        }
    }
}

/// The run's files as one stream in memory, see [`bundle`].
async fn bundled(code: Bytes, inputs: Vec<(String, Bytes)>) -> io::Result<OwnedFd> {
    let size = code.len() + inputs.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
    if size <= SMALL {
        return bundle_now(&code, &inputs);
    }
    spawn_blocking(move || bundle_now(&code, &inputs)).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

fn bundle_now(code: &[u8], inputs: &[(String, Bytes)]) -> io::Result<OwnedFd> {
    let mut file = File::from(memfd_create("bundle", MemfdFlags::CLOEXEC)?);
    let mut head = bundle::header(bundle::CODE, code.len() as u64);
    head.extend_from_slice(code);
    for (name, bytes) in inputs {
        head.extend(bundle::header(&format!("in/{name}"), bytes.len() as u64));
        file.write_all(&head)?;
        file.write_all(bytes)?;
        head.clear();
    }
    head.extend(bundle::END);
    file.write_all(&head)?;
    file.rewind()?;
    Ok(file.into())
}
