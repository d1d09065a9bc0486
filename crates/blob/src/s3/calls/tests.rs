//! When a call is repeated, and when it ends.

use super::*;
use std::cell::Cell;

/// Protects callers from a store that does not answer: the call ends, is tried again, and then says so.
#[tokio::test]
async fn silence_has_an_end() {
    let (calls, patience) = (Cell::new(0), Duration::from_millis(20));
    let answer = repeated(|| {
        calls.set(calls.get() + 1);
        once(patience, std::future::pending::<Result<(), S3Error>>())
    });
    let answer = tokio::time::timeout(Duration::from_secs(30), answer).await.expect("it ends");
    assert_eq!(answer, Err(S3Failure::Late(patience)));
    assert_eq!(calls.get(), REPETITIONS + 1);
}

/// Protects callers from waiting for nothing: what does not pass is not repeated.
#[tokio::test]
async fn a_refusal_is_final() {
    let calls = Cell::new(0);
    let refused = || async {
        calls.set(calls.get() + 1);
        Err::<(), _>(S3Failure::answer(403, "AccessDenied".into()))
    };
    let answer = repeated(refused).await;
    assert!(matches!(answer, Err(S3Failure::Credentials { .. })));
    assert_eq!(calls.get(), 1);
}
