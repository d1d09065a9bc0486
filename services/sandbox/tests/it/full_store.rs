//! A store that reads but cannot be written, as on a full disk.

use async_trait::async_trait;
use blob::{BlobError, BlobInfo, BlobKey, BlobReader, BlobStore, ByteStream, ErrorKind, SharedStore};
use bytes::Bytes;

pub struct FullStore(pub SharedStore);

fn full(key: &BlobKey) -> BlobError {
    BlobError { kind: ErrorKind::Full, key: key.to_string(), source: None }
}

#[async_trait]
impl BlobReader for FullStore {
    async fn head(&self, key: &BlobKey) -> Result<BlobInfo, BlobError> {
        self.0.head(key).await
    }
    async fn get(&self, key: &BlobKey, limit: u64) -> Result<Bytes, BlobError> {
        self.0.get(key, limit).await
    }
    async fn get_stream(&self, key: &BlobKey) -> Result<(BlobInfo, ByteStream), BlobError> {
        self.0.get_stream(key).await
    }
    async fn list(&self, prefix: &BlobKey) -> Result<Vec<BlobKey>, BlobError> {
        self.0.list(prefix).await
    }
}

#[async_trait]
impl BlobStore for FullStore {
    async fn put(&self, key: &BlobKey, _: Bytes) -> Result<(), BlobError> {
        Err(full(key))
    }
    async fn put_stream(&self, key: &BlobKey, _: ByteStream, _: u64) -> Result<u64, BlobError> {
        Err(full(key))
    }
    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        self.0.delete(key).await
    }
    async fn delete_prefix(&self, prefix: &BlobKey) -> Result<(), BlobError> {
        self.0.delete_prefix(prefix).await
    }
    async fn check(&self) -> Result<(), BlobError> {
        self.0.check().await
    }
}
