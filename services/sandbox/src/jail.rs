//! The jail: runs code in rooms that the supervisor makes, and cannot run it any other way.

pub(crate) mod link;
pub(crate) mod parts;
mod run;
pub(crate) mod stream;
mod verdict;

pub use parts::LOOK_SHA256;
pub use stream::{Captured, Chunk, Live, Moment, Stream, Streams};
pub use verdict::{Stop, verdict};

use crate::harvest::Harvest;
use crate::settings::{JailSettings, Limits};
use crate::tier::Tier;
use bytes::Bytes;
use common::execution::{Isolation, RunStatus, Start};
use link::{Link, Supervised};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// The jail cannot be had here: why, and what to do about it. Both are for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the sandbox cannot run code safely here: {reason}; {fix}")]
pub struct JailUnavailable {
    /// What is missing or does not work.
    pub reason: String,
    /// What to do.
    pub fix: String,
}

impl JailUnavailable {
    pub(crate) fn new(reason: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { reason: reason.into(), fix: fix.into() }
    }

    pub(crate) fn io(what: &str, error: &std::io::Error) -> Self {
        Self::new(format!("{what} cannot be used ({error})"), "check the folder, its rights and the disk")
    }
}

/// A run could not be carried out. Nothing of it is left. Internal text: for the log.
#[derive(Debug, thiserror::Error)]
pub enum JailError {
    /// The run's files could not be put together.
    #[error("the run's files cannot be written")]
    Storage(#[source] std::io::Error),
    /// The jail did not come up, or broke.
    #[error("the jail did not work: {0}")]
    Broken(String),
    /// The supervisor ended with the run in hand.
    #[error("the supervisor has ended")]
    Lost {
        /// Whether the code was let go.
        started: bool,
    },
}

/// What a run may use; what is absent is what the operator allows at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// Memory in bytes.
    pub memory_bytes: Option<u64>,
    /// Processes and threads.
    pub pids: Option<u32>,
    /// CPU time per wall time, in percent of one CPU.
    pub cpu_percent: Option<u32>,
}

/// What is to be run.
#[derive(Debug, Clone)]
pub struct Task {
    /// The Python code.
    pub code: Bytes,
    /// Files below `/box/in`: plain names, checked by the caller.
    pub inputs: Vec<(String, Bytes)>,
    /// Longest wall time.
    pub timeout: Duration,
    /// Less than the usual limits.
    pub asked: Asked,
    /// Which libraries should be imported already; a hint. `None` starts cold.
    pub tier: Option<Tier>,
    /// Who follows the streams while it runs.
    pub live: Option<Live>,
}

impl Task {
    /// Code without inputs, with the usual limits, started as the code suggests.
    pub fn new(code: impl Into<Bytes>, timeout: Duration) -> Self {
        let code = code.into();
        let tier = Some(Tier::guess(&code));
        Self { code, inputs: Vec::new(), timeout, asked: Asked::default(), tier, live: None }
    }
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended.
    pub status: RunStatus,
    /// Exit code, when it exited.
    pub exit_code: Option<i32>,
    /// Signal, when one ended it.
    pub signal: Option<i32>,
    /// Line of the code at which it was stopped, when known.
    pub line: Option<u32>,
    /// Wall time from letting the code go to its end.
    pub duration: Duration,
    /// CPU time of all its processes.
    pub cpu: Duration,
    /// Most memory at a time, in bytes.
    pub peak_memory_bytes: u64,
    /// What it printed.
    pub streams: Streams,
    /// What it left in `/box/out`.
    pub harvest: Harvest,
    /// Whether its Python had started before.
    pub start: Start,
    /// The limits in force.
    pub limits: Limits,
    /// The time it was given.
    pub timeout: Duration,
}

impl Outcome {
    /// Cancelled before the code got going.
    pub fn never_ran(limits: Limits, timeout: Duration) -> Self {
        let verdict = verdict(Some(Stop::Killed), None, 0);
        Self {
            status: verdict.status,
            exit_code: verdict.exit_code,
            signal: verdict.signal,
            line: None,
            duration: Duration::ZERO,
            cpu: Duration::ZERO,
            peak_memory_bytes: 0,
            streams: Streams::default(),
            harvest: Harvest::default(),
            start: Start::Cold,
            limits,
            timeout,
        }
    }
}

/// How the supervisor and its zygotes are.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct TierHealth {
    /// Import tier: `bare`, `plots` or `vision`.
    pub tier: String,
    /// `serving`, `starting`, `down` (runs start cold meanwhile) or `off`.
    pub state: String,
    /// Rooms that wait for code.
    pub ready: u32,
    /// Zygotes started so far.
    pub zygotes: u32,
    /// What the last failure was; for the operator.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trouble: Option<String>,
    /// What helps against it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fix: Option<String>,
}

/// Supervisors that are tried for one run while they end before they let its code go.
const SUPERVISORS: usize = 3;

/// A working jail. Dropping it ends the supervisor and whatever still runs.
#[derive(Debug)]
pub struct Jail {
    supervised: Supervised,
    link: Mutex<Option<Arc<Link>>>,
    limits: Limits,
    python_version: String,
    /// Cancelled when no more supervisor is to be started.
    closed: CancellationToken,
}

impl Jail {
    /// Puts the jail together and starts the supervisor; runs nothing yet, see [`crate::probe`].
    ///
    /// # Errors
    /// Something is missing; the error says what and what to do.
    pub async fn open(settings: &JailSettings, max_timeout: Duration) -> Result<Self, JailUnavailable> {
        let (prepared, limits) = (settings.clone(), settings.limits);
        let work = tokio::task::spawn_blocking(move || Supervised::prepare(&prepared, max_timeout)).await;
        let supervised = work.map_err(|error| JailUnavailable::new(error.to_string(), "report this"))??;
        let link = Arc::new(Link::start(&supervised).await?);
        let python_version = link.python_version().to_owned();
        let (link, closed) = (Mutex::new(Some(link)), CancellationToken::new());
        Ok(Self { supervised, link, limits, python_version, closed })
    }

    /// The isolation every run gets, with the usual limits.
    pub async fn isolation(&self) -> Isolation {
        let link = self.link.lock().await.clone();
        isolation(link.as_deref(), &self.limits)
    }

    /// Where matplotlib's font list belongs, when it is ours to make.
    pub fn fonts(&self) -> Option<&Path> {
        self.supervised.fonts()
    }

    /// A path of this machine that is there and that nobody is kept from looking at.
    pub fn host_path(&self) -> &Path {
        self.supervised.host_path()
    }

    /// Version of the Python in rooms; empty when its environment does not tell.
    pub fn python_version(&self) -> &str {
        &self.python_version
    }

    /// Ends the supervisor and waits until nothing of it is left: a program that ends first may take its container
    /// along, and with that the supervisor, before it has cleared away. Whatever still runs is killed.
    pub async fn close(&self) {
        self.closed.cancel();
        let Some(link) = self.link.lock().await.take() else { return };
        match tokio::task::spawn_blocking(move || link.end()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the supervisor could not be waited for"),
            Err(error) => tracing::error!(%error, "waiting for the supervisor"),
        }
    }

    /// How each tier is.
    ///
    /// # Errors
    /// The supervisor does not answer.
    pub async fn tiers(&self) -> Result<Vec<TierHealth>, JailError> {
        self.connected().await?.report().await
    }

    /// Runs code. Returns when no process of it is left. Cancelling the token kills it.
    ///
    /// # Errors
    /// The jail did not work; that says nothing about the code.
    pub async fn run(&self, task: Task, cancel: &CancellationToken) -> Result<(Outcome, Isolation), JailError> {
        for _ in 0..SUPERVISORS {
            let link = self.connected().await?;
            match run::run(&link, self.limits, task.clone(), cancel).await {
                // The code was not let go yet, so this was no run.
                Err(JailError::Lost { started: false }) => link.give_up(),
                Err(error) => return Err(error),
                Ok(outcome) => {
                    let isolation = isolation(Some(&link), &outcome.limits);
                    return Ok((outcome, isolation));
                }
            }
        }
        Err(JailError::Lost { started: false })
    }

    /// The present link, or one to a new supervisor when the last has ended.
    async fn connected(&self) -> Result<Arc<Link>, JailError> {
        let mut link = self.link.lock().await;
        if let Some(link) = link.as_ref().filter(|link| link.is_alive()) {
            return Ok(link.clone());
        }
        if self.closed.is_cancelled() {
            return Err(JailError::Lost { started: false });
        }
        tracing::error!("the supervisor has ended; starting another");
        *link = None;
        let fresh = Link::start(&self.supervised).await.map_err(|error| JailError::Broken(error.to_string()))?;
        Ok(link.insert(Arc::new(fresh)).clone())
    }
}

fn isolation(link: Option<&Link>, limits: &Limits) -> Isolation {
    Isolation {
        jail: "nsjail".into(),
        namespaces: ["user", "mount", "pid", "net", "ipc", "uts", "cgroup"].map(str::to_owned).into(),
        seccomp: true,
        cgroup: link.map(Link::cgroup).unwrap_or_default().into(),
        network: false,
        memory_bytes: limits.memory_bytes,
        cpu_percent: limits.cpu_percent,
        pids: limits.pids,
        profile_sha256: link.map(Link::profile).unwrap_or_default(),
    }
}
