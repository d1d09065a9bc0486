//! Why a program cannot start.

/// The program cannot start. Each text says what is wrong; `fix` says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{reason}\n  -> {fix}")]
pub struct NotReady {
    /// What is wrong.
    pub reason: String,
    /// What to do about it.
    pub fix: String,
}

impl NotReady {
    /// Something that is wrong and what to do about it.
    pub fn new(reason: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { reason: reason.into(), fix: fix.into() }
    }

    /// A backend that cannot be opened, with the causes in one line.
    pub fn storage(error: &dyn std::error::Error) -> Self {
        Self::new(chain(error), "check the folder, its rights and the disk, or the URL in the settings")
    }

    /// A bus that cannot be used.
    pub fn bus(error: &dyn std::error::Error) -> Self {
        Self::new(chain(error), "start the broker, or correct BUS_URL in the settings")
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut reason = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        reason = format!("{reason}: {cause}");
        source = cause.source();
    }
    reason
}
