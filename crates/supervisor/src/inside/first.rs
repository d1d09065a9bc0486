//! The first process of a room: makes what is private to it, then waits for the code to end.
//!
//! It is process 1 of the room's own process ids, so its end takes everything in the room along: the
//! kernel sees to that before it reports the end. Orphans of the code become its children and end here.

use super::kernel;
use super::lockdown::{Entry, INSIDE_ID, lock_down, wait_for_code};
use crate::socket;
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_bind, mount_change, mount_remount};
use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities, set_no_new_privs};
use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd};

/// Folders that code may write, each a memory file system of the room's own: path, size, most files.
/// They count against the run's memory.
pub const WRITABLE: [(&CStr, &CStr); 3] = [
    (c"/box/out", c"size=128m,nr_inodes=16384,mode=0755"),
    (c"/tmp", c"size=256m,nr_inodes=16384,mode=1777"),
    (c"/dev/shm", c"size=64m,nr_inodes=1024,mode=1777"),
];
/// The code and its inputs: read-only for the code.
pub const INPUTS: (&CStr, &CStr) = (c"/box", c"size=320m,nr_inodes=1024,mode=0755");
/// What the end of a run needs to be told.
const TELLING: std::time::Duration = std::time::Duration::from_millis(1);
/// Only processes of the room, and nothing of them to strangers.
const PROC: &CStr = c"subset=pid,hidepid=invisible";

/// What the first process is given by the maker.
pub struct Given {
    /// Its line to the supervisor.
    pub control: OwnedFd,
    /// User and group id of the room in the maker's namespace.
    pub id: u32,
    /// Told that the room is there; closed without a word when it is not.
    pub ready: OwnedFd,
    /// Set when this process is to start Python itself instead of waiting for a zygote's child.
    pub cold: Option<Cold>,
}

/// What a cold start needs.
pub struct Cold {
    /// For the child.
    pub stdout: OwnedFd,
    /// For the child.
    pub stderr: OwnedFd,
    /// For the child.
    pub gate: OwnedFd,
    /// The seccomp program.
    pub filter: Vec<u8>,
    /// CPU seconds after which the kernel ends the child.
    pub cpu_seconds: u64,
    /// Program and arguments.
    pub command: Vec<CString>,
    /// Environment.
    pub environment: Vec<CString>,
}

/// Runs as the first process; never returns.
pub fn run(given: Given) -> ! {
    let Given { control, id, ready, cold } = given;
    // The maker's change of ids forbade this process to look at itself, which it has to.
    look_at_self(true);
    let made = furnish(id);
    let code_pid = match made.and_then(|(inputs, outputs)| {
        socket::send(&control, b"M", &[inputs.as_fd(), outputs.as_fd()])?;
        match cold {
            None => Ok(3),
            Some(cold) => start_cold(cold),
        }
    }) {
        Ok(code_pid) => code_pid,
        Err(error) => {
            // Nobody left to tell when this fails too: the supervisor sees the end.
            let _told = socket::send(&control, format!("X{error}").as_bytes(), &[]);
            exit(71)
        }
    };
    let (control, ready) = give_up(control, ready);
    if rustix::io::write(&ready, b"R").is_err() {
        exit(72);
    }
    drop(ready);
    let status = wait_for(code_pid);
    let mut word = [b'E', u8::from(is_alone()), 0, 0, 0, 0];
    word[2..].copy_from_slice(&status.to_le_bytes());
    // A supervisor that is gone has no use for it.
    let _told = socket::send(&control, &word, &[]);
    if word[1] == 1 {
        // Taking the room down keeps a CPU busy that the answer to the caller may need.
        std::thread::sleep(TELLING);
    }
    exit(0)
}

fn exit(code: i32) -> ! {
    // SAFETY: ends this process only, without the clean-up that belongs to the process it was forked from.
    unsafe { libc::_exit(code) }
}

/// An error that names the step.
fn step<T>(what: &str, result: rustix::io::Result<T>) -> io::Result<T> {
    result.map_err(|error| io::Error::other(format!("{what}: {error}")))
}

/// Maps the ids, mounts what is private to the room, and answers handles on its inputs (writable through
/// this handle only) and its outputs.
fn furnish(id: u32) -> io::Result<(OwnedFd, OwnedFd)> {
    step("private mounts", mount_change(c"/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC))?;
    let plain = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    step("mounting /proc", mount(c"proc", c"/proc", c"proc", plain, PROC))?;
    map_ids(id)?;
    step("mounting /proc read-only", mount_remount(c"/proc", MountFlags::BIND | MountFlags::RDONLY | plain, c""))?;
    become_inside_id()?;
    let (inputs_path, options) = INPUTS;
    step("mounting /box", mount(c"tmpfs", inputs_path, c"tmpfs", plain, options))?;
    let handle = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let inputs = step("opening /box", openat(CWD, inputs_path, handle, Mode::empty()))?;
    for folder in [c"in", c"out"] {
        step("making a folder in /box", rustix::fs::mkdirat(&inputs, folder, Mode::from_raw_mode(0o755)))?;
    }
    // The code's view of the same files: a second mount of them that is read-only.
    step("binding /box", mount_bind(inputs_path, inputs_path))?;
    step("making /box read-only", mount_remount(inputs_path, MountFlags::BIND | MountFlags::RDONLY | plain, c""))?;
    for (path, options) in WRITABLE {
        step("mounting a writable folder", mount(c"tmpfs", path, c"tmpfs", plain, options))?;
    }
    let outputs = step("opening /box/out", openat(CWD, c"/box/out", handle, Mode::empty()))?;
    step("naming the room", rustix::system::sethostname(b"box"))?;
    Ok((inputs, outputs))
}

fn map_ids(id: u32) -> io::Result<()> {
    let line = format!("{INSIDE_ID} {id} 1");
    for (file, content) in [("setgroups", "deny"), ("uid_map", line.as_str()), ("gid_map", line.as_str())] {
        std::fs::write(format!("/proc/self/{file}"), content)
            .map_err(|error| io::Error::other(format!("writing {file}: {error}")))?;
    }
    Ok(())
}

fn become_inside_id() -> io::Result<()> {
    // SAFETY: changing ids passes no pointers; this process has one thread.
    if unsafe { kernel::setresgid(INSIDE_ID, INSIDE_ID, INSIDE_ID) } != 0 {
        return Err(io::Error::other("changing the group id"));
    }
    // SAFETY: as above.
    if unsafe { kernel::setresuid(INSIDE_ID, INSIDE_ID, INSIDE_ID) } != 0 {
        return Err(io::Error::other("changing the user id"));
    }
    Ok(())
}

/// Forks the child that will start Python, and answers its id.
fn start_cold(cold: Cold) -> io::Result<i32> {
    let pointers = |strings: &[CString]| -> Vec<*const libc::c_char> {
        strings.iter().map(|string| string.as_ptr()).chain([std::ptr::null()]).collect()
    };
    let (arguments, environment) = (pointers(&cold.command), pointers(&cold.environment));
    // SAFETY: this process has one thread, so the child's memory is whole.
    let child = unsafe { libc::fork() };
    if child != 0 {
        return if child > 0 { Ok(child) } else { Err(io::Error::last_os_error()) };
    }
    let raw = |fd: &OwnedFd| fd.as_raw_fd();
    let entry = Entry {
        room: -1,
        stdout: raw(&cold.stdout),
        stderr: raw(&cold.stderr),
        gate: raw(&cold.gate),
        cpu_seconds: cold.cpu_seconds,
    };
    lock_down(&entry, &cold.filter);
    wait_for_code();
    // SAFETY: both lists end with a null pointer and their strings live on.
    unsafe { libc::execve(arguments[0], arguments.as_ptr(), environment.as_ptr()) };
    exit(127)
}

/// Whether processes of the same user may look into this one.
fn look_at_self(allowed: bool) {
    let none: libc::c_long = 0;
    // SAFETY: a plain option; it cannot fail with these values.
    unsafe { kernel::prctl(kernel::PR_SET_DUMPABLE, libc::c_long::from(allowed), none, none, none) };
}

/// Keeps nothing that the code could want from this process: no capability, no descriptor but its line to
/// the supervisor (as 3) and to the maker (as 4).
fn give_up(control: OwnedFd, ready: OwnedFd) -> (OwnedFd, OwnedFd) {
    look_at_self(false);
    let none = CapabilitySets {
        effective: CapabilitySet::empty(),
        permitted: CapabilitySet::empty(),
        inheritable: CapabilitySet::empty(),
    };
    if set_capabilities(None, none).is_err() || set_no_new_privs(true).is_err() {
        exit(73);
    }
    let Ok(null) = rustix::fs::open(c"/dev/null", OFlags::RDWR, Mode::empty()) else { exit(74) };
    let moves = [(null, 0), (control, 3), (ready, 4)].map(|(fd, place)| {
        // SAFETY: duplicating a descriptor touches no memory. The original is closed with all others below.
        (unsafe { kernel::fcntl(fd.into_raw_fd(), kernel::F_DUPFD, 64) }, place)
    });
    for (fd, place) in moves.into_iter().chain([(moves[0].0, 1), (moves[0].0, 2)]) {
        // SAFETY: as above.
        if unsafe { kernel::dup2(fd, place) } != place {
            exit(75);
        }
    }
    // SAFETY: everything above is this process's copy of what others use.
    unsafe { libc::syscall(kernel::number::CLOSE_RANGE, 5, u32::MAX, 0) };
    // SAFETY: put there just now, and owned by nobody else.
    let control = unsafe { OwnedFd::from_raw_fd(3) };
    // SAFETY: as above.
    let ready = unsafe { OwnedFd::from_raw_fd(4) };
    (control, ready)
}

/// Whether nothing else lives in the room: whatever lost its parent is a child of this process.
fn is_alone() -> bool {
    loop {
        // SAFETY: no status is asked for.
        match unsafe { libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) } {
            -1 if kernel::errno() == kernel::EINTR => {}
            -1 => return true,
            0 => return false,
            _ => {}
        }
    }
}

/// Reaps until the code has ended, and answers its wait status.
fn wait_for(code_pid: i32) -> i32 {
    loop {
        let mut status = 0;
        // SAFETY: the pointer is to a live local.
        match unsafe { libc::waitpid(-1, &raw mut status, 0) } {
            -1 if kernel::errno() == kernel::EINTR => {}
            // No child yet: the zygote's has not arrived, since its go-between still lives.
            -1 => std::thread::sleep(std::time::Duration::from_micros(200)),
            pid if pid == code_pid => return status,
            _ => {}
        }
    }
}
