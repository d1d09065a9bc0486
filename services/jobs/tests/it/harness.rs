//! The service with workers that answer at once, as a test tells them.

use async_trait::async_trait;
use bus::{Consumer, Handled, Handler, Incoming, MemoryBus, Outgoing, SharedBus};
use common::picture::{PictureRef, PictureSource, Upload};
use common::topic::Topic;
use common::wire::{agent_v1, common_v1, critic_v1, decode, encode, jobs_v1, sandbox_v1};
use common::{Caller, ErrorCode, Failure, FileId, JobId, MessageId, OwnerId};
use jobs::{Deps, Jobs, NewJob, Running, Settings};
use jobs_v1::step_event::Outcome;
use shared::{MemoryState, SharedHandle};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

pub const PATIENCE: Duration = Duration::from_secs(20);

/// The one file that exists, and whose it is.
pub struct OneFile(pub FileId);

#[async_trait]
impl PictureSource for OneFile {
    async fn picture(&self, caller: &Caller, id: FileId) -> Result<PictureRef, Failure> {
        if id != self.0 || caller.owner != OwnerId::local() {
            return Err(Failure::new(ErrorCode::FileNotFound));
        }
        Ok(PictureRef {
            file_id: id,
            blob_key: "files/x/image.png".into(),
            sha256: "0".repeat(64),
            width: 4,
            height: 4,
            name: "Summer_100%.png".into(),
        })
    }

    async fn uploads(&self, _: &Caller, _: Option<FileId>) -> Result<Vec<Upload>, Failure> {
        Ok(Vec::new())
    }

    async fn erase(&self, _: &Caller) -> Result<(), Failure> {
        Ok(())
    }
}

/// The SQL of every statement that a process sent to its database, in order.
pub type Statements = Arc<Mutex<Vec<String>>>;

/// What the workers were asked, in order: topic and step id.
pub type Asked = Arc<Mutex<Vec<(Topic, String)>>>;

/// Answers every command with the outcome of the function; `None` means no answer.
pub struct Worker<F> {
    pub bus: SharedBus,
    pub asked: Asked,
    pub answer: F,
}

#[async_trait]
impl<F: Fn(Topic, &agent_v1::Think) -> Option<Outcome> + Send + Sync + 'static> Handler for Worker<F> {
    async fn handle(&self, message: &Incoming) -> Handled {
        let (job_id, step_id, think) = match message.topic {
            Topic::SandboxLook => {
                let look: sandbox_v1::Look = decode(&message.payload).expect("a look");
                (look.job_id, look.step_id, agent_v1::Think::default())
            }
            Topic::SandboxRun => {
                let run: sandbox_v1::Run = decode(&message.payload).expect("a run");
                // What is run stands where a prompt would: workers tell the platform's own scripts by it.
                (run.job_id, run.step_id, agent_v1::Think { prompt: run.code, ..Default::default() })
            }
            Topic::CriticCompare => {
                let compare: critic_v1::Compare = decode(&message.payload).expect("a comparison");
                (compare.job_id, compare.step_id, agent_v1::Think::default())
            }
            Topic::CriticReview => {
                let review: critic_v1::Review = decode(&message.payload).expect("a review");
                (review.job_id, review.step_id, agent_v1::Think::default())
            }
            _ => {
                let think: agent_v1::Think = decode(&message.payload).expect("a think");
                (think.job_id.clone(), think.step_id.clone(), think)
            }
        };
        self.asked.lock().expect("lock").push((message.topic, step_id.clone()));
        if let Some(outcome) = (self.answer)(message.topic, &think) {
            let calls =
                if message.topic == Topic::AgentThink { vec![call(think.transcript.len())] } else { Vec::new() };
            let event = jobs_v1::StepEvent { job_id, step_id, outcome: Some(outcome), calls };
            let payload = encode(&event).expect("encode");
            // Twice on purpose: the bus may repeat any message.
            for _ in 0..2 {
                let outgoing = Outgoing {
                    message_id: MessageId::new(),
                    topic: Topic::JobsStep,
                    payload: payload.clone(),
                    trace: None,
                };
                self.bus.publish(outgoing).await.expect("publish");
            }
        }
        Handled::Done
    }
}

/// What an agent tells of the call that it made in a turn.
fn call(turn: usize) -> agent_v1::Call {
    agent_v1::Call {
        role: "code".into(),
        model: format!("model-{turn}"),
        host: "models.example:443".into(),
        started_ms: 1_700_000_000_000 + turn as i64,
        duration_ms: 1200,
        first_token_ms: Some(300),
        usage: Some(common_v1::Usage { prompt_tokens: 5, completion_tokens: 1, calls: 1, cost_micro_usd: 20 }),
        error_code: String::new(),
        passed_over: vec!["first".into()],
        prompt_file: "code.md".into(),
        prompt_hash: "0123456789ab".into(),
    }
}

fn output(name: &str) -> common_v1::Output {
    let media_type = match name.rsplit('.').next() {
        Some("csv") => "text/csv",
        Some("png") => "image/png",
        _ => "application/json",
    };
    common_v1::Output {
        name: name.into(),
        media_type: media_type.into(),
        bytes: 4,
        sha256: "0".repeat(64),
        blob_key: format!("jobs/out/{name}"),
    }
}

/// The straight path: a bar chart, code, a pass, a good run that fits the picture, a summary.
pub fn straight(topic: Topic, think: &agent_v1::Think) -> Option<Outcome> {
    Some(match topic {
        Topic::SandboxLook => Outcome::Looked(common_v1::Seen {
            evidence_key: "looks/x.json".into(),
            kind: "bar".into(),
            confidence: 0.9,
            title: "Title".into(),
            flags: Vec::new(),
            prepared: None,
        }),
        Topic::CriticReview => {
            Outcome::Reviewed(critic_v1::Reviewed { verdict: common_v1::Verdict::Pass.into(), findings: Vec::new() })
        }
        Topic::SandboxRun if think.prompt.contains("prove.main") => Outcome::Ran(sandbox_v1::Ran {
            status: common_v1::RunStatus::Ok.into(),
            outputs: ["measure.json", "overlay.png", "overlay.json"].map(output).to_vec(),
            ..Default::default()
        }),
        Topic::CriticCompare => Outcome::Compared(critic_v1::Compared {
            score: 0.9,
            good: true,
            measures: vec![critic_v1::Measure { name: "values".into(), value: 0.9, aim: 0.9, note: String::new() }],
            values: vec![critic_v1::Values { picture: 0, total: 10, trusted: 9, median_residual_px: Some(0.5) }],
            ..Default::default()
        }),
        Topic::SandboxRun => Outcome::Ran(sandbox_v1::Ran {
            status: common_v1::RunStatus::Ok.into(),
            exit_code: Some(0),
            stdout_tail: "5 bars".into(),
            outputs: vec![output("values.csv")],
            result_key: "jobs/none/result.json".into(),
            ..Default::default()
        }),
        _ => Outcome::Thought(agent_v1::Thought {
            action: Some(if think.transcript.is_empty() {
                agent_v1::thought::Action::WriteCode(agent_v1::WriteCode {
                    code: "print(5)".into(),
                    code_key: "jobs/code.py".into(),
                    explanation: "prints".into(),
                })
            } else {
                agent_v1::thought::Action::Finish(agent_v1::Finish { summary: "Five bars.".into() })
            }),
            usage: Some(common_v1::Usage { prompt_tokens: 3, completion_tokens: 2, calls: 1, cost_micro_usd: 5 }),
            model: "stand-in".into(),
            prompt_version: String::new(),
            notes: Vec::new(),
        }),
    })
}

/// Settings with so many jobs at a time.
pub fn limits(max_running: u64) -> Settings {
    Settings { max_running, max_job_seconds: 60, ..Settings::default() }
}

/// One process: the service, its bus, its workers. Ends when stopped; the folder lives on.
pub struct Process {
    pub jobs: Jobs,
    pub bus: SharedBus,
    pub asked: Asked,
    pub statements: Statements,
    pub stop: CancellationToken,
    pub running: Running,
    pub workers: Vec<Consumer>,
    pub worker_stop: CancellationToken,
}

impl Process {
    /// A bus and a shared state within this process.
    pub fn parts() -> (SharedBus, SharedHandle) {
        (Arc::new(MemoryBus::new()), Arc::new(MemoryState::new()))
    }

    pub async fn start<F>(folder: &Path, file: FileId, max_running: u64, answer: F) -> Self
    where
        F: Fn(Topic, &agent_v1::Think) -> Option<Outcome> + Send + Sync + Clone + 'static,
    {
        Self::start_on(Self::parts(), folder, file, max_running, answer).await
    }

    /// On that bus and that shared state.
    pub async fn start_on<F>(
        parts: (SharedBus, SharedHandle),
        folder: &Path,
        file: FileId,
        max_running: u64,
        answer: F,
    ) -> Self
    where
        F: Fn(Topic, &agent_v1::Think) -> Option<Outcome> + Send + Sync + Clone + 'static,
    {
        Self::start_by(parts, folder, file, limits(max_running), answer).await
    }

    /// On that bus and that shared state, with these settings.
    pub async fn start_by<F>(
        (bus, shared): (SharedBus, SharedHandle),
        folder: &Path,
        file: FileId,
        settings: Settings,
        answer: F,
    ) -> Self
    where
        F: Fn(Topic, &agent_v1::Think) -> Option<Outcome> + Send + Sync + Clone + 'static,
    {
        let (asked, stop) = (Asked::default(), CancellationToken::new());
        let mut workers = Vec::new();
        for topic in
            [Topic::SandboxLook, Topic::SandboxRun, Topic::AgentThink, Topic::CriticReview, Topic::CriticCompare]
        {
            let worker = Worker { bus: bus.clone(), asked: asked.clone(), answer: answer.clone() };
            workers.push(Consumer::start(&bus, topic, 2, Arc::new(worker), stop.clone()).await.expect("worker"));
        }
        let alone = Self::alone((bus, shared), folder, file, settings).await;
        Self { asked, workers, worker_stop: stop, ..alone }
    }

    /// The service alone, on that bus and that shared state, with these settings.
    pub async fn alone(
        (bus, shared): (SharedBus, SharedHandle),
        folder: &Path,
        file: FileId,
        settings: Settings,
    ) -> Self {
        let statements = Statements::default();
        let log = statements.clone();
        let mut db = database::connect(&crate::database_url(folder), "jobs").await.expect("database");
        db.set_metric_callback(move |sent| log.lock().expect("lock").push(sent.statement.sql.clone()));
        let deps = Deps {
            db,
            blob: blob::connect(&format!("file://{}/blobs", folder.display())).await.expect("blobs"),
            bus: bus.clone(),
            shared,
            pictures: Arc::new(OneFile(file)),
        };
        let stop = CancellationToken::new();
        let jobs = Jobs::open(deps, settings).await.expect("open");
        let running = jobs.start(stop.clone()).await.expect("start");
        Self {
            jobs,
            bus,
            asked: Asked::default(),
            statements,
            stop,
            running,
            workers: Vec::new(),
            worker_stop: CancellationToken::new(),
        }
    }

    /// Ends the process; messages on its bus are gone, as after a kill.
    pub async fn end(self) {
        self.stop.cancel();
        self.worker_stop.cancel();
        self.running.finished().await;
        for worker in &self.workers {
            worker.finished().await;
        }
    }

    pub async fn create(&self, file: FileId) -> JobId {
        let request = NewJob { file_ids: vec![file], prompt: String::new(), options: Default::default() };
        self.jobs.create(&OwnerId::local(), request, None).await.expect("create").id
    }

    pub async fn until<T>(&self, id: JobId, wanted: impl Fn(&jobs::JobView) -> Option<T>) -> T {
        let looking = async {
            loop {
                let view = self.jobs.get(&OwnerId::local(), id).await.expect("get");
                if let Some(found) = wanted(&view) {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, looking).await.expect("it happens in time")
    }

    pub async fn until_final(&self, id: JobId) -> jobs::JobView {
        self.until(id, |view| view.state.is_final().then(|| view.clone())).await
    }
}
