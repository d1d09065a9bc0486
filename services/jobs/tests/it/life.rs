//! Jobs from acceptance to end, across restarts.

use crate::harness::{PATIENCE, Process, straight};
use common::job::{JobState, StepKind, StepState};
use common::topic::Topic;
use common::wire::agent_v1;
use common::{ErrorCode, FileId, OwnerId};
use futures::StreamExt;
use jobs::{LinkStyle, NewJob};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Protects the path of every job, although each answer comes twice: one command a step, a report with
/// everything, and events that tell the story in order.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_runs_to_its_report() {
    let folder = tempfile::tempdir().expect("folder");
    let file = FileId::new();
    let process = Process::start(folder.path(), file, 4, straight).await;
    let id = process.create(file).await;
    let view = process.until_final(id).await;
    let summary = "Five bars.\n\nChecked: 9 of 10 values were found on the picture where they should be; the others are \
                   marked as doubtful in the overlay.";
    assert_eq!((view.state, view.summary.as_str()), (JobState::Succeeded, summary));
    let report = process.jobs.report(&OwnerId::local(), id, LinkStyle::Http).await.expect("report");
    let kinds: Vec<_> = report.steps.iter().map(|step| (step.kind, step.state)).collect();
    let expected = [
        StepKind::Look,
        StepKind::Think,
        StepKind::Review,
        StepKind::Run,
        StepKind::Measure,
        StepKind::Compare,
        StepKind::Think,
    ];
    assert_eq!(kinds, expected.map(|kind| (kind, StepState::Succeeded)));
    let names: Vec<&str> = report.outputs.iter().map(|output| output.name.as_str()).collect();
    assert_eq!(names, ["values.csv", "overlay.png", "overlay.json"]);
    assert_eq!((report.rounds.len(), report.rounds[0].delivered, report.rounds[0].score), (1, true, 0.9));
    let values = report.proof[0].values.expect("values held against the picture");
    assert_eq!((values.total, values.trusted, report.proof[0].overlay_json.as_deref()), (10, 9, Some("overlay.json")));
    assert_eq!(report.outputs[0].path, format!("/api/v1/jobs/{id}/outputs/values.csv"));
    assert_eq!((report.code.as_deref(), report.usage.prompt_tokens), (Some("print(5)"), 6));
    assert_eq!(report.run.expect("run").stdout, "5 bars");
    let events: Vec<_> = process.jobs.events(&OwnerId::local(), id, 0).await.expect("events").collect().await;
    assert_eq!(events.iter().map(|event| event.number).collect::<Vec<_>>(), (1..=17).collect::<Vec<_>>());
    assert_eq!((events[0].kind.as_str(), events[16].kind.as_str()), ("job_queued", "job_finished"));
    let later: Vec<_> = process.jobs.events(&OwnerId::local(), id, 15).await.expect("events").collect().await;
    assert_eq!(later.len(), 2);
    assert_eq!(process.asked.lock().expect("lock").len(), 7, "each step was asked for once");
    process.end().await;
}

/// Protects people who chose which models are asked: each turn of the job is told, and whoever chose nothing has the first.
#[actix_web::test]
async fn the_choice_of_models_reaches_every_turn() {
    use agent_v1::think::Models;
    let folder = tempfile::tempdir().expect("folder");
    let file = FileId::new();
    let told = Arc::new(Mutex::new(Vec::new()));
    let listening = told.clone();
    let answer = move |topic: Topic, think: &agent_v1::Think| {
        if topic == Topic::AgentThink {
            listening.lock().expect("lock").push(think.models());
        }
        straight(topic, think)
    };
    let process = Process::start(folder.path(), file, 4, answer).await;
    for (options, expected) in [
        (json!({}), Models::Unspecified),
        (json!({ "models": "first" }), Models::Unspecified),
        (json!({ "models": "second" }), Models::Second),
        (json!({ "models": "rules" }), Models::Rules),
    ] {
        let options = serde_json::from_value(options).expect("options");
        let request = NewJob { file_ids: vec![file], prompt: String::new(), options };
        let id = process.jobs.create(&OwnerId::local(), request, None).await.expect("a job").id;
        process.until_final(id).await;
        assert_eq!(*told.lock().expect("lock"), [expected; 2]);
        told.lock().expect("lock").clear();
    }
    process.end().await;
}

/// Protects invariant 4: the process ends while each kind of step is waiting for its answer; the next
/// one finishes the job, asks again for that step under the same id, and for no finished one.
#[tokio::test(flavor = "multi_thread")]
async fn a_restart_at_any_step_loses_and_repeats_nothing() {
    for silent in [Topic::SandboxLook, Topic::AgentThink, Topic::CriticReview, Topic::SandboxRun, Topic::CriticCompare]
    {
        let folder = tempfile::tempdir().expect("folder");
        let file = FileId::new();
        let mute = move |topic, think: &_| if topic == silent { None } else { straight(topic, think) };
        let first = Process::start(folder.path(), file, 4, mute).await;
        let id = first.create(file).await;
        let waiting = tokio::time::timeout(PATIENCE, async {
            while !first.asked.lock().expect("lock").iter().any(|(topic, _)| *topic == silent) {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        });
        waiting.await.expect("the silent worker was asked");
        let before = first.asked.lock().expect("lock").clone();
        first.end().await;

        let second = Process::start(folder.path(), file, 4, straight).await;
        assert_eq!(second.until_final(id).await.state, JobState::Succeeded, "{silent}");
        let after = second.asked.lock().expect("lock").clone();
        assert_eq!(after.first(), before.last(), "the waiting step is asked for again, under its id");
        let mut asked: BTreeMap<String, usize> = BTreeMap::new();
        for (_, step) in before.iter().chain(&after) {
            *asked.entry(step.clone()).or_default() += 1;
        }
        assert_eq!(asked.len(), 7, "{silent}: no step was made twice");
        assert_eq!(
            asked.values().filter(|times| **times > 1).count(),
            1,
            "{silent}: only the waiting one was repeated"
        );
        second.end().await;
    }
}

/// Protects acceptance: a job accepted just before the end is there and runs after it.
#[tokio::test(flavor = "multi_thread")]
async fn queued_jobs_wait_their_turn_and_survive() {
    let folder = tempfile::tempdir().expect("folder");
    let file = FileId::new();
    let first = Process::start(folder.path(), file, 1, |_, _: &_| None).await;
    let ids = [first.create(file).await, first.create(file).await];
    first.until(ids[0], |view| (view.state == JobState::Running).then_some(())).await;
    assert_eq!(first.until(ids[1], |view| Some(view.state)).await, JobState::Queued);
    first.end().await;
    let second = Process::start(folder.path(), file, 1, straight).await;
    for id in ids {
        assert_eq!(second.until_final(id).await.state, JobState::Succeeded);
    }
    second.end().await;
}

/// Protects the stop button: cancelling tells the workers, frees the place, and a late answer changes
/// nothing.
#[tokio::test(flavor = "multi_thread")]
async fn cancel_tells_the_workers() {
    let folder = tempfile::tempdir().expect("folder");
    let file = FileId::new();
    let process =
        Process::start(
            folder.path(),
            file,
            4,
            |topic, think: &_| if topic == Topic::SandboxRun { None } else { straight(topic, think) },
        )
        .await;
    let mut stopped = process.bus.subscribe(Topic::JobsStopped).await.expect("subscribe");
    let id = process.create(file).await;
    process.until(id, |view| view.steps.iter().any(|step| step.kind == StepKind::Run).then_some(())).await;
    let view = process.jobs.cancel(&OwnerId::local(), id).await.expect("cancel");
    assert_eq!(view.state, JobState::Cancelled);
    let told = tokio::time::timeout(PATIENCE, stopped.next()).await.expect("in time").expect("open");
    let told: common::wire::jobs_v1::JobStopped = common::wire::decode(&told.payload).expect("decode");
    assert_eq!(told.job_id, id.to_string());
    let again = process.jobs.cancel(&OwnerId::local(), id).await.expect_err("it has ended");
    assert_eq!(again.code, ErrorCode::JobStateConflict);
    process.end().await;
}

/// Protects callers that repeat a request: the same key gives the same job, another request under it is
/// refused, and a key of someone else is another key.
#[tokio::test(flavor = "multi_thread")]
async fn idempotency_keys_give_one_job() {
    let folder = tempfile::tempdir().expect("folder");
    let file = FileId::new();
    let process = Process::start(folder.path(), file, 4, straight).await;
    let owner = OwnerId::local();
    let request = |prompt: &str| NewJob { file_ids: vec![file], prompt: prompt.into(), options: Default::default() };
    let create = |prompt: &str| process.jobs.create(&owner, request(prompt), Some("k1".into()));
    let ids = futures::future::join_all((0..5).map(|_| create("a"))).await;
    let ids: Vec<_> = ids.into_iter().map(|made| made.expect("create").id).collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
    assert_eq!(create("b").await.expect_err("conflict").code, ErrorCode::IdempotencyConflict);
    process.until_final(ids[0]).await;
    process.jobs.delete(&owner, ids[0]).await.expect("delete");
    assert_eq!(process.jobs.get(&owner, ids[0]).await.expect_err("gone").code, ErrorCode::JobNotFound);
    assert_ne!(create("a").await.expect("a new one").id, ids[0]);
    process.end().await;
}
