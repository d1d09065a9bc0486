//! What can go wrong with the critic itself, as opposed to with the code it reads.

use std::fmt;
use std::process::ExitStatus;

/// The critic cannot work here. Says for each tool what is wrong and how to put it right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CriticUnavailable {
    /// What is wrong; never empty.
    pub problems: Vec<ToolProblem>,
}

/// One tool that does not do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolProblem {
    /// `ruff` or `bandit`.
    pub tool: &'static str,
    /// What is wrong, for the operator; may name files.
    pub reason: String,
    /// How to put it right.
    pub fix: String,
}

impl fmt::Display for CriticUnavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the critic cannot review code here")?;
        for problem in &self.problems {
            write!(f, "; {}: {} ({})", problem.tool, problem.reason, problem.fix)?;
        }
        Ok(())
    }
}

impl std::error::Error for CriticUnavailable {}

/// Why a tool gave no answer. Only for the log and for deciding what to do next.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ToolError {
    #[error("{tool} cannot be started")]
    Start {
        tool: &'static str,
        #[source]
        source: std::io::Error,
    },
    #[error("{tool} did not answer in time")]
    TimedOut { tool: &'static str },
    #[error("{tool} ended without an answer: {how}")]
    Died { tool: &'static str, how: String, crashed: bool },
    #[error("{tool} gave an answer that cannot be read: {why}")]
    Garbled { tool: &'static str, why: String },
    #[error("{tool} failed: {why}")]
    Faulty { tool: &'static str, why: String },
}

impl ToolError {
    /// The end of a process that should have answered.
    pub(crate) fn died(tool: &'static str, status: Option<ExitStatus>, detail: &str) -> Self {
        use std::os::unix::process::ExitStatusExt;
        let signal = status.and_then(|status| status.signal());
        // The signals of a process that went wrong by itself; SIGKILL comes from outside.
        let crashed = matches!(signal, Some(libc_signal::ABRT | libc_signal::BUS | libc_signal::SEGV));
        let status = status.map_or_else(|| "unknown status".to_owned(), |status| status.to_string());
        let how = if detail.is_empty() { status } else { format!("{status}: {detail}") };
        Self::Died { tool, how, crashed }
    }

    /// The tool that failed.
    pub(crate) fn tool(&self) -> &'static str {
        match self {
            Self::Start { tool, .. }
            | Self::TimedOut { tool }
            | Self::Died { tool, .. }
            | Self::Garbled { tool, .. }
            | Self::Faulty { tool, .. } => tool,
        }
    }

    /// True when the tool crashed by itself, so that what it was reading is the likely cause.
    pub(crate) fn is_crash(&self) -> bool {
        matches!(self, Self::Died { crashed: true, .. })
    }

    /// The error and its causes in one line.
    pub(crate) fn chain(&self) -> String {
        match std::error::Error::source(self) {
            Some(source) => format!("{self}: {source}"),
            None => self.to_string(),
        }
    }
}

/// Signal numbers of Linux; the same on every architecture Darkroom runs on.
mod libc_signal {
    pub(super) const ABRT: i32 = 6;
    pub(super) const BUS: i32 = 7;
    pub(super) const SEGV: i32 = 11;
}
