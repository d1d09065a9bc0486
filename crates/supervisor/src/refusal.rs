//! Why rooms cannot be had here, and what to do about it.

use std::fmt;

/// Whether this seems to be a container; machines that were made from a container's image look like one.
pub fn in_container() -> bool {
    ["/.dockerenv", "/run/.containerenv"].iter().any(|mark| std::path::Path::new(mark).exists())
}

/// Isolation cannot be had: why, and what to do. Both are for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is missing or does not work.
    pub reason: String,
    /// What to do.
    pub fix: String,
}

impl Refusal {
    /// A refusal with its fix.
    pub fn new(reason: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { reason: reason.into(), fix: fix.into() }
    }

    /// A place on disk, or a resource of the system, that cannot be used.
    pub fn io(what: &str, error: &std::io::Error) -> Self {
        Self::new(format!("{what} cannot be used ({error})"), "check the folder, its rights and the disk")
    }

    /// As [`crate::frames::Told::Refused`] carries it.
    pub fn as_text(&self) -> String {
        format!("{}\n{}", self.reason, self.fix)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.reason, self.fix)
    }
}

impl std::error::Error for Refusal {}
