//! One run from start to harvest.
//!
//! The order matters: nsjail starts and waits; its first process is moved into the run's group; a handle
//! on its `/box/out` is taken; only then the code gets going. The handle outlives the jail, so outputs
//! are read after every process is dead, from memory that only this handle keeps alive: nothing can
//! change under the reader, killed runs keep what they wrote, nothing is ever mounted on the host, and
//! nothing needs rights beyond the jail's own.

use super::cgroup::Group;
use super::control::Control;
use super::folder::RunFolder;
use super::process::{First, Nsjail, wait_for};
use super::profile::{PYTHON, RunPlace, SCRIPTS};
use super::stream::{Captured, Meter, drain};
use super::verdict::{Stop, verdict};
use super::{Jail, JailError, Outcome, Task};
use crate::harvest;
use crate::settings::Limits;
use bytes::Bytes;
use rustix::fs::{Mode, OFlags};
use std::io::{self, PipeWriter};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::net::unix::pipe::Receiver;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Longest wait for the jail to come up.
const START_PATIENCE: Duration = Duration::from_secs(20);
/// Longest wait for a killed jail to be empty.
const END_PATIENCE: Duration = Duration::from_secs(10);

/// Runs a task. See [`Jail::run`].
pub async fn run(
    jail: &Jail,
    name: &str,
    task: Task,
    slot: u32,
    cancel: &CancellationToken,
) -> Result<Outcome, JailError> {
    let limits = Limits { memory_bytes: task.memory_bytes.unwrap_or(jail.limits.memory_bytes), ..jail.limits };
    let place = prepare(jail, name, task.code, task.inputs, slot).await?;
    let mut started = start(jail, &place, &limits).await?;
    let room = tokio::select! {
        biased;
        () = cancel.cancelled() => return Ok(Outcome::never_ran()),
        room = timeout(START_PATIENCE, enter(jail, name, &limits, &mut started)) => room,
    };
    let room = room.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    let Room { first, group, out } = room.map_err(|error| broken(&place, "starting", &error))?;
    let begin = Instant::now();
    started.control.go().await.map_err(|error| broken(&place, "letting go", &error))?;

    let (stop, mut status) = watch(&mut started, &first, begin + task.timeout, cancel).await;
    let duration = begin.elapsed();
    first.kill();
    if timeout(END_PATIENCE, first.gone()).await.is_err() {
        tracing::error!(run = name, "a killed jail is not empty");
    }
    if stop.is_none() && status.is_none() {
        status = started.control.status_now();
    }
    let (stdout, stderr) = started.finish().await;
    let usage = group.usage();
    let verdict = verdict(stop, status, usage.oom_kills);
    let harvest = spawn_blocking(move || {
        if let Err(error) = group.remove() {
            tracing::error!(%error, "a run's group could not be removed");
        }
        let harvest = harvest::collect(out);
        drop(place);
        harvest
    });
    let harvest = harvest.await.map_err(|error| JailError::Broken(format!("harvesting: {error}")))?;
    Ok(Outcome {
        status: verdict.status,
        exit_code: verdict.exit_code,
        signal: verdict.signal,
        duration,
        cpu: usage.cpu,
        peak_memory_bytes: usage.peak_memory_bytes,
        stdout,
        stderr,
        harvest,
    })
}

const CONFIG: &str = "jail.cfg";

async fn prepare(
    jail: &Jail,
    name: &str,
    code: Bytes,
    inputs: Vec<(String, Bytes)>,
    slot: u32,
) -> Result<RunFolder, JailError> {
    let (runs, profile, name) = (jail.runs.clone(), jail.profile.clone(), name.to_owned());
    let work = spawn_blocking(move || {
        let place = runs.make(&name, &code, &inputs)?;
        let config = profile.render(&RunPlace { folder: place.path(), slot });
        std::fs::write(place.path().join(CONFIG), config).map_err(JailError::Storage)?;
        Ok(place)
    });
    work.await.unwrap_or_else(|error| Err(JailError::Broken(format!("preparing: {error}"))))
}

/// A started jail whose runner waits.
struct Started {
    nsjail: Nsjail,
    control: Control,
    stdout: JoinHandle<Captured>,
    stderr: JoinHandle<Captured>,
    meter: Meter,
    ended: DropGuard,
}

impl Started {
    /// Ends the reading of streams; what is in the pipes is still read.
    async fn finish(self) -> (Captured, Captured) {
        drop(self.ended);
        let captured = (self.stdout.await.unwrap_or_default(), self.stderr.await.unwrap_or_default());
        self.nsjail.leave();
        captured
    }
}

async fn start(jail: &Jail, place: &RunFolder, limits: &Limits) -> Result<Started, JailError> {
    let (control, stdin) = Control::pair().map_err(JailError::Storage)?;
    let (stdout, stdout_writer) = pipe().map_err(JailError::Storage)?;
    let (stderr, stderr_writer) = pipe().map_err(JailError::Storage)?;
    let host = jail.profile.host();
    let mut command = Command::new(&host.setpriv);
    command
        .args(["--pdeathsig", "KILL", "--"])
        .arg(&host.nsjail)
        .arg("--config")
        .arg(place.path().join(CONFIG))
        .args(["--", PYTHON, &format!("{SCRIPTS}/runner/main.py")])
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::from(stdin))
        .stdout(stdout_writer)
        .stderr(stderr_writer);
    let nsjail = jail.spawner.spawn(command).await.map_err(|error| broken(place, "spawning", &error))?;
    let meter = Meter::new(limits.printed_bytes);
    let ended = CancellationToken::new();
    let read = |pipe| tokio::spawn(drain(pipe, limits.stream_bytes, meter.clone(), ended.clone()));
    Ok(Started {
        nsjail: Nsjail::new(nsjail),
        control,
        stdout: read(stdout),
        stderr: read(stderr),
        meter: meter.clone(),
        ended: ended.clone().drop_guard(),
    })
}

fn pipe() -> io::Result<(Receiver, PipeWriter)> {
    let (reader, writer) = io::pipe()?;
    Ok((Receiver::from_owned_fd(OwnedFd::from(reader))?, writer))
}

/// The jail's first process in the run's group, waiting to be let go, and a handle on its outputs.
struct Room {
    first: First,
    group: Group,
    out: OwnedFd,
}

/// Moves the jail's first process into the run's group and waits until it is ready. Moving a process can
/// take longer than all the rest, so it is done while the interpreter starts.
async fn enter(jail: &Jail, name: &str, limits: &Limits, started: &mut Started) -> io::Result<Room> {
    let nsjail = started.nsjail.child().map(Child::id).ok_or_else(|| io::Error::other("nsjail is gone"))?;
    let (groups, name, limits) = (jail.groups.clone(), name.to_owned(), *limits);
    let moved = spawn_blocking(move || {
        let group = groups.make(&name, &limits)?;
        let first = wait_for(nsjail, START_PATIENCE)?;
        group.add(first.0)?;
        Ok((first, group))
    });
    let moved = async { moved.await.unwrap_or_else(|error| Err(io::Error::other(error))) };
    let (ready, moved) = tokio::join!(started.control.ready(), moved);
    ready?;
    let (first, group) = moved?;
    let first = First::new(first)?;
    let out = outputs(&first)?;
    Ok(Room { first, group, out })
}

fn outputs(first: &First) -> io::Result<OwnedFd> {
    // No code ran yet, so what stands there is what nsjail mounted.
    let path = format!("/proc/{}/root/box/out", first.pid.as_raw_nonzero());
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let out = rustix::fs::open(path, flags, Mode::empty())?;
    if rustix::fs::fstatfs(&out)?.f_type != harvest::TMPFS {
        return Err(io::Error::other("/box/out is not the run's own memory"));
    }
    Ok(out)
}

/// Waits until the code has ended or has to be ended.
async fn watch(
    started: &mut Started,
    first: &First,
    deadline: Instant,
    cancel: &CancellationToken,
) -> (Option<Stop>, Option<i32>) {
    let Started { control, meter, .. } = started;
    tokio::select! {
        biased;
        () = cancel.cancelled() => (Some(Stop::Killed), None),
        status = control.status() => (None, status),
        () = first.gone() => (None, None),
        () = meter.over() => (Some(Stop::OutputLimit), None),
        () = tokio::time::sleep_until(deadline) => (Some(Stop::Timeout), None),
    }
}

fn broken(place: &RunFolder, doing: &str, error: &io::Error) -> JailError {
    JailError::Broken(format!("{doing}: {error}; nsjail says: {}", place.complaint()))
}
