//! The hostile programs of `tests/hostile` in containers: the verdicts of the jail, but for what is listed here.

use crate::hostile::{Canary, faults_of, groups};
use crate::support::Room;
use common::execution::Start;
use sandbox::DockerRuntime;
use std::time::Instant;

/// Set to `all`, every program is run; else one of each kind, because each takes a container.
const SWEEP: &str = "SANDBOX_TEST_DOCKER_SWEEP";

/// One of each kind.
const CHOSEN: [&str; 32] = [
    "cpu-regex.py",
    "cpu-sigignore.py",
    "disk-filesize.py",
    "exit-atexit.py",
    "exit-signal-term.py",
    "exit-thread.py",
    "fd-leak.py",
    "file-names.py",
    "file-symlink.py",
    "forge-channel.py",
    "forge-early.py",
    "forge-runner.py",
    "fork-bomb.py",
    "fs-noexec.py",
    "fs-persist-a.py",
    "inode-fill.py",
    "life-closed-streams.py",
    "life-daemon.py",
    "life-held-streams.py",
    "life-stdin.py",
    "mem-child-hidden.py",
    "mem-heap.py",
    "mem-tmpfs.py",
    "net-abstract-a.py",
    "net-tcp.py",
    "net-vsock.py",
    "out-fake-protocol.py",
    "out-utf8.py",
    "secret-memory-a.py",
    "sys-mount.py",
    "sys-ptrace.py",
    "sys-unshare-setns.py",
];

/// Programs whose verdict cannot be the jail's, and why.
const DIFFERENT: [(&str, &str); 9] = [
    ("cgroup-escape.py", "the runtime shows the container its own control group, read-only"),
    ("covert-timing.py", "the machine's figures in /proc are covered, not absent"),
    (
        "fs-readonly.py",
        "/dev/mqueue can be written too, and code can take the protection off its own copy of what came in",
    ),
    ("net-udp-dns.py", "the runtime makes an /etc/resolv.conf; it is empty"),
    ("secret-env.py", "the runtime sets HOSTNAME; it says 'box'"),
    ("secret-llm.py", "the runtime makes an /etc/hosts; it is empty"),
    ("sys-devices.py", "the runtime makes a terminal's devices and /dev/mqueue, all the container's own"),
    ("sys-proc-danger.py", "the kernel's files in /proc are covered or read-only, not absent"),
    ("sys-sysfs.py", "the runtime mounts /sys, read-only; what tells of the machine in it is covered"),
];
/// Likewise, with gVisor only.
const DIFFERENT_IN_GVISOR: [(&str, &str); 21] = [
    ("cpu-sched.py", "gVisor lets code raise its own priority, among its own processes"),
    ("file-fifo-sock-dev.py", "gVisor lets code make device files; there is nothing behind them"),
    ("fork-bomb.py", "gVisor's own memory for 128 processes is more than the little that this run gets"),
    ("fork-storm.py", "the same"),
    ("fs-exec-allowed.py", "gVisor's /proc does not tell NoNewPrivs, which the program reads"),
    ("fs-noexec.py", "gVisor lets code map what it wrote as a program"),
    ("inode-fill.py", "gVisor does not count files in memory; they are charged to the run's memory"),
    ("life-kill-all.py", "gVisor lets code end the first process of its own container, and with it its run"),
    ("life-zombies.py", "2500 processes take gVisor longer than this run may"),
    ("mem-argv.py", "gVisor has another limit, and another error, for long arguments"),
    ("mem-maps.py", "gVisor has no limit for mappings; the program crashes at that of the memory"),
    ("mem-mlock.py", "gVisor pins no memory, and says that it did"),
    ("mem-mq.py", "gVisor has no limit for the number of queues; they are charged to the run's memory"),
    ("open-files.py", "gVisor has another error for a descriptor beyond the limit"),
    ("sys-i386.py", "gVisor refuses calls of other tables instead of ending the process"),
    ("sys-x32.py", "the same"),
    ("sys-x32-socket.py", "the same"),
    ("sys-proc-parent.py", "gVisor does not keep processes of one user apart; there is no secret in the first one"),
    ("sys-setuid.py", "gVisor's /proc does not tell CapAmb, which the program reads"),
    ("sys-suid.py", "gVisor's /proc does not tell NoNewPrivs, which the program reads"),
    ("zygote-ctl.py", "the first process of the container can be ended from inside, and with it this run"),
];

fn why_different(name: &str, runtime: DockerRuntime) -> Option<&'static str> {
    let more = if runtime == DockerRuntime::Runsc { &DIFFERENT_IN_GVISOR[..] } else { &[] };
    DIFFERENT.iter().chain(more).find(|(different, _)| *different == name).map(|(_, why)| *why)
}

/// Every program comes to the end that its header tells.
pub async fn programs_hold(room: &Room, runtime: DockerRuntime) {
    let all = std::env::var(SWEEP).is_ok_and(|wanted| wanted == "all");
    let canary = Canary::new();
    let (mut faults, mut count, begin) = (Vec::new(), 0, Instant::now());
    for group in groups() {
        let is_wanted = all || group.iter().any(|program| CHOSEN.contains(&program.name.as_str()));
        let is_different = group.iter().any(|program| why_different(&program.name, runtime).is_some());
        if !is_wanted || is_different {
            continue;
        }
        count += group.len();
        faults.extend(faults_of(&group, room, &canary, Start::Cold).await);
    }
    eprintln!("{count} hostile programs with {}: {:?}", runtime.as_str(), begin.elapsed());
    assert!(faults.is_empty(), "{} of {count} programs:\n{}", faults.len(), faults.join("\n"));
}
