//! What is told of runs: a span for each, and metrics. Never the code, and nothing of what it printed.

use crate::Sandbox;
use crate::jail::{JailError, Outcome};
use common::execution::{Isolation, RunStatus, Start};
use observe::table::{SANDBOX_KILLS, SANDBOX_ROOMS, SANDBOX_SLOTS, SANDBOX_STARTS};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::Span;
use tracing::field::Empty;

/// Time between two looks at rooms and places.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// The span of a run that begins, below whatever asked for it.
pub(crate) fn span() -> Span {
    tracing::info_span!(
        "run code",
        process.exit.code = Empty,
        sandbox.status = Empty,
        sandbox.start = Empty,
        sandbox.peak_memory_bytes = Empty,
        sandbox.cpu_ms = Empty
    )
}

/// What came of it.
pub(crate) fn ended(span: &Span, ended: &Result<(Outcome, Isolation), JailError>) {
    let outcome = match ended {
        Ok((outcome, _)) => outcome,
        Err(_) => return observe::failed(span, "jail_unavailable"),
    };
    let path = match outcome.start {
        Start::Warm => "warm",
        Start::Cold => "cold",
    };
    observe::counter!(SANDBOX_STARTS, "path" => path).increment(1);
    if !matches!(outcome.status, RunStatus::Ok | RunStatus::Error) {
        observe::counter!(SANDBOX_KILLS, "reason" => outcome.status.as_str()).increment(1);
    }
    span.record("sandbox.start", path);
    span.record("sandbox.status", outcome.status.as_str());
    span.record("sandbox.peak_memory_bytes", outcome.peak_memory_bytes);
    span.record("sandbox.cpu_ms", u64::try_from(outcome.cpu.as_millis()).unwrap_or(u64::MAX));
    if let Some(code) = outcome.exit_code {
        span.record("process.exit.code", code);
    }
    if outcome.status != RunStatus::Ok {
        observe::failed(span, outcome.status.as_str());
    }
}

/// Tells how many places are taken and how many rooms stand ready, until the stop.
pub(crate) async fn watch(sandbox: Sandbox, stop: CancellationToken) {
    loop {
        observe::gauge!(SANDBOX_SLOTS, "state" => "busy").set(sandbox.0.slots.busy() as f64);
        observe::gauge!(SANDBOX_SLOTS, "state" => "waiting").set(sandbox.0.slots.waiting() as f64);
        // A supervisor that does not answer is told by the checks of readiness.
        for tier in sandbox.0.room.tiers().await.unwrap_or_default() {
            observe::gauge!(SANDBOX_ROOMS, "room" => tier.tier).set(f64::from(tier.ready));
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}
