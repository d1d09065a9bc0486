//! Proof that the jail holds, by running code in it: at start-up, and for the health check.

use crate::Sandbox;
use crate::jail::{Jail, JailError, JailUnavailable, Outcome, Task};
use common::execution::RunStatus;
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

const ADVICE: &str = "'darkroom doctor' shows each requirement: user namespaces (sysctl user.max_user_namespaces and \
    kernel.apparmor_restrict_unprivileged_userns), a writable control group, kernel 5.8 or newer, and in a container \
    --security-opt seccomp=unconfined --security-opt systempaths=unconfined";

/// Exercises every wall once.
///
/// # Errors
/// A wall does not hold, or the jail does not come up.
pub async fn exercise(jail: &Jail) -> Result<(), JailUnavailable> {
    // A host file that is surely there and that anybody may read.
    let marker = jail.fonts().parent().map(|work| work.to_string_lossy().into_owned()).unwrap_or_default();
    let walls = WALLS.replace("MARKER", &format!("{marker:?}"));
    let (walls, greed) = futures::join!(run(jail, &walls, None, 0), run(jail, GREED, Some(LITTLE_MEMORY), 1));
    let walls = walls.map_err(|error| does_not_work(&error))?;
    let printed = String::from_utf8_lossy(&walls.stdout.bytes).into_owned();
    if walls.status != RunStatus::Ok {
        let said = String::from_utf8_lossy(&walls.stderr.bytes).into_owned();
        return Err(JailUnavailable::new(
            format!("Python does not start in the jail ({})", said.trim()),
            "run 'make setup' again",
        ));
    }
    for wall in EXPECTED {
        if !printed.lines().any(|line| line == wall) {
            return Err(JailUnavailable::new(format!("the jail does not hold: {wall}"), ADVICE));
        }
    }
    let greed = greed.map_err(|error| does_not_work(&error))?;
    if greed.status != RunStatus::OutOfMemory {
        return Err(JailUnavailable::new(format!("the memory limit does not hold: {:?}", greed.status), ADVICE));
    }
    Ok(())
}

async fn run(jail: &Jail, code: &str, memory_bytes: Option<u64>, slot: u32) -> Result<Outcome, JailError> {
    let task =
        Task { code: code.to_owned().into(), inputs: Vec::new(), timeout: Duration::from_secs(20), memory_bytes };
    jail.run(task, slot, &CancellationToken::new()).await
}

fn does_not_work(error: &JailError) -> JailUnavailable {
    match error {
        JailError::Storage(cause) => JailUnavailable::io("the sandbox's work folder", cause),
        JailError::Broken(why) => JailUnavailable::new(format!("the jail does not start: {why}"), ADVICE),
    }
}

/// Runs one line of code.
///
/// # Errors
/// Says what is wrong in words that may be shown to anybody.
pub async fn alive(sandbox: &Sandbox) -> Result<(), String> {
    // A busy sandbox is a working one.
    let Some(slot) = sandbox.0.slots.take_free() else { return Ok(()) };
    let task =
        Task { code: "print(1)".into(), inputs: Vec::new(), timeout: Duration::from_secs(20), memory_bytes: None };
    match sandbox.run_in(slot, task, &CancellationToken::new()).await {
        Ok(outcome) if outcome.status == RunStatus::Ok && outcome.stdout.bytes == b"1\n" => Ok(()),
        Ok(outcome) => Err(format!("a test run ended as '{}'", outcome.status.as_str())),
        Err(error) => Err(crate::execute::failure(&error).detail),
    }
}
