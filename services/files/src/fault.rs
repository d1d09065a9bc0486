//! Failures of what this service stands on, turned into what may be shown. The cause goes to the log here.

use crate::store::DbErr;
use blob::{BlobError, ErrorKind};
use common::{ErrorCode, Failure};

/// The error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}

/// A write of bytes failed.
pub fn not_stored(error: &BlobError) -> Failure {
    tracing::error!(cause = chain(error), "bytes could not be stored");
    Failure::new(ErrorCode::StorageUnavailable)
}

/// A read of bytes failed.
pub fn not_read(error: &BlobError) -> Failure {
    tracing::error!(cause = chain(error), "bytes could not be read");
    match error.kind {
        // A row promises its bytes: that they are gone is a fault of ours.
        ErrorKind::NotFound | ErrorKind::TooLarge | ErrorKind::Source => ErrorCode::Internal.into(),
        ErrorKind::Full | ErrorKind::Unavailable => ErrorCode::NotReady.into(),
    }
}

/// A write of a row failed.
pub fn row_not_stored(error: &DbErr) -> Failure {
    tracing::error!(cause = chain(error), "row could not be stored");
    Failure::new(ErrorCode::StorageUnavailable)
}

/// A read of rows failed.
pub fn rows_not_read(error: &DbErr) -> Failure {
    tracing::error!(cause = chain(error), "rows could not be read");
    Failure::new(ErrorCode::NotReady)
}

/// Work on a thread of its own panicked.
pub fn panicked(error: &tokio::task::JoinError) -> Failure {
    tracing::error!(cause = chain(error), "work ended unexpectedly");
    Failure::new(ErrorCode::Internal)
}
