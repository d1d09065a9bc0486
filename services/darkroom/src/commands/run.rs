//! `darkroom run`: pictures through the whole system, in this process.

use super::{out, print_json};
use crate::cli;
use crate::delivery::Delivery;
use crate::exit::Exit;
use crate::printable::printable;
use crate::progress::Progress;
use crate::system::System;
use bytes::Bytes;
use common::job::{JobReport, JobState};
use common::spend::Spending;
use common::{ErrorCode, Failure, FileId, JobId, OwnerId};
use futures::StreamExt;
use jobs::{LinkStyle, NewJob};
use runtime::{Environment, NotReady, parts, stop};
use serde_json::{Value, json};
use std::path::PathBuf;
use tracing::Instrument;

/// What ended the command early.
struct Ended {
    exit: Exit,
    failure: Failure,
}

impl Ended {
    fn usage(failure: Failure) -> Self {
        Self { exit: Exit::Usage, failure }
    }

    fn not_ready(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { exit: Exit::NotReady, failure: Failure::with_detail(code, detail) }
    }
}

pub async fn run(options: cli::Run, environment: Environment) -> Exit {
    let mut progress = Progress::new(!options.json);
    // What would be a request: all that happens belongs below it.
    let span = tracing::info_span!("darkroom run");
    match develop(&options, &environment, &mut progress).instrument(span).await {
        Ok((report, files)) => {
            if options.json {
                print_json(&report);
            } else {
                print_text(&report, &files);
            }
            if report.state == JobState::Succeeded { Exit::Success } else { Exit::Failure }
        }
        Err(Ended { exit, failure }) => {
            if options.json {
                print_json(&without_job(&failure));
            } else {
                eprintln!("{}\n  -> {}", failure.detail, failure.advice);
            }
            exit
        }
    }
}

/// The report's shape when there is no job to report on.
fn without_job(failure: &Failure) -> Value {
    json!({
        "job_id": null, "state": "failed", "summary": failure.detail, "models": [], "notes": [], "flags": [],
        "stopped_by": null, "parent": null, "image_kind": null, "code": null, "review": null, "run": null, "outputs": [],
        "rounds": [], "proof": [], "steps": [], "usage": Spending::default(), "error": failure,
    })
}

async fn develop(
    options: &cli::Run,
    environment: &Environment,
    progress: &mut Progress,
) -> Result<(JobReport, Vec<PathBuf>), Ended> {
    let mut delivery = Delivery::open(&options.out).map_err(|error| {
        let detail = format!("The output folder {} cannot be written: {error}", options.out.display());
        let advice = "Name a folder that you may write to, with --out.".to_owned();
        Ended::usage(Failure { advice, ..Failure::with_detail(ErrorCode::InvalidField, detail) })
    })?;
    if delivery.had_files() {
        progress.note(&format!(
            "{} has files already: those of the same name are replaced, the others stay",
            options.out.display()
        ));
    }
    let mut pictures = Vec::new();
    for path in &options.images {
        let read = read_image(path, environment.settings.max_upload_bytes.0);
        pictures.push((path, read.map_err(Ended::usage)?));
    }
    // Nothing is kept but the results; a server's data folder is none of this command's business.
    let data = tempfile::tempdir().map_err(|error| {
        Ended::not_ready(ErrorCode::StorageUnavailable, format!("No temporary folder can be made: {error}"))
    })?;
    let not_ready = |error: NotReady| Ended {
        exit: Exit::NotReady,
        failure: Failure { advice: error.fix, ..Failure::with_detail(ErrorCode::NotReady, error.reason) },
    };
    let shared = parts::shared_if_there(&environment.settings).map_err(not_ready)?;
    let system = System::open(environment, data.path(), shared).await.map_err(not_ready)?;
    let running = system.start().await.map_err(|error| Ended::not_ready(ErrorCode::NotReady, error.to_string()))?;
    let ended = in_system(&system, options, pictures, progress, &mut delivery).await;
    running.stop().await;
    ended
}

fn read_image(path: &std::path::Path, limit: u64) -> Result<Bytes, Failure> {
    use std::io::Read;
    let unreadable = |error: std::io::Error| {
        let advice = "Name a picture that is there and that you may read.".to_owned();
        let detail = format!("{} cannot be read: {error}", path.display());
        Failure { advice, ..Failure::with_detail(ErrorCode::MissingFile, detail) }
    };
    let mut content = Vec::new();
    // One byte more than allowed is enough for the files service to refuse it with its own words.
    std::fs::File::open(path).map_err(unreadable)?.take(limit + 1).read_to_end(&mut content).map_err(unreadable)?;
    Ok(Bytes::from(content))
}

async fn in_system(
    system: &System,
    options: &cli::Run,
    pictures: Vec<(&PathBuf, Bytes)>,
    progress: &mut Progress,
    delivery: &mut Delivery,
) -> Result<(JobReport, Vec<PathBuf>), Ended> {
    let owner = OwnerId::local();
    let mut file_ids: Vec<FileId> = Vec::new();
    for (path, content) in pictures {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let file = system.files.ingest(&owner, &name, content).await.map_err(|mut failure| {
            failure.detail = format!("{}: {}", path.display(), failure.detail);
            Ended::usage(failure)
        })?;
        progress.note(&format!("picture {}: {} x {} pixels", path.display(), file.width, file.height));
        for note in &file.notes {
            progress.note(note);
        }
        file_ids.push(file.id);
    }
    let request = NewJob { file_ids, prompt: options.prompt.clone(), options: Default::default() };
    let job = system.jobs.create(&owner, request, None).await.map_err(Ended::usage)?;
    follow(system, &owner, job.id, progress).await?;
    let report = system
        .jobs
        .report(&owner, job.id, LinkStyle::BlobKey)
        .await
        .map_err(|failure| Ended { exit: Exit::NotReady, failure })?;
    deliver(system, report, delivery).await
}

/// Shows the job's events until it has ended; a stop asked for by the person cancels it.
async fn follow(system: &System, owner: &OwnerId, id: JobId, progress: &mut Progress) -> Result<(), Ended> {
    let events = system.jobs.events(owner, id, 0).await.map_err(|failure| Ended { exit: Exit::NotReady, failure })?;
    tokio::pin!(events);
    let stop = stop::asked();
    tokio::pin!(stop);
    let mut stopping = false;
    let mut ticks = tokio::time::interval(Progress::TICK);
    loop {
        tokio::select! {
            event = events.next() => {
                let Some(event) = event else { return Ok(()) };
                let data = serde_json::from_str(&event.data).unwrap_or(Value::Null);
                progress.event(&event.kind, &data);
            }
            () = &mut stop, if !stopping => {
                stopping = true;
                progress.note("stopping ...");
                // A conflict only says that it has ended by itself meanwhile.
                if let Err(failure) = system.jobs.cancel(owner, id).await {
                    tracing::debug!(code = %failure.code, "nothing to cancel");
                }
            }
            _ = ticks.tick() => progress.tick(),
        }
    }
}

async fn deliver(
    system: &System,
    mut report: JobReport,
    delivery: &mut Delivery,
) -> Result<(JobReport, Vec<PathBuf>), Ended> {
    let failed = |error: std::io::Error| {
        Ended::not_ready(ErrorCode::StorageUnavailable, format!("The results could not be written: {error}"))
    };
    let mut files = Vec::new();
    for output in &mut report.outputs {
        let content =
            system.jobs.content(&output.path).await.map_err(|failure| Ended { exit: Exit::NotReady, failure })?;
        let chunks: Vec<_> = content.collect().await;
        let mut bytes = Vec::with_capacity(usize::try_from(output.bytes).unwrap_or(0));
        for chunk in chunks {
            let chunk = chunk.map_err(|error| Ended::not_ready(ErrorCode::StorageUnavailable, error.to_string()))?;
            bytes.extend_from_slice(&chunk);
        }
        let path = delivery.write(&output.name, &bytes).map_err(failed)?;
        output.path = path.display().to_string();
        files.push(path);
    }
    if let Some(code) = &report.code {
        files.push(delivery.write_own("code", "py", code.as_bytes()).map_err(failed)?);
    }
    let whole =
        serde_json::to_vec_pretty(&report).map_err(|error| Ended::not_ready(ErrorCode::Internal, error.to_string()))?;
    files.push(delivery.write_own("report", "json", &whole).map_err(failed)?);
    Ok((report, files))
}

fn print_text(report: &JobReport, files: &[PathBuf]) {
    let said = match &report.error {
        None => format!("\n{}\n\n", printable(&report.summary)),
        Some(error) => format!("\n{}\n  -> {}\n\n", printable(&error.detail), error.advice),
    };
    let notes = report.notes.iter().map(|note| format!("  Note: {}\n", printable(note)));
    let files = files.iter().map(|file| format!("  {}\n", file.display()));
    out(&std::iter::once(said).chain(notes).chain(files).collect::<String>());
}
