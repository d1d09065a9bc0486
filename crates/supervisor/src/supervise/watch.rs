//! What the supervisor waits for: descriptors, each with a word that says what it means.

use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::time::Timespec;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

/// What a ready descriptor means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// The service says something, or is gone.
    Service,
    /// A clerk has finished something.
    Clerk,
    /// A maker says something.
    Maker(u64),
    /// An nsjail has ended.
    Jail(u64),
    /// A room's first process says something.
    Control(u64),
    /// A room's child says something.
    Gate(u64),
    /// A room's memory is short.
    Short(u64),
    /// A room's memory is out.
    Out(u64),
    /// A room's first process has ended, and with it everything in the room.
    First(u64),
}

impl Sign {
    fn pack(self) -> u64 {
        let (kind, id) = match self {
            Self::Service => (0, 0),
            Self::Clerk => (1, 0),
            Self::Maker(id) => (2, id),
            Self::Jail(id) => (3, id),
            Self::Control(id) => (4, id),
            Self::Gate(id) => (5, id),
            Self::Short(id) => (6, id),
            Self::Out(id) => (7, id),
            Self::First(id) => (8, id),
        };
        kind << 56 | id
    }

    fn unpack(word: u64) -> Option<Self> {
        let id = word & (u64::MAX >> 8);
        Some(match word >> 56 {
            0 => Self::Service,
            1 => Self::Clerk,
            2 => Self::Maker(id),
            3 => Self::Jail(id),
            4 => Self::Control(id),
            5 => Self::Gate(id),
            6 => Self::Short(id),
            7 => Self::Out(id),
            8 => Self::First(id),
            _ => return None,
        })
    }
}

/// The set of descriptors that are waited for. Closing one takes it out.
#[derive(Debug)]
pub struct Watch(OwnedFd);

impl Watch {
    /// An empty set.
    pub fn new() -> io::Result<Self> {
        Ok(Self(epoll::create(CreateFlags::CLOEXEC)?))
    }

    /// Adds a descriptor.
    pub fn add(&self, fd: impl AsFd, sign: Sign) -> io::Result<()> {
        Ok(epoll::add(&self.0, fd, EventData::new_u64(sign.pack()), EventFlags::IN)?)
    }

    /// Takes a descriptor out that somebody else may still hold open.
    pub fn remove(&self, fd: impl AsFd) {
        // Not in the set: nothing to take out.
        let _absent = epoll::delete(&self.0, fd);
    }

    /// Waits, at most so long, and answers what became ready, in the order of [`Sign`].
    pub fn wait(&self, at_most: Option<Duration>) -> io::Result<Vec<Sign>> {
        let mut space = [MaybeUninit::<Event>::uninit(); 64];
        let timeout = at_most.map(|wait| Timespec {
            tv_sec: i64::try_from(wait.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: wait.subsec_nanos().into(),
        });
        match epoll::wait(&self.0, &mut space, timeout.as_ref()) {
            Ok((ready, _)) => {
                let mut signs: Vec<Sign> = ready.iter().filter_map(|event| Sign::unpack(event.data.u64())).collect();
                // What a process said comes before its end.
                signs.sort();
                Ok(signs)
            }
            Err(rustix::io::Errno::INTR) => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }
}
