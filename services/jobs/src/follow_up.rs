//! Jobs that go on from one that has ended: something changed, or an axis corrected. Each is a job of its own, so that
//! what was before stays as it was, and can be compared.

use crate::calibration::{self, Calibration};
use crate::doc::{Earlier, EarlierReason, Job, Seen, Turn};
use crate::report::{blob_failure, job_prefix};
use crate::request::Retry;
use crate::{JobView, Jobs};
use blob::{BlobKey, ErrorKind};
use bytes::Bytes;
use common::job::MAX_PROMPT_BYTES;
use common::{Caller, ErrorCode, Failure, JobId, TraceContext};
use serde::{Deserialize, Serialize};

/// Longest chain of jobs.
const LONGEST_CHAIN: usize = 50;

/// Largest evidence and overlay that are read, in bytes.
const MOST_BYTES: u64 = 8 << 20;

/// Names of what a job keeps of the one it goes on from.
const CODE: &str = "earlier.py";
const OVERLAY: &str = "earlier-overlay.json";

/// Body of `POST /api/v1/jobs/{id}/refine`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refinement {
    /// What should be different. 1 to 16,384 bytes.
    #[schema(min_length = 1)]
    pub prompt: String,
}

impl Jobs {
    /// Goes on from a job that has ended, with something changed: a new job with its pictures, code and notes.
    ///
    /// # Errors
    /// `job_not_found`, `job_state_conflict` while it has not ended, `invalid_field` for an empty prompt or a chain that is
    /// too long, `prompt_too_long`, `file_not_found` when a picture was deleted since.
    pub async fn refine(
        &self,
        caller: impl Into<Caller>,
        id: JobId,
        refinement: Refinement,
    ) -> Result<JobView, Failure> {
        let caller = caller.into();
        let prompt = refinement.prompt;
        if prompt.trim().is_empty() {
            return Err(Failure::with_detail(ErrorCode::InvalidField, "'prompt' must say what should be different."));
        }
        if prompt.len() > MAX_PROMPT_BYTES {
            let detail = format!("The prompt has {} bytes; at most {MAX_PROMPT_BYTES} are accepted.", prompt.len());
            return Err(Failure::with_detail(ErrorCode::PromptTooLong, detail));
        }
        let old = self.ended(&caller, id).await?;
        let mut job = self.next_of(&caller, &old, EarlierReason::Refine).await?;
        job.prompt = prompt;
        self.accept(&caller, job, None).await
    }

    /// Reads the numbers of a job that has ended again, by corrected axes: a new job that asks no model.
    ///
    /// # Errors
    /// `job_not_found`, `job_state_conflict` while it has not ended, `invalid_field` where the points make no axis,
    /// `file_not_found` when a picture was deleted since.
    pub async fn calibrate(
        &self,
        caller: impl Into<Caller>,
        id: JobId,
        correction: Calibration,
    ) -> Result<JobView, Failure> {
        let caller = caller.into();
        let old = self.ended(&caller, id).await?;
        let seen = old.seen.get(correction.picture).and_then(Option::as_ref).ok_or_else(|| {
            Failure::with_detail(ErrorCode::InvalidField, "'picture' names no picture of this job that was looked at.")
        })?;
        let evidence = self.read(&seen.evidence_key).await?.ok_or_else(|| Failure::new(ErrorCode::Internal))?;
        let evidence = serde_json::from_slice(&evidence).map_err(|error| {
            tracing::error!(job.id = %id, %error, "evidence is not JSON");
            Failure::new(ErrorCode::Internal)
        })?;
        let corrected = calibration::correct(evidence, &correction)?;
        let mut job = self.next_of(&caller, &old, EarlierReason::Calibration).await?;
        job.prompt = old.prompt.clone();
        for (slot, seen) in job.seen.iter_mut().zip(&old.seen) {
            if slot.is_none() {
                slot.clone_from(seen);
            }
        }
        let key = self.keep(job.id, "evidence.json", corrected.to_string().into()).await?;
        if let Some(Some(seen)) = job.seen.get_mut(correction.picture) {
            seen.evidence_key = key;
        }
        self.accept(&caller, job, None).await
    }

    /// Starts over with what a job that has ended was given: its pictures, prompt and options, and what it went on from;
    /// what `change` names is different.
    ///
    /// # Errors
    /// `job_not_found`, `job_state_conflict` while it has not ended, `invalid_field` for options that are not allowed,
    /// `file_not_found` when a picture was deleted since.
    pub async fn retry(&self, caller: impl Into<Caller>, id: JobId, change: Retry) -> Result<JobView, Failure> {
        let caller = caller.into();
        let old = self.job(&caller.owner, id).await?;
        if !old.state.is_final() {
            return Err(Failure::with_detail(ErrorCode::JobStateConflict, "Only a job that has ended can be retried."));
        }
        let options = change.of(old.options)?;
        let mut job = self.with_pictures_of(&caller, &old).await?;
        job.options = options;
        job.prompt = old.prompt.clone();
        if let Some(earlier) = &old.earlier {
            let code_key = self.copy(&earlier.code_key, job.id, CODE).await?;
            let overlay_key = self.copy(&earlier.overlay_key, job.id, OVERLAY).await?;
            job.earlier = Some(Earlier { code_key, overlay_key, ..earlier.clone() });
        }
        self.accept(&caller, job, None).await
    }

    async fn ended(&self, caller: &Caller, id: JobId) -> Result<Job, Failure> {
        let old = self.job(&caller.owner, id).await?;
        if !old.state.is_final() {
            return Err(Failure::with_detail(
                ErrorCode::JobStateConflict,
                "Only a job that has ended can be gone on from.",
            ));
        }
        Ok(old)
    }

    /// A job with the pictures, options and notes of an old one, and copies of what it needs of that one's result.
    async fn next_of(&self, caller: &Caller, old: &Job, reason: EarlierReason) -> Result<Job, Failure> {
        let mut chain = old.earlier.as_ref().map(|earlier| earlier.chain.clone()).unwrap_or_default();
        chain.push(old.id);
        if chain.len() > LONGEST_CHAIN {
            let detail = format!("A chain has at most {LONGEST_CHAIN} jobs; begin a new one.");
            return Err(Failure::with_detail(ErrorCode::InvalidField, detail));
        }
        let mut job = self.with_pictures_of(caller, old).await?;
        job.turns.extend(old.turns.iter().rfind(|turn| matches!(turn, Turn::VisionNotes { .. })).cloned());
        let mut requests = old.earlier.as_ref().map(|earlier| earlier.requests.clone()).unwrap_or_default();
        if old.earlier.as_ref().is_none_or(|earlier| earlier.reason == EarlierReason::Refine) {
            requests.push(old.prompt.clone());
        }
        let mut earlier = Earlier {
            reason,
            chain,
            requests,
            code_key: String::new(),
            model: String::new(),
            summary: old.summary.clone(),
            overlay_key: String::new(),
        };
        if let Some(attempt) = old.delivered() {
            earlier.model = attempt.model.clone();
            earlier.code_key = self.keep(job.id, CODE, attempt.code.clone().into_bytes().into()).await?;
            let first = attempt.measured.iter().find(|measured| measured.picture == 0);
            let overlay = first.and_then(|measured| measured.overlay_json.as_ref());
            earlier.overlay_key =
                self.copy(overlay.map_or("", |overlay| overlay.path.as_str()), job.id, OVERLAY).await?;
        }
        job.earlier = Some(earlier);
        Ok(job)
    }

    /// A job with an old one's pictures and options. Axes that were corrected stay so; everything else is looked at anew.
    async fn with_pictures_of(&self, caller: &Caller, old: &Job) -> Result<Job, Failure> {
        let mut pictures = Vec::with_capacity(old.pictures.len());
        for picture in &old.pictures {
            pictures.push(self.inner.pictures.picture(caller, picture.file_id).await?);
        }
        let mut job = Job::accepted(JobId::new(), String::new(), old.options, pictures, self.now());
        job.trace = Some(caller.trace.clone().or_else(observe::current).unwrap_or_else(TraceContext::begin));
        for (index, seen) in old.seen.iter().enumerate() {
            // What the look script saw is kept by the picture's content; what stands with the job was corrected.
            let Some(seen) = seen.as_ref().filter(|seen| seen.evidence_key.starts_with("jobs/")) else { continue };
            let evidence_key = self.copy(&seen.evidence_key, job.id, &format!("evidence-{index}.json")).await?;
            if !evidence_key.is_empty() {
                job.seen[index] = Some(Seen { evidence_key, ..seen.clone() });
            }
        }
        Ok(job)
    }

    /// Copies a file into a job's folder and gives its key; empty where there is none.
    async fn copy(&self, key: &str, id: JobId, name: &str) -> Result<String, Failure> {
        match self.read(key).await? {
            Some(bytes) => self.keep(id, name, bytes).await,
            None => Ok(String::new()),
        }
    }

    async fn read(&self, key: &str) -> Result<Option<Bytes>, Failure> {
        let Ok(key) = BlobKey::parse(key) else { return Ok(None) };
        match self.inner.blob.get(&key, MOST_BYTES).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::TooLarge) => Ok(None),
            Err(error) => Err(blob_failure(&error)),
        }
    }

    /// Stores a file of a job, before the job: where accepting fails, it is found by no one.
    async fn keep(&self, id: JobId, name: &str, bytes: Bytes) -> Result<String, Failure> {
        let key = job_prefix(id)?.join(name).map_err(|_| Failure::new(ErrorCode::Internal))?;
        self.inner.blob.put(&key, bytes).await.map_err(|error| blob_failure(&error))?;
        Ok(key.to_string())
    }
}
