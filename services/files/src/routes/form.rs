//! The multipart form of an upload, read piece by piece. Nothing of it is gathered in memory.

use crate::Files;
use crate::upload::{Received, cut_off};
use actix_multipart::{Field, Multipart, MultipartError};
use blob::{BlobError, ByteStream, ErrorKind};
use bytes::Bytes;
use common::{ErrorCode, Failure, OwnerId};
use futures::{StreamExt, TryStreamExt, stream};
use std::time::Duration;
use tokio::sync::mpsc;

/// Name of the part that carries the image.
const PART: &str = "file";
/// Longest silence of a client in the middle of an upload.
const SILENCE: Duration = Duration::from_secs(30);
/// Most bytes of parts that nobody asked for.
const OTHER_PARTS_BYTES: usize = 64 * 1024;
/// Pieces on their way from the network to the store.
const PIECES: usize = 4;

/// Reads the whole form; its part `file` is received.
///
/// # Errors
/// Those of [`Files::receive`]; `missing_file` without such a part; `bad_request` for a form that is
/// broken, cut off, too slow, or holds two of them. Nothing is kept then.
pub async fn receive(files: &Files, owner: &OwnerId, mut form: Multipart) -> Result<Received, Failure> {
    let mut received = None;
    // To the very end: a form that was cut off is refused even when its file looks whole.
    match read_parts(files, owner, &mut form, &mut received).await {
        Ok(()) => received.ok_or_else(|| ErrorCode::MissingFile.into()),
        Err(failure) => {
            if let Some(received) = received {
                received.blobs.discard().await;
            }
            Err(failure)
        }
    }
}

async fn read_parts(
    files: &Files,
    owner: &OwnerId,
    form: &mut Multipart,
    received: &mut Option<Received>,
) -> Result<(), Failure> {
    let mut others = 0;
    while let Some(mut field) = in_time(form.try_next()).await? {
        if field.name() == Some(PART) {
            if received.is_some() {
                let detail = "The request carries more than one part named 'file'; upload one image at a time.";
                return Err(Failure::with_detail(ErrorCode::BadRequest, detail));
            }
            *received = Some(receive_part(files, owner, field).await?);
            continue;
        }
        while let Some(chunk) = in_time(field.try_next()).await? {
            others += chunk.len();
            if others > OTHER_PARTS_BYTES {
                return Err(Failure::with_detail(
                    ErrorCode::PayloadTooLarge,
                    "Only the part named 'file' may be large.",
                ));
            }
        }
    }
    Ok(())
}

/// Hands the pieces of a part to the service while they come. The part cannot leave its thread, so the
/// pieces go through a channel.
async fn receive_part(files: &Files, owner: &OwnerId, field: Field) -> Result<Received, Failure> {
    let name = file_name(&field);
    let (sender, receiver) = mpsc::channel(PIECES);
    let (pumped, received) = tokio::join!(pump(field, sender), files.receive(owner, &name, stream_of(receiver)));
    match (pumped, received) {
        (Ok(()), received) => received,
        (Err(failure), Err(_)) => Err(failure),
        (Err(failure), Ok(received)) => {
            received.blobs.discard().await;
            Err(failure)
        }
    }
}

/// The name the client gave, as data; empty when there is none.
fn file_name(field: &Field) -> String {
    let Some(disposition) = field.content_disposition() else { return String::new() };
    let extended = disposition.get_filename_ext().map(|ext| String::from_utf8_lossy(&ext.value).into_owned());
    extended.or_else(|| disposition.get_filename().map(str::to_owned)).unwrap_or_default()
}

/// Moves the pieces into the channel until the end, a failure, or nobody listens any more.
async fn pump(mut field: Field, sender: mpsc::Sender<Result<Bytes, BlobError>>) -> Result<(), Failure> {
    loop {
        let chunk = tokio::select! {
            biased;
            // Refused already: whatever else the client sends is not read.
            () = sender.closed() => return Ok(()),
            chunk = in_time(field.try_next()) => chunk,
        };
        let (piece, end) = match chunk {
            Ok(Some(chunk)) => (Ok(chunk), None),
            Ok(None) => return Ok(()),
            Err(failure) => {
                let cut = BlobError { kind: ErrorKind::Source, key: String::new(), source: None };
                (Err(cut), Some(failure))
            }
        };
        let listened = sender.send(piece).await.is_ok();
        match end {
            Some(failure) => return Err(failure),
            None if !listened => return Ok(()),
            None => {}
        }
    }
}

fn stream_of(receiver: mpsc::Receiver<Result<Bytes, BlobError>>) -> ByteStream {
    stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver))).boxed()
}

/// The next piece, if it comes in time.
async fn in_time<T>(next: impl Future<Output = Result<T, MultipartError>>) -> Result<T, Failure> {
    match tokio::time::timeout(SILENCE, next).await {
        Ok(next) => next.map_err(|error| broken(&error)),
        Err(_) => {
            let detail = format!("Nothing came for {} seconds; the upload was given up.", SILENCE.as_secs());
            Err(Failure::with_detail(ErrorCode::BadRequest, detail))
        }
    }
}

fn broken(error: &MultipartError) -> Failure {
    tracing::debug!(%error, "multipart form is broken");
    match error {
        MultipartError::ContentTypeMissing
        | MultipartError::ContentTypeParse
        | MultipartError::ContentTypeIncompatible
        | MultipartError::BoundaryMissing => {
            Failure::with_detail(ErrorCode::MissingFile, "The request body is not multipart/form-data with a boundary.")
        }
        MultipartError::Incomplete | MultipartError::Payload(_) => cut_off(),
        _ => Failure::with_detail(ErrorCode::BadRequest, "The multipart form could not be read."),
    }
}
