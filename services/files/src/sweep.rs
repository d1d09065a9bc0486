//! Removes blobs without a row: of uploads that a crash or a failing store left between the two, and of
//! removed uploads whose blobs could not be removed at once.

use crate::keys::{self, FileKeys};
use crate::{Files, fault};
use chrono::{DateTime, Utc};
use common::{Failure, FileId, OwnerId};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Age in seconds below which an upload may still be under way in some process.
pub const GRACE: Duration = Duration::from_secs(60 * 60);
/// Time between two sweeps.
const INTERVAL: Duration = Duration::from_secs(6 * 60 * 60);
/// Rows asked for at a time.
const BATCH: usize = 500;

impl Files {
    /// Sweeps now and then every few hours, until stopped.
    pub fn start(&self, stop: CancellationToken) -> tokio::task::JoinHandle<()> {
        let files = self.clone();
        tokio::spawn(async move {
            let sweeping = async {
                let mut interval = tokio::time::interval(INTERVAL);
                loop {
                    interval.tick().await;
                    // A failure is in the log; the next sweep tries again.
                    let _ = files.sweep(GRACE).await;
                    let _ = files.remove_old().await;
                }
            };
            // Stopping in the middle is fine: what was left is found again.
            stop.run_until_cancelled(sweeping).await;
        })
    }

    /// Removes the blobs of uploads that have no row and are older than `grace`; answers how many uploads.
    ///
    /// # Errors
    /// The store or the database cannot be read or written.
    pub async fn sweep(&self, grace: Duration) -> Result<usize, Failure> {
        let keys = self.blob().list(&keys::root()).await.map_err(|error| fault::not_read(&error))?;
        let now = database::now();
        let old: BTreeMap<FileId, OwnerId> = keys
            .iter()
            .filter_map(keys::upload_of)
            .filter(|(_, id)| is_older(*id, now, grace))
            .map(|(owner, id)| (id, owner))
            .collect();
        let ids: Vec<_> = old.keys().copied().collect();
        let mut removed = 0;
        for batch in ids.chunks(BATCH) {
            let existing = self.rows().existing(batch).await.map_err(|error| fault::rows_not_read(&error))?;
            for id in batch.iter().filter(|id| !existing.contains(id)) {
                let prefix = FileKeys::new(&old[id], *id).prefix;
                self.blob().delete_prefix(&prefix).await.map_err(|error| fault::not_stored(&error))?;
                removed += 1;
            }
        }
        if removed > 0 {
            tracing::info!(removed, "blobs of uploads without a row were removed");
        }
        Ok(removed)
    }
}

/// Ids carry their time. One without is not of this service's making and stays.
fn is_older(id: FileId, now: DateTime<Utc>, grace: Duration) -> bool {
    let Some(made) = id.0.get_timestamp() else { return false };
    let (seconds, _) = made.to_unix();
    let age = now.timestamp().saturating_sub_unsigned(seconds);
    age >= i64::try_from(grace.as_secs()).unwrap_or(i64::MAX)
}
