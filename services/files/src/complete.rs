//! What makes a received upload exist: it is decoded, its picture and thumbnail are stored, and at last
//! its row is written. Until that row stands there is no file; whatever fails before leaves nothing.

use crate::decode::{DecodeError, decode};
use crate::keys::FileKeys;
use crate::sniff::ImageType;
use crate::store::FileRow;
use crate::upload::Received;
use crate::view::FileView;
use crate::{Files, encode, fault};
use bytes::Bytes;
use common::{ErrorCode, Failure, TraceContext};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// How long an upload waits for its turn to be decoded.
const DECODE_PATIENCE: Duration = Duration::from_secs(60);

/// What is stored and remembered of a picture.
struct Rendered {
    image: Bytes,
    image_sha256: String,
    thumbnail: Bytes,
    width: u32,
    height: u32,
    notes: Vec<String>,
}

impl Files {
    /// Makes a received upload exist, or removes what came of it. What that causes belongs to the trace.
    ///
    /// # Errors
    /// `undecodable_image`, `too_many_pixels`, `too_busy`, `storage_unavailable`.
    pub(crate) async fn complete(&self, received: Received, trace: Option<TraceContext>) -> Result<FileView, Failure> {
        let files = self.clone();
        // A task of its own: a client that hangs up cannot stop it between the blobs and the row.
        let done = tokio::spawn(async move {
            let row = match files.render_and_store(&received).await {
                Ok(row) => row,
                Err(failure) => {
                    received.blobs.discard().await;
                    return Err(failure);
                }
            };
            files.commit(row, received, trace).await
        });
        done.await.unwrap_or_else(|error| Err(fault::panicked(&error)))
    }

    async fn render_and_store(&self, received: &Received) -> Result<FileRow, Failure> {
        let rendered = self.render(received.kind, &received.blobs.keys).await?;
        let keys = &received.blobs.keys;
        self.blob().put(&keys.image(), rendered.image).await.map_err(|error| fault::not_stored(&error))?;
        self.blob().put(&keys.thumbnail(), rendered.thumbnail).await.map_err(|error| fault::not_stored(&error))?;
        Ok(FileRow {
            id: received.id,
            owner: received.owner.clone(),
            name: received.name.clone(),
            media_type: received.kind.media_type().to_owned(),
            bytes: received.bytes,
            width: rendered.width,
            height: rendered.height,
            sha256: received.sha256.clone(),
            image_sha256: rendered.image_sha256,
            notes: rendered.notes,
            created_at: database::now(),
        })
    }

    /// Decodes and encodes, at most [`crate::DECODERS`] pictures at a time: each may take some hundred
    /// megabytes, so the bytes are fetched only when it is their turn.
    async fn render(&self, kind: ImageType, keys: &FileKeys) -> Result<Rendered, Failure> {
        let turn = tokio::time::timeout(DECODE_PATIENCE, self.decoders().acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(ErrorCode::TooBusy.into()) };
        let limit = self.settings().max_upload_bytes;
        let bytes = self.blob().get(&keys.original(), limit).await.map_err(|error| fault::not_read(&error))?;
        let max_pixels = self.settings().max_image_pixels;
        let rendering = tokio::task::spawn_blocking(move || {
            // Held by the thread, not by who waits for it: memory is free only when the thread is done.
            let _turn = turn;
            render(kind, &bytes, max_pixels)
        });
        match rendering.await {
            Ok(rendered) => rendered.map_err(|error| unreadable(kind, max_pixels, &error)),
            Err(panicked) => {
                // A picture made to break the decoder is a damaged picture.
                fault::panicked(&panicked);
                Err(undecodable(kind))
            }
        }
    }

    async fn commit(&self, row: FileRow, received: Received, trace: Option<TraceContext>) -> Result<FileView, Failure> {
        let Err(error) = self.rows().insert(&row).await else {
            received.blobs.keep();
            self.warm_up(&row, trace).await;
            return Ok(row.into());
        };
        let failure = fault::row_not_stored(&error);
        // A connection lost while committing leaves it open whether the row stands.
        match self.rows().find(&row.owner, row.id).await {
            Ok(None) => received.blobs.discard().await,
            Ok(Some(_)) | Err(_) => received.blobs.keep(),
        }
        Err(failure)
    }
}

fn render(kind: ImageType, bytes: &[u8], max_pixels: u64) -> Result<Rendered, DecodeError> {
    let decoded = decode(kind, bytes, max_pixels)?;
    let image = encode::png(&decoded.image)?;
    let thumbnail = encode::thumbnail_png(&decoded.image)?;
    Ok(Rendered {
        image_sha256: hex::encode(Sha256::digest(&image)),
        image: image.into(),
        thumbnail: thumbnail.into(),
        width: decoded.image.width(),
        height: decoded.image.height(),
        notes: decoded.notes,
    })
}

fn unreadable(kind: ImageType, max_pixels: u64, error: &DecodeError) -> Failure {
    let accepted = max_pixels as f64 / 1e6;
    match error {
        DecodeError::TooManyPixels { width, height } => {
            let claimed = f64::from(*width) * f64::from(*height) / 1e6;
            let detail = format!(
                "The image has {width} x {height} pixels ({claimed:.1} megapixels); up to {accepted:.1} megapixels are accepted."
            );
            Failure::with_detail(ErrorCode::TooManyPixels, detail)
        }
        DecodeError::TooMuchMemory => {
            let detail = "Decoding the image would take more memory than this server allows.";
            Failure::with_detail(ErrorCode::TooManyPixels, detail)
        }
        DecodeError::Undecodable(cause) => {
            tracing::debug!(?cause, kind = kind.name(), "upload cannot be decoded");
            undecodable(kind)
        }
    }
}

fn undecodable(kind: ImageType) -> Failure {
    let detail =
        format!("The file begins like a {} image but is damaged or cut off and cannot be decoded.", kind.name());
    Failure::with_detail(ErrorCode::UndecodableImage, detail)
}
