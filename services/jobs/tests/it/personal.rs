//! All of one person's jobs: as one zip, gone, and gone with age.

use crate::harness::{Process, limits, straight};
use blob::{BlobKey, BlobStore};
use common::{ErrorCode, FileId, JobId, OwnerId};
use futures::TryStreamExt;
use jobs::{Erasure, Settings};
use std::io::Cursor;

fn caller() -> common::Caller {
    edge::Principal::local(OwnerId::local()).caller()
}

/// How much of these jobs stands in the blob store.
async fn stored(store: &dyn BlobStore, ids: &[JobId]) -> usize {
    let mut found = 0;
    for id in ids {
        let folder = BlobKey::parse(&format!("jobs/{id}")).expect("a key");
        found += store.list(&folder).await.expect("a list").len();
    }
    found
}

/// Protects people who leave: all that is theirs comes along in one zip that opens, and is gone when they say the word and
/// not before; said again, nothing more happens.
#[actix_web::test]
async fn all_of_ones_jobs_come_along_and_go() {
    let folder = tempfile::tempdir().expect("folder");
    let file = FileId::new();
    let process = Process::start(folder.path(), file, 4, straight).await;
    let ids = [process.create(file).await, process.create(file).await];
    let blob = blob::connect(&format!("file://{}/blobs", folder.path().display())).await.expect("blobs");
    // What the sandbox of these tests says it has made.
    for name in ["values.csv", "overlay.png", "overlay.json"] {
        let key = BlobKey::parse(&format!("jobs/out/{name}")).expect("a key");
        blob.put(&key, "a,b".into()).await.expect("put");
    }
    for id in ids {
        process.until_final(id).await;
        let key = BlobKey::parse(&format!("jobs/{id}/code.py")).expect("a key");
        blob.put(&key, "print(5)".into()).await.expect("put");
    }
    let zip = process.jobs.export(caller()).try_collect::<Vec<_>>().await.expect("all of it").concat();
    let archive = zip::ZipArchive::new(Cursor::new(zip)).expect("a whole zip");
    let names: Vec<String> = archive.file_names().map(|name| name.expect("a name").into_owned()).collect();
    for id in ids {
        for part in ["report.json", "code.py", "stdout.txt"] {
            assert!(names.contains(&format!("darkroom-{id}/{part}")), "{part} of {id} in {names:?}");
        }
    }
    assert!(names.contains(&"notifications.json".to_owned()), "{names:?}");

    let refused = process.jobs.erase(&caller(), &Erasure { confirm: "yes".into() }).await.expect_err("not the word");
    assert_eq!(refused.code, ErrorCode::InvalidField);
    assert!(stored(&*blob, &ids).await >= 2, "nothing is gone yet");
    let word = Erasure { confirm: "delete".into() };
    for _ in 0..2 {
        process.jobs.erase(&caller(), &word).await.expect("gone");
        assert_eq!(stored(&*blob, &ids).await, 0);
        for id in ids {
            let found = process.jobs.get(&OwnerId::local(), id).await;
            assert_eq!(found.map(|_| ()).map_err(|failure| failure.code), Err(ErrorCode::JobNotFound));
        }
        let told = process.jobs.notifications(&OwnerId::local(), false, None, 20).await.expect("told");
        assert!(told.items.is_empty(), "{told:?}");
    }
    process.end().await;
}

/// Protects what people keep, and operators who must not keep it: a job that has ended goes when it is old, not before, and
/// where nothing is said none goes.
#[actix_web::test]
async fn old_jobs_go() {
    for (retention_days, gone) in [(None, 0), (Some(1), 0), (Some(0), 1)] {
        let folder = tempfile::tempdir().expect("folder");
        let file = FileId::new();
        let settings = Settings { retention_days: None, ..limits(4) };
        let process = Process::start_by(Process::parts(), folder.path(), file, settings, straight).await;
        let id = process.create(file).await;
        process.until_final(id).await;
        process.end().await;
        let settings = Settings { retention_days, ..limits(0) };
        let process = Process::start_by(Process::parts(), folder.path(), file, settings, straight).await;
        let removed = process.jobs.remove_old().await.expect("removed");
        let found = process.jobs.get(&OwnerId::local(), id).await.is_ok();
        // Starting sweeps, too: it may have been first.
        assert!(removed <= gone && found == (gone == 0), "{retention_days:?}: {removed} removed, found: {found}");
        process.end().await;
    }
}
