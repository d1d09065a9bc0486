//! Proof that the containers hold, by running code in them at start-up.

use super::{DockerRoom, DockerRuntime};
use crate::jail::{Asked, JailError, JailUnavailable, Outcome, Task};
use common::execution::RunStatus;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Tries what must not work, and prints one line per wall that holds; then tells what it sees of its room.
const WALLS: &str = "\
import os, platform, socket
def holds(wall, attempt):
    try:
        attempt()
    except OSError:
        print('holds', wall)
holds('network', lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM))
holds('root', lambda: open('/usr/probe', 'w'))
holds('input', lambda: open('/box/in/probe', 'w'))
holds('first', lambda: os.listdir('/proc/1/fd'))
if os.getuid() == 1000 and os.getpid() != 1: print('holds user')
status = dict(line.split(':\\t', 1) for line in open('/proc/self/status') if ':\\t' in line)
if all(int(status.get(name, '0'), 16) == 0 for name in ('CapPrm', 'CapEff', 'CapBnd')): print('holds capabilities')
print('python', platform.python_version())
if status.get('Seccomp', '0').strip() == '2': print('holds seccomp')
for name in ('user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup'):
    try:
        print('namespace', name, os.readlink('/proc/self/ns/' + name))
    except OSError:
        pass
";
const EXPECTED: [&str; 7] = ["seccomp", "network", "root", "input", "first", "user", "capabilities"];

/// Looks for what only the machine has. Files that the runtime covers are there, and empty.
pub const HOST_FILES: &str = "\
import os
def empty(path):
    try:
        return not open(path, 'rb').read(1)
    except OSError:
        return True
assert not any(map(os.path.exists, ('/etc/shadow', '/run/docker.sock', '/var/run/docker.sock')))
assert all(map(empty, ('/proc/kcore', '/proc/keys', '/proc/sched_debug', '/proc/timer_list')))
mounts = [line.split()[1] for line in open('/proc/self/mounts') if line.split()[0].startswith('/')]
assert not [place for place in mounts if not place.startswith(('/etc/host', '/etc/resolv.conf'))], mounts
";

/// Takes more memory than the little it gets.
const GREED: &str =
    "block = bytearray(900 << 20)\nfor n in range(0, len(block), 4096): block[n] = 1\nprint('unlimited')";
/// gVisor needs some for itself.
const LITTLE_MEMORY: u64 = 192 << 20;

const OCI_SECCOMP: &str = "give runsc the argument --oci-seccomp ('runtimeArgs' in the daemon's daemon.json)";
const ADVICE: &str = "see the daemon's own log, and what deploy/sandbox says about daemons";

/// What was seen of the room from inside.
#[derive(Debug, Default)]
pub struct Proof {
    /// Namespaces of its own.
    pub namespaces: Vec<String>,
    /// Python's version.
    pub python: String,
}

/// Exercises every wall once.
///
/// # Errors
/// A wall does not hold, or no container comes up.
pub async fn exercise(room: &DockerRoom) -> Result<Proof, JailUnavailable> {
    let (walls, greed) = futures::join!(run(room, WALLS, None), run(room, GREED, Some(LITTLE_MEMORY)));
    let walls = walls.map_err(|error| does_not_work(&error))?;
    let printed = String::from_utf8_lossy(&walls.streams.stdout.bytes).into_owned();
    if walls.status != RunStatus::Ok {
        let said = String::from_utf8_lossy(&walls.streams.stderr.bytes).into_owned();
        let fix = "build the image again with 'deploy/sandbox/build-image.sh'";
        return Err(JailUnavailable::new(format!("Python does not start in the container ({})", said.trim()), fix));
    }
    for wall in EXPECTED {
        // gVisor does not keep processes of one user apart. What code could do to the first process of its own
        // container there, it does to its own result only.
        if wall == "first" && room.plan.runtime == DockerRuntime::Runsc {
            continue;
        }
        if !printed.lines().any(|line| line.strip_prefix("holds ") == Some(wall)) {
            let fix = if wall == "seccomp" && room.plan.runtime == DockerRuntime::Runsc { OCI_SECCOMP } else { ADVICE };
            return Err(JailUnavailable::new(format!("the container does not hold: {wall}"), fix));
        }
    }
    let greed = greed.map_err(|error| does_not_work(&error))?;
    if greed.status != RunStatus::OutOfMemory {
        return Err(JailUnavailable::new(format!("the memory limit does not hold: {:?}", greed.status), ADVICE));
    }
    proof(&printed, room.plan.runtime, room.daemon.maps_users, own_namespace)
}

fn own_namespace(name: &str) -> Option<String> {
    let link = std::fs::read_link(format!("/proc/self/ns/{name}")).ok()?;
    Some(link.to_string_lossy().into_owned())
}

/// Reads what the code printed about its room. Pure but for `own`, which names our own namespaces.
fn proof(
    printed: &str,
    runtime: DockerRuntime,
    maps_users: bool,
    own: impl Fn(&str) -> Option<String>,
) -> Result<Proof, JailUnavailable> {
    let word = |key: &str| printed.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' '));
    let mut namespaces = Vec::new();
    for (short, name) in [
        ("user", "user"),
        ("mnt", "mount"),
        ("pid", "pid"),
        ("net", "net"),
        ("ipc", "ipc"),
        ("uts", "uts"),
        ("cgroup", "cgroup"),
    ] {
        let asked = !matches!(short, "user" | "cgroup");
        let inside = word(&format!("namespace {short}"));
        let of_its_own = match (runtime, short) {
            // Its links name things of gVisor's own kernel, so they tell nothing of ours. The five that are
            // asked for are made by the daemon's own code around it, as for every container.
            (DockerRuntime::Runsc, _) => asked || (short == "user" && maps_users),
            (DockerRuntime::Runc, "user") => maps_users && inside.is_some_and(|inside| !is_first(inside)),
            (DockerRuntime::Runc, _) => {
                inside.is_some_and(|inside| !is_first(inside) && own(short).as_deref() != Some(inside))
            }
        };
        if of_its_own {
            namespaces.push(name.to_owned());
        } else if asked {
            return Err(JailUnavailable::new(format!("the container has no {name} namespace of its own"), ADVICE));
        }
    }
    Ok(Proof { namespaces, python: word("python").unwrap_or_default().to_owned() })
}

/// True for the namespaces that every kernel starts with; their numbers are fixed.
fn is_first(link: &str) -> bool {
    let number = link.split(['[', ']']).nth(1).and_then(|number| number.parse::<u32>().ok());
    number.is_none_or(|number| (0xEFFF_FFFB..=0xEFFF_FFFF).contains(&number))
}

async fn run(room: &DockerRoom, code: &str, memory_bytes: Option<u64>) -> Result<Outcome, JailError> {
    let asked = Asked { memory_bytes, ..Asked::default() };
    let task = Task { asked, ..Task::new(code.to_owned(), Duration::from_secs(30)) };
    room.run(task, &CancellationToken::new()).await.map(|(outcome, _)| outcome)
}

fn does_not_work(error: &JailError) -> JailUnavailable {
    JailUnavailable::new(format!("no container comes up: {error}"), ADVICE)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects what results say of their isolation: a namespace is named only when it was seen to be
    /// another than ours and than the machine's first.
    #[test]
    fn only_seen_namespaces_are_named() {
        let text = |cgroup: &str| {
            format!(
                "holds network\npython 3.11.7\nnamespace user user:[4026531837]\nnamespace mnt mnt:[11]\n\
                 namespace pid pid:[12]\nnamespace net net:[13]\nnamespace ipc ipc:[14]\nnamespace uts uts:[15]\n\
                 namespace cgroup {cgroup}\n"
            )
        };
        let own = |name: &str| Some(format!("{name}:[77]"));
        let seen = |text: &str| proof(text, DockerRuntime::Runc, false, own);
        let proof = seen(&text("cgroup:[4026531835]")).unwrap();
        assert_eq!(proof.namespaces, ["mount", "pid", "net", "ipc", "uts"]);
        assert_eq!(proof.python, "3.11.7");
        assert!(seen(&text("cgroup:[16]")).unwrap().namespaces.contains(&"cgroup".to_owned()));
        for broken in ["net:[77]", "net:[x]"] {
            let reason = seen(&text("cgroup:[16]").replace("net:[13]", broken)).unwrap_err().reason;
            assert!(reason.contains("net namespace"), "{reason}");
        }
    }
}
