//! The lock-down: turns a freshly forked process into one that may run a stranger's code.
//!
//! The same code serves the warm path (a child of the zygote) and the cold one (a child that will start
//! Python by `execve`). It runs before the first byte of user code is even received, allocates nothing,
//! and any step that fails ends the process.

use super::kernel::{
    _exit, F_DUPFD, Filter, NEW_CGROUP, NEW_IPC, NEW_NET, NEW_NS, NEW_USER, NEW_UTS, O_CREAT, O_EXCL, O_WRONLY,
    PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, PR_CAPBSET_DROP, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, RLimit, chdir,
    close, dup2, errno, fcntl, number, openat, prctl, read, receive, receive_any, sendfile, setresgid, setresuid,
    setrlimit, setsid, syscall, umask, write,
};
use core::ffi::{c_int, c_long, c_uint};

/// User and group id of the code inside its room.
pub const INSIDE_ID: c_uint = 1000;
/// Where the gate stands while a process waits; closed before user code runs.
const GATE: c_int = 3;
/// Where the handle on the room stands while it is entered.
const ROOM: c_int = 4;
/// First number that is free in every process that comes here.
const ABOVE: c_int = 64;
/// Most bytes of a name in a bundle.
const MAX_NAME: usize = 250;
/// Highest capability asked for; numbers the kernel does not know are refused, which is fine.
const LAST_CAPABILITY: c_int = 63;

/// What a process needs to enter its room. All descriptors are closed here.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Handle on the room's first process, whose namespaces are joined; -1 when this process is in them
    /// already.
    pub room: c_int,
    /// Where standard output goes.
    pub stdout: c_int,
    /// Where standard error goes.
    pub stderr: c_int,
    /// Socket over which the supervisor lets the code go.
    pub gate: c_int,
    /// CPU seconds after which the kernel ends it, whatever else fails.
    pub cpu_seconds: u64,
}

/// Resource limits: number (the same on x86-64 and AArch64), and value.
const LIMITS: [(c_int, u64); 4] = [
    (1, 256 << 20), // RLIMIT_FSIZE
    (4, 0),         // RLIMIT_CORE
    (7, 512),       // RLIMIT_NOFILE
    (8, 0),         // RLIMIT_MEMLOCK
];
const RLIMIT_CPU: c_int = 0;

/// Enters the room and gives everything up. Never returns with anything left undone: on failure it tells
/// the supervisor which step failed and ends the process.
pub fn lock_down(entry: &Entry, filter: &[u8]) {
    let Entry { room, stdout, stderr, gate, cpu_seconds } = *entry;
    // The gate first: every later failure is told over it.
    let high = |fd: c_int| {
        // SAFETY: duplicating a descriptor touches no memory.
        unsafe { fcntl(fd, F_DUPFD, ABOVE) }
    };
    let (gate, room_fd, out, err) = (high(gate), high(room), high(stdout), high(stderr));
    let place = |from: c_int, to: c_int| {
        // SAFETY: duplicating a descriptor touches no memory.
        unsafe { dup2(from, to) }
    };
    must(place(gate, GATE).into(), b'g');
    must(place(out, 1).into(), b'o');
    must(place(err, 2).into(), b'e');
    if room >= 0 {
        must(place(room_fd, ROOM).into(), b'r');
        close_from(ROOM + 1);
        let spaces = NEW_USER | NEW_NS | NEW_NET | NEW_IPC | NEW_UTS;
        // SAFETY: joining namespaces by handle passes no pointers.
        must(unsafe { syscall(number::SETNS, ROOM, spaces) }, b'n');
    }
    close_from(GATE + 1);
    join_group();
    // Standard input is empty, whatever it was: in a cold start it was the maker's line to the supervisor.
    // SAFETY: a literal C string; -100 is AT_FDCWD, which an absolute path does not use.
    let nothing = unsafe { openat(-100, c"/dev/null".as_ptr(), 0) };
    must(nothing.into(), b'0');
    must(place(nothing, 0).into(), b'0');
    close_from(GATE + 1);
    // SAFETY: changing ids passes no pointers. The group goes first, while that is still allowed.
    must(unsafe { setresgid(INSIDE_ID, INSIDE_ID, INSIDE_ID) }.into(), b'G');
    // SAFETY: as above.
    must(unsafe { setresuid(INSIDE_ID, INSIDE_ID, INSIDE_ID) }.into(), b'U');
    // SAFETY: starting a session passes no pointers. It fails only for a process that leads one already.
    let _leads = unsafe { setsid() };
    for (resource, value) in LIMITS.into_iter().chain([(RLIMIT_CPU, cpu_seconds)]) {
        let limit = RLimit { soft: value, hard: value };
        // SAFETY: the pointer is to a live local.
        must(unsafe { setrlimit(resource, &raw const limit) }.into(), b'l');
    }
    drop_capabilities();
    // SAFETY: a plain option. The code may look at itself, as any program may; a change of ids forbids it.
    must(unsafe { prctl(PR_SET_DUMPABLE, 1 as c_long, 0 as c_long, 0 as c_long, 0 as c_long) }.into(), b'd');
    // SAFETY: a plain number.
    unsafe { umask(0o022) };
    // SAFETY: a literal C string.
    must(unsafe { chdir(c"/box/out".as_ptr()) }.into(), b'w');
    // SAFETY: a plain option.
    must(unsafe { prctl(PR_SET_NO_NEW_PRIVS, 1 as c_long, 0 as c_long, 0 as c_long, 0 as c_long) }.into(), b'p');
    let length = u16::try_from(filter.len() / 8).unwrap_or(0);
    let program = Filter { len: length, instructions: filter.as_ptr() };
    // SAFETY: the filter lives for the call and has `len` instructions of eight bytes; 1 is
    // SECCOMP_SET_MODE_FILTER.
    must(unsafe { syscall(number::SECCOMP, 1 as c_long, 0 as c_long, &raw const program) }, b's');
}

/// Waits until the supervisor has a group for this process, enters it where that is left to this process, and
/// makes it the root of what it sees of groups: a namespace made earlier would show the way up.
///
/// On v1 a thread may move itself without the kernel stopping forks on the whole machine and waiting for a
/// grace period, which takes ten milliseconds ("tasks" with a zero; see `cgroup_procs_write_start` in Linux's
/// kernel/cgroup/cgroup.c). The supervisor checks afterwards that it is in.
fn join_group() {
    // SAFETY: a literal of one byte.
    must(unsafe { write(GATE, b"P".as_ptr().cast(), 1) } as c_long, b'P');
    let Some((b'J', doors, count)) = receive_any(GATE) else {
        // SAFETY: ends this process only: the supervisor is gone or does not want it.
        unsafe { _exit(0) }
    };
    for door in &doors[..count] {
        // SAFETY: a literal of one byte.
        must(unsafe { write(*door, b"0".as_ptr().cast(), 1) } as c_long, b'D');
        // SAFETY: received for this only.
        unsafe { close(*door) };
    }
    // SAFETY: leaving a namespace passes no pointers.
    must(unsafe { syscall(number::UNSHARE, NEW_CGROUP) }, b'J');
}

fn close_from(first: c_int) {
    // SAFETY: the caller owns every descriptor from `first` on.
    must(unsafe { syscall(number::CLOSE_RANGE, first, u32::MAX, 0 as c_long) }, b'c');
}

fn drop_capabilities() {
    for capability in 0..=LAST_CAPABILITY {
        // SAFETY: a plain option. Refused for numbers beyond those the kernel knows; the empty set below
        // and the check at start-up would show a capability that stayed.
        let _unknown =
            unsafe { prctl(PR_CAPBSET_DROP, c_long::from(capability), 0 as c_long, 0 as c_long, 0 as c_long) };
    }
    // SAFETY: a plain option. It fails only on kernels that have no ambient set.
    let _none = unsafe { prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0 as c_long, 0 as c_long, 0 as c_long) };
    // Version 3 (two words a set), this process; all three sets empty.
    let header: [u32; 2] = [0x2008_0522, 0];
    let sets = [0_u32; 6];
    // SAFETY: both pointers are to live locals of the sizes that version 3 has.
    must(unsafe { syscall(number::CAPSET, header.as_ptr(), sets.as_ptr()) }, b'C');
}

/// Ends the process when a step failed, after telling which.
fn must(result: c_long, step: u8) {
    if result < 0 {
        fail(step, errno());
    }
}

/// Tells the supervisor a failed step and ends the process.
pub fn fail(step: u8, error: c_int) -> ! {
    let [low, high, ..] = error.to_le_bytes();
    let words = [b'X', step, low, high];
    // SAFETY: the pointer is to a live local of that size.
    let _told = unsafe { write(GATE, words.as_ptr().cast(), words.len()) };
    // SAFETY: ends this process only.
    unsafe { _exit(70) }
}

/// Tells the supervisor that this process is ready, waits to be let go, and puts the code and its inputs
/// where they belong. The gate is closed when this returns. A supervisor that went away ends the process.
pub fn wait_for_code() {
    // SAFETY: a literal of one byte.
    must(unsafe { write(GATE, b"R".as_ptr().cast(), 1) } as c_long, b'R');
    let Some((b'G', [bundle, folder, ..])) = receive(GATE, 2) else {
        // SAFETY: ends this process only.
        unsafe { _exit(0) }
    };
    unpack(bundle, folder);
    for fd in [bundle, folder, GATE] {
        // SAFETY: these are this function's own.
        unsafe { close(fd) };
    }
}

/// Writes the files of a bundle below a folder: for each a little-endian header (name length u16, size
/// u64), the name, the content. A name of length zero ends it.
fn unpack(bundle: c_int, folder: c_int) {
    let mut header = [0_u8; 10];
    let mut name = [0_u8; MAX_NAME + 1];
    loop {
        fill(bundle, &mut header);
        let length = usize::from(u16::from_le_bytes([header[0], header[1]]));
        if length == 0 {
            return;
        }
        let mut size = [0_u8; 8];
        size.copy_from_slice(&header[2..]);
        let mut left = usize::try_from(u64::from_le_bytes(size)).unwrap_or(usize::MAX);
        if length > MAX_NAME {
            fail(b'N', 0);
        }
        fill(bundle, &mut name[..length]);
        name[length] = 0;
        // SAFETY: the name is ended by a zero byte within its buffer.
        let file = unsafe { openat(folder, name.as_ptr().cast(), O_WRONLY | O_CREAT | O_EXCL, 0o444 as c_uint) };
        must(file.into(), b'f');
        while left > 0 {
            // SAFETY: copies between two descriptors; no offset pointer is given.
            let copied = unsafe { sendfile(file, bundle, core::ptr::null_mut(), left.min(1 << 30)) };
            match usize::try_from(copied) {
                Ok(0) => fail(b'b', 0),
                Ok(copied) => left -= copied,
                Err(_) => fail(b'b', errno()),
            }
        }
        // SAFETY: opened above.
        unsafe { close(file) };
    }
}

fn fill(from: c_int, mut buffer: &mut [u8]) {
    while !buffer.is_empty() {
        // SAFETY: the pointer and length are those of a live slice.
        let got = unsafe { read(from, buffer.as_mut_ptr().cast(), buffer.len()) };
        match usize::try_from(got) {
            Ok(0) => fail(b'b', 0),
            Ok(got) => buffer = &mut buffer[got..],
            Err(_) => fail(b'b', errno()),
        }
    }
}
