//! Sends what is due, until stopped.

use super::hook::Call;
use super::schedule::{Outcome, next_attempt};
use super::{Channel, Payload};
use crate::Jobs;
use crate::doc::Millis;
use crate::orchestrator::log_error;
use crate::store::{ChannelRow, Claimed, Settled, StoreError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// How long a replica has for a delivery. Longer than any attempt with writing down what came of it; where it is over the
/// replica is taken for dead.
pub const LEASE: Duration = Duration::from_secs(90);

/// Deliveries sent at a time by one replica: slow receivers do not hold up others.
const AT_A_TIME: usize = 8;

/// How often it is looked for what is due.
const TICK: Duration = Duration::from_secs(1);

/// How long deliveries are shown after their end.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// How often old ones are removed.
const PRUNING: Duration = Duration::from_secs(3600);

/// Attempts to write down what came of an attempt, and the pause between them.
const WRITES: usize = 5;
const WRITE_PAUSE: Duration = Duration::from_secs(1);

/// See the module. What is under way at a stop is brought to its end.
pub async fn run(jobs: Jobs, stop: CancellationToken) {
    let (places, sending) = (Arc::new(Semaphore::new(AT_A_TIME)), TaskTracker::new());
    let mut prune_at = tokio::time::Instant::now();
    loop {
        let Some(Ok(place)) = stop.run_until_cancelled(places.clone().acquire_owned()).await else { break };
        match jobs.inner.store.claim_delivery(millis(jobs.inner.ways.lease), jobs.now()).await {
            Ok(Some(claimed)) => {
                let jobs = jobs.clone();
                sending.spawn(async move {
                    deliver(&jobs, claimed).await;
                    drop(place);
                });
                continue;
            }
            Ok(None) => {}
            Err(error) => log_error("looking for what is to be sent", &error),
        }
        drop(place);
        if prune_at <= tokio::time::Instant::now() {
            prune_at += PRUNING;
            if let Err(error) = jobs.inner.store.prune_deliveries(jobs.now() - millis(KEPT)).await {
                log_error("removing old deliveries", &error);
            }
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = jobs.inner.deliveries_waiting.notified() => {}
            () = tokio::time::sleep(TICK) => {}
        }
    }
    sending.close();
    sending.wait().await;
}

fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

/// Makes one attempt and writes down what came of it.
async fn deliver(jobs: &Jobs, claimed: Claimed) {
    let outcome = attempt(jobs, &claimed).await;
    let closes = matches!(outcome, Outcome::Never { closes: true, .. });
    let now = jobs.now();
    let settled = match outcome {
        Outcome::Sent => Settled::Sent,
        Outcome::Never { why, .. } => Settled::Failed(why),
        Outcome::Again { why, after } => match next_attempt(claimed.row.attempts, after, luck(), now) {
            Some(at) => Settled::Again(at, why),
            None => Settled::Failed(why),
        },
    };
    tracing::info!(
        delivery_id = %claimed.row.id, channel = claimed.row.channel.as_str(), attempts = claimed.row.attempts,
        ?settled, "a notification was tried"
    );
    for left in (0..WRITES).rev() {
        match write(jobs, &claimed, &settled, closes).await {
            Ok(()) => return,
            Err(error) if left == 0 => log_error("what came of a delivery; it is sent again", &error),
            Err(_) => tokio::time::sleep(WRITE_PAUSE).await,
        }
    }
}

async fn write(jobs: &Jobs, claimed: &Claimed, settled: &Settled, closes: bool) -> Result<(), StoreError> {
    let store = &jobs.inner.store;
    if closes && let (Settled::Failed(why), Some(channel)) = (settled, &claimed.channel) {
        store.close_channel(&claimed.owner, channel.channel, &channel.address, why).await?;
    }
    if !store.settle(claimed, settled, jobs.now()).await? {
        tracing::warn!(delivery_id = %claimed.row.id, "a delivery took longer than its lease");
    }
    Ok(())
}

/// Between 0 and 1.
fn luck() -> f64 {
    f64::from(u16::try_from(Uuid::new_v4().as_u128() & 0xffff).unwrap_or_default()) / f64::from(u16::MAX)
}

/// The channel, where this may be sent there now: people may have changed their mind since.
fn open_channel(claimed: &Claimed) -> Result<&ChannelRow, &'static str> {
    let off = "The channel was switched off.";
    let channel = claimed.channel.as_ref().ok_or(off)?;
    match (&claimed.row.payload, channel.channel) {
        (_, Channel::Email) if channel.address != claimed.row.address => Err("The address was changed."),
        // The one thing that goes to an address that is not confirmed.
        (Payload::Code(_), Channel::Email) => Ok(channel),
        _ if channel.is_on() => Ok(channel),
        _ => Err(off),
    }
}

async fn attempt(jobs: &Jobs, claimed: &Claimed) -> Outcome {
    let ways = &jobs.inner.ways;
    let row = &claimed.row;
    let never = |why: &str| Outcome::Never { why: why.to_owned(), closes: false };
    let channel = match open_channel(claimed) {
        Ok(channel) => channel,
        Err(why) => return never(why),
    };
    let id = format!("msg_{}", row.id.simple());
    match (channel.channel, &ways.mailer) {
        (Channel::Webhook, _) => {
            let body = row.payload.body(row.created_at, &ways.public_url);
            let secret = channel.secret.as_deref().unwrap_or_default();
            ways.hooks.send(Call { url: &channel.address, id: &id, secret, body }).await
        }
        (Channel::Email, Some(mailer)) => {
            mailer.send(&row.payload.letter(&channel.address, &id, &ways.public_url)).await
        }
        (Channel::Email, None) => never("This server sends no mail."),
    }
}
