//! What one person may have and use.

use crate::harness::{Process, limits, straight};
use common::job::{JobState, Stopped};
use common::limits::Limits;
use common::{Caller, ErrorCode, FileId, OwnerId};
use jobs::{LinkStyle, NewJob};

fn request(file: FileId) -> NewJob {
    NewJob { file_ids: vec![file], prompt: String::new(), options: Default::default() }
}

fn caller(limits: Limits) -> Caller {
    Caller { limits, ..Caller::from(&OwnerId::local()) }
}

/// Protects operators: of many requests at the same moment, through two replicas where there can be two, as many jobs
/// are accepted as may be open, and not one more. The others hear when to come again.
#[tokio::test(flavor = "multi_thread")]
async fn open_jobs_are_counted_to_the_unit() {
    let (folder, file) = (tempfile::tempdir().expect("folder"), FileId::new());
    let parts = Process::parts();
    let mute = |_, _: &_| None;
    let first = Process::start_on(parts.clone(), folder.path(), file, 1, mute).await;
    let second = Process::alone(parts, folder.path(), file, limits(1)).await;
    let caller = caller(Limits { open_jobs: Some(3), ..Limits::default() });
    let asked = (0..12).map(|number| {
        let process = if number % 2 == 0 { &first } else { &second };
        process.jobs.create(caller.clone(), request(file), None)
    });
    let (accepted, refused): (Vec<_>, Vec<_>) =
        futures::future::join_all(asked).await.into_iter().partition(Result::is_ok);
    assert_eq!((accepted.len(), refused.len()), (3, 9));
    for failure in refused.into_iter().filter_map(Result::err) {
        assert_eq!((failure.code, failure.retry_after_seconds), (ErrorCode::LimitReached, Some(15)), "{failure}");
    }
    let usage = first.jobs.usage(&caller, Vec::new()).await.expect("usage");
    assert_eq!((usage.open_jobs, usage.running_jobs, usage.max_open_jobs), (3, 1, Some(3)));
    // A place that is given back is had again.
    let id = accepted.into_iter().find_map(Result::ok).expect("a job").id;
    first.jobs.cancel(&OwnerId::local(), id).await.expect("cancelled");
    second.jobs.create(caller.clone(), request(file), None).await.expect("accepted");
    second.end().await;
    first.end().await;
}

/// Protects the bill: when a person's tokens of the day are used up the job in hand delivers what it has and says why,
/// and the next is refused until the day ends. Everything is counted, also where nothing is limited.
#[tokio::test(flavor = "multi_thread")]
async fn the_tokens_of_a_day_end_the_work_of_the_day() {
    let (folder, file) = (tempfile::tempdir().expect("folder"), FileId::new());
    let process = Process::start(folder.path(), file, 1, straight).await;
    let caller = caller(Limits { tokens_per_day: Some(1), ..Limits::default() });
    let id = process.jobs.create(caller.clone(), request(file), None).await.expect("accepted").id;
    let view = process.until_final(id).await;
    // The code was written and run; the tokens for the summary were not there any more.
    assert_eq!((view.state, view.stopped_by), (JobState::Succeeded, Some(Stopped::DayTokens)));
    let report = process.jobs.report(&OwnerId::local(), id, LinkStyle::Http).await.expect("report");
    let usage = process.jobs.usage(&caller, Vec::new()).await.expect("usage");
    assert!(report.usage.tokens() > 0);
    assert_eq!(
        (usage.prompt_tokens, usage.completion_tokens),
        (report.usage.prompt_tokens, report.usage.completion_tokens)
    );
    assert_eq!((usage.calls, usage.cost_usd, usage.tokens_left), (report.usage.calls, report.usage.cost_usd, Some(0)));
    let refused = process.jobs.create(caller, request(file), None).await.expect_err("the day is over");
    assert_eq!(refused.code, ErrorCode::LimitReached);
    assert!((1..=86_400).contains(&refused.retry_after_seconds.expect("a time")), "{refused:?}");
    let unlimited = process.create(file).await;
    assert_eq!(process.until_final(unlimited).await.state, JobState::Succeeded);
    let both = process.jobs.usage(&Caller::from(&OwnerId::local()), Vec::new()).await.expect("usage");
    assert!(both.calls > usage.calls && both.tokens_left.is_none(), "{both:?}");
    process.end().await;
}
