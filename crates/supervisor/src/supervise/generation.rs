//! One nsjail with its maker and, unless it serves a single cold start, its zygote.

use super::room::Line;
use crate::cgroup::Group;
use crate::inside::maker::Plan;
use crate::nsjail::{Jail, MAKER, PYTHON, SCRIPTS};
use crate::socket;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// How far a generation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its zygote imports.
    Starting,
    /// It makes rooms.
    Serving,
    /// It makes no more; it ends with its last room.
    Retiring,
}

/// A running nsjail.
#[derive(Debug)]
pub struct Generation {
    /// Import tier; `None` for a single cold start.
    pub tier: Option<usize>,
    /// How far it is.
    pub state: State,
    /// When it was started.
    pub born: Instant,
    /// Rooms ordered so far.
    pub made: u32,
    /// Rooms that are not yet cleared away.
    pub rooms: u32,
    /// Socket to its maker.
    pub maker: OwnedFd,
    /// Readable when nsjail has ended.
    pub ended: OwnedFd,
    child: Child,
    log: PathBuf,
}

/// Name of a tier, as the zygote takes it.
const TIERS: [&str; 3] = ["bare", "plots", "vision"];

/// Bytes of a log that are read, from its end.
const LOG_END: usize = 1500;
/// What nsjail says of every start that fails.
const GENERAL: [&str; 3] = [
    "Couldn't launch the child process",
    "Launching child process failed",
    "Received error message from the child process before it has been executed",
];

/// What is the same for all generations.
pub struct Kit<'a> {
    /// The outer jail.
    pub jail: &'a Jail,
    /// The seccomp program of rooms.
    pub filter: &'a [u8],
    /// Where logs and configurations go.
    pub folder: &'a Path,
    /// The group that zygotes live in.
    pub group: &'a Group,
    /// CPU seconds after which the kernel ends a run.
    pub cpu_seconds: u64,
}

impl Generation {
    /// Starts nsjail. `tier` is `None` for a single cold start.
    pub fn start(kit: &Kit<'_>, number: u64, tier: Option<usize>) -> io::Result<Self> {
        let log = kit.folder.join(format!("jail-{number}.log"));
        let config = kit.folder.join(format!("jail-{number}.cfg"));
        File::create(&config)?.write_all(kit.jail.render(&log).as_bytes())?;
        let mut command = Command::new(&kit.jail.host().nsjail);
        command.arg("--config").arg(&config).args(["--", MAKER]).args(plan(kit, tier)?.arguments());
        let (ours, theirs) = socket::pair()?;
        let errors = OpenOptions::new().create(true).append(true).open(&log)?;
        command.env_clear().current_dir("/").stdin(Stdio::from(theirs)).stdout(errors.try_clone()?).stderr(errors);
        let doors = kit.group.doors()?;
        let enter = move || {
            // It must not outlive this thread, which lives as long as the supervisor.
            rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
            doors.iter().try_for_each(|mut door| door.write_all(b"0"))
        };
        // SAFETY: between fork and exec it makes system calls only, and allocates nothing.
        unsafe { command.pre_exec(enter) };
        let child = command.spawn()?;
        // The command holds the other end of the socket until it is dropped.
        drop(command);
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let ended = pid
            .ok_or_else(|| io::Error::other("no process id"))
            .and_then(|pid| Ok(pidfd_open(pid, PidfdFlags::empty())?));
        let mut generation = Self {
            tier,
            state: State::Starting,
            born: Instant::now(),
            made: 0,
            rooms: 0,
            maker: ours,
            ended: ended?,
            child,
            log,
        };
        // The program travels as one message, the maker takes it from there.
        if let Err(error) = socket::send(&generation.maker, kit.filter, &[]) {
            generation.kill();
            return Err(io::Error::new(error.kind(), format!("{error}; {}", generation.reap())));
        }
        if tier.is_none() {
            generation.state = State::Serving;
        }
        Ok(generation)
    }

    /// Orders a room.
    pub fn order(&mut self, id: u32, line: &Line) -> io::Result<()> {
        let mut order = vec![b'M'];
        order.extend(id.to_le_bytes());
        let fds = [line.control.as_fd(), line.gate.as_fd(), line.stdout.as_fd(), line.stderr.as_fd()];
        socket::send(&self.maker, &order, &fds)?;
        self.made += 1;
        self.rooms += 1;
        Ok(())
    }

    /// Ends it and everything in it.
    pub fn kill(&mut self) {
        // Already gone: nothing to end. Its first process goes with it, see nsjail's configuration.
        let _gone = self.child.kill();
    }

    /// Reaps it and answers the end of what it said.
    pub fn reap(&mut self) -> String {
        let _status = self.child.wait();
        let said = std::fs::read(&self.log).unwrap_or_default();
        let said = plain(&String::from_utf8_lossy(&said[said.len().saturating_sub(LOG_END)..]));
        for leftover in [&self.log, &self.log.with_extension("cfg")] {
            // The whole folder goes when the supervisor ends.
            let _left = std::fs::remove_file(leftover);
        }
        said
    }
}

/// What a log says, without what nsjail puts before each line, without what it says of every failure, and without
/// what it says of every start that maps root, although that has no rights there.
fn plain(log: &str) -> String {
    let words = |line: &str| -> String {
        // "[W][time][pid] function():line text"
        let rest = line.rsplit_once("] ").filter(|_| line.starts_with('[')).map_or(line, |(_, rest)| rest);
        let text = rest.split_once(' ').filter(|(place, _)| place.contains("():")).map_or(rest, |(_, text)| text);
        text.trim().to_owned()
    };
    let lines = log.lines().filter(|line| !line.contains("logParams()")).map(words).filter(|text| !text.is_empty());
    let (general, told): (Vec<_>, Vec<_>) = lines.partition(|text| GENERAL.contains(&text.as_str()));
    if told.is_empty() { general.join("; ") } else { told.join("; ") }
}

fn plan(kit: &Kit<'_>, tier: Option<usize>) -> io::Result<Plan> {
    let script = |name: &str| format!("{SCRIPTS}/runner/{name}.py");
    let words = match tier {
        None => vec![PYTHON.to_owned(), script("main")],
        Some(tier) => vec![
            PYTHON.to_owned(),
            script("zygote"),
            format!("--tier={}", TIERS[tier]),
            format!("--cpu-seconds={}", kit.cpu_seconds),
        ],
    };
    let command = words.into_iter().map(CString::new).collect::<Result<Vec<_>, _>>().map_err(io::Error::other)?;
    Ok(Plan { cpu_seconds: kit.cpu_seconds, warm: tier.is_some(), command })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects whoever reads a refusal: the reason stands there, in nsjail's, Python's or our own words, and nothing
    /// else.
    #[test]
    fn logs_are_read_for_their_reason() {
        let stamp = |level: char, place: &str| format!("[{level}][2026-11-25T18:10:37+0000][7] {place}");
        let log = [
            stamp('W', "logParams():313 Process will be UID/EUID=0"),
            stamp('W', "runChild():511 clone(flags=CLONE_NEWNS|CLONE_NEWUSER) failed: No space left on device"),
            stamp('E', "standaloneMode():274 Couldn't launch the child process"),
        ]
        .join("\n");
        assert_eq!(plain(&log), "clone(flags=CLONE_NEWNS|CLONE_NEWUSER) failed: No space left on device");
        assert_eq!(plain(&stamp('E', "a():1 Couldn't launch the child process")), "Couldn't launch the child process");
        let python = "Traceback (most recent call last):\n  File \"x\", line 3\nOSError: x.so: failed [1] to map\n";
        assert!(plain(python).ends_with("OSError: x.so: failed [1] to map"));
        assert_eq!(plain("maker: making namespaces: x\n"), "maker: making namespaces: x");
        assert_eq!(plain(""), "");
    }
}
