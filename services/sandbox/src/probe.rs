//! Proof that the jail holds, by running code in it: at start-up, and for the health check.

use crate::Sandbox;
use crate::advice::{Facts, advice};
use crate::jail::{Asked, Jail, JailError, JailUnavailable, Outcome, Task};
use common::execution::{RunStatus, Start};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Tries what must not work, and prints one line per wall that holds.
const WALLS: &str = "\
import os, socket
def holds(wall, attempt):
    try:
        attempt()
    except OSError:
        print(wall)
holds('network', lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM))
holds('host', lambda: os.stat(MARKER))
holds('root', lambda: open('/usr/probe', 'w'))
holds('input', lambda: open('/box/in/probe', 'w'))
if os.getuid() != 0 and os.getpid() != 1: print('user')
";
const EXPECTED: [&str; 5] = ["network", "host", "root", "input", "user"];

/// Takes more memory than the little it gets.
const GREED: &str =
    "block = bytearray(400 << 20)\nfor n in range(0, len(block), 4096): block[n] = 1\nprint('unlimited')";
const LITTLE_MEMORY: u64 = 96 << 20;

const UNSOUND: &str = "nothing should be run here until this holds: see the log with LOG=info, and report it with the \
    kernel's version";

/// Exercises every wall once, through a jail and a Python of its own.
///
/// # Errors
/// A wall does not hold, or the jail does not come up.
pub async fn exercise(jail: &Jail) -> Result<(), JailUnavailable> {
    // A host file that is surely there and that anybody may read.
    let marker = jail.host_path().to_string_lossy().into_owned();
    let walls = WALLS.replace("MARKER", &format!("{marker:?}"));
    let (walls, greed) = futures::join!(run(jail, &walls, None), run(jail, GREED, Some(LITTLE_MEMORY)));
    let walls = walls.map_err(|error| does_not_work(&error))?;
    let printed = String::from_utf8_lossy(&walls.streams.stdout.bytes).into_owned();
    if walls.status != RunStatus::Ok {
        let said = String::from_utf8_lossy(&walls.streams.stderr.bytes).into_owned();
        return Err(JailUnavailable::new(
            format!("Python does not start in the jail ({})", said.trim()),
            "run 'make setup' again",
        ));
    }
    for wall in EXPECTED {
        if !printed.lines().any(|line| line == wall) {
            return Err(JailUnavailable::new(format!("the jail does not hold: {wall}"), UNSOUND));
        }
    }
    let greed = greed.map_err(|error| does_not_work(&error))?;
    if greed.status != RunStatus::OutOfMemory {
        return Err(JailUnavailable::new(format!("the memory limit does not hold: {:?}", greed.status), UNSOUND));
    }
    Ok(())
}

async fn run(jail: &Jail, code: &str, memory_bytes: Option<u64>) -> Result<Outcome, JailError> {
    let asked = Asked { memory_bytes, ..Asked::default() };
    let task = Task { tier: None, asked, ..Task::new(code.to_owned(), Duration::from_secs(20)) };
    jail.run(task, &CancellationToken::new()).await.map(|(outcome, _)| outcome)
}

fn does_not_work(error: &JailError) -> JailUnavailable {
    match error {
        JailError::Storage(cause) => JailUnavailable::io("the sandbox's work folder", cause),
        JailError::Broken(why) => {
            let advice = advice(why, Facts::here());
            JailUnavailable::new(format!("the jail does not start: {why}"), advice)
        }
        JailError::Lost { .. } => {
            JailUnavailable::new("the jail does not start: the supervisor has ended", "see its last lines in the log")
        }
    }
}

/// What one probe found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct Probed {
    /// What was tried.
    pub name: String,
    /// Whether it came out as it must.
    pub ok: bool,
    /// What was seen.
    pub detail: String,
    /// Whether its Python had started before: `warm` or `cold`.
    pub start: String,
    /// Milliseconds from asking to the answer.
    pub took_ms: u64,
}

/// A probe: its name, code, time limit, memory limit, and the end it must come to.
struct Probe {
    name: &'static str,
    code: &'static str,
    timeout: Duration,
    memory_bytes: Option<u64>,
    must: RunStatus,
}

/// Looks for what only the machine has.
pub const HOST_FILES: &str =
    "import os\nassert not any(map(os.path.exists, ('/boot', '/sys', '/var', '/run', '/proc/kcore', '/etc/shadow')))";

/// All probes but that for host files.
const PROBES: [Probe; 6] = [
    probe("imports", "import numpy, pandas, matplotlib.pyplot, cv2, skimage, scipy, PIL, openpyxl, seaborn"),
    probe(
        "plot",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.savefig('plot.png')\nimport os; assert os.path.getsize('plot.png') > 1000",
    ),
    probe(
        "network",
        "import socket\nfor family in range(46):\n    try: socket.socket(family)\n    except OSError: continue\n    raise SystemExit(f'a socket of family {family}')",
    ),
    Probe { memory_bytes: Some(LITTLE_MEMORY), must: RunStatus::OutOfMemory, ..probe("memory bomb", GREED) },
    probe(
        "fork bomb",
        "import os, time\ncount = 0\ntry:\n    while count < 500:\n        if os.fork() == 0: time.sleep(60); os._exit(0)\n        count += 1\nexcept BlockingIOError: pass\nassert 1 < count < 500, count",
    ),
    Probe {
        timeout: Duration::from_millis(300),
        must: RunStatus::Timeout,
        ..probe("endless loop", "while True: pass")
    },
];

const fn probe(name: &'static str, code: &'static str) -> Probe {
    Probe { name, code, timeout: Duration::from_secs(20), memory_bytes: None, must: RunStatus::Ok }
}

/// Runs every probe through the path that all runs take, one after the other, waiting for its turn.
pub async fn all(sandbox: &Sandbox) -> Vec<Probed> {
    let mut found = Vec::with_capacity(PROBES.len() + 1);
    let host_files = probe("host files", sandbox.0.room.host_files_probe());
    for probe in PROBES.iter().chain([&host_files]) {
        found.push(one(sandbox, probe).await);
    }
    found
}

async fn one(sandbox: &Sandbox, probe: &Probe) -> Probed {
    let asked = Asked { memory_bytes: probe.memory_bytes, ..Asked::default() };
    let task = Task { asked, ..Task::new(probe.code, probe.timeout) };
    let slot = sandbox.0.slots.take("probe").await;
    let begun = std::time::Instant::now();
    let outcome = sandbox.run_in(slot, task, &CancellationToken::new()).await;
    let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (ok, detail, start) = match outcome {
        Ok((outcome, _)) => {
            let said = String::from_utf8_lossy(&outcome.streams.stderr.bytes).into_owned();
            let last = said.trim().lines().last().unwrap_or_default().to_owned();
            let ended = format!("ended as '{}' {last}", outcome.status.as_str());
            let start = if outcome.start == Start::Warm { "warm" } else { "cold" };
            (outcome.status == probe.must, ended.trim_end().to_owned(), start)
        }
        Err(error) => (false, crate::execute::failure(&error).detail, "cold"),
    };
    Probed { name: probe.name.to_owned(), ok, detail, start: start.to_owned(), took_ms }
}

/// Runs one line of code.
///
/// # Errors
/// Says what is wrong in words that may be shown to anybody.
pub async fn alive(sandbox: &Sandbox) -> Result<(), String> {
    // A busy sandbox is a working one.
    let Some(slot) = sandbox.0.slots.take_free("probe") else { return Ok(()) };
    let task = Task::new("print(1)", Duration::from_secs(20));
    match sandbox.run_in(slot, task, &CancellationToken::new()).await {
        Ok((outcome, _)) if outcome.status == RunStatus::Ok && outcome.streams.stdout.bytes == b"1\n" => Ok(()),
        Ok((outcome, _)) => Err(format!("a test run ended as '{}'", outcome.status.as_str())),
        Err(error) => Err(crate::execute::failure(&error).detail),
    }
}
