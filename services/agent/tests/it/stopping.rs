//! Stopped jobs and a stopped service.

use crate::rig::{Rig, Watched, next, send, silent, think};
use agent::{Role, Settings};
use common::topic::Topic;
use common::wire::encode;
use common::wire::jobs_v1::JobStopped;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, mpsc};

/// Protects money and the stop button: a stopped job's question to a model is given up within a second,
/// its queued commands are dropped, and the place is free for other jobs.
#[tokio::test]
async fn a_stopped_job_is_given_up_at_once() {
    let mut rig = Rig::new().await;
    rig.settings = Settings { concurrency: 1, ..rig.settings };
    let (asked, mut requests) = mpsc::unbounded_channel();
    let go = Arc::new(Semaphore::new(0));
    let model = Watched { asked, go: go.clone(), text: "```python\nprint(1)\n```" };
    let _running = rig.start(Role::of(Arc::new(model))).await;
    let mut answers = rig.answers().await;
    let command = think("x", vec![], 4);
    rig.send(&command).await;
    requests.recv().await.unwrap();
    let mut queued = think("x", vec![], 4);
    queued.job_id = command.job_id.clone();
    rig.send(&queued).await;
    rig.send(&think("other", vec![], 4)).await;

    let stopped = Instant::now();
    let stop = encode(&JobStopped { job_id: command.job_id.clone() }).unwrap();
    send(&rig.bus, Topic::JobsStopped, b"\xff\xff".to_vec()).await;
    send(&rig.bus, Topic::JobsStopped, stop).await;
    // With one place, the other job's question proves that the first was given up and the queued dropped.
    let other =
        tokio::time::timeout(Duration::from_secs(1), requests.recv()).await.expect("the place is free").unwrap();
    assert!(stopped.elapsed() < Duration::from_secs(1));
    assert_ne!(other.step.job_id.to_string(), command.job_id);
    go.add_permits(1);
    assert_eq!(next(&mut answers).await.job_id, other.step.job_id.to_string());
    assert!(silent(&mut answers, Duration::from_millis(200)).await, "a stopped job is not answered");
    assert!(rig.bus.dead_letters(Topic::AgentThink).await.unwrap().is_empty());
}

/// Protects a shutdown: a turn gets its time to end, and one that does not is handed back for another
/// process to take.
#[tokio::test]
async fn a_shutdown_waits_a_little_then_hands_back() {
    let mut rig = Rig::new().await;
    rig.settings = Settings { drain: Duration::from_millis(400), ..rig.settings };
    let (asked, mut requests) = mpsc::unbounded_channel();
    let go = Arc::new(Semaphore::new(0));
    let model = Arc::new(Watched { asked, go: go.clone(), text: "```python\nprint(1)\n```" });
    let running = rig.start(Role::of(model.clone())).await;
    let mut answers = rig.answers().await;
    rig.send(&think("quick", vec![], 4)).await;
    requests.recv().await.unwrap();
    rig.stop.cancel();
    tokio::time::sleep(Duration::from_millis(50)).await;
    go.add_permits(1);
    next(&mut answers).await;
    tokio::time::timeout(Duration::from_secs(2), running.finished()).await.unwrap();

    rig.stop = tokio_util::sync::CancellationToken::new();
    let running = rig.start(Role::of(model.clone())).await;
    let slow = think("slow", vec![], 4);
    rig.send(&slow).await;
    requests.recv().await.unwrap();
    let stopped = Instant::now();
    rig.stop.cancel();
    tokio::time::timeout(Duration::from_secs(2), running.finished()).await.unwrap();
    assert!(stopped.elapsed() >= Duration::from_millis(400));

    rig.stop = tokio_util::sync::CancellationToken::new();
    go.add_permits(1);
    let _running = rig.start(Role::of(model)).await;
    assert_eq!(next(&mut answers).await.step_id, slow.step_id);
}
