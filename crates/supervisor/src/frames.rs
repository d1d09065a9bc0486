//! The frames between a service and the supervisor. Pure: bytes in, values out, and back.
//!
//! A frame is one message of a SOCK_SEQPACKET socket: a byte that names it, then its fields in order,
//! integers in little-endian, one text at most, which is the rest of the frame. Descriptors travel beside
//! it. The supervisor reads nothing else from a service.

/// Version of this protocol. Both sides also compare their build.
pub const PROTOCOL: u32 = 2;
/// Longest name of an output passed on, in bytes; longer ones are cut, they are rejected anyway.
pub const MAX_NAME: usize = 4000;

/// Asked of the supervisor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Run the bundle whose descriptor comes along.
    Run(Run),
    /// End a run, waiting or running.
    Kill {
        /// Which.
        id: u64,
        /// What its end is to be called.
        why: Stop,
    },
    /// Say how the tiers are.
    Report,
}

/// A run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Chosen by the service; no other run in hand has it.
    pub id: u64,
    /// Import tier, or [`COLD`].
    pub tier: u8,
    /// Longest wall time in microseconds.
    pub timeout_us: u64,
    /// Memory limit in bytes.
    pub memory_bytes: u64,
    /// Process limit.
    pub pids: u32,
    /// CPU limit in percent of one CPU.
    pub cpu_percent: u32,
}

/// Instead of a tier: start a jail and a Python of its own for this run.
pub const COLD: u8 = u8::MAX;

/// Why a run was ended by us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Its time was up.
    Timeout,
    /// It printed too much.
    OutputLimit,
    /// Somebody wanted it to end.
    Killed,
    /// It reached its memory limit.
    OutOfMemory,
}

impl Stop {
    const ALL: [Self; 4] = [Self::Timeout, Self::OutputLimit, Self::Killed, Self::OutOfMemory];

    fn byte(stop: Option<Self>) -> u8 {
        match stop {
            None => 0,
            Some(Self::Timeout) => 1,
            Some(Self::OutputLimit) => 2,
            Some(Self::Killed) => 3,
            Some(Self::OutOfMemory) => 4,
        }
    }

    fn from_byte(byte: u8) -> Option<Option<Self>> {
        match byte {
            0 => Some(None),
            _ => Self::ALL.into_iter().find(|stop| Self::byte(Some(*stop)) == byte).map(Some),
        }
    }
}

/// How a tier is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TierState {
    /// No rooms are kept ready, by choice.
    Off,
    /// Its zygote imports.
    Starting,
    /// It serves.
    Serving,
    /// Its zygote has failed and will be tried again; runs start cold meanwhile.
    Down,
}

impl TierState {
    const ALL: [Self; 4] = [Self::Off, Self::Starting, Self::Serving, Self::Down];
}

/// Told by the supervisor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// It is there and can make groups. The first frame, or [`Told::Refused`] is.
    Hello(Hello),
    /// Isolation cannot be had: reason and fix with a line feed between.
    Refused(String),
    /// The code was let go; descriptors: its standard output and standard error.
    Started {
        /// Which run.
        id: u64,
        /// True when a zygote's child runs it.
        warm: bool,
    },
    /// A file the run left; descriptor: the file, opened for reading.
    File {
        /// Which run.
        id: u64,
        /// Its size in bytes.
        size: u64,
        /// Path below `/box/out`, as the code named it.
        name: Vec<u8>,
    },
    /// A file that is not delivered.
    Rejected {
        /// Which run.
        id: u64,
        /// Why, see [`crate::harvest::Reason`].
        reason: u8,
        /// Path below `/box/out`, as the code named it.
        name: Vec<u8>,
    },
    /// The run has ended and nothing of it is left. Its last frame, or [`Told::Failed`] is.
    Ended(Ended),
    /// The run could not be carried out; internal text.
    Failed {
        /// Which run.
        id: u64,
        /// For the log.
        why: String,
    },
    /// How a tier is; one frame a tier for each [`Order::Report`].
    Tier {
        /// Which.
        tier: u8,
        /// How it is.
        state: TierState,
        /// Rooms that wait for code.
        ready: u32,
        /// Zygotes started so far.
        zygotes: u32,
        /// What the last failure was, empty when there was none.
        trouble: String,
    },
}

/// What a supervisor is and allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello {
    /// [`PROTOCOL`].
    pub protocol: u32,
    /// Fingerprint of its build's sources.
    pub build: u64,
    /// 1 or 2.
    pub cgroup: u8,
    /// SHA-256 of the jail, the rooms and their limits.
    pub profile: [u8; 32],
    /// Most memory of a run in bytes.
    pub memory_bytes: u64,
    /// Most processes of a run.
    pub pids: u32,
    /// Most CPU time of a run in percent of one CPU.
    pub cpu_percent: u32,
    /// Longest wall time of a run in microseconds.
    pub longest_us: u64,
    /// Version of the Python in rooms; empty when its environment does not tell.
    pub python: String,
}

/// How a run ended and what it used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Which run.
    pub id: u64,
    /// Why it was ended by us, if it was.
    pub stop: Option<Stop>,
    /// Wait status of the code, when it is known.
    pub status: Option<i32>,
    /// Processes the kernel ended for lack of memory.
    pub oom_kills: u32,
    /// Wall time in microseconds, from being let go to its end.
    pub wall_us: u64,
    /// CPU time of all its processes in microseconds.
    pub cpu_us: u64,
    /// Most memory at a time, in bytes.
    pub peak_memory_bytes: u64,
    /// Output files beyond those told one by one, and why the first of them is not.
    pub more_rejected: u32,
    /// See [`crate::harvest::Reason`].
    pub more_reason: u8,
    /// Line of the code at which it was stopped; 0 when not known.
    pub line: u32,
}

/// Writes fields one after the other.
struct Writer(Vec<u8>);

impl Writer {
    fn new(kind: u8) -> Self {
        Self(vec![kind])
    }

    fn u8(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    fn u32(mut self, value: u32) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    fn u64(mut self, value: u64) -> Self {
        self.0.extend(value.to_le_bytes());
        self
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    fn rest(mut self, bytes: &[u8]) -> Vec<u8> {
        self.0.extend(&bytes[..bytes.len().min(MAX_NAME)]);
        self.0
    }
}

/// Reads fields one after the other; `None` once something is missing.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take().map(|[byte]| byte)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn rest(self) -> Vec<u8> {
        self.0.to_vec()
    }

    fn text(self) -> String {
        String::from_utf8_lossy(self.0).into_owned()
    }

    /// The value, when nothing is left over.
    fn end<T>(self, value: T) -> Option<T> {
        self.0.is_empty().then_some(value)
    }
}

impl Order {
    /// The frame.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Run(run) => {
                Writer::new(b'r')
                    .u64(run.id)
                    .u8(run.tier)
                    .u64(run.timeout_us)
                    .u64(run.memory_bytes)
                    .u32(run.pids)
                    .u32(run.cpu_percent)
                    .0
            }
            Self::Kill { id, why } => Writer::new(b'k').u64(*id).u8(Stop::byte(Some(*why))).0,
            Self::Report => Writer::new(b'?').0,
        }
    }

    /// Reads a frame; `None` when it is none.
    pub fn decode(frame: &[u8]) -> Option<Self> {
        let mut reader = Reader(frame);
        match reader.u8()? {
            b'r' => {
                let run = Run {
                    id: reader.u64()?,
                    tier: reader.u8()?,
                    timeout_us: reader.u64()?,
                    memory_bytes: reader.u64()?,
                    pids: reader.u32()?,
                    cpu_percent: reader.u32()?,
                };
                reader.end(Self::Run(run))
            }
            b'k' => {
                let (id, why) = (reader.u64()?, Stop::from_byte(reader.u8()?)??);
                reader.end(Self::Kill { id, why })
            }
            b'?' => reader.end(Self::Report),
            _ => None,
        }
    }
}

impl Told {
    /// The frame.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Hello(hello) => hello.encode(),
            Self::Refused(text) => Writer::new(b'N').rest(text.as_bytes()),
            Self::Started { id, warm } => Writer::new(b'S').u64(*id).u8((*warm).into()).0,
            Self::File { id, size, name } => Writer::new(b'F').u64(*id).u64(*size).rest(name),
            Self::Rejected { id, reason, name } => Writer::new(b'J').u64(*id).u8(*reason).rest(name),
            Self::Ended(ended) => ended.encode(),
            Self::Failed { id, why } => Writer::new(b'X').u64(*id).rest(why.as_bytes()),
            Self::Tier { tier, state, ready, zygotes, trouble } => {
                let state = TierState::ALL.iter().position(|one| one == state).unwrap_or_default();
                let state = u8::try_from(state).unwrap_or_default();
                Writer::new(b'T').u8(*tier).u8(state).u32(*ready).u32(*zygotes).rest(trouble.as_bytes())
            }
        }
    }

    /// Reads a frame; `None` when it is none.
    pub fn decode(frame: &[u8]) -> Option<Self> {
        let mut reader = Reader(frame);
        match reader.u8()? {
            b'H' => Hello::decode(reader).map(Self::Hello),
            b'N' => Some(Self::Refused(reader.text())),
            b'S' => {
                let (id, warm) = (reader.u64()?, reader.u8()? != 0);
                reader.end(Self::Started { id, warm })
            }
            b'F' => Some(Self::File { id: reader.u64()?, size: reader.u64()?, name: reader.rest() }),
            b'J' => Some(Self::Rejected { id: reader.u64()?, reason: reader.u8()?, name: reader.rest() }),
            b'E' => Ended::decode(reader).map(Self::Ended),
            b'X' => Some(Self::Failed { id: reader.u64()?, why: reader.text() }),
            b'T' => {
                let (tier, state) = (reader.u8()?, *TierState::ALL.get(usize::from(reader.u8()?))?);
                let (ready, zygotes) = (reader.u32()?, reader.u32()?);
                Some(Self::Tier { tier, state, ready, zygotes, trouble: reader.text() })
            }
            _ => None,
        }
    }
}

impl Hello {
    fn encode(&self) -> Vec<u8> {
        Writer::new(b'H')
            .u32(self.protocol)
            .u64(self.build)
            .u8(self.cgroup)
            .bytes(&self.profile)
            .u64(self.memory_bytes)
            .u32(self.pids)
            .u32(self.cpu_percent)
            .u64(self.longest_us)
            .rest(self.python.as_bytes())
    }

    fn decode(mut reader: Reader<'_>) -> Option<Self> {
        Some(Self {
            protocol: reader.u32()?,
            build: reader.u64()?,
            cgroup: reader.u8()?,
            profile: reader.take()?,
            memory_bytes: reader.u64()?,
            pids: reader.u32()?,
            cpu_percent: reader.u32()?,
            longest_us: reader.u64()?,
            python: reader.text(),
        })
    }
}

impl Ended {
    fn encode(&self) -> Vec<u8> {
        Writer::new(b'E')
            .u64(self.id)
            .u8(Stop::byte(self.stop))
            .u8(self.status.is_some().into())
            .u32(self.status.unwrap_or_default().cast_unsigned())
            .u32(self.oom_kills)
            .u64(self.wall_us)
            .u64(self.cpu_us)
            .u64(self.peak_memory_bytes)
            .u32(self.more_rejected)
            .u8(self.more_reason)
            .u32(self.line)
            .0
    }

    fn decode(mut reader: Reader<'_>) -> Option<Self> {
        let (id, stop, known, status) =
            (reader.u64()?, Stop::from_byte(reader.u8()?)?, reader.u8()? != 0, reader.u32()?.cast_signed());
        let ended = Self {
            id,
            stop,
            status: known.then_some(status),
            oom_kills: reader.u32()?,
            wall_us: reader.u64()?,
            cpu_us: reader.u64()?,
            peak_memory_bytes: reader.u64()?,
            more_rejected: reader.u32()?,
            more_reason: reader.u8()?,
            line: reader.u32()?,
        };
        reader.end(ended)
    }
}

#[cfg(test)]
mod tests;
