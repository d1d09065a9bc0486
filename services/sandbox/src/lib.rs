//! The sandbox: runs untrusted Python in a jail, and nothing else.
//!
//! Owns the jail (nsjail, seccomp, control groups), the runner inside it, and the harvest of what code
//! leaves in `/box/out`. Answers `sandbox.v1.Run` and `sandbox.v1.Look` commands from the bus, direct
//! runs over HTTP, and calls of the command line. It has no database, no model, and gives the code no
//! network.
//!
//! There is no way to run bare: [`Sandbox::open`] exercises the real jail and refuses, with the reason
//! and the fix, when it does not hold.

mod answer;
mod execute;
mod fonts;
mod harvest;
mod jail;
mod look;
mod memo;
mod probe;
mod routes;
mod run;
mod settings;
mod slots;
mod start;
mod stops;

pub use execute::{Execution, ExecutionRequest};
pub use harvest::{MAX_FILE_BYTES, MAX_FILES, MAX_TOTAL_BYTES};
pub use jail::JailUnavailable;
pub use routes::{ExecutionAnswer, ExecutionBody, InputBody, routes};
pub use settings::{JailSettings, Limits, Settings};
pub use start::Running;

use blob::SharedStore;
use common::execution::Isolation;
use jail::Jail;
use slots::Slots;
use std::sync::Arc;
use std::time::{Duration, Instant};
use stops::Stops;
use tokio::sync::Mutex;

/// How long the result of a health probe stands.
const HEALTH_KEPT: Duration = Duration::from_secs(10);

/// The sandbox service. Clones share one jail; when the last is gone, whatever still runs is killed.
#[derive(Clone)]
pub struct Sandbox(Arc<Inner>);

struct Inner {
    jail: Jail,
    blob: SharedStore,
    slots: Slots,
    stops: Stops,
    steps: memo::Keyed,
    looks: memo::Keyed,
    settings: Settings,
    health: Mutex<Option<(Instant, Result<(), String>)>>,
}

impl Sandbox {
    /// Opens the jail, sweeps what dead instances left, and proves that the jail holds.
    ///
    /// # Errors
    /// Something is missing or does not hold; the error says what and what to do about it.
    pub async fn open(settings: Settings, blob: SharedStore) -> Result<Self, JailUnavailable> {
        let (jail_settings, timeout) = (settings.jail.clone(), settings.max_timeout);
        let opened = tokio::task::spawn_blocking(move || Jail::open(&jail_settings, timeout)).await;
        let jail = opened.map_err(|error| JailUnavailable::new(error.to_string(), "report this"))??;
        probe::exercise(&jail).await?;
        let inner = Inner {
            jail,
            blob,
            slots: Slots::new(settings.slots, settings.queue),
            stops: Stops::default(),
            steps: memo::Keyed::default(),
            looks: memo::Keyed::default(),
            settings,
            health: Mutex::new(None),
        };
        let sandbox = Self(Arc::new(inner));
        fonts::prepare(&sandbox);
        Ok(sandbox)
    }

    /// The isolation every run gets.
    pub fn isolation(&self) -> Isolation {
        self.0.jail.isolation()
    }

    /// Proves that code can run now, by running some; the result stands for a few seconds.
    ///
    /// # Errors
    /// A sentence for the operator; it holds no internal text.
    pub async fn check(&self) -> Result<(), String> {
        let mut health = self.0.health.lock().await;
        if let Some((at, result)) = &*health
            && at.elapsed() < HEALTH_KEPT
        {
            return result.clone();
        }
        let result = probe::alive(self).await;
        *health = Some((Instant::now(), result.clone()));
        result
    }
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}
