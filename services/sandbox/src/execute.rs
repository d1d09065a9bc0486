//! Direct runs: what a caller may ask, and what it gets.

use crate::Sandbox;
use crate::explain::{Known, explanation, traceback};
use crate::harvest::Harvested;
use crate::jail::{Asked, Captured, JailError, Live, Moment, Outcome, Stream, Task};
use crate::settings::Limits;
use crate::slots::Turn;
use crate::told;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use common::execution::RunStatus;
use common::execution::{ExecutionResult, Isolation, MAX_EXECUTION_CODE_BYTES, OutputFile, StreamPart};
use common::{ErrorCode, Failure};
use std::collections::HashSet;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// Most input files of a run.
const MAX_INPUTS: usize = 64;
/// Most input bytes of a run.
pub const MAX_INPUT_BYTES: usize = 64 << 20;
/// Longest name of an input file, in bytes.
const MAX_INPUT_NAME: usize = 200;

/// A run that somebody asks for directly.
#[derive(Debug, Clone)]
pub struct ExecutionRequest {
    /// The Python code.
    pub code: String,
    /// Files put under `/box/in`: plain names and their content.
    pub inputs: Vec<(String, Bytes)>,
    /// Longest wall time, from 100 milliseconds to the longest that the settings allow; that if absent.
    pub timeout: Option<Duration>,
    /// Less than the usual limits.
    pub asked: Asked,
    /// Who asks: callers have their turns one after the other.
    pub owner: String,
}

/// Shortest wall time that may be asked for.
const MIN_TIMEOUT: Duration = Duration::from_millis(100);
/// Least memory that may be asked for: below it Python itself does not fit.
const MIN_MEMORY_BYTES: u64 = 32 << 20;
/// Fewest processes that may be asked for.
const MIN_PIDS: u32 = 4;
/// Least CPU time that may be asked for, in percent of one CPU.
const MIN_CPU_PERCENT: u32 = 10;

impl ExecutionRequest {
    /// Code without inputs, with the usual limits.
    pub fn new(code: impl Into<String>) -> Self {
        Self { code: code.into(), inputs: Vec::new(), timeout: None, asked: Asked::default(), owner: String::new() }
    }
}

impl ExecutionRequest {
    /// Refuses what makes no sense before anything runs.
    ///
    /// # Errors
    /// Says which field is wrong and why.
    pub fn check(&self, max_timeout: Duration, limits: &Limits) -> Result<(), Failure> {
        let invalid = |detail: String| Err(Failure::with_detail(ErrorCode::InvalidField, detail));
        // An editor's byte order mark alone is no code either.
        if self.code.trim_start_matches('\u{feff}').trim().is_empty() {
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
        if self.timeout.is_some_and(|timeout| timeout < MIN_TIMEOUT || timeout > max_timeout) {
            return invalid(format!("The timeout must be between 0.1 and {} seconds.", max_timeout.as_secs()));
        }
        let Asked { memory_bytes, pids, cpu_percent } = self.asked;
        if memory_bytes.is_some_and(|bytes| !(MIN_MEMORY_BYTES..=limits.memory_bytes).contains(&bytes)) {
            let (least, most) = (MIN_MEMORY_BYTES >> 20, limits.memory_bytes >> 20);
            return invalid(format!("The memory must be between {least} and {most} MiB."));
        }
        if pids.is_some_and(|pids| !(MIN_PIDS..=limits.pids).contains(&pids)) {
            return invalid(format!("The number of processes must be between {MIN_PIDS} and {}.", limits.pids));
        }
        if cpu_percent.is_some_and(|percent| !(MIN_CPU_PERCENT..=limits.cpu_percent).contains(&percent)) {
            let most = f64::from(limits.cpu_percent) / 100.0;
            return invalid(format!("The number of CPUs must be between 0.1 and {most}."));
        }
        Ok(())
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
    /// Runs code for somebody who waits for it. Cancelling the token, or dropping the future, kills it. `live`
    /// gets what the code prints as it comes.
    ///
    /// # Errors
    /// The request makes no sense, too many wait already, or the jail does not work now.
    pub async fn execute(
        &self,
        request: ExecutionRequest,
        cancel: CancellationToken,
        live: Option<Live>,
    ) -> Result<Execution, Failure> {
        let turn = self.line_up(&request)?;
        self.execute_in(turn, request, cancel, live).await
    }

    /// Checks a request and gives it a place in the line.
    ///
    /// # Errors
    /// The request makes no sense, or too many wait already.
    pub(crate) fn line_up(&self, request: &ExecutionRequest) -> Result<Turn, Failure> {
        request.check(self.0.settings.max_timeout, &self.0.settings.jail.limits)?;
        self.0.slots.line_up(&request.owner).map_err(|_| Failure::new(ErrorCode::TooBusy))
    }

    /// As [`Sandbox::execute`], from a place in the line.
    ///
    /// # Errors
    /// The jail does not work now.
    pub(crate) async fn execute_in(
        &self,
        turn: Turn,
        request: ExecutionRequest,
        cancel: CancellationToken,
        live: Option<Live>,
    ) -> Result<Execution, Failure> {
        let (max_timeout, limits) = (self.0.settings.max_timeout, self.0.settings.jail.limits);
        let ExecutionRequest { code, inputs, timeout, asked, owner: _ } = request;
        let task = Task { inputs, asked, live, ..Task::new(code, timeout.unwrap_or(max_timeout)) };
        let slot = tokio::select! {
            biased;
            slot = turn.come() => slot.map_err(|_| Failure::new(ErrorCode::TooBusy))?,
            () = cancel.cancelled() => {
                let outcome = Outcome::never_ran(limits.less(asked), task.timeout);
                return Ok(Execution::new(outcome, self.isolation().await));
            }
        };
        let (outcome, isolation) = self.run_in(slot, task, &cancel).await.map_err(|error| failure(&error))?;
        Ok(Execution::new(outcome, isolation))
    }

    /// Runs a task to its end on a task of its own: whoever drops this future kills the run, but its
    /// clearing away is never cut short.
    pub(crate) async fn run_in(
        &self,
        slot: crate::slots::Slot,
        task: Task,
        cancel: &CancellationToken,
    ) -> Result<(Outcome, Isolation), JailError> {
        let kill = cancel.child_token();
        let _kill_when_dropped = kill.clone().drop_guard();
        let sandbox = self.clone();
        let span = told::span();
        let run = tokio::spawn(async move {
            let outcome = sandbox.0.room.run(task, &kill).instrument(span.clone()).await;
            told::ended(&span, &outcome);
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
        JailError::Lost { .. } => {
            tracing::error!("a run broke off: the supervisor has ended");
            let detail =
                "The run broke off: the part of the sandbox that carried it out has ended. Nothing of the run is left.";
            let advice =
                "Send it again: that part is started anew. If this happens again, the operator should read the log.";
            Failure { advice: advice.to_owned(), ..Failure::with_detail(ErrorCode::JailUnavailable, detail) }
        }
    }
}

impl Execution {
    pub(crate) fn new(outcome: Outcome, isolation: Isolation) -> Self {
        let streams = outcome.streams;
        let truncated = streams.stdout.truncated || streams.stderr.truncated;
        let (stdout, stdout_base64) = text(streams.stdout);
        let (stderr, stderr_base64) = text(streams.stderr);
        let error = Some(()).filter(|()| outcome.status == RunStatus::Error).and_then(|()| traceback(&stderr));
        let explanation = explanation(&Known {
            status: outcome.status,
            exit_code: outcome.exit_code,
            signal: outcome.signal,
            line: outcome.line,
            memory_bytes: outcome.limits.memory_bytes,
            timeout: outcome.timeout,
            printed_bytes: outcome.limits.printed_bytes,
            error: error.as_ref(),
        });
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
            timeline: streams.moments.into_iter().map(part).collect(),
            explanation,
            error: error.filter(|_| outcome.exit_code == Some(1)),
            start: outcome.start,
            outputs,
            rejected: outcome.harvest.rejected,
            isolation,
        };
        Self { result, contents }
    }
}

fn part(moment: Moment) -> StreamPart {
    let stream = match moment.stream {
        Stream::Stdout => "stdout",
        Stream::Stderr => "stderr",
    };
    StreamPart { stream: stream.to_owned(), ms: moment.at_ms, bytes: moment.bytes }
}

fn output(file: Harvested) -> (OutputFile, Bytes) {
    let output = OutputFile {
        path: file.name.clone(),
        name: file.name,
        media_type: file.media_type.to_owned(),
        bytes: file.bytes.len() as u64,
        sha256: file.sha256,
        alt: None,
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
        ExecutionRequest::new(code)
    }

    fn code_of(request: &ExecutionRequest) -> Option<ErrorCode> {
        request.check(Duration::from_secs(120), &Limits::default()).err().map(|failure| failure.code)
    }

    /// Protects the jail's doors: what makes no sense is refused before anything runs.
    #[test]
    fn requests_are_checked() {
        assert_eq!(code_of(&request("print(1)")), None);
        for empty in ["", " \n", "\u{feff}", "\u{feff}\n"] {
            assert_eq!(code_of(&request(empty)), Some(ErrorCode::InvalidField), "{empty:?}");
        }
        assert_eq!(code_of(&request("\u{feff}print(1)")), None);
        assert_eq!(code_of(&request("a\0b")), Some(ErrorCode::InvalidField));
        assert_eq!(code_of(&request(&"x".repeat(MAX_EXECUTION_CODE_BYTES + 1))), Some(ErrorCode::CodeTooLong));
        for millis in [0, 99, 120_001] {
            let request = ExecutionRequest { timeout: Some(Duration::from_millis(millis)), ..request("x") };
            assert_eq!(code_of(&request), Some(ErrorCode::InvalidField), "{millis}");
        }
        let asked = |memory_bytes, pids, cpu_percent| Asked { memory_bytes, pids, cpu_percent };
        for (asked, allowed) in [
            (asked(Some(64 << 20), Some(8), Some(50)), true),
            (asked(Some(3 << 30), None, None), false),
            (asked(Some(1), None, None), false),
            (asked(None, Some(129), None), false),
            (asked(None, None, Some(201)), false),
            (asked(None, None, Some(0)), false),
        ] {
            assert_eq!(code_of(&ExecutionRequest { asked, ..request("x") }).is_none(), allowed, "{asked:?}");
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
