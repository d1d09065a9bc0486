//! Several replicas of the service on one database: what one process promises holds for all of them together.

use crate::harness::{PATIENCE, Process, limits, straight};
use bus::SharedBus;
use common::job::JobState;
use common::{FileId, OwnerId};
use jobs::{NewJob, Wanted};
use shared::SharedHandle;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// What replicas stand on together.
type Parts = (SharedBus, SharedHandle);

/// Another replica: the same database, store, bus and shared state, and no workers of its own.
async fn replica(of: &Process, parts: &Parts, folder: &Path, file: FileId, max_running: u64) -> Process {
    let parts = parts.clone();
    Process { asked: of.asked.clone(), ..Process::alone(parts, folder, file, limits(max_running)).await }
}

fn request(file: FileId) -> NewJob {
    NewJob { file_ids: vec![file], prompt: String::new(), options: Default::default() }
}

/// Protects jobs from replicas that meet: every job ends well whichever replica took it in, each step is asked for
/// once and finished once, and never more jobs run than one replica would allow.
#[tokio::test(flavor = "multi_thread")]
async fn replicas_share_the_work_and_double_nothing() {
    const JOBS: usize = 40;
    const MAX_RUNNING: u64 = 3;
    if testkit::postgres().is_err() {
        return eprintln!("SKIPPED: replicas are tried on PostgreSQL only");
    }
    let (folder, file) = (tempfile::tempdir().expect("folder"), FileId::new());
    let parts = Process::parts();
    let first = Process::start_on(parts.clone(), folder.path(), file, MAX_RUNNING, straight).await;
    let replicas = [
        replica(&first, &parts, folder.path(), file, MAX_RUNNING).await,
        replica(&first, &parts, folder.path(), file, MAX_RUNNING).await,
    ];
    let all = [&first, &replicas[0], &replicas[1]];
    let owner = OwnerId::local();
    let made = (0..JOBS).map(|number| all[number % all.len()].jobs.create(&owner, request(file), None));
    let ids: Vec<_> =
        futures::future::join_all(made).await.into_iter().map(|made| made.expect("accepted").id).collect();
    let mut most_running = 0;
    let ended = tokio::time::timeout(PATIENCE * 3, async {
        loop {
            // All in one statement: of several, one may see a job before its end and the next its successor.
            let jobs = replicas[0].jobs.list(&owner, &Wanted::default(), 100).await.expect("a list").items;
            let states: Vec<_> =
                ids.iter().map(|id| jobs.iter().find(|job| job.id == *id).expect("it").state).collect();
            most_running = most_running.max(states.iter().filter(|state| **state == JobState::Running).count());
            if states.iter().all(|state| *state == JobState::Succeeded) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    ended.await.expect("every job succeeded");
    assert!(most_running as u64 <= MAX_RUNNING, "{most_running} jobs ran at a time");
    let mut asked: BTreeMap<String, usize> = BTreeMap::new();
    for (_, step) in first.asked.lock().expect("lock").iter() {
        *asked.entry(step.clone()).or_default() += 1;
    }
    assert_eq!((asked.len(), asked.values().max()), (JOBS * 7, Some(&1)), "each of seven steps was asked for once");
    for replica in replicas {
        replica.end().await;
    }
    first.end().await;
}

/// Protects callers that send a request again because they heard nothing: whichever replicas get it, at the same
/// moment or not, it is one job.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_gives_one_job_over_all_replicas() {
    if testkit::postgres().is_err() {
        return eprintln!("SKIPPED: replicas are tried on PostgreSQL only");
    }
    let (folder, file) = (tempfile::tempdir().expect("folder"), FileId::new());
    let parts = Process::parts();
    let first = Process::start_on(parts.clone(), folder.path(), file, 4, straight).await;
    let second = replica(&first, &parts, folder.path(), file, 4).await;
    let (owner, both) = (OwnerId::local(), [&first, &second]);
    for round in 0..5 {
        let key = format!("key-{round}");
        let made = (0..8).map(|number| both[number % 2].jobs.create(&owner, request(file), Some(key.clone())));
        let made = futures::future::join_all(made).await;
        let ids: Vec<_> = made.into_iter().map(|made| made.expect("accepted").id).collect();
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    }
    second.end().await;
    first.end().await;
}
