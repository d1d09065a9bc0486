//! Where code runs: in the jail, or by choice in containers. The rest of the service does not know which.

use crate::docker::DockerRoom;
use crate::jail::{Jail, JailError, JailUnavailable, Outcome, Task, TierHealth};
use crate::probe;
use crate::settings::{IsolationLevel, Settings};
use common::execution::Isolation;
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// A working room.
#[derive(Debug)]
pub enum Room {
    /// nsjail, on this machine.
    Jail(Box<Jail>),
    /// Containers of a Docker daemon.
    Docker(Box<DockerRoom>),
}

impl Room {
    /// Opens what the settings ask for, and proves that it holds.
    ///
    /// # Errors
    /// Something is missing or does not hold; the error says what and what to do.
    pub async fn open(settings: &Settings) -> Result<Self, JailUnavailable> {
        match &settings.isolation {
            IsolationLevel::Docker(docker) => {
                let room = DockerRoom::open(docker, settings.jail.limits, settings.max_timeout).await?;
                Ok(Self::Docker(Box::new(room)))
            }
            IsolationLevel::Jail => {
                let jail = Jail::open(&settings.jail, settings.max_timeout).await?;
                probe::exercise(&jail).await?;
                Ok(Self::Jail(Box::new(jail)))
            }
        }
    }

    /// The isolation every run gets, with the usual limits.
    pub async fn isolation(&self) -> Isolation {
        match self {
            Self::Jail(jail) => jail.isolation().await,
            Self::Docker(room) => room.isolation(),
        }
    }

    /// Version of the Python that code runs with; empty when the environment does not tell.
    pub fn python_version(&self) -> String {
        match self {
            Self::Jail(jail) => jail.python_version().to_owned(),
            Self::Docker(room) => room.python_version().to_owned(),
        }
    }

    /// Where matplotlib's font list belongs, where it is ours to make.
    pub fn fonts(&self) -> Option<&Path> {
        match self {
            Self::Jail(jail) => jail.fonts(),
            Self::Docker(_) => None,
        }
    }

    /// How each import tier is; none where every run starts a Python of its own.
    ///
    /// # Errors
    /// The supervisor does not answer.
    pub async fn tiers(&self) -> Result<Vec<TierHealth>, JailError> {
        match self {
            Self::Jail(jail) => jail.tiers().await,
            Self::Docker(_) => Ok(Vec::new()),
        }
    }

    /// Code that ends with an error where it sees files of the machine.
    pub fn host_files_probe(&self) -> &'static str {
        match self {
            Self::Jail(_) => probe::HOST_FILES,
            Self::Docker(_) => crate::docker::HOST_FILES,
        }
    }

    /// Ends what stands ready, and waits for it. What runs is killed.
    pub async fn close(&self) {
        match self {
            Self::Jail(jail) => jail.close().await,
            Self::Docker(_) => {}
        }
    }

    /// Runs code. Returns when no process of it is left. Cancelling the token kills it.
    ///
    /// # Errors
    /// The room did not work; that says nothing about the code.
    pub async fn run(&self, task: Task, cancel: &CancellationToken) -> Result<(Outcome, Isolation), JailError> {
        match self {
            Self::Jail(jail) => jail.run(task, cancel).await,
            Self::Docker(room) => room.run(task, cancel).await,
        }
    }
}
