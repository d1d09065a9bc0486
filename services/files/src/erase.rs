//! Removes what an owner wants gone, and what is older than uploads are kept.

use crate::keys::{FileKeys, owner_prefix};
use crate::store::FileRow;
use crate::{Files, fault};
use blob::BlobKey;
use chrono::TimeDelta;
use common::{Failure, OwnerId};
use std::collections::BTreeSet;

/// Rows worked on at a time.
const BATCH: u64 = 500;

/// Where looks at pictures are kept, by the pictures' digests: `looks/{sha256}-….json`.
const LOOKS: &str = "looks";

impl Files {
    /// Removes all uploads of one owner: rows, bytes, and the looks at their pictures unless somebody else has the same
    /// picture. Safe to repeat.
    ///
    /// # Errors
    /// `not_ready`, `storage_unavailable`; something is left then.
    pub async fn erase_owner(&self, owner: &OwnerId) -> Result<(), Failure> {
        loop {
            let rows = self.rows().page(owner, None, BATCH).await.map_err(|error| fault::rows_not_read(&error))?;
            if rows.is_empty() {
                break;
            }
            self.remove(&rows).await?;
        }
        // What uploads left that were broken off.
        self.blob().delete_prefix(&owner_prefix(owner)).await.map_err(|error| fault::not_stored(&error))
    }

    /// Removes uploads that are older than they are kept; answers how many.
    ///
    /// # Errors
    /// `not_ready`, `storage_unavailable`.
    pub async fn remove_old(&self) -> Result<usize, Failure> {
        let Some(days) = self.settings().retention_days else { return Ok(0) };
        let days = TimeDelta::try_days(i64::try_from(days).unwrap_or(i64::MAX));
        let Some(before) = days.and_then(|days| database::now().checked_sub_signed(days)) else { return Ok(0) };
        let mut removed = 0;
        loop {
            let rows = self.rows().older_than(before, BATCH).await.map_err(|error| fault::rows_not_read(&error))?;
            if rows.is_empty() {
                break;
            }
            removed += rows.len();
            self.remove(&rows).await?;
        }
        if removed > 0 {
            tracing::info!(removed, "uploads were removed that are older than they are kept");
        }
        Ok(removed)
    }

    /// Bytes first: if that fails the rows still say that they exist, and removing again works.
    async fn remove(&self, rows: &[FileRow]) -> Result<(), Failure> {
        for row in rows {
            let prefix = FileKeys::new(&row.owner, row.id).prefix;
            self.blob().delete_prefix(&prefix).await.map_err(|error| fault::not_stored(&error))?;
        }
        let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
        let pictures: BTreeSet<&str> = rows.iter().map(|row| row.image_sha256.as_str()).collect();
        let shared = self.rows().pictures_of_others(&pictures, &ids).await;
        let shared = shared.map_err(|error| fault::rows_not_read(&error))?;
        self.remove_looks(&pictures.into_iter().filter(|picture| !shared.contains(*picture)).collect()).await?;
        self.rows().delete_all(&ids).await.map_err(|error| fault::row_not_stored(&error))
    }

    async fn remove_looks(&self, pictures: &BTreeSet<&str>) -> Result<(), Failure> {
        let Ok(all) = BlobKey::parse(LOOKS) else { return Ok(()) };
        for key in self.blob().list(&all).await.map_err(|error| fault::not_read(&error))? {
            let picture = key.segments().nth(1).and_then(|name| name.split_once('-')).map(|(picture, _)| picture);
            if picture.is_some_and(|picture| pictures.contains(picture)) {
                self.blob().delete(&key).await.map_err(|error| fault::not_stored(&error))?;
            }
        }
        Ok(())
    }
}
