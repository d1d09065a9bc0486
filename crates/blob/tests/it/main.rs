//! The blob contract on every backend of this build.

mod s3;

/// Protects every service: the folder keeps the promises an object store keeps.
#[tokio::test]
async fn folder_store_keeps_the_contract() {
    let folders = tempfile::tempdir().expect("folder");
    let count = std::sync::atomic::AtomicUsize::new(0);
    blob::contract::run_all(async || {
        let n = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let url = format!("file://{}/{n}", folders.path().display());
        blob::connect(&url).await.expect("a store in a new folder")
    })
    .await;
}

/// Protects disks that run full: the put fails as `Full`, leaves nothing, and what was stored stays
/// readable and can be deleted.
#[tokio::test]
async fn a_full_disk_is_told_and_leaves_nothing() {
    use blob::{BlobKey, BlobReader, BlobStore, ErrorKind, FolderStore};
    let Some(disk) = SmallDisk::mount() else {
        eprintln!("SKIPPED a_full_disk_is_told_and_leaves_nothing: a tmpfs cannot be mounted here");
        return;
    };
    let store = FolderStore::open(disk.0.path()).await.expect("store");
    let key = |name: &str| BlobKey::parse(name).expect("key");
    store.put(&key("small"), vec![1; 1000].into()).await.expect("put");
    let error = store.put(&key("big"), vec![2; 2_000_000].into()).await.expect_err("no room");
    assert_eq!(error.kind, ErrorKind::Full);
    let chunks = futures::stream::iter((0..200).map(|_| Ok(vec![3; 10_000].into())));
    let error = store.put_stream(&key("big"), Box::pin(chunks), u64::MAX).await.expect_err("no room");
    assert_eq!(error.kind, ErrorKind::Full);
    assert_eq!(store.head(&key("big")).await.expect_err("nothing").kind, ErrorKind::NotFound);
    store.put(&key("after"), vec![4; 500_000].into()).await.expect("the room of failed puts is free again");
    assert_eq!(store.get(&key("small"), 1000).await.expect("get"), vec![1; 1000]);
    store.delete(&key("small")).await.expect("delete");
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
