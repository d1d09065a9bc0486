//! How the sandbox is: what proved itself, when, and how the import tiers are.

use crate::Sandbox;
use crate::jail::TierHealth;
use crate::probe::{self, Probed};
use common::execution::Isolation;
use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

/// How often the walls are proved again.
const PROVE_EVERY: Duration = Duration::from_secs(600);
/// How soon they are proved again where one did not hold: a probe may have broken off with a supervisor that died.
const PROVE_AGAIN: Duration = Duration::from_secs(15);
/// Pause before the first proof: whoever starts up has better things to do, and the walls were exercised once
/// already when the sandbox was opened.
const PROVE_AFTER: Duration = Duration::from_secs(3);
/// How long the result of a sign of life stands.
const ALIVE_KEPT: Duration = Duration::from_secs(10);

/// What is known of the sandbox's health.
#[derive(Debug, Default)]
pub struct Known {
    /// The last sign of life.
    alive: Option<(Instant, Result<(), String>)>,
    /// The last proof of the walls.
    proved: Option<(Instant, Vec<Probed>)>,
}

/// The sandbox's health, for people and programs.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SandboxHealth {
    /// The isolation every run gets, with the usual limits.
    pub isolation: Isolation,
    /// How each import tier is. Where one is not serving, runs start cold, with the same isolation. Empty for
    /// containers: they have none.
    pub tiers: Vec<TierHealth>,
    /// What the last proof found; empty until the first one is done.
    pub probes: Vec<Probed>,
    /// Seconds since that proof.
    pub proved_seconds_ago: Option<u64>,
    /// Direct runs that wait for a slot.
    pub waiting: usize,
}

impl Sandbox {
    /// Proves that code can run now, by running some, and that the walls held when they were last proved.
    ///
    /// # Errors
    /// A sentence for the operator; it holds no internal text.
    pub async fn check(&self) -> Result<(), String> {
        let mut known = self.0.health.lock().await;
        if let Some((_, probes)) = &known.proved
            && let Some(failed) = probes.iter().find(|probe| !probe.ok)
        {
            return Err(format!("The probe '{}' failed: {}", failed.name, failed.detail));
        }
        if let Some((at, result)) = &known.alive
            && at.elapsed() < ALIVE_KEPT
        {
            return result.clone();
        }
        let result = probe::alive(self).await;
        known.alive = Some((Instant::now(), result.clone()));
        result
    }

    /// Proves the walls now, through the path that every run takes.
    pub async fn prove(&self) -> Vec<Probed> {
        let probes = probe::all(self).await;
        self.0.health.lock().await.proved = Some((Instant::now(), probes.clone()));
        probes
    }

    /// Everything that is known of the sandbox's health. Runs nothing.
    pub async fn health(&self) -> SandboxHealth {
        let tiers = self.0.room.tiers().await.unwrap_or_else(|error| {
            tracing::error!(%error, "the tiers' health");
            Vec::new()
        });
        let known = self.0.health.lock().await;
        let (at, probes) = known.proved.as_ref().map_or((None, Vec::new()), |(at, probes)| (Some(*at), probes.clone()));
        SandboxHealth {
            isolation: self.isolation().await,
            tiers,
            probes,
            proved_seconds_ago: at.map(|at| at.elapsed().as_secs()),
            waiting: self.0.slots.waiting(),
        }
    }
}

/// Proves the walls soon and again and again until `stop`.
pub async fn keep_proving(sandbox: Sandbox, stop: CancellationToken) {
    let mut pause = PROVE_AFTER;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        let probes = tokio::select! {
            () = stop.cancelled() => return,
            probes = sandbox.prove() => probes,
        };
        pause = if probes.iter().all(|probe| probe.ok) { PROVE_EVERY } else { PROVE_AGAIN };
        for failed in probes.iter().filter(|probe| !probe.ok) {
            tracing::error!(probe = failed.name, detail = failed.detail, "a wall of the sandbox does not hold");
        }
    }
}
