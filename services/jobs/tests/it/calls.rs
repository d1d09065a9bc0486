//! What model calls took, as their owner sees it.

use crate::harness::{Process, straight};
use common::{ErrorCode, FileId, OwnerId};

/// Protects whoever looks back: each call is there once although it was told twice, newest first and in pages, with what it
/// took and cost; nobody else sees it, and it goes with its job.
#[tokio::test(flavor = "multi_thread")]
async fn calls_are_their_owners() {
    let folder = tempfile::tempdir().expect("folder");
    let file = FileId::new();
    let process = Process::start(folder.path(), file, 4, straight).await;
    let id = process.create(file).await;
    process.until_final(id).await;
    let owner = OwnerId::local();
    let first = process.jobs.calls(&owner, None, 1).await.expect("a page");
    let second = process.jobs.calls(&owner, first.next_cursor.as_deref(), 1).await.expect("a page");
    assert_eq!((first.items.len(), second.items.len(), second.next_cursor.as_deref()), (1, 1, None));
    let (newest, oldest) = (&first.items[0], &second.items[0]);
    assert_eq!((newest.model.as_str(), oldest.model.as_str()), ("model-1", "model-0"));
    assert!(newest.started_at > oldest.started_at && newest.id != oldest.id);
    assert_eq!((newest.job_id, newest.role.as_str(), newest.host.as_deref()), (id, "code", Some("models.example:443")));
    assert_eq!((newest.duration_ms, newest.first_token_ms, newest.prompt_tokens), (1200, Some(300), 5));
    assert_eq!((newest.cost_usd.micros(), newest.error_code.as_deref()), (20, None));
    assert_eq!((newest.prompt_file.as_str(), newest.prompt_hash.as_str()), ("code.md", "0123456789ab"));
    let stranger = OwnerId::parse("somebody-else").expect("an owner");
    assert_eq!(process.jobs.calls(&stranger, None, 100).await.expect("a page").items, []);
    for cursor in ["", "1", "x.y", "1.2"] {
        let refused = process.jobs.calls(&owner, Some(cursor), 1).await.expect_err("no cursor");
        assert_eq!(refused.code, ErrorCode::BadRequest, "{cursor:?}");
    }
    process.jobs.delete(&owner, id).await.expect("deleted");
    assert_eq!(process.jobs.calls(&owner, None, 100).await.expect("a page").items, []);
    process.end().await;
}
