//! What code must not reach.

use crate::support::{Room, settings};
use common::execution::RunStatus;
use std::io::ErrorKind;
use std::net::TcpListener;

/// Protects the network: no socket of any family, not even to the machine itself.
#[tokio::test]
async fn there_is_no_network() {
    let room = Room::new().await;
    let canary = TcpListener::bind("127.0.0.1:0").expect("a listener");
    canary.set_nonblocking(true).expect("non-blocking");
    let port = canary.local_addr().expect("an address").port();
    let code = format!(
        "import socket, errno
for family in range(46):
    for kind in (1, 2, 3, 5):
        try: socket.socket(family, kind); print('socket', family, kind)
        except OSError as e: assert e.errno == errno.EPERM, (family, kind, e)
try: socket.create_connection(('127.0.0.1', {port}), 1); print('connected')
except OSError: pass
try: socket.getaddrinfo('localhost.example', 80); print('resolved')
except OSError: pass
a, b = socket.socketpair(); a.send(b'pairs stay'); print(b.recv(10).decode())
"
    );
    assert_eq!(room.print(&code).await, "pairs stay\n");
    assert_eq!(canary.accept().expect_err("nobody came").kind(), ErrorKind::WouldBlock);
}

/// Protects the kernel's dangerous calls, by their numbers, and the ways around them.
#[cfg(target_arch = "x86_64")]
#[tokio::test]
async fn dangerous_system_calls_are_refused() {
    let room = Room::new().await;
    let code = "import ctypes, mmap, os
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    ctypes.set_errno(0)
    libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments))
    return ctypes.get_errno()
denied = dict(ptrace=101, process_vm_readv=310, mount=165, umount=166, pivot_root=155, chroot=161, unshare=272, setns=308,
    keyctl=250, add_key=248, request_key=249, bpf=321, perf=298, userfaultfd=323, io_uring=425, kexec=246, init_module=175,
    finit_module=313, reboot=169, swapon=167, open_by_handle=304, name_to_handle=303, fsopen=430, move_mount=429, kcmp=312,
    pidfd_getfd=438, personality=135, syslog=103, settime=164)
for name, number in denied.items():
    if call(number, 0, 0, 0, 0, 0) != 1: print('allowed', name)
if call(435, 0, 0) != 38: print('clone3')
for flag in (0x10000000, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x20000000, 0x40000000, 0x80):
    if call(56, flag | 17, 0, 0, 0, 0) != 1: print('clone', hex(flag))
print('checked', flush=True)
# socket() of the 32-bit table, from machine code: mov eax, 359; int 0x80; ret
block = mmap.mmap(-1, 4096, prot=7)
block.write(bytes.fromhex('b867010000cd80c3'))
entry = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(block)))
print('32 bit', entry())
";
    let result = room.run(code).await;
    // The foreign table ends the process, or the kernel has none.
    assert!(
        result.stdout == "checked\n" || result.stdout == "checked\n32 bit -38\n",
        "{} {}",
        result.stdout,
        result.stderr
    );
}

/// Protects the host's files and secrets: the room holds what Python needs and nothing else.
#[tokio::test]
async fn the_host_is_not_there() {
    let marker = tempfile::NamedTempFile::new_in(settings().jail.work.parent().expect("a parent")).expect("a file");
    let room = Room::new().await;
    let code = format!(
        "import os, sys
for path in ({:?}, '/etc/shadow', '/etc/hostname', '/home', '/root/.ssh', '/var', '/run', '/sys', '/mnt', '/proc/sys', '/proc/kcore',
             '/proc/cmdline', '/proc/meminfo', '/dev/mem', '/dev/vda', '/dev/tty', '/dev/kmsg', '/sys/fs/cgroup'):
    if os.path.exists(path): print('visible', path)
assert (os.getuid(), os.getgid()) == (1000, 1000) and 0 not in os.getgroups(), (os.getuid(), os.getgid(), os.getgroups())
assert sorted(p for p in os.listdir('/proc') if p.isdigit()) in (['1', str(os.getpid())], [str(os.getpid())])
for path in ('/', '/usr', '/opt', '/opt/python', '/opt/darkroom', '/etc', sys.prefix, sys.base_prefix, '/box/in', '/opt/darkroom/fonts', '/dev'):
    try: open(path + '/probe', 'w'); print('writable', path)
    except OSError: pass
topmost = dict((line.split()[4], line) for line in open('/proc/self/mountinfo'))  # what is covered cannot be reached
for line in topmost.values():
    place, kind = line.split(' - ')
    options = place.split()[5]
    if place.split()[4].startswith('/dev/') and not place.split()[4] == '/dev/shm': continue
    if 'ro' not in options.split(',') and kind.split()[0] != 'tmpfs': print('rw', line)
    if place.split()[4] != '/' and ('nosuid' not in options or 'nodev' not in options): print('suid or dev', line)
status = dict(l.split(':', 1) for l in open('/proc/self/status'))
assert status['CapEff'].strip() == status['CapPrm'].strip() == status['CapBnd'].strip() == '0' * 16, status
assert status['NoNewPrivs'].strip() == '1' and status['Seccomp'].strip() == '2'
print('done')",
        marker.path().display().to_string()
    );
    assert_eq!(room.print(&code).await, "done\n");
}

/// Protects secrets: nothing of the server's environment or open files is in the room.
#[tokio::test]
async fn environment_and_files_are_a_fixed_list() {
    let room = Room::new().await;
    let code = "import os
print(sorted(os.environ))
print([fd for fd in range(256) if os.path.exists(f'/proc/self/fd/{fd}')])
for path in ('/proc/1/environ', '/proc/1/mem', '/proc/self/mem'):
    try: open(path, 'r+b'); print('open', path)
    except OSError: pass";
    let expected = "['HOME', 'LANG', 'MKL_NUM_THREADS', 'MPLBACKEND', 'MPLCONFIGDIR', 'NUMEXPR_NUM_THREADS', 'OMP_NUM_THREADS', \
        'OPENBLAS_NUM_THREADS', 'OPENBLAS_THREAD_TIMEOUT', 'PATH', 'PYTHONDONTWRITEBYTECODE', 'PYTHONNOUSERSITE', 'PYTHONUNBUFFERED', 'TMPDIR', 'USER']\n[0, 1, 2]\n";
    assert_eq!(room.print(code).await, expected);
}

/// Protects tenants from each other: two runs at a time share nothing, and a later one finds nothing.
#[tokio::test]
async fn runs_do_not_see_each_other() {
    let room = Room::new().await;
    let code = |own: &str| {
        format!(
            "import os, time, glob
for folder in ('/tmp', '/box/out', '/dev/shm'): open(folder + '/{own}', 'w').close()
time.sleep(0.5)
found = sorted(f for folder in ('/tmp', '/box/out', '/dev/shm') for f in os.listdir(folder) if f.startswith('mark'))
print(found, len([p for p in os.listdir('/proc') if p.isdigit()]) <= 2)"
        )
    };
    let (one, two) = (code("mark1"), code("mark2"));
    let (first, second) = tokio::join!(room.print(&one), room.print(&two));
    assert_eq!(first, "['mark1', 'mark1', 'mark1'] True\n");
    assert_eq!(second, "['mark2', 'mark2', 'mark2'] True\n");
    assert!(room.print(&code("mark3")).await.starts_with("['mark3', 'mark3', 'mark3']"));
}

/// Protects trust in results: code that lies on every handle it can find changes at most its own end.
#[tokio::test]
async fn forged_words_change_nothing() {
    let room = Room::new().await;
    let code = "import os
for fd in range(3, 1024):
    try: os.write(fd, b'done 0\\n')
    except OSError: pass
for pid in (1, os.getppid()):
    for fd in range(20):
        try: os.write(os.open(f'/proc/{pid}/fd/{fd}', os.O_WRONLY), b'done 0\\n')
        except OSError: pass
os._exit(5)";
    let result = room.run(code).await;
    assert_eq!((result.status, result.exit_code), (RunStatus::Error, Some(5)));
}

/// Protects the promise in every result: what it says of the isolation is what is in force.
#[tokio::test]
async fn isolation_is_told_truly() {
    let room = Room::new().await;
    let result = room.run("import os\nprint(*(os.readlink(f'/proc/self/ns/{n}') for n in ('user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup')))").await;
    let own: Vec<_> = ["user", "mnt", "pid", "net", "ipc", "uts", "cgroup"]
        .map(|name| {
            std::fs::read_link(format!("/proc/self/ns/{name}")).expect("a namespace").to_string_lossy().into_owned()
        })
        .into();
    let inside: Vec<_> = result.stdout.split_whitespace().collect();
    assert_eq!(inside.len(), 7);
    assert!(inside.iter().zip(&own).all(|(inside, own)| inside != own), "{inside:?} {own:?}");
    let isolation = result.isolation;
    assert_eq!((isolation.jail.as_str(), isolation.seccomp, isolation.network), ("nsjail", true, false));
    assert_eq!(isolation.namespaces.len(), 7);
    assert_eq!((isolation.memory_bytes, isolation.pids, isolation.cpu_percent), (2 << 30, 128, 200));
    assert_eq!(isolation, room.run("pass").await.isolation);
    assert_eq!(isolation.profile_sha256.len(), 64);
}
