//! What the tests share: a sandbox on the workspace's own tools, and short ways to run code in it.

use bytes::Bytes;
use common::execution::{ExecutionResult, RunStatus};
use sandbox::{Execution, ExecutionRequest, JailSettings, Sandbox, Settings};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}

/// Settings on the workspace's tools. The work folder is shared by all tests: instances keep apart in it,
/// and the font list is made once.
pub fn settings() -> Settings {
    let target = root().join("target");
    let work = target.join("tmp/sandbox");
    let jail = JailSettings::new(supervisor(), target.join("tools/bin/nsjail"), target.join("python"), work);
    // Most tests run a line or two: keeping rooms ready for each would cost more than all of them.
    Settings::new(jail.cold())
}

/// Settings with a zygote for the tiers that are named, and so many rooms ready for each.
pub fn warm(ready: [u32; 3]) -> Settings {
    let settings = settings();
    Settings { jail: JailSettings { ready, ..settings.jail }, ..settings }
}

/// The supervisor of the same build as this test: both stand in one folder.
pub fn supervisor() -> PathBuf {
    let program = std::env::current_exe().expect("this program");
    program.parent().and_then(Path::parent).expect("a folder").join("darkroom-supervisor")
}

/// A sandbox with its own store.
pub struct Room {
    pub sandbox: Sandbox,
    pub blob: blob::SharedStore,
    _folder: tempfile::TempDir,
}

impl Room {
    pub async fn new() -> Self {
        Self::with(settings()).await
    }

    pub async fn with(settings: Settings) -> Self {
        Self::on(settings, |blob| blob).await
    }

    /// With something put before the store.
    pub async fn on(settings: Settings, wrap: impl FnOnce(blob::SharedStore) -> blob::SharedStore) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let blob = blob::connect(&format!("file://{}", folder.path().display())).await.expect("a store");
        let blob = wrap(blob);
        let sandbox = Sandbox::open(settings, blob.clone()).await.expect("a working jail");
        Self { sandbox, blob, _folder: folder }
    }

    /// With another memory limit, so that reaching it is quick.
    pub async fn with_memory(bytes: u64) -> Self {
        let mut settings = settings();
        settings.jail.limits.memory_bytes = bytes;
        Self::with(settings).await
    }

    pub async fn execute(&self, request: ExecutionRequest) -> Execution {
        self.sandbox.execute(request, CancellationToken::new(), None).await.expect("a run")
    }

    pub async fn run(&self, code: &str) -> ExecutionResult {
        self.execute(request(code)).await.result
    }

    /// Runs code that has to succeed, and gives what it printed.
    pub async fn print(&self, code: &str) -> String {
        let result = self.run(code).await;
        assert_eq!(result.status, RunStatus::Ok, "{}\n{}", result.stdout, result.stderr);
        result.stdout
    }
}

pub fn request(code: &str) -> ExecutionRequest {
    ExecutionRequest { timeout: Some(Duration::from_secs(60)), ..ExecutionRequest::new(code) }
}

pub fn with_inputs(code: &str, inputs: &[(&str, &[u8])]) -> ExecutionRequest {
    let inputs = inputs.iter().map(|(name, bytes)| ((*name).to_owned(), Bytes::copy_from_slice(bytes))).collect();
    ExecutionRequest { inputs, ..request(code) }
}

/// A number nobody else uses, as the argument by which a process is found from outside.
pub fn marker() -> String {
    format!("1000.{}", uuid::Uuid::new_v4().as_u128())
}

/// Processes of the host that have the text among their arguments.
pub fn processes_with(text: &str) -> Vec<u32> {
    let pids =
        std::fs::read_dir("/proc").expect("proc").filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &u32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        *pid != std::process::id() && String::from_utf8_lossy(&line).contains(text)
    })
    .collect()
}

/// Waits until a condition holds.
pub async fn until(what: &str, limit: Duration, condition: impl Fn() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < limit, "{what} took longer than {limit:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Code that starts `sleep` with the marker as a child, as a daemon, and then waits.
pub fn sleepers(marker: &str) -> String {
    format!(
        "import os, subprocess, time
subprocess.Popen(['/usr/bin/sleep', '{marker}'])
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 100)
        os.execv('/usr/bin/sleep', ['sleep', '{marker}'])
    os._exit(0)
os.wait()
print('started', flush=True)
"
    )
}
