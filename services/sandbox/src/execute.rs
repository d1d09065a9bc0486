//! Direct runs: what a caller may ask, and what it gets.

use crate::Sandbox;
use crate::harvest::Harvested;
use crate::jail::{Captured, JailError, Outcome, Task};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use common::execution::{ExecutionResult, Isolation, MAX_EXECUTION_CODE_BYTES, OutputFile};
use common::{ErrorCode, Failure};
use std::collections::HashSet;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Most input files of a run.
const MAX_INPUTS: usize = 64;
/// Most input bytes of a run.
const MAX_INPUT_BYTES: usize = 64 << 20;
/// Longest name of an input file, in bytes.
const MAX_INPUT_NAME: usize = 200;

/// A run that somebody asks for directly.
#[derive(Debug, Clone)]
pub struct ExecutionRequest {
    /// The Python code.
    pub code: String,
    /// Files put under `/box/in`: plain names and their content.
    pub inputs: Vec<(String, Bytes)>,
    /// Longest wall time, from one second to the longest that the settings allow; that if absent.
    pub timeout: Option<Duration>,
}

impl ExecutionRequest {
    /// Refuses what makes no sense before anything runs.
    ///
    /// # Errors
    /// Says which field is wrong and why.
    pub fn check(&self, max_timeout: Duration) -> Result<(), Failure> {
        let invalid = |detail: String| Err(Failure::with_detail(ErrorCode::InvalidField, detail));
        if self.code.trim().is_empty() {
            return invalid("The field 'code' is empty.".into());
        }
        if self.code.len() > MAX_EXECUTION_CODE_BYTES {
            let detail =
                format!("The code has {} bytes; at most {MAX_EXECUTION_CODE_BYTES} are accepted.", self.code.len());
            return Err(Failure::with_detail(ErrorCode::CodeTooLong, detail));
        }
        if self.code.contains('\0') {
            return invalid("The field 'code' holds a NUL character, which Python code cannot.".into());
        }
        if self.inputs.len() > MAX_INPUTS {
            return invalid(format!("There are {} inputs; at most {MAX_INPUTS} are accepted.", self.inputs.len()));
        }
        if self.inputs.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() > MAX_INPUT_BYTES {
            let detail = format!("The inputs together have more than {MAX_INPUT_BYTES} bytes.");
            return Err(Failure::with_detail(ErrorCode::PayloadTooLarge, detail));
        }
        let mut seen = HashSet::new();
        for (name, _) in &self.inputs {
            if !is_plain_name(name) {
                return invalid(format!("The input name {name:?} is not a plain file name."));
            }
            if !seen.insert(name) {
                return invalid(format!("The input name {name:?} appears twice."));
            }
        }
        match self.timeout {
            Some(timeout) if timeout < Duration::from_secs(1) || timeout > max_timeout => {
                invalid(format!("The timeout must be between 1 and {} seconds.", max_timeout.as_secs()))
            }
            _ => Ok(()),
        }
    }
}

/// True for a name that is one file in one folder on any system.
pub fn is_plain_name(name: &str) -> bool {
    let allowed = |c: char| !c.is_control() && c != '/' && c != '\\';
    !name.is_empty() && name.len() <= MAX_INPUT_NAME && name != "." && name != ".." && name.chars().all(allowed)
}

/// A finished direct run.
#[derive(Debug, Clone)]
pub struct Execution {
    /// The result. Each output's `path` is still its name: whoever keeps the files says where they are.
    pub result: ExecutionResult,
    /// Contents of `result.outputs`, in the same order.
    pub contents: Vec<Bytes>,
}

impl Sandbox {
    /// Runs code for somebody who waits for it. Cancelling the token, or dropping the future, kills it.
    ///
    /// # Errors
    /// The request makes no sense, too many wait already, or the jail does not work now.
    pub async fn execute(&self, request: ExecutionRequest, cancel: CancellationToken) -> Result<Execution, Failure> {
        let max_timeout = self.0.settings.max_timeout;
        request.check(max_timeout)?;
        let slot = tokio::select! {
            biased;
            slot = self.0.slots.take_or_refuse() => slot.map_err(|_| Failure::new(ErrorCode::TooBusy))?,
            () = cancel.cancelled() => return Ok(Execution::new(Outcome::never_ran(), self.isolation())),
        };
        let task = Task {
            code: request.code.into(),
            inputs: request.inputs,
            timeout: request.timeout.unwrap_or(max_timeout),
            memory_bytes: None,
        };
        let outcome = self.run_in(slot, task, &cancel).await.map_err(|error| failure(&error))?;
        Ok(Execution::new(outcome, self.isolation()))
    }

    /// Runs a task to its end on a task of its own: whoever drops this future kills the run, but its
    /// clearing away is never cut short.
    pub(crate) async fn run_in(
        &self,
        slot: crate::slots::Slot,
        task: Task,
        cancel: &CancellationToken,
    ) -> Result<Outcome, JailError> {
        let kill = cancel.child_token();
        let _kill_when_dropped = kill.clone().drop_guard();
        let sandbox = self.clone();
        let run = tokio::spawn(async move {
            let outcome = sandbox.0.jail.run(task, slot.number, &kill).await;
            drop(slot);
            outcome
        });
        run.await.unwrap_or_else(|error| Err(JailError::Broken(error.to_string())))
    }
}

/// What may be shown of a jail that did not work; the rest goes to the log.
pub fn failure(error: &JailError) -> Failure {
    match error {
        JailError::Storage(cause) => {
            tracing::error!(%cause, "a run could not be prepared");
            Failure::new(ErrorCode::StorageUnavailable)
        }
        JailError::Broken(why) => {
            tracing::error!(why, "the jail did not work");
            Failure::new(ErrorCode::JailUnavailable)
        }
    }
}

impl Execution {
    pub(crate) fn new(outcome: Outcome, isolation: Isolation) -> Self {
        let truncated = outcome.stdout.truncated || outcome.stderr.truncated;
        let (stdout, stdout_base64) = text(outcome.stdout);
        let (stderr, stderr_base64) = text(outcome.stderr);
        let (outputs, contents) = outcome.harvest.files.into_iter().map(output).unzip();
        let result = ExecutionResult {
            status: outcome.status,
            exit_code: outcome.exit_code,
            signal: outcome.signal,
            duration_ms: millis(outcome.duration),
            cpu_ms: millis(outcome.cpu),
            peak_memory_bytes: outcome.peak_memory_bytes,
            stdout,
            stderr,
            stdout_base64,
            stderr_base64,
            truncated,
            outputs,
            rejected: outcome.harvest.rejected,
            isolation,
        };
        Self { result, contents }
    }
}

fn output(file: Harvested) -> (OutputFile, Bytes) {
    let output = OutputFile {
        path: file.name.clone(),
        name: file.name,
        media_type: file.media_type.to_owned(),
        bytes: file.bytes.len() as u64,
        sha256: file.sha256,
    };
    (output, file.bytes)
}

/// The text of a stream, and where that loses something its bytes too.
fn text(captured: Captured) -> (String, Option<String>) {
    match String::from_utf8(captured.bytes) {
        Ok(text) => (text, None),
        Err(error) => {
            let exact = BASE64_STANDARD.encode(error.as_bytes());
            (String::from_utf8_lossy(error.as_bytes()).into_owned(), Some(exact))
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(code: &str) -> ExecutionRequest {
        ExecutionRequest { code: code.to_owned(), inputs: Vec::new(), timeout: None }
    }

    fn code_of(request: &ExecutionRequest) -> Option<ErrorCode> {
        request.check(Duration::from_secs(120)).err().map(|failure| failure.code)
    }

    /// Protects the jail's doors: what makes no sense is refused before anything runs.
    #[test]
    fn requests_are_checked() {
        assert_eq!(code_of(&request("print(1)")), None);
        assert_eq!(code_of(&request(" \n")), Some(ErrorCode::InvalidField));
        assert_eq!(code_of(&request("a\0b")), Some(ErrorCode::InvalidField));
        assert_eq!(code_of(&request(&"x".repeat(MAX_EXECUTION_CODE_BYTES + 1))), Some(ErrorCode::CodeTooLong));
        for seconds in [0, 121] {
            let request = ExecutionRequest { timeout: Some(Duration::from_secs(seconds)), ..request("x") };
            assert_eq!(code_of(&request), Some(ErrorCode::InvalidField), "{seconds}");
        }
        for name in ["", "..", ".", "a/b", "/etc/passwd", "a\\b", "a\nb", &"x".repeat(201)] {
            let request = ExecutionRequest { inputs: vec![(name.to_owned(), Bytes::new())], ..request("x") };
            assert_eq!(code_of(&request), Some(ErrorCode::InvalidField), "{name:?}");
        }
        let twice = vec![("a".to_owned(), Bytes::new()), ("a".to_owned(), Bytes::new())];
        assert_eq!(code_of(&ExecutionRequest { inputs: twice, ..request("x") }), Some(ErrorCode::InvalidField));
    }

    /// Protects whoever reads output: UTF-8 as text alone, anything else with its exact bytes.
    #[test]
    fn any_bytes_are_lossless() {
        let captured = |bytes: &[u8]| Captured { bytes: bytes.to_vec(), truncated: false };
        assert_eq!(text(captured("é\0".as_bytes())), ("é\0".to_owned(), None));
        assert_eq!(text(captured(b"a\xff")), ("a\u{fffd}".to_owned(), Some("Yf8=".to_owned())));
    }
}
