//! Holding a result against the pictures it was read from. The platform's script measured in the sandbox; here the
//! numbers become a score and two reports, one about the code and one about what it shows. What is kept apart helps
//! more than one verdict on everything (METAL, arXiv 2502.17651: two critics 86.5, one for both 80.9 on ChartMimic).
//!
//! Nothing here looks at pixels or runs code, and nothing is asked of a model.

mod measured;
mod score;
mod words;

use blob::{BlobError, BlobKey, BlobReader, ErrorKind};
use common::compare::Comparison;
use common::wire::critic_v1;
use measured::{Measured, Overlay};
use score::{Subject, compare};

/// Largest measurement and overlay that are read, in bytes.
const MOST_BYTES: u64 = 8 << 20;

/// Compares what a command names.
///
/// # Errors
/// The store cannot be read now.
pub async fn of_command(blob: &dyn BlobReader, command: &critic_v1::Compare) -> Result<Comparison, BlobError> {
    let mut subjects = Vec::with_capacity(command.measurements.len());
    for measurement in &command.measurements {
        let Some(bytes) = read(blob, &measurement.measure_key).await? else { continue };
        let measured: Measured = match serde_json::from_slice(&bytes) {
            Ok(measured) => measured,
            Err(error) => {
                tracing::error!(blob.key = measurement.measure_key, %error, "a measurement has an unexpected shape");
                continue;
            }
        };
        let overlay = read(blob, &measurement.overlay_key).await?;
        let overlay = overlay.and_then(|bytes| serde_json::from_slice::<Overlay>(&bytes).ok()).unwrap_or_default();
        subjects.push(Subject { picture: measurement.picture, measured, overlay });
    }
    Ok(compare(&subjects, &command.code, command.has_request))
}

async fn read(blob: &dyn BlobReader, key: &str) -> Result<Option<bytes::Bytes>, BlobError> {
    let Ok(key) = BlobKey::parse(key) else { return Ok(None) };
    match blob.get(&key, MOST_BYTES).await {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::TooLarge) => {
            tracing::error!(blob.key = %key, blob.error = ?error.kind, "a measurement cannot be read");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
