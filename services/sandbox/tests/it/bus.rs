//! Commands from the bus: answered once, however often they come.

use crate::full_store::FullStore;
use crate::support::{Room, marker, processes_with, settings, sleepers, until};
use bus::{MemoryBus, Outgoing, SharedBus};
use common::execution::{ExecutionResult, RunStatus};
use common::topic::Topic;
use common::wire::jobs_v1::{JobStopped, StepEvent, step_event::Outcome};
use common::wire::{common_v1, decode, encode, sandbox_v1};
use common::{JobId, MessageId, StepId};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(30);

/// A listening sandbox and the other end of its bus.
pub struct Line {
    pub room: Room,
    pub bus: SharedBus,
    answers: Box<dyn bus::Deliveries>,
    stop: CancellationToken,
    running: sandbox::Running,
}

impl Line {
    pub async fn new() -> Self {
        Self::of(Room::new().await).await
    }

    pub async fn of(room: Room) -> Self {
        let bus: SharedBus = Arc::new(MemoryBus::new());
        let answers = bus.consume(Topic::JobsStep, 8).await.expect("answers");
        let stop = CancellationToken::new();
        let running = room.sandbox.start(bus.clone(), stop.clone()).await.expect("listening");
        Self { room, bus, answers, stop, running }
    }

    pub async fn send(&self, topic: Topic, payload: Vec<u8>) {
        self.bus
            .publish(Outgoing { message_id: MessageId::new(), topic, payload, trace: None })
            .await
            .expect("published");
    }

    pub async fn run(&self, run: &sandbox_v1::Run) {
        self.send(Topic::SandboxRun, encode(run).expect("encoded")).await;
    }

    pub async fn answer(&mut self) -> (MessageId, StepEvent) {
        let delivery = tokio::time::timeout(PATIENCE, self.answers.next()).await.expect("in time").expect("open");
        let id = delivery.message().message_id;
        let event = decode(&delivery.message().payload).expect("an event");
        delivery.ack().await.expect("settled");
        (id, event)
    }

    pub async fn nothing_more(&mut self) {
        let more = tokio::time::timeout(Duration::from_millis(300), self.answers.next()).await;
        assert!(more.is_err(), "one answer too many");
    }
}

fn command(code: &str) -> sandbox_v1::Run {
    let (job_id, step_id) = (JobId::new().to_string(), StepId::new().to_string());
    sandbox_v1::Run { job_id, step_id, code: code.to_owned(), inputs: Vec::new(), timeout_seconds: 30 }
}

fn ran(event: StepEvent) -> sandbox_v1::Ran {
    match event.outcome {
        Some(Outcome::Ran(ran)) => ran,
        other => panic!("not a run: {other:?}"),
    }
}

/// Protects jobs: a run's answer carries the verdict, and its files stand below the job.
#[tokio::test]
async fn a_run_is_answered_and_stored() {
    let mut line = Line::new().await;
    let mut command = command("print(open('/box/in/x.txt').read()); open('/box/out/a b.csv', 'w').write('1,2')");
    line.room.blob.put(&"up/x".parse().expect("key"), "hello".into()).await.expect("stored");
    command.inputs = vec![sandbox_v1::Input { name: "x.txt".into(), blob_key: "up/x".into() }];
    line.run(&command).await;
    let (_, event) = line.answer().await;
    assert_eq!((&event.job_id, &event.step_id), (&command.job_id, &command.step_id));
    let ran = ran(event);
    assert_eq!((ran.status(), ran.exit_code, ran.stdout_tail.as_str()), (common_v1::RunStatus::Ok, Some(0), "hello\n"));
    let key = format!("jobs/{}/runs/{}/outputs/a b.csv", command.job_id, command.step_id);
    assert_eq!(ran.outputs[0].blob_key, key);
    assert_eq!(line.room.blob.get(&key.parse().expect("key"), 100).await.expect("stored"), "1,2");
    let result = line.room.blob.get(&ran.result_key.parse().expect("key"), 1 << 20).await.expect("stored");
    let result: ExecutionResult = serde_json::from_slice(&result).expect("a result");
    assert_eq!((result.status, result.outputs[0].path.as_str()), (RunStatus::Ok, key.as_str()));
}

/// Protects finished work: the same command, at once or later, runs once and is answered alike each time.
#[tokio::test]
async fn repeated_commands_run_once() {
    let mut line = Line::new().await;
    let command = command("import uuid; print(uuid.uuid4())");
    for _ in 0..3 {
        line.run(&command).await;
    }
    let first = line.answer().await;
    assert_eq!(line.answer().await, first);
    assert_eq!(line.answer().await, first);
    line.run(&command).await;
    assert_eq!(line.answer().await, first);
    line.nothing_more().await;
}

/// Protects cancelling of jobs: a stop kills what runs and drops what waits, and only that job's.
#[tokio::test]
async fn a_stop_kills_runs_and_drops_waiting_ones() {
    let mut line = Line::new().await;
    let marker = marker();
    let running = command(&(sleepers(&marker) + "time.sleep(1000)"));
    line.run(&running).await;
    until("starting", PATIENCE, || processes_with(&marker).len() == 2).await;
    line.send(Topic::JobsStopped, encode(&JobStopped { job_id: running.job_id.clone() }).expect("encoded")).await;
    until("killing", Duration::from_secs(6), || processes_with(&marker).is_empty()).await;
    assert_eq!(ran(line.answer().await.1).status(), common_v1::RunStatus::Killed);
    let waiting = sandbox_v1::Run { step_id: StepId::new().to_string(), ..running.clone() };
    line.run(&waiting).await;
    assert_eq!(ran(line.answer().await.1).status(), common_v1::RunStatus::Killed);
    let prefix = format!("jobs/{}", running.job_id).parse().expect("key");
    assert_eq!(line.room.blob.list(&prefix).await.expect("listed"), Vec::new());
    line.run(&command("pass")).await;
    assert_eq!(ran(line.answer().await.1).status(), common_v1::RunStatus::Ok);
}

/// Protects jobs from waiting for ever: a command that cannot be carried out is answered with a failure.
#[tokio::test]
async fn impossible_commands_are_answered() {
    let mut line = Line::new().await;
    let mut missing = command("pass");
    missing.inputs = vec![sandbox_v1::Input { name: "x".into(), blob_key: "not/there".into() }];
    line.run(&missing).await;
    let (_, event) = line.answer().await;
    assert!(matches!(event.outcome, Some(Outcome::Failure(failure)) if failure.code == "worker_failed"));
    // Nonsense is set aside and blocks nobody.
    line.send(Topic::SandboxRun, b"\xff\xff".to_vec()).await;
    let mut climbing = command("pass");
    climbing.inputs = vec![sandbox_v1::Input { name: "../x".into(), blob_key: "a".into() }];
    line.run(&climbing).await;
    line.run(&command("pass")).await;
    assert_eq!(ran(line.answer().await.1).status(), common_v1::RunStatus::Ok);
    assert_eq!(line.bus.dead_letters(Topic::SandboxRun).await.expect("dead letters").len(), 2);
}

/// Protects jobs on a full disk: the step is tried again, then told as what it is, and nothing is lost.
#[tokio::test]
async fn a_full_store_is_told() {
    let room = Room::on(settings(), |blob| Arc::new(FullStore(blob))).await;
    let mut line = Line::of(room).await;
    line.run(&command("print(1)")).await;
    let (_, event) = line.answer().await;
    assert!(matches!(event.outcome, Some(Outcome::Failure(failure)) if failure.code == "storage_unavailable"));
    line.nothing_more().await;
    assert_eq!(line.bus.dead_letters(Topic::SandboxRun).await.expect("dead letters"), Vec::new());
}

/// Protects accepted work at shutdown: a run in hand is killed and its command given back, unanswered.
#[tokio::test]
async fn stopping_gives_commands_back() {
    let mut line = Line::new().await;
    let marker = marker();
    line.run(&command(&(sleepers(&marker) + "time.sleep(1000)"))).await;
    until("starting", PATIENCE, || processes_with(&marker).len() == 2).await;
    line.stop.cancel();
    tokio::time::timeout(Duration::from_secs(3), line.running.finished()).await.expect("ended");
    assert_eq!(processes_with(&marker), Vec::<u32>::new());
    line.nothing_more().await;
    let mut again = line.bus.consume(Topic::SandboxRun, 1).await.expect("consume");
    let delivery = tokio::time::timeout(PATIENCE, again.next()).await.expect("in time").expect("given back");
    assert_eq!(delivery.message().attempt, 1, "a stop is no failure of the command");
}
