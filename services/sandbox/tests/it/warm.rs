//! Runs as children of a zygote: the same walls and verdicts as cold ones, and what the supervisor does
//! when a zygote or itself is gone.

use crate::support::{Room, processes_with, request, settings, until, warm};
use common::execution::{RunStatus, Start};
use sandbox::{Asked, ExecutionRequest, Settings, TierHealth};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);

async fn state(room: &Room, tier: usize) -> TierHealth {
    room.sandbox.health().await.tiers.remove(tier)
}

/// A sandbox whose lightest tier serves.
async fn serving(settings: Settings) -> Room {
    let room = Room::with(settings).await;
    until_serving(&room, 0).await;
    room
}

/// Protects the promise that a wrong guess or a missing zygote changes the time only: warm and cold runs end
/// with the same words.
#[tokio::test]
async fn warm_and_cold_end_alike() {
    let (cold, warm) = (Room::with(settings()).await, serving(warm([2, 0, 0])).await);
    for code in [
        "print(1)",
        "1/0",
        "import sys; sys.exit('why')",
        "import os; os._exit(7)",
        "import os; os.abort()",
        "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
        "import ctypes; ctypes.string_at(0)",
        "import sys; sys.stdout.write('no newline')",
        "f = open('/box/out/unflushed.txt', 'w'); f.write('kept')",
        "class A:\n    def __del__(self): print('gone')\na = A()",
        "import atexit; atexit.register(print, 'late')",
        "import threading, time; threading.Thread(target=lambda: (time.sleep(0.2), print('thread'))).start()",
        "import os; print(sorted(os.environ), os.getuid(), os.getcwd(), __name__, os.listdir('/proc/self/fd'))",
        "import sys; print(sys.stdin.read(), sys.argv, sys.path[0])",
        "raise KeyboardInterrupt",
        "status = dict(l.split(':', 1) for l in open('/proc/self/status'))\n\
         print([status[k].strip() for k in ('CapEff', 'CapPrm', 'CapBnd', 'CapInh', 'CapAmb', 'NoNewPrivs', 'Seccomp', 'Uid', 'Gid')])",
        "import resource as r; print([r.getrlimit(l) for l in (r.RLIMIT_NOFILE, r.RLIMIT_FSIZE, r.RLIMIT_CORE, r.RLIMIT_MEMLOCK)])",
    ] {
        let (a, b) = (cold.execute(request(code)).await, warm.execute(request(code)).await);
        assert_eq!((a.result.start, b.result.start), (Start::Cold, Start::Warm), "{code}");
        let end = |result: &common::execution::ExecutionResult| (result.status, result.exit_code, result.signal);
        assert_eq!(end(&a.result), end(&b.result), "{code}: {}", b.result.stderr);
        assert_eq!((&a.result.stdout, &a.result.stderr), (&b.result.stdout, &b.result.stderr), "{code}");
        assert_eq!(a.contents, b.contents, "{code}");
    }
}

/// Protects tenants: each child is used once, nothing of one run is in the next, and chance is not shared.
#[tokio::test]
async fn children_share_nothing() {
    let room = serving(warm([2, 0, 0])).await;
    let code = "import os, random, uuid, tempfile, sys
print(random.random(), uuid.uuid4(), os.urandom(8).hex(), tempfile.mktemp())
print(os.listdir('/tmp'), os.listdir('/dev/shm'), hasattr(sys, 'mark'))
sys.mark = 1; open('/tmp/mark', 'w'); open('/dev/shm/mark', 'w')";
    let mut seen = std::collections::HashSet::new();
    for _ in 0..20 {
        let printed = room.print(code).await;
        let (chance, rest) = printed.split_once('\n').expect("two lines");
        assert!(chance.split(' ').all(|value| seen.insert(value.to_owned())), "{chance}");
        assert_eq!(rest, "[] [] False\n");
    }
}

/// Protects limits of warm runs: what is asked for holds, and its end says where the code was.
#[tokio::test]
async fn limits_hold_and_name_the_line() {
    let room = serving(warm([2, 0, 0])).await;
    let spin =
        ExecutionRequest { timeout: Some(Duration::from_millis(400)), ..request("x = 0\nwhile True:\n    x += 1") };
    let result = room.execute(spin).await.result;
    assert_eq!(result.status, RunStatus::Timeout);
    // A machine that is busy with other tests ends it late, but not by a second.
    assert!((400..1400).contains(&result.duration_ms), "{}", result.duration_ms);
    let said = result.explanation.expect("an explanation");
    assert!(said == "stopped: 0.4 s time limit, line 3" || said == "stopped: 0.4 s time limit, line 2", "{said}");
    assert!(result.outputs.is_empty() && result.rejected.is_empty());
    let asked = Asked { memory_bytes: Some(128 << 20), ..Asked::default() };
    let greedy = ExecutionRequest { asked, ..request("x = []\nwhile True:\n    x.append(bytearray(4 << 20))") };
    let result = room.execute(greedy).await.result;
    assert_eq!(result.status, RunStatus::OutOfMemory);
    let said = result.explanation.expect("an explanation");
    assert!(said.starts_with("stopped: 128 MiB memory limit"), "{said}");
    assert!(result.peak_memory_bytes <= 128 << 20);
    let asked = Asked { pids: Some(8), ..Asked::default() };
    let code = "import os, time\nn = 0\ntry:\n    while True:\n        if os.fork() == 0: time.sleep(9); os._exit(0)\n        n += 1\nexcept BlockingIOError: print(n)";
    assert_eq!(room.execute(ExecutionRequest { asked, ..request(code) }).await.result.stdout, "7\n");
}

/// Protects users from a dead zygote: whatever moment it dies in, runs end as they would have, cold meanwhile, and
/// a new zygote comes.
#[tokio::test]
async fn a_dead_zygote_is_replaced() {
    // Zygotes of other tests live on: the longest time of a run, as CPU seconds, marks this one's.
    let settings = Settings { max_timeout: Duration::from_secs(97), ..warm([2, 0, 0]) };
    let room = serving(settings).await;
    // Children look alike but are locked down.
    let is_zygote = |pid: &u32| {
        let read = |file: &str| std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
        read("cmdline").starts_with("/opt/python/bin/python3") && read("status").contains("Seccomp:\t0\n")
    };
    for round in 0..5 {
        let before = state(&room, 0).await.zygotes;
        let zygotes: Vec<_> = processes_with("--cpu-seconds=214").into_iter().filter(is_zygote).collect();
        assert!(!zygotes.is_empty());
        let kill = async {
            // Runs are coming in when it happens, and rooms being made for them.
            tokio::time::sleep(Duration::from_millis(3 * round)).await;
            for pid in zygotes {
                let _gone = rustix::process::Pid::from_raw(pid.cast_signed())
                    .map(|pid| rustix::process::kill_process(pid, rustix::process::Signal::KILL));
            }
        };
        let runs = futures::future::join_all((0..6).map(|_| room.print("print('on')")));
        let (printed, ()) = tokio::join!(runs, kill);
        assert_eq!(printed, ["on\n"; 6]);
        until_serving(&room, before).await;
    }
}

/// Waits until a zygote serves that was not yet there before.
async fn until_serving(room: &Room, before: u32) {
    for _ in 0..300 {
        let tier = state(room, 0).await;
        if tier.state == "serving" && tier.zygotes > before && tier.ready > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no new zygote: {:?}", state(room, 0).await);
}

/// Protects callers from a dead supervisor: a run in hand is told as a failure of ours, its processes are
/// gone, and the next run works.
#[tokio::test]
async fn a_dead_supervisor_is_replaced() {
    let room = Room::with(settings()).await;
    let marker = crate::support::marker();
    let code = crate::support::sleepers(&marker) + "time.sleep(1000)";
    let running = room.sandbox.execute(request(&code), tokio_util::sync::CancellationToken::new(), None);
    let own = std::process::id();
    let killing = async {
        until("starting", PATIENCE, || processes_with(&marker).len() == 2).await;
        // Only the one whose run this is: it is the ancestor of the marked processes.
        let mut pid = processes_with(&marker)[0];
        loop {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("alive");
            let parent: u32 = stat
                .rsplit_once(')')
                .and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok())
                .expect("a parent");
            if parent == own {
                break;
            }
            pid = parent;
        }
        let pid = rustix::process::Pid::from_raw(pid.cast_signed()).expect("a process");
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("killed");
    };
    let (ended, ()) = tokio::join!(running, killing);
    assert_eq!(ended.expect_err("no result").code, common::ErrorCode::JailUnavailable);
    until("dying", PATIENCE, || processes_with(&marker).is_empty()).await;
    assert_eq!(room.print("print('again')").await, "again\n");
}
