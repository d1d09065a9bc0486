//! Kill, restart, stop.

use crate::harness::{PATIENCE, Script, Server, alive, fenced, sample};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub const SLOW: &str = "import time\ntime.sleep(1.5)\nopen('/box/out/done.txt', 'w').write('done')\nprint('done')";

pub fn running(view: &serde_json::Value, kind: &str, number: usize) -> bool {
    let steps = view["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
    steps.iter().filter(|step| step["kind"] == kind).nth(number).is_some_and(|step| step["state"] == "running")
}

/// Protects invariant 4 on the real program: SIGKILL at every step of a job. After the restart the job
/// ends well, every step finished once, and no model call that had finished was paid again.
#[tokio::test(flavor = "multi_thread")]
async fn sigkill_at_every_step_loses_nothing() {
    // The n-th step of a kind that is running when the kill comes. The last think comes while the
    // finished run's results were just stored.
    for (kind, number) in [("look", 0), ("think", 0), ("review", 0), ("run", 0), ("think", 1)] {
        let script = Script::new(&[&fenced(SLOW), "All done."], 700);
        let data = tempfile::tempdir().expect("data");
        let (code, reasoning) = (script.url(), script.url());
        let variables = [("CODE_MODEL_URL", code.as_str()), ("REASONING_MODEL_URL", reasoning.as_str())];
        let mut first = Server::start(data.path(), &variables);
        let job = first.job(&sample("table.png"), json!({})).await;
        // A review may be over before it is seen running; then the kill comes just after it.
        first.until(&job, |view| running(view, kind, number) || (kind == "review" && running(view, "run", 0))).await;
        let children = first.descendants();
        first.kill();
        let gone = Instant::now() + Duration::from_secs(5);
        while children.iter().any(|pid| alive(*pid)) {
            assert!(Instant::now() < gone, "{kind}: processes of the killed server are still alive");
            std::thread::sleep(Duration::from_millis(20));
        }
        let calls_before = script.calls();

        let second = Server::start(data.path(), &variables);
        let report = second.report(&job).await;
        assert_eq!(report["state"], "succeeded", "killed at {kind} {number}: {report}");
        assert_eq!(report["outputs"][0]["name"], "done.txt");
        let events = second.events(&job, 0).await;
        let mut finished: BTreeMap<String, usize> = BTreeMap::new();
        let mut started: BTreeMap<String, usize> = BTreeMap::new();
        for (_, name, data) in &events {
            let step = data["step_id"].as_str().unwrap_or_default().to_owned();
            match name.as_str() {
                "step_started" => *started.entry(step).or_default() += 1,
                "step_finished" => *finished.entry(step).or_default() += 1,
                _ => {}
            }
        }
        assert_eq!(finished.len(), 5, "killed at {kind} {number}: look, think, review, run, think");
        assert!(
            finished.values().chain(started.values()).all(|times| *times == 1),
            "killed at {kind} {number}: {events:?}"
        );
        // Only a call that the kill interrupted may be made again: the one of the think step in hand.
        let mut paid: BTreeMap<String, usize> = BTreeMap::new();
        script.calls().into_iter().for_each(|step| *paid.entry(step).or_default() += 1);
        assert_eq!(paid.len(), 2, "killed at {kind} {number}");
        let again: usize = paid.values().map(|times| times - 1).sum();
        let allowed = usize::from(kind == "think" && !calls_before.is_empty());
        assert!(again <= allowed, "killed at {kind} {number}: {again} calls were paid again");
    }
}

/// Protects the stop button: one second after a cancel during a run, no process of that run is alive.
#[tokio::test(flavor = "multi_thread")]
async fn cancel_kills_the_run_at_once() {
    let code = "import threading, time\nfor _ in range(4):\n    threading.Thread(target=lambda: time.sleep(100)).start()\nwhile True:\n    pass";
    let script = Script::new(&[&fenced(code)], 0);
    let data = tempfile::tempdir().expect("data");
    let server = Server::start(data.path(), &[("CODE_MODEL_URL", &script.url())]);
    let job = server.job(&sample("table.png"), json!({})).await;
    server.until(&job, |view| running(view, "review", 0) || running(view, "run", 0)).await;
    let spinning = || {
        let pids = server.descendants();
        pids.into_iter().filter(|pid| threads(*pid) >= 5).collect::<Vec<_>>()
    };
    let deadline = Instant::now() + PATIENCE;
    while spinning().is_empty() {
        assert!(Instant::now() < deadline, "the run never began");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let before = server.descendants();
    let (status, view) = server.post(&format!("/api/v1/jobs/{job}/cancel"), &json!({})).await;
    assert_eq!((status, view["state"].as_str()), (200, Some("cancelled")), "{view}");
    let left = || -> Vec<u32> {
        server.descendants().intersection(&before).copied().filter(|pid| threads(*pid) >= 5).collect()
    };
    // A second, with room for the tests beside this one; the code would run for minutes.
    let deadline = Instant::now() + Duration::from_secs(6);
    while !left().is_empty() || !run_folders(&server.sandbox_folder()).is_empty() {
        let folders = run_folders(&server.sandbox_folder());
        assert!(Instant::now() < deadline, "of the cancelled run there are left: {:?} {folders:?}", left());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (status, problem) = server.post(&format!("/api/v1/jobs/{job}/cancel"), &json!({})).await;
    assert_eq!((status, problem["code"].as_str()), (409, Some("job_state_conflict")));
}

/// Folders of runs below the sandbox's: `runs/INSTANCE/RUN`.
fn run_folders(sandbox: &Path) -> Vec<PathBuf> {
    let folders = |of: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(of).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
    };
    folders(&sandbox.join("runs")).iter().flat_map(|instance| folders(instance)).collect()
}

/// Whether a process that is alive is the supervisor or anything it started.
fn is_of_a_room(pid: u32) -> bool {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let line = String::from_utf8_lossy(&line);
    alive(pid) && ["darkroom-supervisor", "nsjail", "runner/"].iter().any(|word| line.contains(word))
}

fn threads(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/task")).map(|tasks| tasks.count()).unwrap_or(0)
}

/// Protects an orderly stop: SIGTERM in the middle of a run ends the program with 0 in bounded time,
/// leaves no process, and the next start finishes the job.
#[tokio::test(flavor = "multi_thread")]
async fn sigterm_is_orderly_and_work_goes_on_later() {
    let script = Script::new(&[&fenced(SLOW)], 0);
    let data = tempfile::tempdir().expect("data");
    let url = script.url();
    let mut first = Server::start(data.path(), &[("CODE_MODEL_URL", &url)]);
    let job = first.job(&sample("table.png"), json!({})).await;
    first.until(&job, |view| running(view, "run", 0)).await;
    let children = first.descendants();
    let asked = Instant::now();
    assert_eq!(first.terminate(), Some(0));
    assert!(asked.elapsed() < Duration::from_secs(25), "the stop took {:?}", asked.elapsed());
    // In a container the end of the program may be the end of everything: what has to be cleared away is, by then.
    let rooms = children.iter().filter(|pid| is_of_a_room(**pid)).count();
    assert_eq!(rooms, 0, "parts of the sandbox outlive an orderly stop");
    // Resident tools end by themselves when their standard input closes, a moment after us.
    let gone = Instant::now() + Duration::from_secs(2);
    while children.iter().any(|pid| alive(*pid)) {
        assert!(Instant::now() < gone, "children outlive an orderly stop");
        std::thread::sleep(Duration::from_millis(20));
    }
    let second = Server::start(data.path(), &[("CODE_MODEL_URL", &url)]);
    assert_eq!(second.report(&job).await["state"], "succeeded");
    assert_eq!(script.calls().len(), 1, "the finished model call was not paid again");
}
