//! The jail: runs code in nsjail, and cannot run it any other way.

mod cgroup;
mod control;
mod folder;
mod host;
mod owner;
mod parts;
mod process;
mod profile;
mod run;
mod seccomp;
mod spawn;
mod stream;
mod verdict;

pub use parts::LOOK_SHA256;
pub use stream::Captured;

use crate::harvest::Harvest;
use crate::settings::{JailSettings, Limits};
use bytes::Bytes;
use cgroup::Groups;
use common::execution::{Isolation, RunStatus};
use folder::Runs;
use owner::Owner;
use profile::Profile;
use spawn::Spawner;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
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
    /// The run's folder could not be written.
    #[error("the run's folder cannot be written")]
    Storage(#[source] std::io::Error),
    /// The jail did not come up, or broke.
    #[error("the jail did not work: {0}")]
    Broken(String),
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
    /// Less memory than usual.
    pub memory_bytes: Option<u64>,
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
    /// Wall time from the first line of the code to its end.
    pub duration: Duration,
    /// CPU time of all its processes.
    pub cpu: Duration,
    /// Most memory at a time, in bytes.
    pub peak_memory_bytes: u64,
    /// Standard output.
    pub stdout: Captured,
    /// Standard error.
    pub stderr: Captured,
    /// What it left in `/box/out`.
    pub harvest: Harvest,
}

impl Outcome {
    /// Cancelled before the code got going.
    pub fn never_ran() -> Self {
        let verdict = verdict::verdict(Some(verdict::Stop::Killed), None, 0);
        Self {
            status: verdict.status,
            exit_code: verdict.exit_code,
            signal: verdict.signal,
            duration: Duration::ZERO,
            cpu: Duration::ZERO,
            peak_memory_bytes: 0,
            stdout: Captured::default(),
            stderr: Captured::default(),
            harvest: Harvest::default(),
        }
    }
}

/// A working jail. Dropping it kills what still runs in it.
#[derive(Debug)]
pub struct Jail {
    // Before the groups and folders: what runs must be dead before they are removed.
    spawner: Spawner,
    groups: Arc<Groups>,
    runs: Arc<Runs>,
    profile: Arc<Profile>,
    limits: Limits,
    fonts: PathBuf,
    next: AtomicU64,
}

impl Jail {
    /// Puts the jail together. Blocks; runs nothing yet, see [`crate::probe`].
    ///
    /// # Errors
    /// Something is missing; the error says what and what to do.
    pub fn open(settings: &JailSettings, max_timeout: Duration) -> Result<Self, JailUnavailable> {
        let work_error = |error: std::io::Error| JailUnavailable::io("the sandbox's work folder", &error);
        std::fs::create_dir_all(&settings.work).map_err(work_error)?;
        let work = settings.work.canonicalize().map_err(work_error)?;
        let settings = JailSettings { work: work.clone(), ..settings.clone() };
        let host = host::Host::find(&settings)?;
        let parts = parts::install(&work, &host).map_err(work_error)?;
        let fonts = parts.fonts.clone();
        let owner = Owner::new();
        let groups = Arc::new(Groups::open(&owner, settings.cgroup.as_deref())?);
        let runs = Arc::new(Runs::open(&work, &owner).map_err(work_error)?);
        let spawner = Spawner::start().map_err(|error| JailUnavailable::io("a thread", &error))?;
        let profile = Arc::new(Profile::new(host, parts, settings.limits, max_timeout.as_secs()));
        Ok(Self { spawner, groups, runs, profile, limits: settings.limits, fonts, next: AtomicU64::new(0) })
    }

    /// The isolation every run gets.
    pub fn isolation(&self) -> Isolation {
        Isolation {
            jail: "nsjail".into(),
            namespaces: ["user", "mount", "pid", "net", "ipc", "uts", "cgroup"].map(str::to_owned).into(),
            seccomp: true,
            cgroup: self.groups.version().into(),
            network: false,
            memory_bytes: self.limits.memory_bytes,
            cpus: self.limits.cpus,
            pids: self.limits.pids,
            profile_sha256: self.profile.sha256().to_owned(),
        }
    }

    /// Where matplotlib's font list belongs.
    pub fn fonts(&self) -> &std::path::Path {
        &self.fonts
    }

    /// Runs code in slot `slot`: two runs at a time never share one. Returns when no process of it is
    /// left. Cancelling the token kills it.
    ///
    /// # Errors
    /// The jail did not work; that says nothing about the code.
    pub async fn run(&self, task: Task, slot: u32, cancel: &CancellationToken) -> Result<Outcome, JailError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        run::run(self, &format!("run-{number}"), task, slot, cancel).await
    }
}
