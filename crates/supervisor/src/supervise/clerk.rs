//! Work that may take milliseconds, off the thread that keeps deadlines: making and joining groups, and
//! collecting what a run left. Moving a process into a group alone can take longer than a short run.

use crate::cgroup::{Group, Groups, Limits, Shortage};
use crate::frames::{Ended, Stop, Told};
use crate::harvest;
use crate::socket;
use rustix::event::{EventfdFlags, eventfd};
use rustix::process::Pid;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Something finished.
pub enum Done {
    /// A child may enter its group, or is in it.
    Joined {
        /// Its room.
        room: u64,
        /// The group, and the doors through which the child enters, if that is left to it.
        group: io::Result<(Group, Vec<OwnedFd>)>,
    },
    /// A run's memory is watched.
    Watched {
        /// Its room.
        room: u64,
        /// Readable when memory is short.
        bell: io::Result<OwnedFd>,
    },
    /// A room is cleared away, and the service knows.
    Cleared {
        /// Which.
        room: u64,
        /// Set when the service could not be told: it is gone.
        service_gone: bool,
    },
}

/// A room to be given a group.
pub struct Join {
    /// Which.
    pub room: u64,
    /// The process to be moved.
    pub pid: Pid,
    /// The group's limits.
    pub limits: Limits,
}

/// A room in which nothing of the code lives any more.
pub struct Clear {
    /// Which.
    pub room: u64,
    /// Its group, when it had one.
    pub group: Option<Group>,
    /// The run, when there was one.
    pub ended: Option<EndedRun>,
}

/// A run that has ended.
pub struct EndedRun {
    /// Its id.
    pub id: u64,
    /// Why it was ended by us, if it was.
    pub stop: Option<Stop>,
    /// Wait status of the code, when it is known.
    pub status: Option<i32>,
    /// Wall time.
    pub wall: Duration,
    /// CPU time that is not the run's own.
    pub cpu_before: Duration,
    /// Its outputs.
    pub outputs: Option<OwnedFd>,
}

/// The clerks. See [`Clerks::finish`].
pub struct Clerks {
    joins: Sender<Join>,
    clears: Sender<Clear>,
    watches: Sender<(u64, Shortage)>,
    done: Receiver<Done>,
    bell: Arc<OwnedFd>,
    threads: [JoinHandle<()>; 3],
}

impl Clerks {
    /// Starts the threads.
    pub fn start(groups: Arc<Groups>, service: Arc<OwnedFd>) -> io::Result<Self> {
        let bell = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        let (joins, join_inbox) = channel::<Join>();
        let (clears, clear_inbox) = channel::<Clear>();
        let (watches, watch_inbox) = channel::<(u64, Shortage)>();
        let (finished, done) = channel();
        let ring = |bell: &OwnedFd| {
            // A bell that cannot be rung has been rung very often already.
            let _rung = rustix::io::write(bell, &1_u64.to_ne_bytes());
        };
        let (out, own_bell) = (finished.clone(), bell.clone());
        let joining = std::thread::Builder::new().name("joining".into()).spawn(move || {
            for Join { room, pid, limits } in join_inbox {
                let group = groups.make(&format!("run-{room}"), &limits).and_then(|mut group| {
                    group.watch_memory()?;
                    let doors = group.admit(pid)?;
                    Ok((group, doors))
                });
                if out.send(Done::Joined { room, group }).is_err() {
                    return;
                }
                ring(&own_bell);
            }
        })?;
        let (out, own_bell) = (finished.clone(), bell.clone());
        let watching = std::thread::Builder::new().name("watching".into()).spawn(move || {
            for (room, shortage) in watch_inbox {
                if out.send(Done::Watched { room, bell: shortage.watch() }).is_err() {
                    return;
                }
                ring(&own_bell);
            }
        })?;
        let own_bell = bell.clone();
        let clearing = std::thread::Builder::new().name("clearing".into()).spawn(move || {
            for Clear { room, group, ended } in clear_inbox {
                let told = ended.map_or(Ok(()), |ended| tell(&service, group.as_ref(), &ended));
                if let Some(Err(error)) = group.map(Group::remove) {
                    crate::complain(&format!("a run's group could not be removed: {error}"));
                }
                if finished.send(Done::Cleared { room, service_gone: told.is_err() }).is_err() {
                    return;
                }
                ring(&own_bell);
            }
        })?;
        Ok(Self { joins, clears, watches, done, bell, threads: [joining, watching, clearing] })
    }

    /// Readable when something is done.
    pub fn bell(&self) -> &OwnedFd {
        &self.bell
    }

    /// Hands a join to its clerk.
    pub fn join(&self, join: Join) {
        if self.joins.send(join).is_err() {
            crate::complain("the joining clerk has ended");
        }
    }

    /// Has a run's memory watched.
    pub fn watch(&self, room: u64, shortage: Shortage) {
        if self.watches.send((room, shortage)).is_err() {
            crate::complain("the watching clerk has ended");
        }
    }

    /// Hands a dead room to its clerk.
    pub fn clear(&self, clear: Clear) {
        if self.clears.send(clear).is_err() {
            crate::complain("the clearing clerk has ended");
        }
    }

    /// What is done by now.
    pub fn done(&self) -> Vec<Done> {
        let mut count = [0_u8; 8];
        // Rung meanwhile: the next round takes it.
        let _empty = rustix::io::read(&self.bell, &mut count);
        self.done.try_iter().collect()
    }

    /// Lets the clerks finish what they have, and waits for them.
    pub fn finish(self) {
        let Self { joins, clears, watches, threads, .. } = self;
        drop((joins, clears, watches));
        for thread in threads {
            if thread.join().is_err() {
                crate::complain("a clerk has panicked");
            }
        }
    }
}

/// Tells the service everything about an ended run: its files first, the end last.
pub fn tell(service: &OwnedFd, group: Option<&Group>, ended: &EndedRun) -> io::Result<()> {
    let usage = group.map(Group::usage).unwrap_or_default();
    let outputs = ended.outputs.as_ref().filter(|outputs| !harvest::is_empty(outputs));
    let line = outputs.and_then(harvest::take_line);
    let harvest = outputs.map(harvest::collect).unwrap_or_default();
    let id = ended.id;
    for found in &harvest.files {
        let frame = Told::File { id, size: found.size, name: found.name.clone().into_bytes() };
        socket::send(service, &frame.encode(), &[found.file.as_fd()])?;
    }
    for (name, reason) in harvest.rejected {
        let frame = Told::Rejected { id, reason: reason.number(), name };
        socket::send(service, &frame.encode(), &[])?;
    }
    let (more_rejected, more_reason) = harvest.more.map_or((0, 0), |(count, reason)| (count, reason.number()));
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let frame = Told::Ended(Ended {
        id,
        stop: ended.stop,
        status: ended.status,
        oom_kills: u32::try_from(usage.oom_kills).unwrap_or(u32::MAX),
        wall_us: micros(ended.wall),
        cpu_us: micros(usage.cpu.saturating_sub(ended.cpu_before)),
        peak_memory_bytes: usage.peak_memory_bytes,
        more_rejected,
        more_reason,
        line: line.unwrap_or(0),
    });
    socket::send(service, &frame.encode(), &[])
}
