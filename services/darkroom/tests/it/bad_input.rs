//! Input that makes no sense, clients that go away, parts that fail: a clear problem or a correct result,
//! nothing lost, nothing left behind, and the next caller served as if nothing had been.

// The paths are said, because another suite takes this file from elsewhere.
#[path = "bad_input/bodies.rs"]
mod bodies;
#[path = "bad_input/busy.rs"]
mod busy;
#[path = "bad_input/code.rs"]
mod code;
#[path = "bad_input/hang_up.rs"]
mod hang_up;
#[path = "bad_input/lost_supervisor.rs"]
mod lost_supervisor;
#[path = "bad_input/twice.rs"]
mod twice;

use crate::harness::{PATIENCE, Server};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub const EXECUTIONS: &str = "/api/v1/executions";

/// A server that keeps no rooms ready: whatever there is of the sandbox belongs to a run.
struct Scene {
    server: Server,
    _data: tempfile::TempDir,
}

/// What may not grow.
#[derive(Debug, PartialEq, Eq)]
struct Traces {
    stored: BTreeSet<String>,
    open_files: usize,
}

impl Scene {
    fn new(variables: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().expect("data");
        let cold = [("SANDBOX_READY", "0"), ("SANDBOX_READY_VISION", "0")];
        let server = Server::start(data.path(), &[&cold, variables].concat());
        Self { server, _data: data }
    }

    /// What there is now, after one run that works.
    async fn traces(&self) -> Traces {
        self.works().await;
        Traces { stored: self.server.stored().await, open_files: self.open_files() }
    }

    /// Asserts that a right run works, and that nothing is left of what happened since `before`.
    async fn is_as(&self, before: &Traces, what: &str) {
        self.works().await;
        self.until(&format!("{what}: no file stays open"), PATIENCE, || self.open_files() <= before.open_files).await;
        self.until(&format!("{what}: no group stays"), PATIENCE, || run_groups(&self.server).is_empty()).await;
        assert_eq!(self.server.stored().await, before.stored, "{what}: files are left");
    }

    /// Files and connections that the services hold open.
    fn open_files(&self) -> usize {
        self.server.services().into_iter().map(open_files).sum()
    }

    /// Asserts that the server runs code as it should.
    async fn works(&self) {
        let (status, answer) = self.server.post(EXECUTIONS, &json!({ "code": "print(1)" })).await;
        assert_eq!((status, &answer["stdout"], &answer["status"]), (200, &json!("1\n"), &json!("ok")), "{answer}");
    }

    /// Sends bytes as the body of a direct run; status, and the answer.
    async fn send(&self, body: Vec<u8>) -> (u16, Value) {
        let request = self.server.request(reqwest::Method::POST, EXECUTIONS);
        let response = request.header("content-type", "application/json").body(body).send().await.expect("an answer");
        let status = response.status().as_u16();
        let kind = response.headers()["content-type"].to_str().expect("text").to_owned();
        let expected = if status == 200 { "application/json" } else { "application/problem+json" };
        assert_eq!(kind, expected);
        (status, response.json().await.expect("JSON"))
    }

    /// Waits until so many callers wait for a slot.
    async fn waiting(&self, count: usize) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (status, health) = self.server.get("/api/v1/executions/health").await;
            if (status, &health["waiting"]) == (200, &json!(count)) {
                return;
            }
            assert!(Instant::now() < deadline, "never {count} waiting: {health}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn until(&self, what: &str, limit: Duration, condition: impl Fn() -> bool) {
        let begin = Instant::now();
        while !condition() {
            assert!(begin.elapsed() < limit, "{what} took longer than {limit:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Status, stable code, and words of the sentence that names the matter.
pub type Expected = (u16, &'static str, &'static str);

/// Asserts a problem, and that it says what to do.
pub fn assert_problem(what: &str, (status, problem): &(u16, Value), expected: Expected) {
    let (expected_status, code, word) = expected;
    assert_eq!((*status, problem["code"].as_str()), (expected_status, Some(code)), "{what}: {problem}");
    assert_eq!(problem["status"], expected_status, "{what}");
    let text = |field: &str| problem[field].as_str().unwrap_or_default().to_owned();
    assert!(text("detail").contains(word), "{what}: {word:?} is not in {problem}");
    assert!(text("detail").len() < 600 && text("advice").ends_with('.'), "{what}: {problem}");
}

fn open_files(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).map(|files| files.count()).unwrap_or(0)
}

/// The server's supervisor.
fn supervisor(server: &Server) -> Option<u32> {
    let name = |pid: &u32| std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let is_ours = |pid: &u32| String::from_utf8_lossy(&name(pid)).split('\0').nth(1) == Some("supervise");
    server.descendants().into_iter().find(is_ours)
}

/// Control groups of runs of this server.
fn run_groups(server: &Server) -> Vec<PathBuf> {
    let Some(mark) = supervisor(server).and_then(group_mark) else { return Vec::new() };
    let instances = instance_groups(&mark);
    let inside = instances.iter().flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten().flatten());
    inside.filter(|entry| entry.file_name().to_string_lossy().starts_with("run-")).map(|entry| entry.path()).collect()
}

/// How the names of a supervisor's groups begin: with its pid namespace, and its number there, which in a container is
/// not the one that we know it by. Nothing where it is gone.
fn group_mark(pid: u32) -> Option<String> {
    let namespace = std::fs::read_link(format!("/proc/{pid}/ns/pid")).ok()?;
    let namespace: String = namespace.to_string_lossy().chars().filter(char::is_ascii_digit).collect();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let numbers = status.lines().find_map(|line| line.strip_prefix("NSpid:"))?;
    Some(format!("darkroom-run-{namespace}-{}-", numbers.split_whitespace().last()?))
}

/// Groups of instances whose names begin so, wherever they are.
fn instance_groups(mark: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    groups_below(Path::new("/sys/fs/cgroup"), mark, 8, &mut found);
    found
}

fn groups_below(folder: &Path, mark: &str, depth: u32, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(mark) {
            found.push(entry.path());
        } else if depth > 0 {
            groups_below(&entry.path(), mark, depth - 1, found);
        }
    }
}

/// An argument that no other process has, by which those of a run are found from outside.
fn marker() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("1000.{}{:05}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Code that starts a child and a daemon with the marker, and then never ends.
fn sleepers(marker: &str) -> String {
    format!(
        "import os, subprocess, time
subprocess.Popen(['/usr/bin/sleep', '{marker}'])
if os.fork() == 0:
    os.setsid()
    os.execv('/usr/bin/sleep', ['sleep', '{marker}'])
print('started', flush=True)
time.sleep(1000)"
    )
}

/// Processes of the machine with the text among their arguments.
fn processes_with(text: &str) -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").expect("proc").flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &u32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        *pid != std::process::id() && String::from_utf8_lossy(&line).contains(text)
    })
    .collect()
}
