//! The processes of one run as seen from outside: nsjail, and the first process of the jail.

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::io;
use std::os::fd::OwnedFd;
use std::process::Child;
use std::time::{Duration, Instant};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// The first process of a jail. Its end is the end of every process in the jail: the kernel sees to
/// that before it reports the end here.
#[derive(Debug)]
pub struct First {
    /// Its id on the host. Only meaningful while it surely lives, that is, before the run was let go.
    pub pid: Pid,
    handle: AsyncFd<OwnedFd>,
}

impl First {
    /// Takes a handle on a process that [`wait_for`] found.
    pub fn new((pid, handle): (Pid, OwnedFd)) -> io::Result<Self> {
        #[expect(
            deprecated,
            reason = "its successor is unsafe for types that may swap their descriptor; an OwnedFd cannot"
        )]
        let handle = AsyncFd::with_interest(handle, Interest::READABLE)?;
        Ok(Self { pid, handle })
    }

    /// Kills it, and with it everything in the jail.
    pub fn kill(&self) {
        let _ = pidfd_send_signal(self.handle.get_ref(), Signal::KILL);
    }

    /// Resolves when no process of the jail is left.
    pub async fn gone(&self) {
        let _ = self.handle.readable().await;
    }
}

/// How often nsjail is asked for its child.
const POLL: Duration = Duration::from_micros(500);

/// Waits until nsjail has started the first process of the jail, and takes a handle on it. Blocks.
pub fn wait_for(nsjail: u32, patience: Duration) -> io::Result<(Pid, OwnedFd)> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(pid) = only_child(nsjail)? {
            let handle = pidfd_open(pid, PidfdFlags::NONBLOCK)?;
            // The id could be somebody else's only if nsjail's child had ended just now.
            return match only_child(nsjail)? {
                Some(same) if same == pid => Ok((pid, handle)),
                _ => Err(io::Error::other("the jail ended while it started")),
            };
        }
        if Instant::now() > deadline {
            return Err(io::ErrorKind::TimedOut.into());
        }
        std::thread::sleep(POLL);
    }
}

fn only_child(parent: u32) -> io::Result<Option<Pid>> {
    let list = match std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")) {
        Ok(list) => list,
        // A kernel without that list.
        Err(error) if error.kind() == io::ErrorKind::NotFound => children_by_search(parent)?,
        Err(error) => return Err(error),
    };
    let mut pids = list.split_whitespace();
    match (pids.next(), pids.next()) {
        (None, _) => Ok(None),
        (Some(pid), None) => Ok(pid.parse().ok().and_then(Pid::from_raw)),
        _ => Err(io::Error::other("nsjail has more than one child")),
    }
}

fn children_by_search(parent: u32) -> io::Result<String> {
    // Not there at all, or already a corpse: there will be no child.
    let own = std::fs::read_to_string(format!("/proc/{parent}/stat"))?;
    if own.rsplit_once(')').is_none_or(|(_, fields)| fields.trim_start().starts_with('Z')) {
        return Err(io::Error::other("nsjail has ended"));
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc")?.filter_map(Result::ok) {
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let of = stat.rsplit_once(')').and_then(|(_, fields)| fields.split_whitespace().nth(1)?.parse::<u32>().ok());
        if of == Some(parent) {
            found.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    Ok(found.join(" "))
}

/// How long nsjail may take to end by itself once its jail is empty. It has a race that costs it a
/// second; nobody waits for it.
const NSJAIL_PATIENCE: Duration = Duration::from_secs(3);

/// nsjail itself. Dropping it kills and reaps it in the background.
#[derive(Debug)]
pub struct Nsjail(Option<Child>);

impl Nsjail {
    /// Takes charge of a started nsjail.
    pub fn new(child: Child) -> Self {
        Self(Some(child))
    }

    /// The process.
    pub fn child(&self) -> Option<&Child> {
        self.0.as_ref()
    }

    /// Leaves it to end by itself, which it does once the jail is empty.
    pub fn leave(mut self) {
        if let Some(child) = self.0.take() {
            reap(child, NSJAIL_PATIENCE);
        }
    }
}

impl Drop for Nsjail {
    fn drop(&mut self) {
        if let Some(child) = self.0.take() {
            reap(child, Duration::ZERO);
        }
    }
}

fn reap(mut child: Child, patience: Duration) {
    let reaper = std::thread::Builder::new().name("sandbox-reaper".into());
    let spawned = reaper.spawn(move || {
        let step = Duration::from_millis(20);
        let mut waited = Duration::ZERO;
        while waited < patience && matches!(child.try_wait(), Ok(None)) {
            std::thread::sleep(step);
            waited += step;
        }
        let _ = child.kill();
        let _ = child.wait();
    });
    if let Err(error) = spawned {
        tracing::warn!(%error, "no thread to reap nsjail");
    }
}
