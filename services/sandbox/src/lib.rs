//! The sandbox: runs untrusted Python in a jail, or by choice in containers, and nothing else.
//!
//! Needs no privilege itself: rooms, limits and deadlines are the supervisor's, which it starts or finds at a
//! socket, or those of a Docker daemon. Owns the runner inside the rooms, the streams, and what is made of the results.
//! Answers `sandbox.v1.Run` and `sandbox.v1.Look` commands from the bus, direct runs over HTTP, and calls of
//! the command line. It has no database, no model, and gives the code no network.
//!
//! There is no way to run bare: [`Sandbox::open`] exercises the real walls and refuses, with the reason
//! and the fix, when they do not hold.

mod advice;
mod answer;
pub mod apart;
mod docker;
mod environment;
mod execute;
mod explain;
mod fonts;
mod harvest;
mod health;
mod jail;
mod live;
mod look;
mod memo;
mod probe;
mod program;
mod room;
mod routes;
mod run;
mod settings;
mod slots;
mod start;
mod stops;
mod tier;
mod told;

pub use environment::{EnvironmentAnswer, Package};
pub use execute::{Execution, ExecutionRequest, MAX_INPUT_BYTES};
pub use harvest::{MAX_FILE_BYTES, MAX_FILES, MAX_TOTAL_BYTES};
pub use health::SandboxHealth;
pub use jail::{Asked, Chunk, JailUnavailable, Live, Stream, TierHealth};
pub use probe::Probed;
pub use program::serve;
pub use routes::{ExecutionAnswer, ExecutionBody, InputBody, routes};
pub use settings::{DockerRuntime, DockerSettings, IsolationLevel, JailSettings, Limits, Settings, Supervisor};
pub use start::Running;

use blob::SharedStore;
use common::execution::Isolation;
use room::Room;
use slots::Slots;
use std::sync::Arc;
use stops::Stops;
use tokio::sync::Mutex;

/// The sandbox service. Clones share one jail; when the last is gone, whatever still runs is killed.
#[derive(Clone)]
pub struct Sandbox(Arc<Inner>);

struct Inner {
    room: Room,
    blob: SharedStore,
    slots: Slots,
    stops: Stops,
    steps: memo::Keyed,
    looks: memo::Keyed,
    settings: Settings,
    health: Mutex<health::Known>,
}

impl Sandbox {
    /// Opens the jail, sweeps what dead instances left, and proves that the jail holds.
    ///
    /// # Errors
    /// Something is missing or does not hold; the error says what and what to do about it.
    pub async fn open(settings: Settings, blob: SharedStore) -> Result<Self, JailUnavailable> {
        let room = Room::open(&settings).await?;
        let inner = Inner {
            room,
            blob,
            slots: Slots::new(settings.slots, settings.queue),
            stops: Stops::default(),
            steps: memo::Keyed::default(),
            looks: memo::Keyed::default(),
            settings,
            health: Mutex::default(),
        };
        let sandbox = Self(Arc::new(inner));
        fonts::prepare(&sandbox);
        Ok(sandbox)
    }

    /// Ends everything, and waits until nothing is left. For the end of a program: nothing runs after it.
    pub async fn close(&self) {
        self.0.room.close().await;
    }

    /// The isolation every run gets, with the usual limits.
    pub async fn isolation(&self) -> Isolation {
        self.0.room.isolation().await
    }

    /// Version of the Python that code runs with; empty when the environment does not tell.
    pub fn python_version(&self) -> String {
        self.0.room.python_version()
    }
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}
