//! The resident Python workers: bandit and the reading of facts, one source at a time each.
//!
//! A worker that dies, hangs, talks nonsense or has served its share is replaced. Workers end by
//! themselves when their input closes, so a server that is killed leaves none behind.

use super::facts::{Hello, Reading};
use crate::Settings;
use crate::error::ToolError;
use common::wire;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;

const TOOL: &str = "bandit";
const BOOTSTRAP: &str = include_str!("../../python/bootstrap.py");
const SOURCE_FACTS: &str = include_str!("../../python/source_facts.py");
const BANDIT_WORKER: &str = include_str!("../../python/bandit_worker.py");

/// Longest answer in bytes. The worker bounds its answers well below this.
const MAX_ANSWER_BYTES: u64 = 64 * 1024 * 1024;

/// Most nodes of syntax in one source: more would keep bandit busy for longer than a person waits.
const MAX_NODES: u32 = 150_000;

/// Most imports, uses and calls told about one source.
const MAX_FACTS: u32 = 5_000;

/// Most that is kept of what a worker says on standard error.
const MAX_COMPLAINT_BYTES: usize = 2000;

/// How long a new worker may take until it is ready.
const START_TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Greeting {
    Hello(Hello),
    Error(String),
}

#[derive(Deserialize)]
struct Answer {
    id: u64,
    #[serde(flatten)]
    reading: Reading,
}

#[derive(Serialize)]
struct Request<'a> {
    id: u64,
    code: &'a str,
}

#[derive(Serialize)]
struct Configuration<'a> {
    watch: &'a [&'a str],
    skip: &'a [&'a str],
    seconds: u64,
    max_nodes: u32,
    max_facts: u32,
}

/// The workers at rest, and how to start another. The caller bounds how many are busy at a time.
#[derive(Debug)]
pub(super) struct Pool {
    python: PathBuf,
    watch: Vec<&'static str>,
    timeout: Duration,
    max_served: u64,
    max_idle: usize,
    idle: Mutex<Vec<Worker>>,
}

impl Pool {
    /// No worker yet; they are started when needed.
    pub(super) fn new(python: PathBuf, watch: Vec<&'static str>, settings: &Settings) -> Self {
        Self {
            python,
            watch,
            timeout: settings.timeout,
            max_served: settings.worker_reviews.max(1),
            max_idle: settings.concurrency.max(1),
            idle: Mutex::default(),
        }
    }

    /// Starts one worker, keeps it for the first review, and answers what it says of itself.
    pub(super) async fn warm_up(&self) -> Result<Hello, ToolError> {
        let (worker, hello) = self.start().await?;
        self.lock().push(worker);
        Ok(hello)
    }

    /// Lets a worker read `code`.
    pub(super) async fn read(&self, code: &str) -> Result<Reading, ToolError> {
        let resting = self.lock().pop();
        if let Some(worker) = resting {
            match self.read_with(worker, code).await {
                Err(ToolError::Died { how, .. }) => {
                    tracing::warn!(how, "a resident reviewer died; another one takes over");
                }
                outcome => return outcome,
            }
        }
        // Whatever a worker dies of while at rest says nothing about this code: only a fresh one does.
        let (worker, _) = self.start().await?;
        self.read_with(worker, code).await
    }

    async fn read_with(&self, mut worker: Worker, code: &str) -> Result<Reading, ToolError> {
        let reading = match tokio::time::timeout(self.timeout, worker.ask(code)).await {
            Ok(answered) => answered?,
            // Dropping the worker kills it.
            Err(_) => return Err(ToolError::TimedOut { tool: TOOL }),
        };
        if worker.served < self.max_served {
            let mut idle = self.lock();
            if idle.len() < self.max_idle {
                idle.push(worker);
            }
        }
        match reading {
            Reading::Error(why) => Err(ToolError::Faulty { tool: TOOL, why }),
            reading => Ok(reading),
        }
    }

    async fn start(&self) -> Result<(Worker, Hello), ToolError> {
        let configuration = Configuration {
            watch: &self.watch,
            skip: super::bandit::SKIPPED,
            // Later than this side gives up, so that it only matters when this side is gone.
            seconds: self.timeout.as_secs() + 5,
            max_nodes: MAX_NODES,
            max_facts: MAX_FACTS,
        };
        let started = tokio::time::timeout(START_TIMEOUT, Worker::start(&self.python, &configuration)).await;
        started.map_err(|_| ToolError::TimedOut { tool: TOOL })?
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Worker>> {
        // A panic while the lock is held cannot leave the list half-changed.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One running worker. Killed when dropped.
#[derive(Debug)]
struct Worker {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// Gives the end of what it said on standard error, once it is gone.
    complaints: JoinHandle<String>,
    served: u64,
}

impl Worker {
    async fn start(python: &Path, configuration: &Configuration<'_>) -> Result<(Self, Hello), ToolError> {
        let mut child = Command::new(python)
            .args(["-I", "-c", BOOTSTRAP])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C in a terminal is for the server, which stops its workers itself.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| ToolError::Start { tool: TOOL, source })?;
        let (Some(input), Some(output), Some(errors)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(ToolError::Garbled { tool: TOOL, why: "it has no pipes".to_owned() });
        };
        let complaints = tokio::spawn(listen(errors));
        let mut worker = Self { child, input, output: BufReader::new(output), complaints, served: 0 };
        // In the order in which they need each other.
        worker.send(&[("source_facts", SOURCE_FACTS), ("bandit_worker", BANDIT_WORKER)]).await?;
        worker.send(configuration).await?;
        match worker.receive().await? {
            Greeting::Hello(hello) => Ok((worker, hello)),
            Greeting::Error(why) => Err(ToolError::Faulty { tool: TOOL, why }),
        }
    }

    async fn ask(&mut self, code: &str) -> Result<Reading, ToolError> {
        self.served += 1;
        self.send(&Request { id: self.served, code }).await?;
        let answer: Answer = self.receive().await?;
        if answer.id != self.served {
            return Err(ToolError::Garbled { tool: TOOL, why: "it answers another question".to_owned() });
        }
        Ok(answer.reading)
    }

    async fn send<T: Serialize>(&mut self, message: &T) -> Result<(), ToolError> {
        let mut line = serde_json::to_vec(message).map_err(garbled)?;
        line.push(b'\n');
        let sent = async {
            self.input.write_all(&line).await?;
            self.input.flush().await
        };
        match sent.await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.ended().await),
        }
    }

    async fn receive<T: for<'de> Deserialize<'de>>(&mut self) -> Result<T, ToolError> {
        let mut line = Vec::new();
        let read = (&mut self.output).take(MAX_ANSWER_BYTES).read_until(b'\n', &mut line).await;
        if read.is_err() || !line.ends_with(b"\n") {
            return Err(self.ended().await);
        }
        serde_json::from_slice(&line).map_err(garbled)
    }

    /// How the process ended; it is made to, should it only have closed its pipes.
    async fn ended(&mut self) -> ToolError {
        let status = match tokio::time::timeout(Duration::from_millis(500), self.child.wait()).await {
            Ok(status) => status.ok(),
            Err(_) => None,
        };
        let complaint = tokio::time::timeout(Duration::from_millis(500), &mut self.complaints).await;
        ToolError::died(TOOL, status, complaint.ok().and_then(Result::ok).unwrap_or_default().trim())
    }
}

fn garbled(error: serde_json::Error) -> ToolError {
    ToolError::Garbled { tool: TOOL, why: error.to_string() }
}

/// Reads what a worker says on standard error, which is nothing unless it goes wrong, and keeps the end.
async fn listen(mut errors: tokio::process::ChildStderr) -> String {
    let mut chunk = vec![0; 4096];
    let mut last = String::new();
    while let Ok(length @ 1..) = errors.read(&mut chunk).await {
        last.push_str(&String::from_utf8_lossy(&chunk[..length]));
        last = wire::tail(&last, MAX_COMPLAINT_BYTES).to_owned();
    }
    last
}

#[cfg(test)]
mod tests;
