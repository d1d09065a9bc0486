//! A supervisor that the operator started: the same rooms over a socket in the file system.

use crate::support::{Room, marker, processes_with, request, settings, sleepers, until, warm};
use common::execution::{RunStatus, Start};
use rustix::process::{Pid, Signal, geteuid, kill_process};
use sandbox::apart::{Door, prepare};
use sandbox::{Asked, ExecutionRequest, JailSettings, Limits, Sandbox, Settings, Supervisor};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(30);

/// A supervisor at a socket of its own. Ended when dropped.
struct Apart {
    child: Child,
    door: Door,
    _folder: tempfile::TempDir,
}

impl Apart {
    async fn start(settings: &Settings) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let door = Door { socket: folder.path().join("supervisor.sock"), user: geteuid().as_raw() };
        Self { child: begin(settings, &door).await, door, _folder: folder }
    }

    /// The same settings for a service that asks this one.
    fn asked_by(&self, settings: Settings) -> Settings {
        let supervisor = Supervisor::Apart(self.door.socket.clone());
        // What only a supervisor needs is not there for such a service.
        let nowhere = PathBuf::from("/nowhere");
        let jail = JailSettings {
            supervisor,
            nsjail: nowhere.clone(),
            python: nowhere.clone(),
            work: nowhere,
            ..settings.jail
        };
        Settings { jail, ..settings }
    }

    fn end(&mut self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().cast_signed()).expect("a process");
        kill_process(pid, signal).expect("signal");
        self.child.wait().expect("its end");
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        if self.child.try_wait().expect("its state").is_none() {
            self.end(Signal::TERM);
        }
    }
}

async fn begin(settings: &Settings, door: &Door) -> Child {
    let mut command = prepare(&settings.jail, settings.max_timeout, door).await.expect("a working jail");
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the supervisor");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("stdout")).read_line(&mut line).expect("its word");
    assert!(line.contains(&*door.socket.to_string_lossy()), "{line}");
    child
}

/// Protects whoever keeps rights away from the service: rooms, results and limits are the same, and warm as ever.
#[tokio::test]
async fn rooms_of_another_process_are_the_same() {
    let wanted = warm([2, 0, 0]);
    let apart = Apart::start(&wanted).await;
    let room = Room::with(apart.asked_by(wanted)).await;
    until_warm(&room).await;
    let result =
        room.execute(request("import sys; print(1); print(2, file=sys.stderr); open('a.csv', 'w').write('x')")).await;
    assert_eq!((result.result.status, result.result.start), (RunStatus::Ok, Start::Warm));
    assert_eq!((&*result.result.stdout, &*result.result.stderr), ("1\n", "2\n"));
    assert_eq!(result.contents, [b"x".as_slice()]);
    assert!(result.result.isolation.profile_sha256.len() == 64 && room.sandbox.python_version().starts_with("3."));
    let greedy = ExecutionRequest {
        asked: Asked { memory_bytes: Some(96 << 20), ..Asked::default() },
        ..request("x = bytearray(200 << 20)\nfor n in range(0, len(x), 4096): x[n] = 1")
    };
    assert_eq!(room.execute(greedy).await.result.status, RunStatus::OutOfMemory);
    let mask = "import os, signal; print(signal.pthread_sigmask(signal.SIG_BLOCK, []), flush=True)\n\
        os.kill(os.getpid(), signal.SIGTERM)";
    let ended = room.execute(request(mask)).await.result;
    assert_eq!((&*ended.stdout, ended.signal), ("set()\n", Some(15)), "signals that wait for the supervisor's end");
    let spin = ExecutionRequest { timeout: Some(Duration::from_millis(300)), ..request("while True: pass") };
    assert_eq!(room.execute(spin).await.result.status, RunStatus::Timeout);
    assert!(room.sandbox.prove().await.iter().all(|probe| probe.ok));
}

async fn until_warm(room: &Room) {
    for _ in 0..300 {
        if room.sandbox.health().await.tiers[0].ready > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no room is ready");
}

/// Protects the machine and the callers: with the supervisor all its runs end, whoever waits is told, a service
/// that goes takes its runs along and nobody else's, and a new supervisor at the same place serves the old service.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn supervisors_and_services_come_and_go() {
    let wanted = settings();
    let mut apart = Apart::start(&wanted).await;
    let (room, leaver) =
        (Room::with(apart.asked_by(wanted.clone())).await, Room::with(apart.asked_by(wanted.clone())).await);
    let (stays, leaves) = (marker(), marker());
    let long = |marker: &str| request(&(sleepers(marker) + "time.sleep(1000)"));
    let running = room.sandbox.execute(long(&stays), CancellationToken::new(), None);
    let ending = async {
        tokio::select! {
            _ = leaver.execute(long(&leaves)) => panic!("it cannot end"),
            () = until("starting", PATIENCE, || processes_with(&leaves).len() == 2 && processes_with(&stays).len() == 2) => {}
        }
        drop(leaver);
        until("leaving", PATIENCE, || processes_with(&leaves).is_empty()).await;
        assert_eq!(processes_with(&stays).len(), 2, "one service took another's run along");
        tokio::task::block_in_place(|| apart.end(Signal::TERM));
        assert_eq!(processes_with(&stays), Vec::<u32>::new(), "alive after its supervisor said its end");
    };
    let (ended, ()) = tokio::join!(running, ending);
    assert_eq!(ended.expect_err("no result").code, common::ErrorCode::JailUnavailable);
    let gone = room.sandbox.execute(request("print(1)"), CancellationToken::new(), None).await;
    assert_eq!(gone.expect_err("nobody is there").code, common::ErrorCode::JailUnavailable);
    assert!(room.sandbox.check().await.is_err(), "health says what every run says");
    apart.child = begin(&wanted, &apart.door).await;
    assert_eq!(room.print("print('again')").await, "again\n");
    // One that had no time to remove its socket is replaced as well, and the service it served goes on.
    apart.end(Signal::KILL);
    assert_eq!(room.print("print('on')").await, "on\n");
    apart.child = begin(&wanted, &apart.door).await;
    let fresh = Room::with(apart.asked_by(wanted)).await;
    assert_eq!(fresh.print("print('fresh')").await, "fresh\n");
}

/// Protects promises: a service does not start when its supervisor would give its runs less than it says, nor when
/// nobody is there; both say what to change.
#[tokio::test]
async fn less_than_promised_is_refused() {
    let wanted = settings();
    let apart = Apart::start(&wanted).await;
    let refused = async |settings: Settings| {
        let folder = tempfile::tempdir().expect("a folder");
        let blob = blob::connect(&format!("file://{}", folder.path().display())).await.expect("a store");
        Sandbox::open(settings, blob).await.expect_err("no sandbox")
    };
    let asked = apart.asked_by(wanted.clone());
    let limits = Limits { memory_bytes: 4 << 30, ..asked.jail.limits };
    let more = Settings { jail: JailSettings { limits, ..asked.jail.clone() }, ..asked.clone() };
    let error = refused(more).await;
    assert!(error.reason.contains("SANDBOX_MEMORY_MIB is 4096") && error.fix.contains("SANDBOX_MEMORY_MIB"), "{error}");
    let longer = Settings { max_timeout: wanted.max_timeout * 2, ..asked.clone() };
    assert!(refused(longer).await.reason.contains("SANDBOX_SECONDS"));
    let supervisor = Supervisor::Apart("/nowhere/supervisor.sock".into());
    let nobody = Settings { jail: JailSettings { supervisor, ..asked.jail.clone() }, ..asked };
    let error = refused(nobody).await;
    assert!(error.reason.contains("/nowhere/supervisor.sock") && error.fix.contains("darkroom supervisor"), "{error}");
    let second = Door { ..apart.door.clone() };
    let mut taken = prepare(&wanted.jail, wanted.max_timeout, &second).await.expect("a command");
    let ended = taken.stderr(Stdio::piped()).output().expect("its end");
    assert!(!ended.status.success() && String::from_utf8_lossy(&ended.stderr).contains("already"), "{ended:?}");
}

/// Protects rooms from a service that was taken over: what they see does not stand where its user could change it.
#[tokio::test]
async fn places_within_reach_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    rustix::fs::chmod(folder.path(), rustix::fs::Mode::from_raw_mode(0o777)).expect("rights");
    let wanted = settings();
    let jail = JailSettings { work: folder.path().join("work"), ..wanted.jail };
    let door = Door { socket: folder.path().join("s"), user: 4_000_000 };
    let error = prepare(&jail, wanted.max_timeout, &door).await.expect_err("refused");
    let place = folder.path().canonicalize().expect("its place");
    assert!(error.reason.contains("4000000") && error.reason.contains(&*place.to_string_lossy()), "{error}");
    // Nor may its user put something else in the socket's place.
    let error = prepare(&settings().jail, wanted.max_timeout, &door).await.expect_err("refused");
    assert!(error.reason.contains(&*place.to_string_lossy()) && error.fix.contains("--socket"), "{error}");
}
