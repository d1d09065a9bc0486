//! The maker of rooms: the first process that nsjail starts.
//!
//! It holds capabilities in nsjail's user namespace only, knows no code and no secrets, and does as the
//! supervisor says: make a room, and either have the zygote put a child into it or let the room's first
//! process start Python itself. When the supervisor or the zygote is gone, it ends, and with it
//! everything inside.

use super::first::{Cold, Given, run};
use super::kernel;
use crate::socket;
use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// What the maker is told on its command line, after the word `maker`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// CPU seconds after which the kernel ends a run.
    pub cpu_seconds: u64,
    /// `zygote` to start one from `command`, `cold` to start `command` once in one room.
    pub warm: bool,
    /// Python and its arguments.
    pub command: Vec<CString>,
}

impl Plan {
    /// The plan as arguments, for the command line inside nsjail.
    pub fn arguments(&self) -> Vec<String> {
        let how = if self.warm { "zygote" } else { "cold" };
        let mut arguments = vec!["maker".to_owned(), how.to_owned(), self.cpu_seconds.to_string()];
        arguments.extend(self.command.iter().map(|part| part.to_string_lossy().into_owned()));
        arguments
    }

    /// Reads what [`Plan::arguments`] wrote, without the first word.
    pub fn parse(arguments: &[String]) -> Option<Self> {
        let (how, rest) = arguments.split_first()?;
        let (cpu_seconds, command) = rest.split_first()?;
        let command = command.iter().map(|part| CString::new(part.as_str()).ok()).collect::<Option<Vec<_>>>()?;
        Some(Self { cpu_seconds: cpu_seconds.parse().ok()?, warm: how == "zygote", command })
    }
}

/// Socket to the supervisor.
const SUPERVISOR: i32 = 0;

/// Runs the maker until its supervisor or zygote is gone.
///
/// # Errors
/// A step of the start failed; the text names it.
pub fn run_maker(plan: &Plan) -> io::Result<()> {
    // SAFETY: standard input is the socket that the supervisor put there; it is never closed here.
    let supervisor = unsafe { BorrowedFd::borrow_raw(SUPERVISOR) };
    // The first message is the seccomp program; the maker is not trusted to choose one.
    let first = socket::receive(supervisor)?.ok_or_else(|| io::Error::other("no supervisor"))?;
    let filter = first.bytes;
    // Ids may change without the capabilities going, and back.
    securebits()?;
    // Rooms' first processes end without anybody waiting for them.
    // SAFETY: a plain disposition, no handler.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
    let zygote = if plan.warm { Some(start_zygote(plan, &filter)?) } else { None };
    loop {
        if let Some(zygote) = &zygote
            && !wait_readable(supervisor, zygote.as_fd())?
        {
            // Rooms that are there go on; the supervisor makes no more of them here.
            return outlive_zygote(supervisor);
        }
        let Some(order) = socket::receive(supervisor)? else { return Ok(()) };
        let ([b'M', id @ ..], Ok(fds)) = (&order.bytes[..], <[OwnedFd; 4]>::try_from(order.fds)) else {
            return Err(io::Error::other("an order that is none"));
        };
        let id = u32::from_le_bytes(id.try_into().map_err(|_| io::Error::other("an order without an id"))?);
        match &zygote {
            // The zygote may be gone, or the kernel give no more: neither is the fault of rooms that are there,
            // which would end with this process.
            Some(zygote) => {
                if let Err(error) = warm_room(id, fds, zygote) {
                    eprintln!("maker: room {id}: {error}");
                }
            }
            None => cold_room(id, fds, plan, &filter)?,
        }
    }
}

/// Tells the supervisor that the zygote is gone, and stays until the supervisor needs no room of it any more.
fn outlive_zygote(supervisor: BorrowedFd<'_>) -> io::Result<()> {
    socket::send(supervisor, b"D", &[])?;
    // Orders that were on their way come to nothing: their sockets close here.
    while socket::receive(supervisor)?.is_some() {}
    Ok(())
}

fn securebits() -> io::Result<()> {
    const NO_SETUID_FIXUP: libc::c_long = 4;
    // SAFETY: a plain option.
    let set = unsafe {
        kernel::prctl(
            kernel::PR_SET_SECUREBITS,
            NO_SETUID_FIXUP,
            0 as libc::c_long,
            0 as libc::c_long,
            0 as libc::c_long,
        )
    };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Waits until the supervisor has something to say. False when the zygote is gone.
fn wait_readable(supervisor: BorrowedFd<'_>, zygote: BorrowedFd<'_>) -> io::Result<bool> {
    use rustix::event::{PollFd, PollFlags, poll};
    let mut both =
        [PollFd::from_borrowed_fd(supervisor, PollFlags::IN), PollFd::from_borrowed_fd(zygote, PollFlags::IN)];
    loop {
        match poll(&mut both, None) {
            Err(rustix::io::Errno::INTR) => continue,
            other => other?,
        };
        // The zygote never says anything: whatever shows there is its end.
        return Ok(both[1].revents().is_empty());
    }
}

/// Makes a room and hands it to the zygote. The supervisor sees a room that comes to nothing by its sockets,
/// which close, and ends what there is of it.
fn warm_room(id: u32, [control, gate, stdout, stderr]: [OwnedFd; 4], zygote: &OwnedFd) -> io::Result<()> {
    let Some(room) = make_room(id, control, None)? else { return Ok(()) };
    socket::send(zygote, b"S", &[room.as_fd(), stdout.as_fd(), stderr.as_fd(), gate.as_fd()])
}

fn cold_room(id: u32, [control, gate, stdout, stderr]: [OwnedFd; 4], plan: &Plan, filter: &[u8]) -> io::Result<()> {
    let cold = Cold {
        stdout,
        stderr,
        gate,
        filter: filter.to_vec(),
        cpu_seconds: plan.cpu_seconds,
        command: plan.command.clone(),
        environment: own_environment(),
    };
    match make_room(id, control, Some(cold))? {
        Some(_handle) => Ok(()),
        None => Err(io::Error::other("the room's first process has ended")),
    }
}

/// This process's environment, which is the fixed list of nsjail's configuration.
fn own_environment() -> Vec<CString> {
    let joined = std::env::vars_os().filter_map(|(name, value)| {
        use std::os::unix::ffi::OsStrExt;
        CString::new([name.as_bytes(), b"=", value.as_bytes()].concat()).ok()
    });
    joined.collect()
}

/// Starts a room's first process and waits until the room is furnished. Answers a handle on it, or `None`
/// when it failed, which it has told the supervisor itself.
fn make_room(id: u32, control: OwnedFd, cold: Option<Cold>) -> io::Result<Option<OwnedFd>> {
    let (reader, ready) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
    let spaces = kernel::NEW_USER
        | kernel::NEW_NS
        | kernel::NEW_PID
        | kernel::NEW_NET
        | kernel::NEW_IPC
        | kernel::NEW_UTS
        | kernel::NEW_CGROUP;
    const CLONE_PIDFD: u64 = 0x1000;
    let mut handle: libc::c_int = -1;
    act_as(id)?;
    // SAFETY: without CLONE_VM this is a fork; the child has one thread and its own memory. The third
    // argument is where CLONE_PIDFD puts the handle, a live local.
    let child = unsafe {
        libc::syscall(
            kernel::number::CLONE,
            spaces | CLONE_PIDFD | kernel::SIGCHLD,
            0_usize,
            &raw mut handle,
            0_usize,
            0_usize,
        )
    };
    if child == 0 {
        // SAFETY: a plain disposition; the first process waits for its children.
        unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
        drop(reader);
        run(Given { control, id, ready, cold });
    }
    let failed = io::Error::last_os_error();
    act_as(0)?;
    if child < 0 {
        return Err(io::Error::new(failed.kind(), format!("making namespaces: {failed}")));
    }
    // SAFETY: the kernel has just opened it for this process.
    let handle = unsafe { OwnedFd::from_raw_fd(handle) };
    // The child has its own copies.
    drop((ready, cold));
    let mut word = [0_u8; 1];
    match rustix::io::retry_on_intr(|| rustix::io::read(&reader, &mut word)) {
        Ok(1) => Ok(Some(handle)),
        _ => Ok(None),
    }
}

/// Makes files and namespaces belong to an id; the capabilities stay.
fn act_as(id: u32) -> io::Result<()> {
    const KEEP: u32 = u32::MAX;
    // SAFETY: changing ids passes no pointers; this process has one thread.
    if unsafe { kernel::setresgid(KEEP, id, KEEP) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: as above.
    if unsafe { kernel::setresuid(KEEP, id, KEEP) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Starts the zygote and answers the socket it serves.
fn start_zygote(plan: &Plan, filter: &[u8]) -> io::Result<OwnedFd> {
    let (ours, theirs) = socket::pair()?;
    let arguments: Vec<_> = plan.command.iter().map(|part| part.as_ptr()).chain([std::ptr::null()]).collect();
    let environment = own_environment();
    let environment: Vec<_> = environment.iter().map(|part| part.as_ptr()).chain([std::ptr::null()]).collect();
    // SAFETY: this process has one thread, so the child's memory is whole.
    let child = unsafe { libc::fork() };
    if child < 0 {
        return Err(io::Error::last_os_error());
    }
    if child == 0 {
        let prepared = prepare_zygote(&theirs, filter);
        if let Err(error) = prepared {
            eprintln!("the zygote's place: {error}");
            // SAFETY: ends this process only.
            unsafe { libc::_exit(74) };
        }
        // SAFETY: both lists end with a null pointer and their strings live on.
        unsafe { libc::execve(arguments[0], arguments.as_ptr(), environment.as_ptr()) };
        // SAFETY: ends this process only.
        unsafe { libc::_exit(127) };
    }
    drop(theirs);
    // Imports take a while; the supervisor sees the zygote's own word on the same socket, see `zygote.py`.
    let ready = socket::receive(&ours)?.filter(|message| message.bytes == b"Z");
    // SAFETY: standard input is the supervisor's socket.
    let supervisor = unsafe { BorrowedFd::borrow_raw(SUPERVISOR) };
    match ready {
        Some(_) => socket::send(supervisor, b"Z", &[])?,
        None => return Err(io::Error::other("the zygote did not start")),
    }
    Ok(ours)
}

/// In the zygote's process: a mount namespace of its own with a scratch folder for its imports (it takes
/// that away before it serves), its socket as descriptor 3, the seccomp program as descriptor 4.
fn prepare_zygote(socket: &OwnedFd, filter: &[u8]) -> io::Result<()> {
    use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change};
    // SAFETY: no other thread shares this process's file system view.
    unsafe { rustix::thread::unshare_unsafe(rustix::thread::UnshareFlags::NEWNS) }?;
    mount_change(c"/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
    mount(c"tmpfs", c"/tmp", c"tmpfs", MountFlags::NOSUID | MountFlags::NODEV, c"size=64m,mode=1777")?;
    // SAFETY: a plain disposition.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
    let memory = rustix::fs::memfd_create("seccomp", rustix::fs::MemfdFlags::empty())?;
    rustix::io::write(&memory, filter)?;
    // Standard input was the supervisor's socket, which the zygote must not have.
    let null = rustix::fs::open(c"/dev/null", rustix::fs::OFlags::RDWR, rustix::fs::Mode::empty())?;
    // All out of the way first, then to their places; what is duplicated stays open on exec.
    let places = [(null.as_raw_fd(), 0), (socket.as_raw_fd(), 3), (memory.as_raw_fd(), 4)].map(|(fd, place)| {
        // SAFETY: duplicating a descriptor touches no memory.
        (unsafe { kernel::fcntl(fd, kernel::F_DUPFD, 64) }, place)
    });
    for (fd, place) in places {
        // SAFETY: duplicating a descriptor touches no memory.
        if unsafe { kernel::dup2(fd, place) } != place {
            return Err(io::Error::last_os_error());
        }
    }
    const CLOSE_ON_EXEC: libc::c_uint = 4;
    // SAFETY: marks everything above as closed on exec; nothing of this process needs it after that.
    unsafe { libc::syscall(kernel::number::CLOSE_RANGE, 5, u32::MAX, CLOSE_ON_EXEC) };
    keep_only(&[SYS_PTRACE, SYS_ADMIN])
}

/// Capabilities a zygote needs to put its children into rooms.
const SYS_PTRACE: libc::c_long = 19;
const SYS_ADMIN: libc::c_long = 21;

/// Takes all other capabilities from what the next program can have.
fn keep_only(kept: &[libc::c_long]) -> io::Result<()> {
    const LAST: libc::c_long = 40;
    let none: libc::c_long = 0;
    for capability in (0..=LAST).filter(|capability| !kept.contains(capability)) {
        // SAFETY: a plain option.
        if unsafe { kernel::prctl(kernel::PR_CAPBSET_DROP, capability, none, none, none) } != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    // SAFETY: a plain option.
    if unsafe { kernel::prctl(kernel::PR_CAP_AMBIENT, kernel::PR_CAP_AMBIENT_CLEAR_ALL, none, none, none) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the line between supervisor and maker: what one writes the other reads.
    #[test]
    fn plans_survive_the_command_line() {
        let plan = Plan { cpu_seconds: 240, warm: true, command: vec![c"/opt/python".into(), c"a b".into()] };
        assert_eq!(Plan::parse(&plan.arguments()[1..]), Some(plan));
        assert_eq!(Plan::parse(&["cold".to_owned()]), None);
    }
}
