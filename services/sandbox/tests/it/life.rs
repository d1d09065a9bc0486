//! Nothing outlives its run, and no run outlives us.

use crate::support::{Room, marker, processes_with, request, root, settings, sleepers, until};
use common::ErrorCode;
use common::execution::RunStatus;
use sandbox::{Sandbox, Settings};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// A second, with room for the tests beside this one: what is stopped would live for minutes.
const AT_ONCE: Duration = Duration::from_secs(6);
const PATIENCE: Duration = Duration::from_secs(15);

/// Protects the machine from what runs leave behind: children and daemons end with the code.
#[tokio::test]
async fn daemons_end_with_the_code() {
    let room = Room::new().await;
    let marker = marker();
    let result = room.run(&sleepers(&marker)).await;
    assert_eq!((result.status, result.stdout.as_str()), (RunStatus::Ok, "started\n"));
    assert_eq!(processes_with(&marker), Vec::<u32>::new(), "alive after the run was told to have ended");
}

/// Protects cancelling: a second later no process of the run is alive; the answer says so and keeps what
/// was printed.
#[tokio::test]
async fn cancelling_leaves_no_process() {
    let room = Room::new().await;
    let (marker, cancel) = (marker(), CancellationToken::new());
    let code = sleepers(&marker) + "time.sleep(1000)";
    let running = room.sandbox.execute(request(&code), cancel.clone(), None);
    let cancelling = async {
        until("starting", PATIENCE, || processes_with(&marker).len() == 2).await;
        let begin = Instant::now();
        cancel.cancel();
        begin
    };
    let (execution, begin) = tokio::join!(running, cancelling);
    assert!(begin.elapsed() < AT_ONCE, "{:?}", begin.elapsed());
    assert_eq!(processes_with(&marker), Vec::<u32>::new());
    let result = execution.expect("a result").result;
    assert_eq!((result.status, result.stdout.as_str()), (RunStatus::Killed, "started\n"));
}

/// Protects against callers that go away: dropping the call kills the run and frees its slot.
#[tokio::test]
async fn a_dropped_call_kills_its_run() {
    let room = Room::with(Settings { slots: 1, ..settings() }).await;
    let marker = marker();
    let code = sleepers(&marker) + "time.sleep(1000)";
    tokio::select! {
        _ = room.execute(request(&code)) => panic!("it cannot end"),
        () = until("starting", PATIENCE, || processes_with(&marker).len() == 2) => {}
    }
    until("killing", AT_ONCE, || processes_with(&marker).is_empty()).await;
    assert_eq!(room.print("print('free')").await, "free\n");
}

/// Protects whoever waits: beyond the slots and the queue a caller is told at once, not made to wait.
#[tokio::test]
async fn too_many_are_told_so() {
    let room = Room::with(Settings { slots: 1, queue: 1, ..settings() }).await;
    let cancel = CancellationToken::new();
    let slow = || room.sandbox.execute(request("import time; time.sleep(1000)"), cancel.clone(), None);
    let third = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let refused = slow().await.expect_err("no place").code;
        cancel.cancel();
        refused
    };
    let (first, second, refused) = tokio::join!(slow(), slow(), third);
    assert_eq!(refused, ErrorCode::TooBusy);
    assert_eq!(first.expect("a result").result.status, RunStatus::Killed);
    assert_eq!(second.expect("a result").result.status, RunStatus::Killed);
}

/// Names the variable that makes a test process the one to be killed.
const VICTIM: &str = "SANDBOX_TEST_VICTIM";

/// Protects nothing by itself: it is the process that [`a_killed_server_leaves_nothing`] starts and kills.
#[tokio::test]
async fn victim() {
    let Ok(marker) = std::env::var(VICTIM) else { return };
    let room = Room::new().await;
    let code = sleepers(&marker) + "time.sleep(1000)";
    room.execute(request(&code)).await;
}

/// Protects the machine when the server dies without a chance to clean up: no process of a run survives,
/// and the next start removes folders and groups.
#[tokio::test]
async fn a_killed_server_leaves_nothing() {
    let marker = marker();
    let mut victim = std::process::Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "life::victim", "--nocapture"])
        .env(VICTIM, &marker)
        .current_dir(root())
        .spawn()
        .expect("a second process");
    until("starting", PATIENCE, || processes_with(&marker).len() == 2).await;
    let mark = supervisor_mark(victim.id());
    assert!(!left_behind(&mark).is_empty(), "the search finds what is there");
    // Whoever stops a service often means everything it started: that ends no supervisor before its service.
    let supervisor = mark.trim_matches('-').parse().ok().and_then(rustix::process::Pid::from_raw).expect("a pid");
    for signal in [rustix::process::Signal::TERM, rustix::process::Signal::INT, rustix::process::Signal::HUP] {
        rustix::process::kill_process(supervisor, signal).expect("a signal");
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(processes_with(&marker).len(), 2, "the run goes on");
    victim.kill().expect("killed");
    victim.wait().expect("gone");
    until("ending", AT_ONCE, || processes_with(&marker).is_empty()).await;
    until("clearing away", PATIENCE, || left_behind(&mark).is_empty()).await;
}

/// How the supervisor of a process marks what is its own: by its own process id.
fn supervisor_mark(owner: u32) -> String {
    let of_owner = |pid: &&u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let fields = stat.rsplit_once(')').map(|(_, fields)| fields.to_owned()).unwrap_or_default();
        fields.split_whitespace().nth(1) == Some(&owner.to_string())
    };
    let supervisors = processes_with("darkroom-supervisor");
    let found: Vec<_> = supervisors.iter().filter(of_owner).collect();
    assert_eq!(found.len(), 1, "one supervisor of process {owner}");
    format!("-{}-", found[0])
}

/// Folders and groups of the instance.
fn left_behind(mark: &str) -> Vec<String> {
    let mut found = Vec::new();
    search(&settings().jail.work, mark, 0, &mut found);
    search(std::path::Path::new("/sys/fs/cgroup"), mark, 8, &mut found);
    found
}

fn search(folder: &std::path::Path, mark: &str, depth: u32, found: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.filter_map(Result::ok).filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("darkroom-run-") && name.contains(mark) {
            found.push(entry.path().display().to_string());
        } else if depth > 0 {
            search(&entry.path(), mark, depth - 1, found);
        }
    }
}

/// Protects long-lived servers: runs leave no process, folder, group, mount or open file behind. Counted
/// in a process of its own, since the other tests of this one run beside it.
#[test]
fn runs_leave_no_residue() {
    let status = std::process::Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "life::residue_of_runs", "--nocapture"])
        .env(ALONE, "1")
        .current_dir(root())
        .status();
    assert!(status.expect("a second process").success(), "what was left is said above");
}

/// Set in the process that counts what runs leave behind.
const ALONE: &str = "SANDBOX_TEST_ALONE";

/// The counting itself; elsewhere than in its own process there is nothing to count.
#[tokio::test]
async fn residue_of_runs() {
    if std::env::var_os(ALONE).is_none() {
        return;
    }
    let room = Room::new().await;
    room.run("pass").await;
    let files = || std::fs::read_dir("/proc/self/fd").expect("fds").count();
    let mounts = || std::fs::read_to_string("/proc/self/mounts").expect("mounts");
    let mark = supervisor_mark(std::process::id());
    let (files_before, mounts_before) = (files(), mounts());
    for code in ["print(1)", "1/0", "import os; os.abort()", "open('/box/out/x', 'w').write('x' * 1000000)"] {
        room.run(code).await;
    }
    assert_eq!(mounts(), mounts_before);
    assert!(files() <= files_before, "{} open files, before {files_before}", files());
    // The last group goes just after its run was told to have ended.
    let no_runs = || {
        let inside = left_behind(&mark).into_iter().flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten());
        !inside.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("run-"))
    };
    until("clearing runs away", AT_ONCE, no_runs).await;
    drop(room);
    until("clearing away", PATIENCE, || left_behind(&mark).is_empty()).await;
}

/// Protects operators: what is missing is named with the fix, and nothing runs without a jail.
#[tokio::test]
async fn what_is_missing_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let blob = blob::connect(&format!("file://{}", folder.path().display())).await.expect("a store");
    let mut no_jail = settings();
    no_jail.jail.nsjail = folder.path().join("nsjail");
    let mut no_python = settings();
    no_python.jail.python = folder.path().join("python");
    // A program of that name that is no jail.
    let mut wrong_jail = settings();
    wrong_jail.jail.nsjail = "/usr/bin/true".into();
    for (settings, reason) in
        [(no_jail, "nsjail is not at"), (no_python, "no Python environment"), (wrong_jail, "does not start")]
    {
        let error = Sandbox::open(settings, blob.clone()).await.expect_err("refused");
        assert!(error.reason.contains(reason), "{error}");
        assert!(!error.fix.is_empty());
    }
}

/// Protects readiness: the health check runs real code, and repeats cost nothing.
#[tokio::test]
async fn health_is_proved_by_running() {
    let room = Room::new().await;
    assert_eq!(room.sandbox.check().await, Ok(()));
    let begin = Instant::now();
    assert_eq!(room.sandbox.check().await, Ok(()));
    assert!(begin.elapsed() < Duration::from_millis(5));
}
