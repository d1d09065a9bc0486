//! What is kept of a job and of a key, and what counts as known.

use super::*;
use crate::store::StoredEvent;
use common::job::JobOptions;
use shared::MemoryState;
use std::sync::Arc;

fn snapshot(version: u64, prompt: usize, event: usize) -> Snapshot {
    let job = Job::accepted(JobId::new(), "p".repeat(prompt), JobOptions::default(), Vec::new(), 0);
    let event = StoredEvent { number: version + 1, kind: "step_finished".into(), data: "d".repeat(event), at: 0 };
    Snapshot { version, owner: OwnerId::local().as_str().to_owned(), job, events: vec![event] }
}

fn key(text: &str, request: &str) -> IdempotencyKey {
    IdempotencyKey { key: text.to_owned(), request_sha256: request.to_owned() }
}

/// Protects readers from half a record: what does not fit is left out as a whole, first the events, then everything, and
/// what nobody is shown is never in it.
#[test]
fn a_record_holds_what_fits() {
    let rows = [(100, 100, Some(1)), (100, MAX_VALUE_BYTES, Some(0)), (MAX_VALUE_BYTES, 100, None)];
    for (prompt, event, expected) in rows {
        let mut snapshot = snapshot(3, prompt, event);
        snapshot.job.turns = vec![crate::doc::Turn::Unusable { reason: "not for callers".into() }];
        let record = record(&snapshot);
        assert!(record.len() <= MAX_VALUE_BYTES && !record.windows(7).any(|part| part == b"callers"));
        let read = serde_json::from_slice::<Snapshot>(&record).ok();
        assert_eq!(read.map(|read| read.events.len()), expected);
    }
}

/// Protects callers from old news: a record gives way to newer ones only, a deleted job is not brought back by what is
/// written late, and a job is found under its own id alone.
#[tokio::test]
async fn the_newest_record_counts_until_the_job_is_gone() {
    let hot = Hot::new(Arc::new(MemoryState::new()));
    let newer = snapshot(2, 10, 10);
    let older = Snapshot { version: 1, events: Vec::new(), ..newer.clone() };
    let id = newer.job.id;
    assert_eq!(hot.look(id).await, None);
    for one in [&older, &newer, &older] {
        hot.keep(one).await;
    }
    assert_eq!(hot.look(id).await, Some(newer.clone()));
    assert_eq!(hot.look(JobId::new()).await, None);
    hot.forget(id).await;
    hot.keep(&Snapshot { version: 3, ..newer }).await;
    assert_eq!(hot.look(id).await, None);
}

/// Protects callers that repeat a request: only the same request of the same owner under the same key is the same, and
/// only while the job it made is known.
#[tokio::test]
async fn a_key_counts_for_its_owner_its_request_and_its_job() {
    let hot = Hot::new(Arc::new(MemoryState::new()));
    let (owner, stranger) = (OwnerId::local(), OwnerId::parse("stranger").expect("an owner"));
    let made = snapshot(0, 10, 10);
    let asked = key("k", "sha");
    hot.keep_key(&owner, &asked, made.job.id).await;
    assert!(matches!(hot.repeated(&owner, &asked).await, Repeated::Unknown), "its job is not known");
    hot.keep(&made).await;
    assert!(matches!(hot.repeated(&owner, &asked).await, Repeated::Same(job) if job.id == made.job.id));
    assert!(matches!(hot.repeated(&owner, &key("k", "other")).await, Repeated::Other));
    assert!(matches!(hot.repeated(&owner, &key("l", "sha")).await, Repeated::Unknown));
    assert!(matches!(hot.repeated(&stranger, &asked).await, Repeated::Unknown));
    hot.keep_key(&stranger, &asked, made.job.id).await;
    assert!(matches!(hot.repeated(&stranger, &asked).await, Repeated::Unknown), "the job is somebody else's");
    hot.forget(made.job.id).await;
    for request in ["sha", "other"] {
        assert!(matches!(hot.repeated(&owner, &key("k", request)).await, Repeated::Unknown));
    }
}
