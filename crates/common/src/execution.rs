//! One run of Python code in the sandbox: what is asked, and what came of it.

use serde::{Deserialize, Serialize};

/// How a run ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// The code ended by itself with exit code 0.
    Ok,
    /// The code ended by itself with another exit code, or died of its own signal.
    #[default]
    Error,
    /// Stopped: it ran longer than allowed.
    Timeout,
    /// Stopped: it needed more memory than allowed.
    OutOfMemory,
    /// Stopped: it printed more than may ever be read.
    OutputLimit,
    /// Stopped from outside: cancelled, or the server shut down.
    Killed,
}

impl RunStatus {
    /// The stable text, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Timeout => "timeout",
            Self::OutOfMemory => "out_of_memory",
            Self::OutputLimit => "output_limit",
            Self::Killed => "killed",
        }
    }
}

/// One file the run left in `/box/out`, typed by its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OutputFile {
    /// Path below `/box/out`, with `/` between folders. Safe to join: no `..`, no leading `/`, no control characters.
    pub name: String,
    /// Media type, decided by the bytes; for text formats also by the extension. Never active content
    /// under a passive name.
    pub media_type: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 of the content, lower-case hex.
    pub sha256: String,
    /// Where it can be read: a file path on the command line, a link over HTTP, a blob key inside.
    pub path: String,
    /// What a picture shows, for those who cannot see it; absent where nobody described it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt: Option<String>,
}

/// A file the run left that is not delivered, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RejectedFile {
    /// Path below `/box/out`, escaped for display.
    pub name: String,
    /// Why: `symlink`, `special_file`, `too_large`, `too_many`, `too_deep`, `bad_name`, `total_too_large`.
    pub reason: String,
}

/// The isolation that was in force for a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Isolation {
    /// The jail in use: `nsjail`, `docker-runc` or `docker-runsc`.
    pub jail: String,
    /// Namespaces the code ran in, for example `user`, `mount`, `pid`, `net`, `ipc`, `uts`, `cgroup`.
    pub namespaces: Vec<String>,
    /// True when a seccomp filter was in force.
    pub seccomp: bool,
    /// `v1`, `v2`, naming the cgroup hierarchy that enforced memory and process limits.
    pub cgroup: String,
    /// False always: the code has no network.
    pub network: bool,
    /// Memory limit in bytes.
    pub memory_bytes: u64,
    /// CPU limit in percent of one CPU: 200 is two CPUs.
    pub cpu_percent: u32,
    /// Process limit.
    pub pids: u32,
    /// SHA-256 over the jail's configuration, lower-case hex: two runs with the same hash ran in the same room.
    pub profile_sha256: String,
}

/// How a run's Python was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// As a child of a Python that had imported libraries before; used for this run only.
    Warm,
    /// A Python of its own.
    Cold,
}

/// A piece of a stream, in the order in which the pieces of both streams came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StreamPart {
    /// `stdout` or `stderr`.
    pub stream: String,
    /// When it came, in milliseconds since the code was let go.
    pub ms: u64,
    /// How many bytes of that stream, counted from where its last part ended.
    pub bytes: u64,
}

/// An exception that ended the code, read from its traceback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CodeError {
    /// Type of the exception, for example `ZeroDivisionError`.
    pub kind: String,
    /// Its message.
    pub message: String,
    /// Line of the submitted code, from 1, at which it was last: the innermost one of its own lines.
    pub line: Option<u32>,
    /// The submitted code's own lines on the way there, outermost first.
    pub frames: Vec<CodeFrame>,
}

/// A line of the submitted code in a traceback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CodeFrame {
    /// Line number, from 1.
    pub line: u32,
    /// Function, or `<module>`.
    pub function: String,
    /// The line's text, without its indentation.
    pub source: String,
}

/// Everything known about one finished run. The shape of `darkroom exec --json` and of
/// `POST /api/v1/executions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ExecutionResult {
    /// How it ended.
    pub status: RunStatus,
    /// Exit code of the code itself; absent when a signal ended it.
    pub exit_code: Option<i32>,
    /// Number of the signal that ended it; absent when it exited.
    pub signal: Option<i32>,
    /// Wall time in milliseconds.
    pub duration_ms: u64,
    /// CPU time of all its processes in milliseconds.
    pub cpu_ms: u64,
    /// Highest memory use in bytes, files in memory included.
    pub peak_memory_bytes: u64,
    /// Standard output as text. Where the bytes are not UTF-8, the replacement character stands in and
    /// `stdout_base64` has the bytes.
    pub stdout: String,
    /// Standard error, likewise.
    pub stderr: String,
    /// The exact bytes of standard output in base64, present only when they are not UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdout_base64: Option<String>,
    /// The exact bytes of standard error in base64, present only when they are not UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stderr_base64: Option<String>,
    /// True when standard output or standard error was longer than kept.
    pub truncated: bool,
    /// The order in which both streams came; complete unless `truncated`. At most 1000 parts.
    #[serde(default)]
    pub timeline: Vec<StreamPart>,
    /// How it ended in plain words, when it did not simply succeed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
    /// The exception that ended it, when there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<CodeError>,
    /// How its Python was started.
    pub start: Start,
    /// Files delivered.
    pub outputs: Vec<OutputFile>,
    /// Files not delivered, with reasons.
    pub rejected: Vec<RejectedFile>,
    /// The isolation in force.
    pub isolation: Isolation,
}

/// Longest code, in bytes, that the sandbox accepts directly.
pub const MAX_EXECUTION_CODE_BYTES: usize = 1024 * 1024;

/// Longest code, in bytes, that a model may write for a job: it travels inside messages, which stay
/// under 128 KiB.
pub const MAX_JOB_CODE_BYTES: usize = 80 * 1024;
