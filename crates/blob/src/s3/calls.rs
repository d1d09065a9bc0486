//! Calls to the store: bounded in time, and repeated where that is harmless.

use super::failure::S3Failure;
use backon::{ExponentialBuilder, Retryable};
use s3::error::S3Error;
use std::time::{Duration, Instant};

/// Longest wait for an answer to a small request.
pub const PATIENCE: Duration = Duration::from_secs(15);
/// Longest time to send one part and hear that it was taken, or to have an upload put together. A part of 5 MiB then
/// needs 85 KiB/s.
pub const TRANSFER_PATIENCE: Duration = Duration::from_secs(60);
/// Pause before the first repetition; three times as long before each further one, all lengthened at random up to twice.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Repetitions of a call: over 1.3 to 2.6 s.
const REPETITIONS: usize = 3;
/// Nothing is repeated later than this after the first call: a store that is silent is not waited for four times over.
const LAST_REPETITION: Duration = Duration::from_secs(20);

/// One call, bounded in time.
pub async fn once<T>(patience: Duration, call: impl Future<Output = Result<T, S3Error>>) -> Result<T, S3Failure> {
    match tokio::time::timeout(patience, call).await {
        Ok(answer) => answer.map_err(S3Failure::new),
        Err(_) => Err(S3Failure::Late(patience)),
    }
}

/// A call that may be repeated: done twice it is as if it were done once.
pub async fn repeated<T, F: Future<Output = Result<T, S3Failure>>>(call: impl FnMut() -> F) -> Result<T, S3Failure> {
    let pauses = ExponentialBuilder::default()
        .with_min_delay(FIRST_PAUSE)
        .with_factor(3.0)
        .with_max_times(REPETITIONS)
        .with_jitter();
    let begun = Instant::now();
    call.retry(pauses)
        .when(|failure: &S3Failure| failure.may_pass() && begun.elapsed() < LAST_REPETITION)
        .notify(|failure, pause| {
            let pause_ms = pause.as_millis() as u64;
            tracing::warn!(s3.failure = %failure, s3.pause_ms = pause_ms, "a call to the object store is repeated");
        })
        .await
}

#[cfg(test)]
mod tests;
