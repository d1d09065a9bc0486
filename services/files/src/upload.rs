//! How an upload comes in: its bytes stream to the store while they are counted, hashed and looked at.
//! Nothing is believed but the bytes. See [`crate::complete`] for what follows.

use crate::keys::FileKeys;
use crate::sniff::{HEAD_BYTES, ImageType, describe_other};
use crate::{Files, fault, name};
use blob::{BlobError, ByteStream, ErrorKind, SharedStore};
use bytes::{Bytes, BytesMut};
use common::{ErrorCode, Failure, FileId, OwnerId};
use futures::{StreamExt, stream};
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex, PoisonError};

/// An upload whose bytes have come in whole, but that does not exist yet.
pub struct Received {
    /// Whose it will be.
    pub owner: OwnerId,
    /// The id it will have.
    pub id: FileId,
    /// The cleaned name.
    pub name: String,
    /// What its bytes begin like.
    pub kind: ImageType,
    /// Size of the uploaded bytes.
    pub bytes: u64,
    /// SHA-256 of the uploaded bytes, lower-case hex.
    pub sha256: String,
    /// Its stored bytes, removed if nothing comes of it.
    pub blobs: Blobs,
}

/// The blobs of an upload in the making. Dropping them (the client hung up, a handler panicked) removes
/// them; so does [`Blobs::discard`], which waits until it is done.
pub struct Blobs {
    /// Where they stand.
    pub keys: FileKeys,
    store: SharedStore,
    armed: bool,
}

impl Blobs {
    fn new(keys: FileKeys, store: SharedStore) -> Self {
        Self { keys, store, armed: true }
    }

    /// They belong to an upload that exists now, or the sweep has to decide.
    pub fn keep(mut self) {
        self.armed = false;
    }

    /// Removes them. What cannot be removed now is left to the sweep.
    pub async fn discard(mut self) {
        // Disarmed only afterwards: dropped midway, the removal starts again.
        remove(&self.store, &self.keys).await;
        self.armed = false;
    }
}

impl Drop for Blobs {
    fn drop(&mut self) {
        if !self.armed {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (store, keys) = (self.store.clone(), self.keys.clone());
            runtime.spawn(async move { remove(&store, &keys).await });
        }
    }
}

async fn remove(store: &SharedStore, keys: &FileKeys) {
    if let Err(error) = store.delete_prefix(&keys.prefix).await {
        tracing::warn!(%error, "blobs of an upload that failed stay until the next sweep");
    }
}

impl Files {
    /// Stores the bytes of an upload as they come.
    ///
    /// # Errors
    /// `empty_file`, `unsupported_media_type` (after the first bytes), `file_too_large` (at the first
    /// byte over the limit), `storage_unavailable`; `bad_request` when the source breaks off.
    pub(crate) async fn receive(
        &self,
        owner: &OwnerId,
        given_name: &str,
        source: ByteStream,
    ) -> Result<Received, Failure> {
        let (head, source) = peek(source).await.map_err(|_| cut_off())?;
        if head.is_empty() {
            return Err(ErrorCode::EmptyFile.into());
        }
        let Some(kind) = ImageType::of(&head) else {
            return Err(Failure::with_detail(ErrorCode::UnsupportedMediaType, describe_other(&head)));
        };
        let id = FileId::new();
        let blobs = Blobs::new(FileKeys::new(owner, id), self.blob().clone());
        let hash = Arc::new(Mutex::new(Sha256::new()));
        let stored = self
            .blob()
            .put_stream(&blobs.keys.original(), hashed(source, hash.clone()), self.settings().max_upload_bytes)
            .await;
        let bytes = match stored {
            Ok(bytes) => bytes,
            Err(error) => {
                blobs.discard().await;
                return Err(self.not_received(&error));
            }
        };
        let sha256 = hex::encode(hash.lock().unwrap_or_else(PoisonError::into_inner).clone().finalize());
        Ok(Received { owner: owner.clone(), id, name: name::clean(given_name), kind, bytes, sha256, blobs })
    }

    fn not_received(&self, error: &BlobError) -> Failure {
        match error.kind {
            ErrorKind::TooLarge => self.too_large(),
            ErrorKind::Source => cut_off(),
            ErrorKind::NotFound | ErrorKind::Full | ErrorKind::Unavailable => fault::not_stored(error),
        }
    }

    /// The failure of an upload over the limit.
    pub(crate) fn too_large(&self) -> Failure {
        let limit = self.settings().max_upload_bytes;
        let detail = format!("The image file is larger than the {limit} bytes that this server accepts.");
        Failure::with_detail(ErrorCode::FileTooLarge, detail)
    }
}

/// The failure of an upload that ended before its end.
pub fn cut_off() -> Failure {
    Failure::with_detail(ErrorCode::BadRequest, "The upload broke off before its end; nothing was kept.")
}

/// The first bytes, and the stream with them still in it.
async fn peek(source: ByteStream) -> Result<(Bytes, ByteStream), BlobError> {
    // Small uploads end within the first bytes; not every stream may be asked again after its end.
    let mut source = source.fuse();
    let mut head = BytesMut::new();
    while head.len() < HEAD_BYTES {
        match source.next().await {
            Some(chunk) => head.extend_from_slice(&chunk?),
            None => break,
        }
    }
    let head = head.freeze();
    let whole = stream::iter([Ok(head.clone())]).chain(source).boxed();
    Ok((head, whole))
}

fn hashed(source: ByteStream, hash: Arc<Mutex<Sha256>>) -> ByteStream {
    let update = move |chunk: &Result<Bytes, BlobError>| {
        if let Ok(chunk) = chunk {
            hash.lock().unwrap_or_else(PoisonError::into_inner).update(chunk);
        }
    };
    source.inspect(update).boxed()
}
