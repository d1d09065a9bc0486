//! `darkroom exec`: only the sandbox.

use super::{print_json, source_text, stop_asked};
use crate::cli;
use crate::delivery::Delivery;
use crate::environment::Environment;
use crate::exit::Exit;
use crate::printable::one_line;
use crate::system;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use common::execution::{ExecutionResult, MAX_EXECUTION_CODE_BYTES, RunStatus};
use sandbox::{Execution, ExecutionRequest};
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub async fn exec(options: cli::Exec, environment: Environment) -> Exit {
    let request = match request(&options) {
        Ok(request) => request,
        Err(reason) => return refused(&reason),
    };
    if let Err(failure) = request.check(Duration::from_secs(120)) {
        return refused(&format!("{} {}", failure.detail, failure.advice));
    }
    let mut delivery = match Delivery::open(&options.out) {
        Ok(delivery) => delivery,
        Err(error) => {
            return refused(&format!("The output folder {} cannot be written: {error}", options.out.display()));
        }
    };
    match in_sandbox(&environment, request).await {
        Ok(execution) => deliver(execution, &mut delivery, options.json),
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
        let content = std::fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        inputs.push((name.to_owned(), Bytes::from(content)));
    }
    Ok(ExecutionRequest { code, inputs, timeout: Some(Duration::from_secs(options.timeout.into())) })
}

async fn in_sandbox(environment: &Environment, request: ExecutionRequest) -> Result<Execution, Exit> {
    let not_ready = |reason: String| {
        eprintln!("{reason}");
        Exit::NotReady
    };
    let data = tempfile::tempdir().map_err(|error| not_ready(format!("No temporary folder can be made: {error}")))?;
    let blob = system::open_blob_in(data.path()).await.map_err(|error| not_ready(error.to_string()))?;
    let sandbox =
        system::open_sandbox(environment, data.path(), blob).await.map_err(|error| not_ready(error.to_string()))?;
    let cancel = CancellationToken::new();
    let run = sandbox.execute(request, cancel.clone());
    tokio::pin!(run);
    let result = tokio::select! {
        result = &mut run => result,
        () = stop_asked() => {
            cancel.cancel();
            run.await
        }
    };
    result.map_err(|failure| not_ready(format!("{} {}", failure.detail, failure.advice)))
}

fn deliver(execution: Execution, delivery: &mut Delivery, json: bool) -> Exit {
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
        print_text(&result);
    }
    if result.status == RunStatus::Ok { Exit::Success } else { Exit::Failure }
}

/// Passes the code's own streams on as they are, and says on standard error how it ended and where its
/// files are.
fn print_text(result: &ExecutionResult) {
    let exact = |text: &str, base64: &Option<String>| {
        base64
            .as_ref()
            .and_then(|encoded| BASE64_STANDARD.decode(encoded).ok())
            .unwrap_or_else(|| text.as_bytes().to_vec())
    };
    // A closed pipe (`darkroom exec … | head`) is the reader's choice.
    let _closed = std::io::stdout().write_all(&exact(&result.stdout, &result.stdout_base64));
    let _closed = std::io::stderr().write_all(&exact(&result.stderr, &result.stderr_base64));
    if result.truncated {
        eprintln!("[darkroom] the output above is cut off at 1 MiB a stream");
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
