//! A supervisor that stands apart from the service: the operator starts it, with the rights that rooms need, and
//! it waits at a socket in the file system for a service that has none.
//!
//! Each service that connects gets a process of its own, exactly as one gets that starts its supervisor itself.
//! This one lets the right user in and knows nothing else.

use crate::config::Config;
use crate::frames::Told;
use crate::refusal::Refusal;
use crate::socket;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{AtFlags, Gid, Mode, Uid};
use rustix::net::{AddressFamily, Shutdown, SocketAddrUnix, SocketFlags, SocketType};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Services at a time. Each has rooms kept ready, which cost memory.
const MOST_SERVICES: usize = 8;
/// Longest wait at the end for services' processes to clear away.
const END_PATIENCE: Duration = Duration::from_secs(15);

/// Where to wait, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// Path of the socket. An old one that nobody serves is replaced.
    pub socket: PathBuf,
    /// The service's user id. Root may come in too.
    pub user: u32,
}

impl Door {
    /// The door as arguments.
    pub fn arguments(&self) -> [String; 2] {
        [format!("--socket={}", self.socket.display()), format!("--user={}", self.user)]
    }

    /// Reads what [`Door::arguments`] wrote, and answers the rest.
    pub fn parse(arguments: &[String]) -> Option<(Self, &[String])> {
        let (socket, rest) = arguments.split_first()?;
        let (user, rest) = rest.split_first()?;
        let socket = socket.strip_prefix("--socket=")?.into();
        let user = user.strip_prefix("--user=")?.parse().ok()?;
        Some((Self { socket, user }, rest))
    }
}

/// A service that is connected, as this process sees it.
struct Served {
    child: Child,
    /// Readable when the child has ended.
    ended: OwnedFd,
    /// The child's end of the line: closing it for everybody tells the child that its service is gone.
    line: OwnedFd,
}

/// Waits for services until a signal asks for the end; then ends everything and waits for it.
///
/// # Errors
/// The socket cannot be made, or somebody serves it already.
pub fn listen(door: &Door, config: &[String]) -> io::Result<()> {
    Config::parse(config).map_err(io::Error::other)?;
    let stop = stop_signals()?;
    let listener = open(door)?;
    println!("The supervisor waits at {} for user {}.", door.socket.display(), door.user);
    let mut served: Vec<Served> = Vec::new();
    loop {
        let mut waited = vec![in_of(&stop), in_of(&listener)];
        waited.extend(served.iter().map(|one| in_of(&one.ended)));
        match poll(&mut waited, None) {
            Err(rustix::io::Errno::INTR) => continue,
            other => other?,
        };
        let ready: Vec<bool> = waited.iter().map(|fd| !fd.revents().is_empty()).collect();
        let mut over = ready[2..].iter();
        served.retain_mut(|one| {
            let is_over = over.next() == Some(&true);
            if is_over {
                reap(&mut one.child);
            }
            !is_over
        });
        if ready[0] {
            break;
        }
        if ready[1] {
            served.extend(welcome(&listener, door, config, served.len()));
        }
    }
    drop(listener);
    // The next one replaces it all the same.
    let _left = std::fs::remove_file(&door.socket);
    end(served);
    Ok(())
}

fn in_of(fd: &OwnedFd) -> PollFd<'_> {
    PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::IN)
}

fn reap(child: &mut Child) {
    if let Err(error) = child.wait() {
        crate::complain(&format!("a supervisor could not be waited for: {error}"));
    }
}

/// Makes the socket, for the service's user only.
fn open(door: &Door) -> io::Result<OwnedFd> {
    let address = SocketAddrUnix::new(&door.socket)?;
    if std::fs::symlink_metadata(&door.socket).is_ok_and(|there| there.file_type().is_socket()) {
        match socket::connect(&door.socket) {
            Ok(_answered) => return Err(io::Error::other("another supervisor serves this socket already")),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => std::fs::remove_file(&door.socket)?,
            // Somebody else's, of another kind: not ours to remove.
            Err(error) => return Err(error),
        }
    }
    let listener = rustix::net::socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    // From the first moment on nobody else may connect.
    let before = rustix::process::umask(Mode::from_raw_mode(0o177));
    let bound = rustix::net::bind(&listener, &address);
    rustix::process::umask(before);
    bound?;
    // Never through a link that somebody put there meanwhile.
    let owner = Some(Uid::from_raw(door.user));
    rustix::fs::chownat(rustix::fs::CWD, &door.socket, owner, None::<Gid>, AtFlags::SYMLINK_NOFOLLOW)?;
    rustix::net::listen(&listener, 16)?;
    Ok(listener)
}

/// Lets one in, or says why not.
fn welcome(listener: &OwnedFd, door: &Door, config: &[String], others: usize) -> Option<Served> {
    let line = match rustix::net::accept_with(listener, SocketFlags::CLOEXEC) {
        Ok(line) => line,
        Err(error) => {
            crate::complain(&format!("a service could not be let in: {error}"));
            return None;
        }
    };
    let peer = rustix::net::sockopt::socket_peercred(&line).map(|peer| peer.uid.as_raw());
    let refusal = match peer {
        Ok(peer) if peer != door.user && peer != 0 => Refusal::new(
            format!("the supervisor serves user {}, and user {peer} asks", door.user),
            "start it with --user for the user that the service runs as",
        ),
        Err(error) => Refusal::io("the supervisor's socket", &error.into()),
        Ok(_) if others >= MOST_SERVICES => Refusal::new(
            format!("the supervisor serves {others} services already"),
            "stop one of them, or start another supervisor at another socket",
        ),
        Ok(_) => match start(&line, config) {
            Ok((child, ended)) => return Some(Served { child, ended, line }),
            Err(error) => Refusal::io("the supervisor's program", &error),
        },
    };
    crate::complain(&refusal.to_string());
    // Whoever does not read it sees the end all the same.
    let _unread = socket::send(&line, &Told::Refused(refusal.as_text()).encode(), &[]);
    None
}

fn start(line: &OwnedFd, config: &[String]) -> io::Result<(Child, OwnedFd)> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("supervise").args(config).env_clear().current_dir("/");
    command.stdin(Stdio::from(line.try_clone()?)).stdout(Stdio::null());
    // Blocked here for the descriptor's sake; what is started, down to the code in rooms, has none blocked.
    // SAFETY: between fork and exec it makes one system call, on plain numbers of its own.
    unsafe { command.pre_exec(unblock_signals) };
    let mut child = command.spawn()?;
    let pid =
        i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or_else(|| io::Error::other("no process id"))?;
    match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(ended) => Ok((child, ended)),
        Err(error) => {
            // It has not begun anything yet.
            let _gone = child.kill();
            reap(&mut child);
            Err(error.into())
        }
    }
}

/// Ends what is served, and waits for it.
fn end(served: Vec<Served>) {
    for one in &served {
        // Its service is gone already.
        let _closed = rustix::net::shutdown(&one.line, Shutdown::Both);
    }
    let until = Instant::now() + END_PATIENCE;
    for mut one in served {
        if !ends(one.ended.as_fd(), until) {
            crate::complain("a supervisor does not end; what it leaves is removed at the next start");
            let _gone = one.child.kill();
        }
        reap(&mut one.child);
    }
}

/// Whether a process ends by then.
fn ends(ended: BorrowedFd<'_>, until: Instant) -> bool {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let timeout = rustix::event::Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        };
        match poll(&mut [PollFd::from_borrowed_fd(ended, PollFlags::IN)], Some(&timeout)) {
            Err(rustix::io::Errno::INTR) => {}
            other => return other.is_ok_and(|ready| ready > 0),
        }
    }
}

/// A set of no signals.
fn no_signals() -> libc::sigset_t {
    // SAFETY: a set of signals is plain numbers, filled at once.
    let mut signals: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: the set is a live local.
    unsafe { libc::sigemptyset(&raw mut signals) };
    signals
}

fn unblock_signals() -> io::Result<()> {
    let none = no_signals();
    // SAFETY: the set is a live local; the old one is not asked for.
    if unsafe { libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Readable when a signal asks for the end.
fn stop_signals() -> io::Result<OwnedFd> {
    let mut signals = no_signals();
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        // SAFETY: as above, and the signal exists.
        unsafe { libc::sigaddset(&raw mut signals, signal) };
    }
    // SAFETY: the set is filled; the old one is not asked for.
    if unsafe { libc::sigprocmask(libc::SIG_BLOCK, &raw const signals, std::ptr::null_mut()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the set is filled; -1 asks for a new descriptor.
    let fd = unsafe { libc::signalfd(-1, &raw const signals, libc::SFD_CLOEXEC) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just opened it for this process.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// A folder on the way to `path`, or itself, in which a user could change what stands there: a service must not
/// reach what its supervisor shows to rooms. Blocks.
///
/// # Errors
/// The path is not there.
pub fn within_reach(path: &Path, user: u32) -> io::Result<Option<PathBuf>> {
    use std::os::unix::fs::MetadataExt;
    const STICKY: u32 = 0o1000;
    const ANYBODY_WRITES: u32 = 0o002;
    for folder in path.canonicalize()?.ancestors() {
        let meta = folder.metadata()?;
        let anybody = meta.mode() & ANYBODY_WRITES != 0 && meta.mode() & STICKY == 0;
        if meta.uid() == user || anybody {
            return Ok(Some(folder.to_path_buf()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the start: what the program's front end writes is what is read, and the rest is passed on whole.
    #[test]
    fn doors_survive_the_command_line() {
        let door = Door { socket: "/run/a b/s=1.sock".into(), user: 998 };
        let mut arguments = door.arguments().to_vec();
        arguments.push("--nsjail=/n".to_owned());
        assert_eq!(Door::parse(&arguments), Some((door, &arguments[2..])));
        for wrong in [&arguments[..1], &arguments[1..], &["--socket=/s".to_owned(), "--user=me".to_owned()]] {
            assert_eq!(Door::parse(wrong), None, "{wrong:?}");
        }
    }

    /// Protects other programs: only a socket that nobody serves any more is replaced, whatever kind it is of.
    #[test]
    fn sockets_of_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let door = Door { socket: folder.path().join("s"), user: rustix::process::geteuid().as_raw() };
        let others = std::os::unix::net::UnixListener::bind(&door.socket).unwrap();
        assert!(open(&door).is_err(), "a socket of another kind is somebody else's");
        assert!(std::os::unix::net::UnixStream::connect(&door.socket).is_ok(), "and serves on");
        drop(others);
        std::fs::remove_file(&door.socket).unwrap();
        let ours = open(&door).unwrap();
        assert!(open(&door).unwrap_err().to_string().contains("already"));
        drop(ours);
        open(&door).unwrap();
    }

    /// Protects rooms from their own service: a folder its user could change is named.
    #[test]
    fn what_a_user_can_change_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let own = rustix::process::geteuid().as_raw();
        let inner = folder.path().join("inner");
        std::fs::create_dir(&inner).unwrap();
        let inner = inner.canonicalize().unwrap();
        assert_eq!(within_reach(&inner, own).unwrap(), Some(inner.clone()));
        let somebody = 4_000_000;
        assert_eq!(within_reach(&inner, somebody).unwrap(), None);
        rustix::fs::chmod(folder.path(), Mode::from_raw_mode(0o777)).unwrap();
        assert_eq!(within_reach(&inner, somebody).unwrap(), inner.parent().map(Path::to_path_buf));
    }
}
