use super::*;
use std::os::unix::fs::symlink;

fn key(text: &str) -> BlobKey {
    BlobKey::parse(text).expect("key")
}

async fn store() -> (tempfile::TempDir, FolderStore) {
    let folder = tempfile::tempdir().expect("folder");
    let store = FolderStore::open(folder.path()).await.expect("store");
    (folder, store)
}

/// Protects what stands outside the store: links planted in its folder are neither read, listed,
/// written through nor deleted through.
#[tokio::test]
async fn links_lead_nowhere() {
    let (folder, store) = store().await;
    let outside = tempfile::tempdir().expect("folder");
    std::fs::write(outside.path().join("secret"), "s").expect("write");
    let objects = folder.path().join("objects");
    symlink(outside.path(), objects.join("way")).expect("link");
    std::fs::create_dir(objects.join("a")).expect("folder");
    symlink(outside.path().join("secret"), objects.join("a/file")).expect("link");
    symlink(outside.path(), objects.join("a/folder")).expect("link");

    for linked in ["way/secret", "a/file", "a/folder/secret"] {
        let error = store.get(&key(linked), 10).await.expect_err(linked);
        assert_eq!(error.kind, ErrorKind::NotFound, "{linked}");
    }
    assert_eq!(store.list(&key("a")).await.expect("list"), []);
    assert_eq!(store.list(&key("way")).await.expect("list"), []);
    let error = store.put(&key("way/new"), Bytes::from_static(b"x")).await.expect_err("through a link");
    assert_eq!(error.kind, ErrorKind::Unavailable);
    store.delete(&key("way/secret")).await.expect("delete");
    store.delete_prefix(&key("way")).await.expect("delete");
    store.delete_prefix(&key("a")).await.expect("delete");
    assert_eq!(std::fs::read(outside.path().join("secret")).expect("still there"), b"s");
    assert_eq!(std::fs::read_dir(outside.path()).expect("read").count(), 1);
}

/// Protects the target of a link at a key: a put replaces the link and leaves its target alone.
#[tokio::test]
async fn put_replaces_a_link() {
    let (folder, store) = store().await;
    let outside = tempfile::NamedTempFile::new().expect("file");
    symlink(outside.path(), folder.path().join("objects/a")).expect("link");
    store.put(&key("a"), Bytes::from_static(b"x")).await.expect("put");
    assert_eq!(store.get(&key("a"), 1).await.expect("get"), "x");
    assert_eq!(std::fs::read(outside.path()).expect("read"), b"");
}

/// Protects the disk and running puts: what a killed process left is removed at open, what a living one
/// writes is not.
#[tokio::test]
async fn open_sweeps_only_abandoned_files() {
    let (folder, store) = store().await;
    let unfinished = folder.path().join("unfinished");
    std::fs::write(unfinished.join(".tmpdead"), "half").expect("write");
    let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Bytes, BlobError>>(1);
    let source = futures::stream::unfold(receiver, async |mut receiver| Some((receiver.recv().await?, receiver)));
    let writer = store.clone();
    let put = tokio::spawn(async move { writer.put_stream(&key("slow"), source.boxed(), 100).await });
    sender.send(Ok(Bytes::from_static(b"one "))).await.expect("send");
    sender.send(Ok(Bytes::from_static(b"two"))).await.expect("send");

    let again = FolderStore::open(folder.path()).await.expect("a second process opens the same folder");
    assert_eq!(std::fs::read_dir(&unfinished).expect("read").count(), 1, "only the living put's file stays");
    drop(sender);
    assert_eq!(put.await.expect("join").expect("put"), 7);
    assert_eq!(again.get(&key("slow"), 100).await.expect("get"), "one two");
    assert_eq!(std::fs::read_dir(&unfinished).expect("read").count(), 0);
}

/// Protects the folder from filling with empty folders: deleting the last object of a prefix removes them.
#[tokio::test]
async fn deletes_leave_no_empty_folders() {
    let (folder, store) = store().await;
    for name in ["a/b/c/1", "a/b/2", "a/d/3"] {
        store.put(&key(name), Bytes::new()).await.expect("put");
    }
    store.delete(&key("a/b/c/1")).await.expect("delete");
    assert!(!folder.path().join("objects/a/b/c").exists() && folder.path().join("objects/a/b").exists());
    store.delete_prefix(&key("a/d")).await.expect("delete");
    store.delete(&key("a/b/2")).await.expect("delete");
    assert_eq!(std::fs::read_dir(folder.path().join("objects")).expect("read").count(), 0);
}

/// Protects puts from deletes at the same time: taking an emptied folder away never fails a put into it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn puts_and_deletes_in_one_folder_do_not_fail_each_other() {
    let (_folder, store) = store().await;
    let tasks: Vec<_> = (0..4)
        .map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                for round in 0..50 {
                    let key = key(&format!("x/y/{task}"));
                    store.put(&key, Bytes::from(format!("{task} {round}"))).await.expect("put");
                    store.delete(&key).await.expect("delete");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no failure");
    }
}

/// Protects the settings: a URL that is no absolute folder is told apart from a folder that cannot be had.
#[tokio::test]
async fn bad_urls_are_told_apart() {
    use crate::connect;
    let refused = async |url: &str| connect(url).await.err().expect(url);
    assert!(matches!(refused("ftp://h/x").await, ConnectError::UnknownScheme(scheme) if scheme == "ftp"));
    assert!(matches!(refused("s3://bucket").await, ConnectError::Address(_)));
    let bare = refused("a-secret-alone").await;
    assert!(!format!("{bare} {bare:?}").contains("secret"), "{bare}");
    assert!(matches!(refused("file://data").await, ConnectError::RelativeFolder));
    let file = tempfile::NamedTempFile::new().expect("file");
    let below_a_file = format!("file://{}/x", file.path().display());
    assert!(matches!(refused(&below_a_file).await, ConnectError::Folder { .. }));
}
