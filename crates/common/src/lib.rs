//! What every part of Darkroom agrees on: ids, error codes, the words of the domain, topics and the
//! generated message types. It performs no I/O, reads no clock and knows no framework, so any crate
//! may depend on it.

pub mod access;
pub mod compare;
pub mod error;
pub mod execution;
pub mod id;
pub mod injection;
pub mod job;
pub mod limits;
pub mod picture;
pub mod review;
pub mod spend;
pub mod topic;
pub mod trace;
pub mod wire;

pub use access::{Role, Scope, Scopes};
pub use error::{ErrorCode, Failure};
pub use id::{
    Caller, ExecutionId, FileId, InvitationId, JobId, KeyId, MessageId, OwnerId, Pass, SessionId, StepId, UserId,
};
pub use trace::TraceContext;

/// Base URLs of the replicas of a service, as settings name them: one, or several with commas between them.
pub fn addresses(text: &str) -> Vec<String> {
    let each = text.split(',').map(|one| one.trim().trim_end_matches('/'));
    each.filter(|one| !one.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    /// Protects settings: addresses are read however people write them, and paths can be put behind each.
    #[test]
    fn addresses_are_read() {
        let cases: [(&str, &[&str]); 4] = [
            ("", &[]),
            ("http://a:1/", &["http://a:1"]),
            ("http://a:1, http://b:2/", &["http://a:1", "http://b:2"]),
            (",http://a:1,,", &["http://a:1"]),
        ];
        for (text, expected) in cases {
            assert_eq!(super::addresses(text), expected, "{text:?}");
        }
    }
}
