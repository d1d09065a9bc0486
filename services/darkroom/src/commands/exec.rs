//! `darkroom exec`: only the sandbox.

use super::{print_json, source_text};
use crate::cli;
use crate::delivery::Delivery;
use crate::exit::Exit;
use crate::printable::one_line;
use crate::system;
use bytes::Bytes;
use common::ErrorCode;
use common::execution::{ExecutionResult, MAX_EXECUTION_CODE_BYTES, RunStatus, Start};
use runtime::{Environment, stop};
use sandbox::{Asked, Chunk, Execution, ExecutionRequest, MAX_INPUT_BYTES, Sandbox, Stream};
use std::io::{Read, Write};
use std::path::PathBuf;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub async fn exec(options: cli::Exec, environment: Environment) -> Exit {
    let request = match request(&options) {
        Ok(request) => request,
        Err(reason) => return refused(&reason),
    };
    let mut delivery = match Delivery::open(&options.out) {
        Ok(delivery) => delivery,
        Err(error) => {
            return refused(&format!("The output folder {} cannot be written: {error}", options.out.display()));
        }
    };
    match in_sandbox(&environment, request, options.json).await {
        Ok((execution, shown)) => deliver(execution, &mut delivery, options.json, shown),
        Err(exit) => exit,
    }
}

fn refused(reason: &str) -> Exit {
    eprintln!("{reason}");
    Exit::Usage
}

fn request(options: &cli::Exec) -> Result<ExecutionRequest, String> {
    let code = source_text(&options.file, MAX_EXECUTION_CODE_BYTES as u64)?;
    let mut inputs = Vec::new();
    for path in &options.input {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .ok_or_else(|| format!("{} has no usable file name.", path.display()))?;
        // One byte more than all inputs may have tells that it is too much; a device would have no end.
        let mut content = Vec::new();
        std::fs::File::open(path)
            .and_then(|file| file.take(MAX_INPUT_BYTES as u64 + 1).read_to_end(&mut content))
            .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        inputs.push((name.to_owned(), Bytes::from(content)));
    }
    let timeout = options.timeout.map(Duration::try_from_secs_f64).transpose();
    let timeout = timeout.map_err(|_| "The timeout is not a number of seconds.".to_owned())?;
    let memory_bytes = options.memory.map(|mib| mib.saturating_mul(1 << 20));
    let asked = Asked { memory_bytes, pids: options.pids, cpu_percent: None };
    Ok(ExecutionRequest { inputs, timeout, asked, ..ExecutionRequest::new(code) })
}

/// Chunks of output that may wait to be written to a slow terminal; beyond it some are left out and said so.
const FOLLOWED: usize = 4096;

/// Runs the code; unless everything is to be told at the end, what it prints is passed on as it comes.
/// Answers how many bytes were not.
async fn in_sandbox(
    environment: &Environment,
    request: ExecutionRequest,
    quiet: bool,
) -> Result<(Execution, u64), Exit> {
    let not_ready = |reason: String| {
        eprintln!("{reason}");
        Exit::NotReady
    };
    let data = tempfile::tempdir().map_err(|error| not_ready(format!("No temporary folder can be made: {error}")))?;
    let blob = system::open_blob_in(data.path()).await.map_err(|error| not_ready(error.to_string()))?;
    let sandbox = Sandbox::open_in(environment, data.path(), blob, Start::Cold)
        .await
        .map_err(|error| not_ready(error.to_string()))?;
    let cancel = CancellationToken::new();
    let (live, chunks) = tokio::sync::mpsc::channel(FOLLOWED);
    let run = sandbox.execute(request, cancel.clone(), (!quiet).then_some(live));
    let run = async {
        tokio::pin!(run);
        tokio::select! {
            result = &mut run => result,
            () = stop::asked() => {
                cancel.cancel();
                run.await
            }
        }
    };
    let (result, missed) = tokio::join!(run, pass_on(chunks));
    sandbox.close().await;
    match result {
        Ok(execution) => Ok((execution, missed)),
        Err(failure) => {
            eprintln!("{} {}", failure.detail, failure.advice);
            let is_bad_input =
                matches!(failure.code, ErrorCode::InvalidField | ErrorCode::CodeTooLong | ErrorCode::PayloadTooLarge);
            Err(if is_bad_input { Exit::Usage } else { Exit::NotReady })
        }
    }
}

/// Writes the code's streams to ours as they come; answers how many bytes were left out.
async fn pass_on(mut chunks: tokio::sync::mpsc::Receiver<Chunk>) -> u64 {
    let mut missed = 0;
    while let Some(chunk) = chunks.recv().await {
        missed += chunk.missed;
        // A closed pipe (`darkroom exec … | head`) is the reader's choice.
        let _closed = match chunk.stream {
            Stream::Stdout => std::io::stdout().write_all(&chunk.bytes).and_then(|()| std::io::stdout().flush()),
            Stream::Stderr => std::io::stderr().write_all(&chunk.bytes),
        };
    }
    missed
}

fn deliver(execution: Execution, delivery: &mut Delivery, json: bool, missed: u64) -> Exit {
    let Execution { mut result, contents } = execution;
    for (output, content) in result.outputs.iter_mut().zip(&contents) {
        match delivery.write(&output.name, content) {
            Ok(path) => output.path = path.display().to_string(),
            Err(error) => {
                eprintln!("{} could not be delivered: {error}", one_line(&output.name, 200));
                return Exit::NotReady;
            }
        }
    }
    if json {
        print_json(&result);
    } else {
        print_text(&result, missed);
    }
    if result.status == RunStatus::Ok { Exit::Success } else { Exit::Failure }
}

/// Says on standard error how the code ended and where its files are; its own streams are out already.
fn print_text(result: &ExecutionResult, missed: u64) {
    if missed > 0 {
        eprintln!("[darkroom] {missed} bytes of output came faster than they could be written and are left out above");
    }
    let how = match (result.exit_code, result.signal) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "no exit code".to_owned(),
    };
    eprintln!(
        "[darkroom] {}, {how}, {} ms, {} ms CPU, {} MiB at most",
        result.status.as_str(),
        result.duration_ms,
        result.cpu_ms,
        result.peak_memory_bytes >> 20
    );
    if let Some(explanation) = &result.explanation {
        eprintln!("[darkroom] {}", one_line(explanation, 300));
    }
    for output in &result.outputs {
        eprintln!(
            "[darkroom] {} ({}, {} bytes)",
            PathBuf::from(&output.path).display(),
            output.media_type,
            output.bytes
        );
    }
    for rejected in &result.rejected {
        eprintln!("[darkroom] not delivered: {} ({})", one_line(&rejected.name, 200), rejected.reason);
    }
}
