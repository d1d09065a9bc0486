//! How the program ends.

use std::process::ExitCode;

/// Exit codes, the same for every command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It worked: 0.
    Success,
    /// The job failed, the code failed, or the review blocked: 1.
    Failure,
    /// Bad input or usage: 2.
    Usage,
    /// The environment is not ready: 3. `darkroom doctor` says what is missing.
    NotReady,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Success => 0,
            Exit::Failure => 1,
            Exit::Usage => 2,
            Exit::NotReady => 3,
        })
    }
}
