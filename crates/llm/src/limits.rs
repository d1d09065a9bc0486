//! How long and how much a model call may take.

use std::time::Duration;

/// Limits of one model call. The defaults suit hosted endpoints and local servers alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Longest silence of the endpoint before its answer begins: the time to think.
    pub read_timeout: Duration,
    /// Longest silence within an answer that has begun, where it comes in pieces: a model that is slow goes on, one that
    /// is dead does not. Some servers hold a tool call back until it is whole, so it is not short.
    pub idle_timeout: Duration,
    /// Longest whole call, repeats and pauses included.
    pub total_timeout: Duration,
    /// Repeats after a passing fault (429, 5xx, no connection, connection lost).
    pub max_retries: usize,
    /// Pause before the first repeat; doubles with each, with jitter.
    pub retry_delay: Duration,
    /// Longest Retry-After that is waited for. Where the endpoint asks for more, there is no repeat:
    /// asking sooner than it allows would only be refused again.
    pub max_retry_after: Duration,
    /// Largest answer in bytes: its body where it comes in one piece, its text where it comes in many.
    pub max_reply_bytes: usize,
    /// How long a successful answer counts as proof that the endpoint works.
    pub answered_lately: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(180),
            idle_timeout: Duration::from_secs(60),
            total_timeout: Duration::from_secs(240),
            max_retries: 2,
            retry_delay: Duration::from_millis(500),
            max_retry_after: Duration::from_secs(20),
            max_reply_bytes: 2 * 1024 * 1024,
            answered_lately: Duration::from_secs(60),
        }
    }
}
