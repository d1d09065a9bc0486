//! Requests that are sent again.

use crate::harness::{Process, straight};
use bus::MemoryBus;
use common::job::JobState;
use common::{ErrorCode, FileId, OwnerId};
use jobs::NewJob;
use shared::MemoryState;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Statements about keys, or about one job: of requests alone, where no job is running.
fn reads_of_requests(process: &Process) -> usize {
    let mut statements = process.statements.lock().expect("lock");
    let is_of_requests = |sql: &String| sql.contains("idempotency_key") || sql.contains("\"job\".\"id\" =");
    statements.drain(..).filter(is_of_requests).count()
}

/// Protects the database from callers that repeat a request again and again: while the shared state knows, the database is
/// not asked, and the answer is the same as if it were: how the job stands now, a refusal for another request, nothing of
/// somebody else's. Once it has forgotten, the database answers; a deleted job's key is new at once.
#[tokio::test(flavor = "multi_thread")]
async fn repeats_come_from_the_shared_state() {
    let (folder, file) = (tempfile::tempdir().expect("folder"), FileId::new());
    let seconds = Arc::new(AtomicU64::new(0));
    let clock = seconds.clone();
    let state = MemoryState::with_clock(move || Duration::from_secs(clock.load(Ordering::SeqCst)));
    let parts = (Arc::new(MemoryBus::new()) as bus::SharedBus, Arc::new(state) as shared::SharedHandle);
    let process = Process::start_on(parts, folder.path(), file, 4, straight).await;
    let owner = OwnerId::local();
    let request = |prompt: &str| NewJob { file_ids: vec![file], prompt: prompt.into(), options: Default::default() };
    let create = |prompt: &str| process.jobs.create(&owner, request(prompt), Some("k".into()));
    let id = create("a").await.expect("made").id;
    let ended = process.until_final(id).await;
    // The record of its end is written just after the database has it.
    tokio::time::sleep(Duration::from_millis(100)).await;
    for has_forgotten in [false, true, false] {
        if has_forgotten {
            seconds.fetch_add(31, Ordering::SeqCst);
        }
        reads_of_requests(&process);
        for number in 0..10 {
            let again = create("a").await.expect("made again");
            assert_eq!((again.state, &again), (JobState::Succeeded, &ended), "how it stands now");
            assert_eq!(reads_of_requests(&process) > 0, has_forgotten && number == 0);
        }
        assert_eq!(create("b").await.expect_err("another request").code, ErrorCode::IdempotencyConflict);
        assert_eq!(reads_of_requests(&process), 0);
        let stranger = OwnerId::parse("stranger").expect("owner");
        let theirs = process.jobs.create(&stranger, request("a"), Some("k".into())).await;
        assert_eq!(theirs.expect_err("not their file").code, ErrorCode::FileNotFound, "the key is not theirs");
    }
    process.jobs.delete(&owner, id).await.expect("deleted");
    let new = create("b").await.expect("a new job, of another request");
    assert_ne!(new.id, id);
    assert_eq!(create("b").await.expect("made again").id, new.id);
    process.end().await;
}
