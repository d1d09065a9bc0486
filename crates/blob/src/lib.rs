//! Bytes by key: uploaded images, code, results and outputs.
//!
//! # Contract of [`BlobStore`] (every backend passes [`contract`] unchanged)
//! - `put` and `put_stream` are atomic and durable: a reader sees the whole object or none, and what was
//!   answered survives a power cut. A failed one leaves nothing; one dropped midway leaves nothing or, when
//!   it was already done, the whole object.
//! - Putting an existing key replaces it.
//! - `get` and `head` of a missing key answer [`ErrorKind::NotFound`].
//! - `delete` of a missing key is fine; `delete_prefix` removes everything below a prefix.
//! - Keys are [`BlobKey`]s: they cannot be empty, absolute, or climb out of their prefix.
//! - There are no folders: only keys, listed in order of their bytes. Callers never store an object both
//!   at a key and below it (`a` and `a/b`): a backend may refuse that.

mod check;
pub mod contract;
mod fs;
mod key;
mod s3;

pub use self::s3::{S3Address, S3Failure, S3Store};
pub use fs::FolderStore;
pub use key::{BlobKey, InvalidKey, MAX_KEY_BYTES, MAX_SEGMENT_BYTES};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use std::sync::Arc;

/// A stream of the bytes of one object.
pub type ByteStream = BoxStream<'static, Result<Bytes, BlobError>>;

/// What is known about an object without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobInfo {
    /// Size in bytes.
    pub bytes: u64,
}

/// Why an operation failed. Callers branch on this alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// No object under this key.
    NotFound,
    /// The store is full.
    Full,
    /// The store cannot be reached or is broken; trying again later may help.
    Unavailable,
    /// The object grew over the size that `put_stream` allowed.
    TooLarge,
    /// The source stream of a put failed; nothing was stored.
    Source,
}

/// A failed operation on the store.
#[derive(Debug, thiserror::Error)]
#[error("blob store: {kind:?} at {key}")]
pub struct BlobError {
    /// What kind of failure.
    pub kind: ErrorKind,
    /// The key concerned.
    pub key: String,
    /// The cause, for the log.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl BlobError {
    /// A failure of this kind at this key, without a cause.
    pub fn new(kind: ErrorKind, key: &BlobKey) -> Self {
        Self { kind, key: key.to_string(), source: None }
    }

    /// A failure of this kind at this key, with its cause.
    pub fn caused(kind: ErrorKind, key: &BlobKey, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { kind, key: key.to_string(), source: Some(source.into()) }
    }
}

/// Reading access. The critic gets only this.
#[async_trait]
pub trait BlobReader: Send + Sync + 'static {
    /// Size of an object.
    async fn head(&self, key: &BlobKey) -> Result<BlobInfo, BlobError>;
    /// The whole object; refuses with [`ErrorKind::TooLarge`] over `limit` bytes.
    async fn get(&self, key: &BlobKey, limit: u64) -> Result<Bytes, BlobError>;
    /// The object as a stream with its size.
    async fn get_stream(&self, key: &BlobKey) -> Result<(BlobInfo, ByteStream), BlobError>;
    /// Keys below a prefix (`a/b` has `a/b/c`, not `a/bc`), in order.
    async fn list(&self, prefix: &BlobKey) -> Result<Vec<BlobKey>, BlobError>;
}

/// Reading and writing access.
#[async_trait]
pub trait BlobStore: BlobReader {
    /// Stores bytes under a key.
    async fn put(&self, key: &BlobKey, bytes: Bytes) -> Result<(), BlobError>;
    /// Stores a stream under a key, at most `limit` bytes, and answers the size.
    async fn put_stream(&self, key: &BlobKey, stream: ByteStream, limit: u64) -> Result<u64, BlobError>;
    /// Removes an object; fine when there is none.
    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError>;
    /// Removes everything below a prefix.
    async fn delete_prefix(&self, prefix: &BlobKey) -> Result<(), BlobError>;
    /// Proves that the store can write, read and delete now.
    async fn check(&self) -> Result<(), BlobError>;
}

/// A store shared by the services.
pub type SharedStore = Arc<dyn BlobStore>;

/// The URL names no known backend or cannot be opened. Nothing of an S3 URL but the bucket's name is ever said: it holds
/// a secret.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No backend for this scheme.
    #[error("'{0}' is not a blob URL this build knows; use file:///absolute/folder or s3://ACCESS:SECRET@host/bucket")]
    UnknownScheme(String),
    /// The URL names no absolute folder.
    #[error("a file URL names an absolute folder: file:///absolute/folder")]
    RelativeFolder,
    /// The folder cannot be made or written.
    #[error("the blob folder {folder} cannot be used")]
    Folder {
        /// The folder.
        folder: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The URL is no address of a bucket.
    #[error("an S3 URL is s3://ACCESS:SECRET@host:port/bucket/prefix?region=REGION&tls=true, but {0}")]
    Address(&'static str),
    /// The bucket can neither be used nor made.
    #[error("the bucket {bucket} cannot be used")]
    Bucket {
        /// Its name.
        bucket: String,
        /// Why.
        #[source]
        source: S3Failure,
    },
}

/// Opens the store that the URL's scheme names: `file:///folder` (taken as written, without percent-decoding, and made
/// when missing), or `s3://` (see [`S3Address::parse`]).
///
/// # Errors
/// See [`ConnectError`].
pub async fn connect(url: &str) -> Result<SharedStore, ConnectError> {
    match url.split_once("://") {
        Some(("file", folder)) if !folder.starts_with('/') => Err(ConnectError::RelativeFolder),
        Some(("file", folder)) => Ok(Arc::new(FolderStore::open(folder).await?)),
        Some(("s3", _)) => Ok(Arc::new(S3Store::open(S3Address::parse(url)?).await?)),
        Some((scheme, _)) => Err(ConnectError::UnknownScheme(scheme.to_owned())),
        // Whatever it is, it may be a secret.
        None => Err(ConnectError::UnknownScheme(String::new())),
    }
}
