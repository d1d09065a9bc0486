//! The supervisor at work: one thread that reacts to events, and clerks for what may take a while.

mod clerk;
mod desk;
mod generation;
mod room;
mod watch;

use crate::cgroup::Groups;
use crate::config::Config;
use crate::frames::{Hello, PROTOCOL, Told};
use crate::host::Host;
use crate::nsjail::Jail;
use crate::owner::Owner;
use crate::refusal::Refusal;
use crate::{BUILD, seccomp, socket};
use desk::Desk;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Everything that is the same as long as the supervisor lives.
pub struct Supervisor {
    config: Config,
    jail: Jail,
    groups: Arc<Groups>,
    filter: Vec<u8>,
    /// Its own folder below the work folder.
    folder: PathBuf,
    profile: [u8; 32],
}

/// Longest a frame may wait for a service that does not read.
const SERVICE_PATIENCE: Duration = Duration::from_secs(10);

impl Supervisor {
    /// Finds what the host offers and removes what dead instances left. Starts nothing yet.
    ///
    /// # Errors
    /// Something is missing; the refusal says what and what to do.
    pub fn open(config: Config) -> Result<Self, Refusal> {
        let host = Host::find(&config)?;
        let fault = |error: String| Refusal::new(error, "this build is broken; build it again");
        let filter = seccomp::program().map_err(fault)?;
        let owner = Owner::new();
        let groups = Arc::new(Groups::open(&owner, config.cgroup.as_deref())?);
        sweep(&config.work);
        let folder = config.work.join(owner.name());
        std::fs::create_dir_all(&folder).map_err(|error| Refusal::io("the sandbox's work folder", &error))?;
        raise_descriptor_limit();
        outlive_signals();
        let jail = Jail::new(host, &config);
        let fingerprint = jail.fingerprint(&filter, &config);
        let mut profile = [0; 32];
        hex::decode_to_slice(fingerprint, &mut profile).map_err(|error| fault(error.to_string()))?;
        Ok(Self { config, jail, groups, filter, folder, profile })
    }

    /// Serves until the service is gone; then ends everything it started.
    ///
    /// # Errors
    /// The system gives no more descriptors, threads or events.
    pub fn serve(self, service: OwnedFd) -> io::Result<()> {
        rustix::net::sockopt::set_socket_timeout(
            &service,
            rustix::net::sockopt::Timeout::Send,
            Some(SERVICE_PATIENCE),
        )?;
        let Config { limits, longest, .. } = &self.config;
        let hello = Hello {
            protocol: PROTOCOL,
            build: BUILD,
            cgroup: if self.groups.version() == "v2" { 2 } else { 1 },
            profile: self.profile,
            memory_bytes: limits.memory_bytes,
            pids: limits.pids,
            cpu_percent: limits.cpu_percent,
            longest_us: u64::try_from(longest.as_micros()).unwrap_or(u64::MAX),
            python: crate::host::python_version(&self.config.python),
        };
        socket::send(&service, &Told::Hello(hello).encode(), &[])?;
        let folder = self.folder.clone();
        let served = Desk::open(self, service).and_then(Desk::work);
        let _left_for_the_next_start = std::fs::remove_dir_all(folder);
        served
    }
}

/// Removes folders of dead instances.
fn sweep(work: &Path) {
    for entry in std::fs::read_dir(work).into_iter().flatten().flatten() {
        if crate::owner::is_dead(&entry.file_name().to_string_lossy())
            && let Err(error) = std::fs::remove_dir_all(entry.path())
        {
            crate::complain(&format!("a dead instance's folder could not be removed: {error}"));
        }
    }
}

/// Whoever stops the service, at a terminal or with a whole group of processes, often means this one as well. It
/// has to outlive the service for a moment to clear away, and ends by itself when the service is gone.
///
/// A handler that does nothing, since what is ignored would stay ignored in everything that is started.
fn outlive_signals() {
    extern "C" fn nothing(_signal: libc::c_int) {}
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT] {
        // SAFETY: the handler touches nothing.
        unsafe { libc::signal(signal, nothing as extern "C" fn(libc::c_int) as libc::sighandler_t) };
    }
}

/// A room holds half a dozen descriptors; the usual soft limit is for smaller programs.
fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // Without it fewer rooms can be had, which shows when they cannot be made.
    let _kept = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}
