//! What proves that a store works, whatever its backend.

use crate::{BlobError, BlobKey, BlobStore, ErrorKind};
use bytes::Bytes;

/// Writes, reads and deletes an object of its own below `check`.
///
/// # Errors
/// One of them fails, or what is read is not what was written.
pub async fn write_read_delete(store: &impl BlobStore) -> Result<(), BlobError> {
    let name = common::MessageId::new().to_string();
    let unparsable = |_| BlobError { kind: ErrorKind::Unavailable, key: name.clone(), source: None };
    let key = BlobKey::parse("check").and_then(|base| base.join(&name)).map_err(unparsable)?;
    store.put(&key, Bytes::from(name.clone())).await?;
    let read = store.get(&key, name.len() as u64).await;
    store.delete(&key).await?;
    if read? == name { Ok(()) } else { Err(BlobError::new(ErrorKind::Unavailable, &key)) }
}
