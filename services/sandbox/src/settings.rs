//! What an operator may choose. Isolation itself is not among it: there is no way to run bare.

use crate::jail::Asked;
use std::path::PathBuf;
use std::time::Duration;

/// Settings of the sandbox service.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the jail's parts stand, and the limits of every run, in the jail or not.
    pub jail: JailSettings,
    /// Which walls stand around code.
    pub isolation: IsolationLevel,
    /// Runs at a time. Each may use [`Limits::cpu_percent`] of CPU time and [`Limits::memory_bytes`] of memory.
    pub slots: usize,
    /// Direct runs (HTTP, command line) that may wait for a slot; one more is answered "too busy".
    pub queue: usize,
    /// Longest wall time of a run; a caller may ask for less.
    pub max_timeout: Duration,
    /// How long the outputs of direct runs are kept.
    pub keep_outputs: Duration,
}

impl Settings {
    /// Two slots, 16 waiting, 120 seconds, outputs kept for a day.
    pub fn new(jail: JailSettings) -> Self {
        Self {
            jail,
            isolation: IsolationLevel::Jail,
            slots: 2,
            queue: 16,
            max_timeout: Duration::from_secs(120),
            keep_outputs: Duration::from_secs(24 * 3600),
        }
    }
}

/// Which walls stand around code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IsolationLevel {
    /// The jail: nsjail on this machine.
    Jail,
    /// A container of its own for each run.
    Docker(DockerSettings),
}

/// Where containers come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DockerSettings {
    /// The daemon's socket.
    pub socket: PathBuf,
    /// The image, made by `deploy/sandbox/build-image.sh`: name or id.
    pub image: String,
    /// What makes the containers.
    pub runtime: DockerRuntime,
}

impl Default for DockerSettings {
    /// The usual socket, the image `darkroom-sandbox`, runc.
    fn default() -> Self {
        Self {
            socket: PathBuf::from("/var/run/docker.sock"),
            image: "darkroom-sandbox".to_owned(),
            runtime: DockerRuntime::Runc,
        }
    }
}

/// What makes containers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DockerRuntime {
    /// runc: namespaces of the machine's own kernel.
    Runc,
    /// gVisor's runsc: a kernel of its own in between.
    Runsc,
}

impl DockerRuntime {
    /// The name by which the daemon knows it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Runc => "runc",
            Self::Runsc => "runsc",
        }
    }
}

/// Who makes rooms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Supervisor {
    /// The program at this path, started by the service with the service's own rights.
    Own(PathBuf),
    /// One that the operator started, waiting at the socket at this path: see [`crate::apart`]. The service needs
    /// no rights of its own. Of the other settings only the limits count; they may not be above the supervisor's.
    Apart(PathBuf),
}

/// Where the jail's parts stand, and what is kept ready.
#[derive(Debug, Clone)]
pub struct JailSettings {
    /// Who makes rooms.
    pub supervisor: Supervisor,
    /// The nsjail binary, or the script of that name that its Python package installs.
    pub nsjail: PathBuf,
    /// The Python environment (a venv) that code runs with.
    pub python: PathBuf,
    /// A folder of our own for what runs need while they last; made if missing. Not shared between
    /// machines.
    pub work: PathBuf,
    /// A cgroup v2 folder to make our groups in, for set-ups where the process's own is not the
    /// right one; `None` finds it.
    pub cgroup: Option<PathBuf>,
    /// Limits of each run.
    pub limits: Limits,
    /// Rooms kept ready by import tier (bare, plots, vision); all zero: every run starts cold.
    pub ready: [u32; 3],
    /// Runs after which a zygote is replaced, so that runs far apart share no memory layout.
    pub zygote_runs: u32,
    /// Age at which a zygote that was used is replaced.
    pub zygote_age: Duration,
}

impl JailSettings {
    /// The usual limits; four rooms ready for the lighter tiers, one for the heaviest. `supervisor` is its program,
    /// which the service starts.
    pub fn new(supervisor: PathBuf, nsjail: PathBuf, python: PathBuf, work: PathBuf) -> Self {
        Self {
            supervisor: Supervisor::Own(supervisor),
            nsjail,
            python,
            work,
            cgroup: None,
            limits: Limits::default(),
            ready: [4, 4, 1],
            zygote_runs: 500,
            zygote_age: Duration::from_secs(600),
        }
    }

    /// Keeps nothing ready: for programs that run once.
    #[must_use]
    pub fn cold(self) -> Self {
        Self { ready: [0; 3], ..self }
    }
}

/// Limits of one run. Files in memory (`/tmp`, `/box`, `/dev/shm`) count against the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Memory of all processes and files together, in bytes; no swap.
    pub memory_bytes: u64,
    /// Processes and threads.
    pub pids: u32,
    /// CPU time per wall time, in percent of one CPU.
    pub cpu_percent: u32,
    /// Bytes kept of standard output, and as many of standard error.
    pub stream_bytes: usize,
    /// Bytes printed in total before the run is ended.
    pub printed_bytes: u64,
}

impl Default for Limits {
    /// 2 GiB, 128 processes, 2 CPUs; 1 MiB kept of each stream, ended at 64 MiB.
    fn default() -> Self {
        Self { memory_bytes: 2 << 30, pids: 128, cpu_percent: 200, stream_bytes: 1 << 20, printed_bytes: 64 << 20 }
    }
}

impl Limits {
    /// The part that the kernel enforces.
    pub fn enforced(&self) -> supervisor::cgroup::Limits {
        let Self { memory_bytes, pids, cpu_percent, .. } = *self;
        supervisor::cgroup::Limits { memory_bytes, pids, cpu_percent }
    }

    /// These limits, or less where less is asked.
    pub fn less(self, asked: Asked) -> Self {
        Self {
            memory_bytes: asked.memory_bytes.map_or(self.memory_bytes, |bytes| bytes.min(self.memory_bytes)),
            pids: asked.pids.map_or(self.pids, |pids| pids.min(self.pids)),
            cpu_percent: asked.cpu_percent.map_or(self.cpu_percent, |percent| percent.min(self.cpu_percent)),
            ..self
        }
    }
}
