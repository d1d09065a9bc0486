//! Runs in containers, against a real daemon with runc and with gVisor: the same contract as in the jail.

mod daemon;
mod hostile;
mod unprivileged;

use crate::support::{Room, marker, processes_with, request, root, settings, sleepers, until, with_inputs};
use common::execution::{RunStatus, Start};
use daemon::Daemon;
use sandbox::{Asked, DockerRuntime, DockerSettings, Execution, ExecutionRequest, IsolationLevel, Sandbox, Settings};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(20);

fn in_containers(docker: DockerSettings) -> Settings {
    let mut settings = Settings { isolation: IsolationLevel::Docker(docker), ..settings() };
    // What prints that much takes gVisor long enough.
    settings.jail.limits.printed_bytes = 16 << 20;
    settings
}

/// Protects people who choose containers: results mean what they mean in the jail, and the walls hold.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn runs_in_runc_containers_keep_the_contract() {
    contract(DockerRuntime::Runc).await;
}

/// Protects people who choose gVisor, likewise.
#[tokio::test]
async fn runs_in_gvisor_keep_the_contract() {
    contract(DockerRuntime::Runsc).await;
}

async fn contract(runtime: DockerRuntime) {
    let started = tokio::task::spawn_blocking(move || Daemon::start(runtime)).await.expect("a thread");
    let daemon = match started {
        Ok(daemon) => daemon,
        Err(why) => return eprintln!("SKIPPED: containers with {} are not tried: {why}", runtime.as_str()),
    };
    let room = Room::with(in_containers(daemon.settings(runtime))).await;
    let isolation = room.sandbox.isolation().await;
    assert_eq!(isolation.jail, format!("docker-{}", runtime.as_str()));
    for namespace in ["mount", "pid", "net", "ipc", "uts"] {
        assert!(isolation.namespaces.iter().any(|name| name == namespace), "{isolation:?}");
    }
    eprintln!("{isolation:?}\nPython {}", room.sandbox.python_version());
    let mut begin = Instant::now();
    let mut told = |what: &str| {
        eprintln!("{what}: {:?}", begin.elapsed());
        begin = Instant::now();
    };
    ends(&room, runtime).await;
    told("ends");
    streams(&room).await;
    told("streams");
    files(&room).await;
    told("files");
    walls(&room, runtime).await;
    told("walls");
    time_and_kill(&room).await;
    told("time and kill");
    memory(&daemon, runtime).await;
    told("memory");
    less(&room, runtime).await;
    plots(&room).await;
    told("less and plots");
    hostile::programs_hold(&room, runtime).await;
    told("hostile programs");
    speed(&room).await;
    drop(room);
    death_of_the_service(&daemon, runtime).await;
    told("death of the service");
    what_is_missing_is_named(&daemon, runtime).await;
    if runtime == DockerRuntime::Runc {
        tokio::task::block_in_place(|| unprivileged::holds(&daemon));
        told("the jail in a container");
    }
}

async fn ends(room: &Room, runtime: DockerRuntime) {
    let table = [
        ("pass", Some(0), None),
        ("import sys; sys.exit(255)", Some(255), None),
        ("raise SystemExit('why')", Some(1), None),
        ("import os; os._exit(7)", Some(7), None),
        ("1/0", Some(1), None),
        ("def", Some(1), None),
        ("import os; os.abort()", None, Some(6)),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", None, Some(9)),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", None, Some(15)),
        ("import ctypes; ctypes.string_at(0)", None, Some(11)),
        ("import os, time\nif os.fork() == 0:\n    os.setsid(); time.sleep(1000)", Some(0), None),
        ("import atexit; atexit.register(print, 'late')", Some(0), None),
    ];
    for (code, exit_code, signal) in table {
        let result = room.run(code).await;
        assert_eq!((result.exit_code, result.signal), (exit_code, signal), "{code}: {}", result.stderr);
        let expected = if exit_code == Some(0) { RunStatus::Ok } else { RunStatus::Error };
        assert_eq!(result.status, expected, "{code}");
    }
    let suicide = room.run("import os\nfor s in (2, 15, 9): os.kill(1, s)\nprint('alive')").await;
    if runtime == DockerRuntime::Runc {
        assert_eq!(suicide.stdout, "alive\n", "the first process cannot be ended from inside: {suicide:?}");
    } else {
        // gVisor lets code end the container, its own.
        assert_eq!((suicide.status, suicide.exit_code, suicide.signal), (RunStatus::Error, None, Some(9)));
        let forged = "import os
channel = os.open('/proc/1/fd/1', os.O_WRONLY)
os.write(channel, b'F\\0\\0\\0\\x0bnonsense of any kind' + b'D\\xff\\xff\\xff\\xff' * 100)";
        let forged = room.run(forged).await;
        assert_eq!(forged.status, RunStatus::Error, "{forged:?}");
    }
    let script = "import sys, os, subprocess
assert __name__ == '__main__' and __file__ == '/box/main.py' and sys.argv == ['/box/main.py']
assert sys.path[0] == '/box' and os.getcwd() == '/box/out' and sys.stdin.read() == ''
assert sorted(os.listdir('/proc/self/fd')) <= ['0', '1', '2', '3'], os.listdir('/proc/self/fd')
from multiprocessing import Pool
def double(x): return 2 * x
if __name__ == '__main__':
    with Pool(2) as pool: print(pool.map(double, [1, 2]))
print(subprocess.run([sys.executable, '-c', 'print(3)'], capture_output=True, text=True).stdout)";
    assert_eq!(room.print(script).await, "[2, 4]\n3\n\n");
    let result = room.run("def f():\n    return {}['key']\n\nf()\n").await;
    assert!(
        result.stderr.starts_with("Traceback (most recent call last):\n  File \"/box/main.py\", line 4"),
        "{result:?}"
    );
}

async fn streams(room: &Room) {
    let (live, mut follower) = tokio::sync::mpsc::channel(8);
    let talk = request(
        "import os, time\nos.write(1, b'a\\n')\ntime.sleep(0.2)\nos.write(2, b'bc\\n')\ntime.sleep(0.2)\nos.write(1, b'd\\n')",
    );
    let result = room.sandbox.execute(talk, CancellationToken::new(), Some(live)).await.expect("a run").result;
    let order: Vec<_> = result.timeline.iter().map(|part| (part.stream.as_str(), part.bytes)).collect();
    assert_eq!(order, [("stdout", 2), ("stderr", 3), ("stdout", 2)]);
    assert_eq!((&follower.recv().await.expect("a chunk").bytes[..], result.start), (&b"a\n"[..], Start::Cold));
    let result = room.run("import sys; print('oüt \\u2028'); print('err', file=sys.stderr)").await;
    assert_eq!((result.stdout.as_str(), result.stderr.as_str()), ("oüt \u{2028}\n", "err\n"));
    let result = room.run("import sys; sys.stdout.buffer.write(b'Z\\0\\0\\0\\0D\\xff')").await;
    assert_eq!(result.stdout_base64.as_deref(), Some("WgAAAABE/w=="), "frames that code prints are text");
    let result = room.run("import sys\nsys.stdout.write('x' * 3_000_000 + 'the end')").await;
    assert_eq!((result.status, result.truncated), (RunStatus::Ok, true));
    assert!(result.stdout.len() < 1_100_000 && result.stdout.ends_with("xthe end"));
    let flood =
        "import os\nopen('so_far', 'w').close()\nwhile True: os.write(1, b'y' * 65536); os.write(2, b'z' * 65536)";
    let result = room.run(flood).await;
    assert_eq!((result.status, result.truncated, result.signal), (RunStatus::OutputLimit, true, Some(9)));
    assert!(result.stdout.len() < 1_100_000 && result.stderr.len() < 1_100_000);
    assert_eq!(result.outputs.len(), 1);
}

async fn files(room: &Room) {
    let code = "import os, socket
out = '/box/out/'
os.makedirs(out + 'sub'); open(out + 'sub/table.csv', 'w').write('a,b\\n1,2\\n')
open('page.png', 'w').write('<html></html>')
os.symlink('/etc/passwd', out + 'passwd'); os.symlink('/', out + 'root'); os.symlink('sub', out + 'also')
os.mkfifo(out + 'fifo')
open(out + 'real', 'w').write('x'); os.link(out + 'real', out + 'second')
open(out + b'bad\\n\\xff'.decode('utf-8', 'surrogateescape'), 'w')
with open(out + 'sparse', 'wb') as f: f.truncate(100 << 20)
os.makedirs(out + '1/2/3/4/5/6/7/8/9')
os.mkdir(out + 'closed'); open(out + 'closed/in', 'w').write('y'); os.chmod(out + 'closed', 0)
os.chmod(out + 'real', 0)
print(sorted(os.listdir('/box/in')), open('/box/in/dätä 1.csv').read(), os.path.getsize('/box/in/big'))
for attempt in (lambda: open('/box/in/new', 'w'), lambda: open('/box/in/big', 'a'), lambda: os.unlink('/box/in/big'),
                lambda: open('/box/main.py', 'w'), lambda: open('/box/new.py', 'w'), lambda: open('/opt/darkroom/python/runner/program.py', 'w')):
    try: attempt(); print('changed')
    except OSError: pass";
    let big = vec![7_u8; 20 << 20];
    let execution = room.execute(with_inputs(code, &[("dätä 1.csv", b"1,2"), ("big", &big)])).await;
    let result = &execution.result;
    assert_eq!(result.stdout, format!("['big', 'dätä 1.csv'] 1,2 {}\n", big.len()), "{}", result.stderr);
    let seen: Vec<_> = result.outputs.iter().map(|file| (file.name.as_str(), file.media_type.as_str())).collect();
    let expected =
        [("closed/in", "text/plain"), ("page.png", "text/html"), ("real", "text/plain"), ("sub/table.csv", "text/csv")];
    assert_eq!(seen, expected);
    assert_eq!(execution.contents[3], "a,b\n1,2\n");
    assert_eq!(result.outputs[3].sha256, "492d5ea496056f1a6a6592241032fab764c321596317930b4fa0e1e8bc3b7470");
    let rejected: Vec<_> = result.rejected.iter().map(|file| (file.name.as_str(), file.reason.as_str())).collect();
    let expected = [
        ("1/2/3/4/5/6/7/8", "too_deep"),
        ("also", "symlink"),
        ("bad\\n\\xff", "bad_name"),
        ("fifo", "special_file"),
        ("passwd", "symlink"),
        ("root", "symlink"),
        ("second", "special_file"),
        ("sparse", "too_large"),
    ];
    assert_eq!(rejected, expected);

    let large = "data = bytes(range(256)) * (96 << 10)\nfor n in range(2): open(f'{n}.bin', 'wb').write(data)";
    let begin = Instant::now();
    let execution = room.execute(request(large)).await;
    assert_eq!(execution.contents.iter().map(bytes::Bytes::len).collect::<Vec<_>>(), [24 << 20, 24 << 20]);
    eprintln!("48 MiB of outputs: {:?}", begin.elapsed());
    let many = room.run("for n in range(10_000): open(f'{n:05}', 'w').close()").await;
    assert_eq!((many.status, many.outputs.len(), many.rejected.len()), (RunStatus::Ok, 64, 101));
}

async fn walls(room: &Room, runtime: DockerRuntime) {
    let code = "import os, socket
def refused(what, attempt):
    try: attempt(); print('possible:', what)
    except OSError: pass
for address in (('127.0.0.1', 9), ('192.0.2.1', 9)):
    refused('connecting', lambda: socket.create_connection(address, 1))
refused('looking up', lambda: socket.getaddrinfo('localhost.example', 80))
refused('the host', lambda: os.stat(MARKER))
for place in ('/usr/x', '/etc/x', '/opt/python/x', '/x', '/dev/x', '/proc/sys/kernel/core_pattern', '/sys/x'):
    refused('writing ' + place, lambda: open(place, 'w'))
for name in CLOSED:
    refused('/proc/1/' + name, lambda: (open if name in ('environ', 'mem', 'maps') else os.readlink)('/proc/1/' + name))
for path in ('/var/run/docker.sock', '/run/docker.sock'): refused(path, lambda: os.stat(path))
refused('root', lambda: os.setuid(0))
assert not [name for name in os.environ if 'KEY' in name or 'TOKEN' in name or 'SECRET' in name]
assert os.environ['HOME'] == '/tmp'
assert open('/etc/resolv.conf').read() == '', 'the name servers of the machine'
for name in COVERED:
    path = '/' + name
    if os.path.isdir(path): assert not os.listdir(path), path
    elif os.path.exists(path): assert not open(path, 'rb').read(1), path
a, b = socket.socketpair(); a.send(b'pairs stay'); print(b.recv(10).decode())";
    let closed = match runtime {
        DockerRuntime::Runc => "('environ', 'mem', 'maps', 'root', 'cwd', 'exe', 'fd/1')",
        DockerRuntime::Runsc => "('mem', 'cwd', 'exe')",
    };
    let covered = match runtime {
        DockerRuntime::Runc => {
            "'proc/stat proc/kcore proc/kallsyms proc/loadavg proc/meminfo proc/version sys/kernel sys/devices'.split()"
        }
        // The figures there are gVisor's own, which knows no neighbours.
        DockerRuntime::Runsc => "()",
    };
    let code = code.replace("COVERED", covered);
    let code = code.replace("MARKER", &format!("{:?}", root().join("Cargo.toml"))).replace("CLOSED", closed);
    assert_eq!(room.print(&code).await, "pairs stay\n");
    let full = "def fill(folder):
    written = 0
    try:
        with open(folder + '/fill', 'wb', buffering=0) as f:
            while written < 1 << 29: written += f.write(b'x' * (1 << 20))
    except OSError as e: print(folder, written >> 20)
    import os; os.unlink(folder + '/fill')
for folder in ('/box/out', '/tmp', '/dev/shm'): fill(folder)";
    let printed = room.print(full).await;
    if runtime == DockerRuntime::Runc {
        assert_eq!(printed, "/box/out 128\n/tmp 256\n/dev/shm 64\n");
    } else {
        eprintln!("gVisor lets code fill, in MiB: {}", printed.replace('\n', ", "));
    }
    let forks = "import os, time
count = 0
try:
    while count < 1000:
        if os.fork() == 0: time.sleep(100); os._exit(0)
        count += 1
except BlockingIOError: print(count)";
    let count = room.print(forks).await.trim().parse::<u32>().expect("a wall for processes");
    assert!((90..129).contains(&count), "{count}");
}

async fn time_and_kill(room: &Room) {
    let code = "import signal, time
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
open('/box/out/partial.txt', 'w').write('so far')
print('line'); print('no newline', end='')
while True: time.sleep(1)";
    let timeout = Some(Duration::from_millis(1500));
    let Execution { result, contents } = room.execute(ExecutionRequest { timeout, ..request(code) }).await;
    assert_eq!((result.status, result.exit_code, result.signal), (RunStatus::Timeout, None, Some(9)));
    assert_eq!((result.stdout.as_str(), &contents[..]), ("line\nno newline", &[bytes::Bytes::from("so far")][..]));
    assert!((1500..2000).contains(&result.duration_ms), "{}", result.duration_ms);
    assert_eq!(result.explanation.as_deref(), Some("stopped: 1.5 s time limit"), "its signals are blocked");
    let spin = ExecutionRequest { timeout, ..request("x = 1\nwhile True:\n    x += 1") };
    let mut said = String::new();
    // On a machine with much else to do, Python may come too late to say where it is.
    for _ in 0..5 {
        let result = room.execute(spin.clone()).await.result;
        assert_eq!(result.outputs, [], "the file that tells the line is no output");
        said = result.explanation.unwrap_or_default();
        if said.contains("line") {
            break;
        }
    }
    assert!(said == "stopped: 1.5 s time limit, line 2" || said == "stopped: 1.5 s time limit, line 3", "{said}");
    let bomb =
        ExecutionRequest { timeout, ..request("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass") };
    assert_eq!(room.execute(bomb).await.result.status, RunStatus::Timeout);

    let cancel = CancellationToken::new();
    let run = room.sandbox.execute(request("print('on'); import time; time.sleep(1000)"), cancel.clone(), None);
    let (result, ()) = tokio::join!(run, async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        cancel.cancel();
    });
    let result = result.expect("a result").result;
    assert_eq!((result.status, result.stdout.as_str()), (RunStatus::Killed, "on\n"));

    let busy =
        "import time\nend = time.process_time() + 0.4\nwhile time.process_time() < end: pass\nx = bytearray(100 << 20)";
    let result = room.run(busy).await;
    assert!((350..3000).contains(&result.cpu_ms) && result.duration_ms >= 350, "{result:?}");
    assert!((100 << 20..300 << 20).contains(&result.peak_memory_bytes), "{}", result.peak_memory_bytes);
}

async fn memory(daemon: &Daemon, runtime: DockerRuntime) {
    let mut little = in_containers(daemon.settings(runtime));
    little.jail.limits.memory_bytes = 256 << 20;
    let room = Room::with(little).await;
    let bombs = [
        "x = []\nwhile True: x.append(bytearray(16 << 20))",
        "for n in '/tmp/a', '/box/out/a', '/dev/shm/a':\n    try:\n        while True: open(n, 'ab').write(b'x' * (1 << 20))\n    except OSError: pass",
        "import os\nfor n in range(8):\n    if os.fork() == 0:\n        x = bytearray(60 << 20)\n        import time; time.sleep(30)\n\
         for n in range(8):\n    _, status = os.wait()\n    if status: raise SystemExit(1)",
    ];
    for bomb in bombs {
        let begin = Instant::now();
        let result = room.run(bomb).await;
        assert_eq!(result.status, RunStatus::OutOfMemory, "{bomb}: {result:?}");
        assert!(begin.elapsed() < PATIENCE, "{bomb}");
    }
}

/// Less than the usual limits, for a run that asks for it, and told with its result.
async fn less(room: &Room, runtime: DockerRuntime) {
    let asked = Asked { memory_bytes: Some(128 << 20), pids: Some(16), cpu_percent: Some(50) };
    let code = "import os, time
count, begin = 0, time.monotonic()
while time.monotonic() < begin + 1: pass
print(time.process_time() < 0.8)
try:
    while count < 100:
        if os.fork() == 0: time.sleep(100); os._exit(0)
        count += 1
except BlockingIOError: print(count < 16)
kept = bytearray(300 << 20)";
    let result = room.execute(ExecutionRequest { asked, ..request(code) }).await.result;
    assert_eq!(result.status, RunStatus::OutOfMemory, "{result:?}");
    // A clock of gVisor's goes on while gVisor itself is held back.
    let slowed = if runtime == DockerRuntime::Runc { "True\nTrue\n" } else { "True\n" };
    assert!(result.stdout.ends_with(slowed), "{result:?}");
    assert_eq!(result.explanation.as_deref(), Some("stopped: 128 MiB memory limit"));
    let isolation = &result.isolation;
    assert_eq!((isolation.memory_bytes, isolation.pids, isolation.cpu_percent), (128 << 20, 16, 50));
    let usual = room.sandbox.isolation().await;
    assert_eq!((usual.memory_bytes, &usual.profile_sha256), (2 << 30, &isolation.profile_sha256));
}

async fn plots(room: &Room) {
    let code = "import numpy, pandas, matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()";
    let begin = Instant::now();
    let result = room.run(code).await;
    eprintln!("a first plot: {:?}", begin.elapsed());
    assert_eq!(
        result.outputs.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(),
        ["figure_1.figure.json", "figure_1.png"],
        "{result:?}"
    );
}

/// Tells how long the shortest run takes from call to answer; asserts only that it is a matter of seconds.
async fn speed(room: &Room) {
    let mut times = Vec::new();
    for _ in 0..7 {
        let begin = Instant::now();
        assert_eq!(room.print("print(1)").await, "1\n");
        times.push(begin.elapsed());
    }
    times.sort();
    eprintln!("print(1) from call to answer: least {:?}, half {:?}, most {:?}", times[0], times[3], times[6]);
    assert!(times[3] < Duration::from_secs(10));
}

/// Names the variable that makes a test process the one to be killed: socket, runtime and marker.
const VICTIM: &str = "SANDBOX_TEST_DOCKER_VICTIM";

/// Protects nothing by itself: it is the process that [`death_of_the_service`] starts and kills.
#[tokio::test]
async fn victim() {
    let Ok(given) = std::env::var(VICTIM) else { return };
    let words: Vec<&str> = given.split(' ').collect();
    let runtime = if words[1] == "runsc" { DockerRuntime::Runsc } else { DockerRuntime::Runc };
    let docker = DockerSettings { socket: words[0].into(), runtime, ..DockerSettings::default() };
    let room = Room::with(in_containers(docker)).await;
    let ended = room.execute(request(&(sleepers(words[2]) + "time.sleep(1000)"))).await;
    panic!("it should have been killed: {:?}", ended.result);
}

/// A service that dies leaves no process: the container's input ends, and with it the container; the next
/// start removes what is left of it.
async fn death_of_the_service(daemon: &Daemon, runtime: DockerRuntime) {
    let marker = marker();
    let docker = daemon.settings(runtime);
    let mut victim = std::process::Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "docker::victim", "--nocapture"])
        .env(VICTIM, format!("{} {} {marker}", docker.socket.display(), runtime.as_str()))
        .current_dir(root())
        .spawn()
        .expect("a second process");
    let running = || daemon.docker(&["ps", "--quiet", "--filter", "label=darkroom.sandbox.owner"]).0.lines().count();
    let all =
        || daemon.docker(&["ps", "--all", "--quiet", "--filter", "label=darkroom.sandbox.owner"]).0.lines().count();
    if runtime == DockerRuntime::Runc {
        until("starting", PATIENCE * 3, || processes_with(&marker).len() == 2).await;
    } else {
        // What runs in gVisor is no process of the host that could be found by name: its two probes come first,
        // both at a time.
        until("probing", PATIENCE * 3, || running() == 2).await;
        until("probed", PATIENCE * 3, || running() == 0).await;
        until("starting", PATIENCE, || running() == 1).await;
    }
    victim.kill().expect("killed");
    victim.wait().expect("gone");
    until("ending", PATIENCE, || running() == 0 && processes_with(&marker).is_empty()).await;
    assert!(all() > 0, "there is something to be removed");
    drop(Room::with(in_containers(docker)).await);
    until("removing", PATIENCE, || all() == 0).await;
}

/// Protects operators: what is missing is named with the fix, and nothing runs any other way.
async fn what_is_missing_is_named(daemon: &Daemon, runtime: DockerRuntime) {
    let folder = tempfile::tempdir().expect("a folder");
    let blob = blob::connect(&format!("file://{}", folder.path().display())).await.expect("a store");
    let whole = daemon.settings(runtime);
    let table = [
        (DockerSettings { socket: folder.path().join("none"), ..whole.clone() }, "socket", "SANDBOX_DOCKER_SOCKET"),
        (DockerSettings { image: "nothing:here".into(), ..whole }, "no image 'nothing:here'", "build-image.sh"),
    ];
    for (docker, reason, fix) in table {
        let error = Sandbox::open(in_containers(docker), blob.clone()).await.expect_err("no room");
        assert!(error.reason.contains(reason) && error.fix.contains(fix), "{error}");
    }
}
