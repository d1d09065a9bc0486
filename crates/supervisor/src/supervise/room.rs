//! A room as the supervisor sees it, from the order to its last process.

use crate::cgroup::Group;
use crate::frames::{Run, Stop};
use crate::socket;
use rustix::net::sockopt::set_socket_passcred;
use rustix::process::{Pid, Signal, pidfd_send_signal};
use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

/// How long a stopped run's Python has to say at which line it is.
const LINE_PATIENCE: Duration = Duration::from_millis(15);
/// The signal that asks: a real-time one, of which the C library and Python use none.
const LINE_SIGNAL: i32 = 60;

/// How far a room is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The maker, and then the zygote, are at it.
    Making,
    /// Its child waits to be moved into its group.
    Joining,
    /// Its child waits for code.
    Ready,
    /// Code runs.
    Running,
    /// Nothing of the code lives any more; what it left is collected.
    Ending,
}

/// The room's ends of everything that connects it with the supervisor.
#[derive(Debug)]
pub struct Line {
    /// For the first process.
    pub control: OwnedFd,
    /// For the child that will run the code.
    pub gate: OwnedFd,
    /// Standard output.
    pub stdout: OwnedFd,
    /// Standard error.
    pub stderr: OwnedFd,
}

/// A run and its files.
#[derive(Debug)]
pub struct Pending {
    /// What is asked.
    pub run: Run,
    /// Its files, see [`crate::bundle`].
    pub bundle: OwnedFd,
    /// When it may be taken elsewhere if nothing has come of it.
    pub patience: Instant,
}

/// A run in its room.
#[derive(Debug)]
pub struct Active {
    /// What was asked.
    pub run: Run,
    /// When it was let go.
    pub begun: Instant,
    /// When its time is up.
    pub deadline: Instant,
    /// Why it is ended by us, if it is.
    pub stop: Option<Stop>,
    /// When it is killed, once that is decided: its Python gets a moment to say at which line it is.
    pub kill_at: Option<Instant>,
    /// Wait status of the code, once known, and when it ended.
    pub ended: Option<(i32, Instant)>,
}

/// A run that takes long lets short ones go first, as long as it gets its share all the same.
///
/// What waits for a CPU behind a busy process waits for some ticks of the clock; behind a group that yields, for
/// none. But with only small runs coming, a group that yields would get nothing: one that got less than
/// [`Pace::SHARE`] competes with the others for a while.
#[derive(Debug)]
pub struct Pace {
    /// When to look again.
    pub next: Instant,
    begun: Instant,
    cpu: Duration,
}

impl Pace {
    /// How long a run may take before it yields.
    const SHORT_RUN: Duration = Duration::from_millis(200);
    /// Pause between two looks.
    const ROUND: Duration = Duration::from_millis(250);
    /// Share of one CPU in a round, in percent, below which a run no longer yields.
    const SHARE: u32 = 25;

    /// For a run let go now.
    pub fn new(begun: Instant, cpu: Duration) -> Self {
        Self { next: begun + Self::SHORT_RUN, begun, cpu }
    }

    /// Whether the run yields for the next round, by the CPU time it has used so far.
    pub fn look(&mut self, now: Instant, cpu: Duration) -> bool {
        let (used, took) = (cpu.saturating_sub(self.cpu), now.saturating_duration_since(self.begun));
        (self.begun, self.cpu, self.next) = (now, cpu, now + Self::ROUND);
        used * 100 >= took * Self::SHARE
    }
}

/// A room.
#[derive(Debug)]
pub struct Room {
    /// The generation that made it.
    pub generation: u64,
    /// Its user id in nsjail's namespace.
    pub slot: u32,
    /// How far it is.
    pub phase: Phase,
    /// When it was ordered.
    pub ordered: Instant,
    /// Socket to its first process.
    pub control: OwnedFd,
    /// Socket to its child, until the code is let go.
    pub gate: Option<OwnedFd>,
    /// Reading ends of its streams, until the service has them.
    pub streams: Option<(OwnedFd, OwnedFd)>,
    /// Handle on its first process.
    pub first: Option<OwnedFd>,
    /// The process that runs the code, with a handle on it.
    pub code: Option<(Pid, OwnedFd)>,
    /// Handles on its inputs (until the code is let go) and outputs.
    pub inputs: Option<OwnedFd>,
    /// See `inputs`.
    pub outputs: Option<OwnedFd>,
    /// Its group.
    pub group: Option<Group>,
    /// When the watch on its memory is to begin: most runs are over before that.
    pub watch_at: Option<Instant>,
    /// Whether it lets others go first, once it has taken long.
    pub pace: Option<Pace>,
    /// Readable when its memory is short.
    pub short: Option<OwnedFd>,
    /// The run it was made for, when it was made for one.
    pub meant_for: Option<Pending>,
    /// The run in it.
    pub active: Option<Active>,
    /// CPU time that making the room took.
    pub cpu_before: Duration,
    /// Its first process has ended, and with it everything in it.
    pub is_dead: bool,
    /// What it left is collected, its group removed.
    pub is_cleared: bool,
    /// What went wrong inside, for the log.
    pub complaint: Option<String>,
}

impl Room {
    /// A room to be ordered, and the ends of its connections that travel with the order.
    pub fn new(generation: u64, slot: u32, meant_for: Option<Pending>) -> io::Result<(Self, Line)> {
        let (control, control_inside) = socket::pair()?;
        let (gate, gate_inside) = socket::pair()?;
        // The kernel then says with each message which process sent it.
        set_socket_passcred(&control, true)?;
        set_socket_passcred(&gate, true)?;
        let (stdout, stdout_inside) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        let (stderr, stderr_inside) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        let room = Self {
            generation,
            slot,
            phase: Phase::Making,
            ordered: Instant::now(),
            control,
            gate: Some(gate),
            streams: Some((stdout, stderr)),
            first: None,
            code: None,
            inputs: None,
            outputs: None,
            group: None,
            watch_at: None,
            pace: None,
            short: None,
            meant_for,
            active: None,
            cpu_before: Duration::ZERO,
            is_dead: false,
            is_cleared: false,
            complaint: None,
        };
        let line = Line { control: control_inside, gate: gate_inside, stdout: stdout_inside, stderr: stderr_inside };
        Ok((room, line))
    }

    /// Asks the code's Python at which line it is; see `runner/program.py`. Code may ignore it.
    pub fn ask_for_line(&self) {
        if let Some((pid, code)) = &self.code
            && catches(*pid, LINE_SIGNAL)
        {
            // On a busy machine it answers in time only when it has its turn.
            self.group.as_ref().inspect(|group| group.yield_cpu(false));
            // SAFETY: the kernel has 64 signals on every architecture.
            let signal = unsafe { Signal::from_raw_unchecked(LINE_SIGNAL) };
            // Already dead: nothing to ask.
            let _dead = pidfd_send_signal(code, signal);
        }
    }

    /// Ends a run: its Python says where it is, then everything is killed.
    pub fn stop(&mut self, why: Stop) {
        if let Some(active) = &mut self.active
            && active.stop.is_none()
            && active.ended.is_none()
        {
            active.stop = Some(why);
            match why {
                // Memory is out: there is nothing left to say it with, and others wait for that memory.
                Stop::OutOfMemory | Stop::Killed => active.kill_at = Some(Instant::now()),
                Stop::Timeout | Stop::OutputLimit => active.kill_at = Some(Instant::now() + LINE_PATIENCE),
            }
            if active.kill_at > Some(Instant::now()) {
                self.ask_for_line();
            } else {
                self.kill();
            }
        }
    }

    /// Kills everything in the room. False when it has no first process yet.
    pub fn kill(&self) -> bool {
        let Some(first) = &self.first else { return false };
        // Already dead: that is what was wanted.
        let _dead = pidfd_send_signal(first, Signal::KILL);
        true
    }
}

/// Whether a process has a handler for a signal; without one it would be ended by it.
fn catches(pid: Pid, signal: i32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero())).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let mask = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (signal - 1) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects long runs from a stream of short ones: who got nothing stops yielding, and begins again later.
    #[test]
    fn a_run_yields_while_it_gets_its_share() {
        let begun = Instant::now();
        let (millis, mut pace) = (Duration::from_millis, Pace::new(begun, Duration::ZERO));
        assert_eq!(pace.next, begun + millis(200));
        for (at, cpu, yields) in [(200, 190, true), (450, 600, true), (700, 610, false), (950, 900, true)] {
            let now = begun + millis(at);
            assert_eq!(pace.look(now, millis(cpu)), yields, "{at}");
            assert_eq!(pace.next, now + millis(250));
        }
    }
}
