//! The second wall, by choice: every run in a container of its own, made by Docker with runc or with
//! gVisor's runsc.
//!
//! The same task, the same outcome as in the jail. The image holds the Python environment and nothing of
//! ours; code, inputs and our scripts go in over the container's standard input, all it has to tell comes
//! back over its standard output. So the service needs the daemon's socket and nothing else: no folder is
//! shared, and the daemon may see another file system.

mod body;
mod conversation;
mod daemon;
mod frames;
mod probe;
mod run;

pub use crate::settings::{DockerRuntime, DockerSettings};
pub use probe::HOST_FILES;

use crate::jail::{JailError, JailUnavailable, Outcome, Task};
use crate::settings::Limits;
use body::Plan;
use common::execution::Isolation;
use daemon::Daemon;
use probe::Proof;
use std::time::Duration;
use supervisor::owner::Owner;
use tokio_util::sync::CancellationToken;

/// Where the runner and the look script stand in the container.
const SCRIPTS: &str = "/opt/darkroom/python";
/// Where the code stands in the container.
const CODE: &str = "/box/main.py";
/// Where the inputs stand in the container.
const INPUTS: &str = "/box/in";

/// Containers for runs. Dropping it while runs are under way ends them.
#[derive(Debug)]
pub struct DockerRoom {
    daemon: Daemon,
    plan: Plan,
    profile_sha256: String,
    proof: Proof,
}

impl DockerRoom {
    /// Finds the daemon, the runtime and the image, removes containers that dead instances left, and proves
    /// by running code that the walls hold.
    ///
    /// # Errors
    /// Something is missing or does not hold; the error says what and what to do.
    pub async fn open(
        settings: &DockerSettings,
        limits: Limits,
        max_timeout: Duration,
    ) -> Result<Self, JailUnavailable> {
        let daemon = daemon::find(settings).await?;
        daemon::sweep(&daemon.docker).await;
        let plan = Plan {
            image: daemon.image.clone(),
            runtime: settings.runtime,
            limits,
            max_seconds: max_timeout.as_secs(),
            owner: Owner::new().name().to_owned(),
        };
        let mut opened = Self { daemon, profile_sha256: plan.sha256(), plan, proof: Proof::default() };
        opened.proof = probe::exercise(&opened).await?;
        Ok(opened)
    }

    /// The isolation every run gets, with the usual limits.
    pub fn isolation(&self) -> Isolation {
        self.isolation_with(&self.plan.limits)
    }

    fn isolation_with(&self, limits: &Limits) -> Isolation {
        Isolation {
            jail: format!("docker-{}", self.plan.runtime.as_str()),
            namespaces: self.proof.namespaces.clone(),
            // Proven at the opening.
            seccomp: true,
            cgroup: self.daemon.cgroup.to_owned(),
            network: false,
            memory_bytes: limits.memory_bytes,
            cpu_percent: limits.cpu_percent,
            pids: limits.pids,
            profile_sha256: self.profile_sha256.clone(),
        }
    }

    /// Version of the Python that code runs with, as it said itself.
    pub fn python_version(&self) -> &str {
        &self.proof.python
    }

    /// Runs code. Returns when no process of it is left. Cancelling the token kills it.
    ///
    /// # Errors
    /// The daemon or the container did not work; that says nothing about the code.
    pub async fn run(&self, task: Task, cancel: &CancellationToken) -> Result<(Outcome, Isolation), JailError> {
        let outcome = run::run(self, task, cancel).await?;
        let isolation = self.isolation_with(&outcome.limits);
        Ok((outcome, isolation))
    }
}
