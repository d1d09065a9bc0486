//! Stores and databases that fail: a clear answer, nothing half-written.

use crate::samples::png;
use crate::world::{World, open};
use async_trait::async_trait;
use blob::{BlobError, BlobInfo, BlobKey, BlobReader, BlobStore, ByteStream, ErrorKind, FolderStore, SharedStore};
use bytes::Bytes;
use common::{ErrorCode, OwnerId};
use files::{Deps, Files, Settings};
use std::sync::Arc;
use std::time::Duration;

/// A store that cannot write, or cannot remove, keys that end in a given way.
struct Failing {
    inner: SharedStore,
    no_put: &'static str,
    no_delete: bool,
    kind: ErrorKind,
}

impl Failing {
    fn refuses(&self, key: &BlobKey) -> Result<(), BlobError> {
        if key.as_str().ends_with(self.no_put) { Err(BlobError::new(self.kind, key)) } else { Ok(()) }
    }
}

#[async_trait]
impl BlobReader for Failing {
    async fn head(&self, key: &BlobKey) -> Result<BlobInfo, BlobError> {
        self.inner.head(key).await
    }
    async fn get(&self, key: &BlobKey, limit: u64) -> Result<Bytes, BlobError> {
        self.inner.get(key, limit).await
    }
    async fn get_stream(&self, key: &BlobKey) -> Result<(BlobInfo, ByteStream), BlobError> {
        self.inner.get_stream(key).await
    }
    async fn list(&self, prefix: &BlobKey) -> Result<Vec<BlobKey>, BlobError> {
        self.inner.list(prefix).await
    }
}

#[async_trait]
impl BlobStore for Failing {
    async fn put(&self, key: &BlobKey, bytes: Bytes) -> Result<(), BlobError> {
        self.refuses(key)?;
        self.inner.put(key, bytes).await
    }
    async fn put_stream(&self, key: &BlobKey, stream: ByteStream, limit: u64) -> Result<u64, BlobError> {
        self.refuses(key)?;
        self.inner.put_stream(key, stream, limit).await
    }
    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        self.inner.delete(key).await
    }
    async fn delete_prefix(&self, prefix: &BlobKey) -> Result<(), BlobError> {
        if self.no_delete { Err(BlobError::new(self.kind, prefix)) } else { self.inner.delete_prefix(prefix).await }
    }
    async fn check(&self) -> Result<(), BlobError> {
        self.refuses(&BlobKey::parse("original").expect("a key"))?;
        self.inner.check().await
    }
}

async fn failing(no_put: &'static str, no_delete: bool, kind: ErrorKind) -> World {
    World::with(Settings::default(), |inner| Arc::new(Failing { inner, no_put, no_delete, kind })).await
}

/// Protects the store: whichever write fails and however, the answer is 507 and nothing is left.
#[actix_web::test]
async fn a_failing_write_leaves_nothing() {
    for name in ["original", "image.png", "thumbnail.png"] {
        for kind in [ErrorKind::Full, ErrorKind::Unavailable] {
            let world = failing(name, false, kind).await;
            world.upload("ann", "a.png", &png(30, 20)).await.assert_problem(ErrorCode::StorageUnavailable, name);
            world.assert_empty("ann", name).await;
        }
    }
}

/// Protects readiness: it says no while bytes cannot be written.
#[actix_web::test]
async fn the_check_fails_with_the_store() {
    let world = failing("original", false, ErrorKind::Full).await;
    assert_eq!(world.files.check().await.expect_err("not ready").code, ErrorCode::StorageUnavailable);
}

/// Protects against half files when even cleaning up fails: there is no row, and the sweep removes the
/// blobs once the store works again.
#[actix_web::test]
async fn what_cannot_be_cleaned_up_is_swept() {
    let world = failing("thumbnail.png", true, ErrorKind::Unavailable).await;
    world.upload("ann", "a.png", &png(30, 20)).await.assert_problem(ErrorCode::StorageUnavailable, "no thumbnail");
    assert_eq!(world.get("ann", "/api/v1/files").await.json()["items"], serde_json::json!([]));
    assert_eq!(world.keys().await.len(), 2);
    let repaired = open(world.folder.path(), world.store.clone(), &world.bus, Settings::default()).await;
    assert_eq!(repaired.sweep(Duration::ZERO).await, Ok(1));
    world.assert_empty("ann", "swept").await;
}

/// Protects removed files: they are gone for their owner although their bytes could not be removed yet.
#[actix_web::test]
async fn removing_survives_a_failing_store() {
    let world = failing("nothing", true, ErrorKind::Unavailable).await;
    let id = world.uploaded("ann", "a.png", &png(30, 20)).await;
    assert_eq!(world.delete("ann", &format!("/api/v1/files/{id}")).await.status, 204);
    world.get("ann", &format!("/api/v1/files/{id}")).await.assert_problem(ErrorCode::FileNotFound, "removed");
    let repaired = open(world.folder.path(), world.store.clone(), &world.bus, Settings::default()).await;
    assert_eq!(repaired.sweep(Duration::ZERO).await, Ok(1));
    world.assert_empty("ann", "swept").await;
}

/// Protects against files without a row: when the database fails at the last step, the answer is 507,
/// and the blobs go with the next sweep.
#[actix_web::test]
async fn a_failing_database_leaves_nothing() {
    let mut world = World::new().await;
    let db = database::connect(&crate::database_url(world.folder.path()), "files").await.expect("a database");
    let deps = Deps { db: db.clone(), blob: world.store.clone(), bus: world.bus.clone() };
    let working = std::mem::replace(&mut world.files, Files::open(deps, Settings::default()).await.expect("a service"));
    db.close().await.expect("closed");
    world.upload("ann", "a.png", &png(30, 20)).await.assert_problem(ErrorCode::StorageUnavailable, "no database");
    world.get("ann", "/api/v1/files").await.assert_problem(ErrorCode::NotReady, "no database");
    assert_eq!(world.files.check().await.expect_err("not ready").code, ErrorCode::StorageUnavailable);
    world.files = working;
    assert_eq!(world.files.sweep(Duration::ZERO).await, Ok(1));
    world.assert_empty("ann", "swept").await;
}

/// Protects a server whose disk runs full: uploads that fit are taken in, the one that does not is
/// answered 507 and leaves nothing, and what was there is still served.
#[actix_web::test]
async fn a_full_disk_is_told() {
    let Some(disk) = SmallDisk::mount() else {
        eprintln!("SKIPPED a_full_disk_is_told: a tmpfs cannot be mounted here");
        return;
    };
    let world = World::new().await;
    let store: SharedStore = Arc::new(FolderStore::open(disk.0.path()).await.expect("a store"));
    let files = open(world.folder.path(), store.clone(), &world.bus, Settings::default()).await;
    let ann = OwnerId::parse("ann").expect("owner");
    let small = files.ingest(&ann, "small.png", png(30, 20).into()).await.expect("fits");
    let before = store.list(&BlobKey::parse("files").expect("a key")).await.expect("a list");
    let noise =
        image::RgbImage::from_fn(700, 700, |x, y| image::Rgb([(x * y) as u8, (x ^ y) as u8, (x * 7 + y * y) as u8]));
    let large = crate::samples::encoded(&noise.into(), image::ImageFormat::Bmp);
    let refused = files.ingest(&ann, "large.bmp", large.into()).await.expect_err("does not fit");
    assert_eq!(refused.code, ErrorCode::StorageUnavailable);
    assert_eq!(store.list(&BlobKey::parse("files").expect("a key")).await.expect("a list"), before);
    assert_eq!(files.page(&ann, 10, None).await.expect("a list").items, [small]);
    assert_eq!(std::fs::read_dir(disk.0.path().join("unfinished")).expect("a folder").count(), 0);
}

/// A file system of one MiB, unmounted when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().ok()?;
        let mut mount = std::process::Command::new("mount");
        let done = mount.args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(folder.path()).output().ok()?;
        done.status.success().then_some(Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(self.0.path()).output();
    }
}
