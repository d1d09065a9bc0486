//! One person's data: all of it as one zip, and all of it gone.

use crate::bundle::{self, Entry};
use crate::machine::Input;
use crate::store::Wanted;
use crate::{Jobs, LinkStyle, report, store_failure};
use bytes::Bytes;
use common::picture::{UPLOADS_A_PAGE, Upload};
use common::{Caller, ErrorCode, Failure, FileId, JobId};
use futures::stream::{Stream, StreamExt, try_unfold};
use serde::{Deserialize, Serialize};
use std::io;

/// The word that has to be sent to have everything deleted.
const WORD: &str = "delete";

/// Jobs worked on at a time.
const PAGE: u64 = 100;

/// Body of `DELETE /api/v1/me/data`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Erasure {
    /// The word 'delete': nobody deletes everything by mistake.
    #[schema(example = "delete")]
    pub confirm: String,
}

/// What is found next for the zip.
enum Next {
    /// Settings and notifications.
    Account,
    /// Jobs older than this one.
    Jobs(Option<JobId>),
    /// Uploads older than this one.
    Uploads(Option<FileId>),
    End,
}

impl Jobs {
    /// Everything of one person as the bytes of one zip, made while they are read: settings, notifications, all jobs as
    /// their bundles have them, all uploads.
    pub fn export(&self, caller: Caller) -> impl Stream<Item = io::Result<Bytes>> + use<> {
        let jobs = self.clone();
        let groups = try_unfold(Next::Account, move |next| {
            let (jobs, caller) = (jobs.clone(), caller.clone());
            async move { jobs.next_group(&caller, next).await.map_err(io::Error::other) }
        });
        bundle::pack_all(groups.boxed(), self.now(), self.inner.blob.clone())
    }

    async fn next_group(&self, caller: &Caller, next: Next) -> Result<Option<(Vec<Entry>, Next)>, Failure> {
        let owner = &caller.owner;
        match next {
            Next::Account => {
                let settings = bundle::json(&self.notification_settings(owner).await?)?;
                let mut told = Vec::new();
                let mut before = None;
                loop {
                    let page = self.notifications(owner, false, before, PAGE).await?;
                    told.extend(page.items);
                    before = page.next_cursor;
                    if before.is_none() {
                        break;
                    }
                }
                let entries = vec![
                    Entry::text("notification-settings.json".to_owned(), settings),
                    Entry::text("notifications.json".to_owned(), bundle::json(&told)?),
                ];
                Ok(Some((entries, Next::Jobs(None))))
            }
            Next::Jobs(before) => {
                let found =
                    self.inner.store.list(owner, &Wanted::new(None, "", before)?, 1).await.map_err(store_failure)?;
                let Some(job) = found.into_iter().next() else { return Ok(Some((Vec::new(), Next::Uploads(None)))) };
                let (now, blob) = (self.now(), &*self.inner.blob);
                let report = report::of(&job, blob, LinkStyle::BlobKey, now).await?;
                let told = report::of(&job, blob, LinkStyle::Http, now).await?;
                Ok(Some((bundle::entries(&job, &report, &told)?, Next::Jobs(Some(job.id)))))
            }
            Next::Uploads(before) => {
                let found: Vec<Upload> = self.inner.pictures.uploads(caller, before).await?;
                let next = match found.last() {
                    Some(last) if found.len() >= UPLOADS_A_PAGE => Next::Uploads(Some(last.file_id)),
                    _ => Next::End,
                };
                Ok(Some((found.iter().map(Entry::upload).collect(), next)))
            }
            Next::End => Ok(None),
        }
    }

    /// Deletes everything of one person: jobs that go on are stopped first, then go uploads, jobs with their results,
    /// notifications and settings. Safe to repeat; after an error something may be left.
    ///
    /// # Errors
    /// `invalid_field` without the word, or a storage failure.
    pub async fn erase(&self, caller: &Caller, erasure: &Erasure) -> Result<(), Failure> {
        if erasure.confirm != WORD {
            let detail = format!("'confirm' must be the word '{WORD}': everything of yours is deleted for good.");
            return Err(Failure::with_detail(ErrorCode::InvalidField, detail));
        }
        let owner = &caller.owner;
        for id in self.inner.store.unfinished_of(owner).await.map_err(store_failure)? {
            self.apply(id, Input::Cancel).await.map_err(store_failure)?;
        }
        self.inner.pictures.erase(caller).await?;
        let mut removed = 0_usize;
        loop {
            let found = self.inner.store.list(owner, &Wanted::default(), PAGE).await.map_err(store_failure)?;
            if found.is_empty() {
                break;
            }
            for job in &found {
                // One that was made meanwhile.
                self.apply(job.id, Input::Cancel).await.map_err(store_failure)?;
                self.remove(job.id).await?;
            }
            removed += found.len();
        }
        self.inner.store.erase_owner(owner, self.now()).await.map_err(store_failure)?;
        tracing::info!(removed, "everything of an owner was deleted");
        Ok(())
    }

    /// Removes jobs that ended longer ago than they are kept; answers how many.
    ///
    /// # Errors
    /// A storage failure.
    pub async fn remove_old(&self) -> Result<usize, Failure> {
        let Some(days) = self.inner.settings.retention_days else { return Ok(0) };
        let age_ms = i64::try_from(days).unwrap_or(i64::MAX).saturating_mul(24 * 3_600_000);
        let before = self.now().saturating_sub(age_ms);
        let mut removed = 0;
        loop {
            let found = self.inner.store.ended_before(before, PAGE).await.map_err(store_failure)?;
            for id in &found {
                self.remove(*id).await?;
            }
            removed += found.len();
            if found.is_empty() {
                break;
            }
        }
        if removed > 0 {
            tracing::info!(removed, "jobs were removed that are older than they are kept");
        }
        Ok(removed)
    }

    /// Removes what stands in the store of jobs that have no row: of workers that wrote when their job was gone.
    ///
    /// # Errors
    /// A storage failure.
    pub async fn sweep(&self) -> Result<usize, Failure> {
        let all = report::jobs_prefix()?;
        let keys = self.inner.blob.list(&all).await.map_err(|error| report::blob_failure(&error))?;
        let mut ids: Vec<JobId> = keys
            .iter()
            .filter_map(|key| key.segments().nth(1)?.parse().ok())
            .filter(|id| is_old(*id, self.now()))
            .collect();
        ids.sort();
        ids.dedup();
        let mut removed = 0;
        for ids in ids.chunks(500) {
            let there = self.inner.store.last_events(ids).await.map_err(store_failure)?;
            for id in ids.iter().filter(|id| !there.contains_key(id)) {
                let prefix = report::job_prefix(*id)?;
                self.inner.blob.delete_prefix(&prefix).await.map_err(|error| report::blob_failure(&error))?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

/// Whether nothing of it is under way any more: longer ago than any job takes.
fn is_old(id: JobId, now: i64) -> bool {
    const GRACE_MS: i64 = 2 * 24 * 3_600_000;
    let Some(made) = id.0.get_timestamp() else { return false };
    let (seconds, _) = made.to_unix();
    now.saturating_sub(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000)) > GRACE_MS
}
