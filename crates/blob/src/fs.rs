//! The folder backend: one file per object below `objects`, unfinished ones below `unfinished`.
//!
//! Everything that touches a key walks from the root one segment at a time with file handles and refuses
//! symbolic links ([`walk`]), so nothing planted in the folder can lead out of it.

mod walk;

use crate::{BlobError, BlobInfo, BlobKey, BlobReader, BlobStore, ByteStream, ConnectError, ErrorKind};
use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::{NamedTempFile, TempPath};
use tokio::io::AsyncWriteExt;

/// Read size of a streamed object in bytes.
const CHUNK_BYTES: usize = 64 * 1024;

/// Objects in a folder of the local file system.
#[derive(Debug, Clone)]
pub struct FolderStore {
    folders: Arc<Folders>,
}

#[derive(Debug)]
struct Folders {
    objects: PathBuf,
    unfinished: PathBuf,
}

impl FolderStore {
    /// Opens the store in this folder, makes what is missing, and removes what interrupted puts left.
    ///
    /// # Errors
    /// The folder cannot be made or read.
    pub async fn open(folder: impl AsRef<Path>) -> Result<Self, ConnectError> {
        let root = folder.as_ref().to_owned();
        let shown = root.display().to_string();
        let opened = tokio::task::spawn_blocking(move || open_folders(&root)).await;
        match opened.unwrap_or_else(|panicked| Err(io::Error::other(panicked))) {
            Ok(folders) => Ok(Self { folders: Arc::new(folders) }),
            Err(source) => Err(ConnectError::Folder { folder: shown, source }),
        }
    }

    /// Runs file work for a key on a thread that may block.
    async fn blocking<T: Send + 'static>(
        &self,
        key: &BlobKey,
        work: impl FnOnce(&Folders, &BlobKey) -> Result<T, BlobError> + Send + 'static,
    ) -> Result<T, BlobError> {
        let (folders, owned) = (self.folders.clone(), key.clone());
        let joined = tokio::task::spawn_blocking(move || work(&folders, &owned)).await;
        joined.unwrap_or_else(|panicked| Err(BlobError::caused(ErrorKind::Unavailable, key, panicked)))
    }
}

fn open_folders(root: &Path) -> io::Result<Folders> {
    let folders = Folders { objects: root.join("objects"), unfinished: root.join("unfinished") };
    std::fs::create_dir_all(&folders.objects)?;
    std::fs::create_dir_all(&folders.unfinished)?;
    sweep_unfinished(&folders.unfinished)?;
    Ok(folders)
}

/// Removes unfinished objects nobody is writing: a writer holds a lock on its file, a dead one does not.
fn sweep_unfinished(folder: &Path) -> io::Result<()> {
    use rustix::fs::{FlockOperation, flock};
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let Ok(file) = File::open(&path) else { continue };
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
            // A failure only means that the next start tries again.
            let _ = std::fs::remove_file(&path);
        }
    }
    Ok(())
}

/// A new locked file for an object in the making. It removes itself unless it is published.
fn begin(folders: &Folders) -> io::Result<(File, TempPath)> {
    use rustix::fs::{FlockOperation, flock, fstat};
    loop {
        let (file, path) = NamedTempFile::new_in(&folders.unfinished)?.into_parts();
        // File systems without locks only lose the early sweep of a store opened twice.
        let _ = flock(&file, FlockOperation::LockExclusive);
        // A sweep may have come between making and locking; then the file has no name any more.
        if fstat(&file)?.st_nlink > 0 {
            return Ok((file, path));
        }
    }
}

/// Makes a finished file the object of its key, durably.
fn publish(folders: &Folders, key: &BlobKey, file: File, path: TempPath) -> io::Result<()> {
    file.sync_all()?;
    walk::place(&folders.objects, key, &path)
}

fn failed(key: &BlobKey) -> impl FnOnce(io::Error) -> BlobError + '_ {
    move |error| {
        let kind = match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ErrorKind::NotFound,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::Full,
            _ => ErrorKind::Unavailable,
        };
        BlobError::caused(kind, key, error)
    }
}

/// As [`failed`], for writing: there a missing folder or a link in the way is a broken store.
fn unwritable(key: &BlobKey) -> impl FnOnce(io::Error) -> BlobError + '_ {
    move |error| match failed(key)(error) {
        BlobError { kind: ErrorKind::NotFound, key, source } => BlobError { kind: ErrorKind::Unavailable, key, source },
        other => other,
    }
}

#[async_trait]
impl BlobReader for FolderStore {
    async fn head(&self, key: &BlobKey) -> Result<BlobInfo, BlobError> {
        self.blocking(key, |folders, key| {
            let (_, bytes) = walk::open_object(&folders.objects, key).map_err(failed(key))?;
            Ok(BlobInfo { bytes })
        })
        .await
    }

    async fn get(&self, key: &BlobKey, limit: u64) -> Result<Bytes, BlobError> {
        self.blocking(key, move |folders, key| {
            let (file, bytes) = walk::open_object(&folders.objects, key).map_err(failed(key))?;
            if bytes > limit {
                return Err(BlobError::new(ErrorKind::TooLarge, key));
            }
            let mut content = Vec::with_capacity(usize::try_from(bytes).unwrap_or(0));
            file.take(bytes).read_to_end(&mut content).map_err(failed(key))?;
            Ok(content.into())
        })
        .await
    }

    async fn get_stream(&self, key: &BlobKey) -> Result<(BlobInfo, ByteStream), BlobError> {
        let (file, bytes) =
            self.blocking(key, |folders, key| walk::open_object(&folders.objects, key).map_err(failed(key))).await?;
        let key = key.clone();
        let reader = tokio_util::io::ReaderStream::with_capacity(tokio::fs::File::from_std(file), CHUNK_BYTES);
        let stream = reader.map_err(move |error| failed(&key)(error)).boxed();
        Ok((BlobInfo { bytes }, stream))
    }

    async fn list(&self, prefix: &BlobKey) -> Result<Vec<BlobKey>, BlobError> {
        self.blocking(prefix, |folders, prefix| {
            let mut keys = walk::list(&folders.objects, prefix).map_err(failed(prefix))?;
            // Not the order of a walk: `a.b` stands before `a/b`.
            keys.sort_unstable();
            Ok(keys)
        })
        .await
    }
}

#[async_trait]
impl BlobStore for FolderStore {
    async fn put(&self, key: &BlobKey, bytes: Bytes) -> Result<(), BlobError> {
        self.blocking(key, move |folders, key| {
            let (mut file, path) = begin(folders).map_err(unwritable(key))?;
            file.write_all(&bytes).map_err(unwritable(key))?;
            publish(folders, key, file, path).map_err(unwritable(key))
        })
        .await
    }

    async fn put_stream(&self, key: &BlobKey, mut stream: ByteStream, limit: u64) -> Result<u64, BlobError> {
        let (file, path) = self.blocking(key, |folders, key| begin(folders).map_err(unwritable(key))).await?;
        let mut file = tokio::fs::File::from_std(file);
        let mut written = 0;
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.map_err(|error| BlobError::caused(ErrorKind::Source, key, error))?;
            written += chunk.len() as u64;
            if written > limit {
                return Err(BlobError::new(ErrorKind::TooLarge, key));
            }
            file.write_all(&chunk).await.map_err(unwritable(key))?;
        }
        // Writes of the last chunk may still be under way; their failure shows here.
        file.flush().await.map_err(unwritable(key))?;
        let file = file.into_std().await;
        self.blocking(key, |folders, key| publish(folders, key, file, path).map_err(unwritable(key))).await?;
        Ok(written)
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        self.blocking(key, |folders, key| walk::delete(&folders.objects, key).map_err(unwritable(key))).await
    }

    async fn delete_prefix(&self, prefix: &BlobKey) -> Result<(), BlobError> {
        self.blocking(prefix, |folders, prefix| {
            walk::delete_below(&folders.objects, prefix).map_err(unwritable(prefix))
        })
        .await
    }

    async fn check(&self) -> Result<(), BlobError> {
        crate::check::write_read_delete(self).await
    }
}

#[cfg(test)]
mod tests;
