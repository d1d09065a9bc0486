//! From a job and its stored results to the report a person gets.

use crate::doc::{Attempt, Job, Millis, Step, Turn};
use crate::measure;
use blob::{BlobError, BlobKey, BlobReader, ErrorKind};
use common::compare::{Proof, Round};
use common::execution::{ExecutionResult, OutputFile};
use common::job::{JobReport, ReportReview, ReportRun, ReportStep};
use common::{ErrorCode, Failure, JobId};

/// How outputs are named in a report's `path`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkStyle {
    /// As links below `/api/v1`.
    Http,
    /// As blob keys, for a caller in the same process that copies them out.
    BlobKey,
}

/// Largest stored result that is read back: both streams at their caps with room for the rest.
const MAX_RESULT_BYTES: u64 = 16 * 1024 * 1024;

/// Where everything of a job is kept.
pub fn job_prefix(id: JobId) -> Result<BlobKey, Failure> {
    BlobKey::parse(&format!("jobs/{id}")).map_err(|_| Failure::new(ErrorCode::Internal))
}

/// Where everything of all jobs is kept.
pub fn jobs_prefix() -> Result<BlobKey, Failure> {
    BlobKey::parse("jobs").map_err(|_| Failure::new(ErrorCode::Internal))
}

/// What a client may know of a failed blob operation.
pub fn blob_failure(error: &BlobError) -> Failure {
    tracing::error!(error = %error, cause = ?std::error::Error::source(error).map(ToString::to_string), "blob store failed");
    Failure::new(ErrorCode::StorageUnavailable)
}

/// Makes the report.
pub async fn of<B: BlobReader + ?Sized>(
    job: &Job,
    blob: &B,
    links: LinkStyle,
    now: Millis,
) -> Result<JobReport, Failure> {
    let delivered = job.delivered();
    let run = match delivered {
        Some(attempt) => run_of(attempt, blob).await?,
        None => None,
    };
    let outputs = delivered.map(|attempt| measure::deliveries(attempt, job.pictures.len())).unwrap_or_default();
    Ok(JobReport {
        job_id: job.id,
        state: job.state,
        summary: job.summary.clone(),
        models: job.models.clone(),
        notes: job.notes.clone(),
        flags: job.flags(),
        stopped_by: job.stopped,
        parent: job.parent(),
        image_kind: job.seen.first().and_then(Option::as_ref).map(|seen| seen.kind),
        code: delivered.map(|attempt| attempt.code.clone()),
        review: delivered
            .and_then(|attempt| attempt.review.as_ref())
            .map(|review| ReportReview { verdict: review.verdict, findings: review.findings.clone() }),
        run,
        outputs: outputs.iter().map(|output| linked(job.id, output, links)).collect(),
        rounds: rounds(job),
        proof: delivered.map(|attempt| proof(attempt, job.pictures.len())).unwrap_or_default(),
        steps: steps(job, now),
        usage: job.usage,
        error: job.error.clone(),
    })
}

/// The attempts that were measured.
fn rounds(job: &Job) -> Vec<Round> {
    let attempts = job.turns.iter().enumerate().filter_map(|(index, turn)| match turn {
        Turn::Attempt(attempt) => Some((index, attempt)),
        _ => None,
    });
    let scored = attempts.zip(1..).filter_map(|((index, attempt), number)| {
        let comparison = attempt.comparison.as_ref()?;
        Some(Round {
            attempt: number,
            score: comparison.score,
            good: comparison.good,
            measures: comparison.measures.clone(),
            code_report: comparison.code_report.clone(),
            visual_report: comparison.visual_report.clone(),
            critique: attempt.critique.clone().filter(|critique| !critique.model.is_empty()),
            delivered: job.best == Some(index),
        })
    });
    scored.collect()
}

fn proof(attempt: &Attempt, pictures: usize) -> Vec<Proof> {
    let values = attempt.comparison.as_ref().map(|comparison| comparison.values.as_slice()).unwrap_or_default();
    let of = |measured: &crate::doc::Measured| Proof {
        picture: u32::try_from(measured.picture).unwrap_or_default(),
        values: values.iter().find(|values| values.picture as usize == measured.picture).copied(),
        overlay_png: measured
            .overlay_png
            .as_ref()
            .map(|overlay| measure::overlay_name(attempt, pictures, measured.picture, &overlay.name)),
        overlay_json: measured
            .overlay_json
            .as_ref()
            .map(|overlay| measure::overlay_name(attempt, pictures, measured.picture, &overlay.name)),
    };
    attempt.measured.iter().map(of).collect()
}

/// The steps so far; a running one has lasted until now.
pub fn steps(job: &Job, now: Millis) -> Vec<ReportStep> {
    let lasted = |step: &Step| u64::try_from(step.finished_at.unwrap_or(now) - step.started_at).unwrap_or(0);
    job.steps.iter().map(|step| ReportStep { kind: step.kind, state: step.state, duration_ms: lasted(step) }).collect()
}

/// The run with its whole streams; with their ends where the whole result cannot be read any more.
async fn run_of<B: BlobReader + ?Sized>(attempt: &Attempt, blob: &B) -> Result<Option<ReportRun>, Failure> {
    let Some(run) = &attempt.run else { return Ok(None) };
    let whole = whole_result(&run.result_key, blob).await?;
    let (stdout, stderr) = match whole {
        Some(result) => (result.stdout, result.stderr),
        None => (run.stdout_tail.clone(), run.stderr_tail.clone()),
    };
    Ok(Some(ReportRun { status: run.status, exit_code: run.exit_code, duration_ms: run.duration_ms, stdout, stderr }))
}

async fn whole_result<B: BlobReader + ?Sized>(key: &str, blob: &B) -> Result<Option<ExecutionResult>, Failure> {
    let Ok(key) = BlobKey::parse(key) else { return Ok(None) };
    match blob.get(&key, MAX_RESULT_BYTES).await {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes)
            .inspect_err(|error| tracing::error!(%error, "stored result is not readable"))
            .ok()),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(blob_failure(&error)),
    }
}

fn linked(job: JobId, output: &OutputFile, links: LinkStyle) -> OutputFile {
    let path = match links {
        LinkStyle::BlobKey => output.path.clone(),
        LinkStyle::Http => format!("/api/v1/jobs/{job}/outputs/{}", edge::output::link_path(&output.name)),
    };
    OutputFile { path, ..output.clone() }
}
