//! One run's group.

use super::{Limits, text};
use rustix::event::{EventfdFlags, eventfd};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Longest wait for killed processes to be gone.
const KILL_PATIENCE: Duration = Duration::from_secs(5);
/// Period of one round of the CPU limit, in microseconds.
const CPU_PERIOD: u64 = 100_000;

/// Folders of a group: one on v2, one per hierarchy on v1 (some may be the same).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Folders {
    /// One hierarchy per controller.
    V1 {
        /// `memory`.
        memory: PathBuf,
        /// `pids`.
        pids: PathBuf,
        /// `cpu`.
        cpu: PathBuf,
        /// `cpuacct`.
        cpuacct: PathBuf,
    },
    /// The one hierarchy.
    V2(PathBuf),
}

impl Folders {
    /// The same folders one level deeper.
    pub fn child(&self, name: &str) -> Self {
        match self {
            Self::V1 { memory, pids, cpu, cpuacct } => Self::V1 {
                memory: memory.join(name),
                pids: pids.join(name),
                cpu: cpu.join(name),
                cpuacct: cpuacct.join(name),
            },
            Self::V2(folder) => Self::V2(folder.join(name)),
        }
    }

    /// Each folder once.
    pub fn all(&self) -> Vec<&Path> {
        let mut all: Vec<&Path> = match self {
            Self::V1 { memory, pids, cpu, cpuacct } => vec![memory, pids, cpu, cpuacct],
            Self::V2(folder) => vec![folder],
        };
        all.sort();
        all.dedup();
        all
    }

    /// Gives whatever runs below less of a busy CPU than what serves people: a quarter of the usual weight.
    /// Where the kernel does not offer it, runs are only limited, not ranked.
    pub fn give_way(&self) {
        let ranked = match self {
            Self::V1 { cpu, .. } => write_if_there(cpu, "cpu.shares", "256"),
            Self::V2(folder) => write_if_there(folder, "cpu.weight", "25"),
        };
        if let Err(error) = ranked {
            crate::complain(&format!("runs cannot be ranked below the services: {error}"));
        }
    }

    /// Has whatever runs here use only CPU time that no other run wants, or lets it compete again. Kernels before
    /// 5.15 cannot do that; there it gets a sixteenth of the usual weight.
    pub fn yield_cpu(&self, yields: bool) -> io::Result<bool> {
        let (folder, weight, usual, less) = match self {
            Self::V1 { cpu, .. } => (cpu, "cpu.shares", "1024", "64"),
            Self::V2(folder) => (folder, "cpu.weight", "100", "6"),
        };
        if write_if_there(folder, "cpu.idle", if yields { "1" } else { "0" })? {
            return Ok(true);
        }
        write_if_there(folder, weight, if yields { less } else { usual })
    }

    /// Makes the folders.
    pub fn make(&self) -> io::Result<()> {
        self.all().into_iter().try_for_each(make)
    }
}

/// Makes one folder, if it is not there.
pub fn make(folder: &Path) -> io::Result<()> {
    match std::fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

/// What a run used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// CPU time of all processes.
    pub cpu: Duration,
    /// Most memory at a time, in bytes.
    pub peak_memory_bytes: u64,
    /// Processes the kernel ended for lack of memory.
    pub oom_kills: u64,
}

/// What tells a run's usage, opened before it begins: at its end somebody waits.
#[derive(Debug)]
struct Gauges {
    cpu: Option<File>,
    peak: Option<File>,
    out_of_memory: Option<File>,
}

impl Gauges {
    fn open(folders: &Folders) -> Self {
        let open = |folder: &Path, name: &str| File::open(folder.join(name)).ok();
        match folders {
            Folders::V1 { memory, cpuacct, .. } => Self {
                cpu: open(cpuacct, "cpuacct.usage"),
                peak: open(memory, "memory.max_usage_in_bytes"),
                out_of_memory: open(memory, "memory.oom_control"),
            },
            // Kernels before 5.19 have no peak; what is in use now is the best they offer.
            Folders::V2(folder) => Self {
                cpu: open(folder, "cpu.stat"),
                peak: open(folder, "memory.peak").or_else(|| open(folder, "memory.current")),
                out_of_memory: open(folder, "memory.events"),
            },
        }
    }
}

/// What a gauge shows now; nothing when there is none, or it cannot be read.
fn shown(gauge: Option<&File>) -> String {
    let mut bytes = [0_u8; 2048];
    let length = gauge.and_then(|gauge| gauge.read_at(&mut bytes, 0).ok()).unwrap_or(0);
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}

/// A group with limits set. Removing it needs [`Group::remove`]; dropping it tries.
#[derive(Debug)]
pub struct Group {
    folders: Folders,
    gauges: Gauges,
    removed: bool,
    /// Readable when memory ran out. Only on v1: on v2 the kernel ends the whole group by itself.
    pub memory_is_out: Option<OwnedFd>,
}

/// Memory still free when it is called short, in bytes.
const SHORT: u64 = 32 << 20;

impl Group {
    /// Makes the group and sets its limits.
    pub fn make(folders: Folders, limits: &Limits) -> io::Result<Self> {
        folders.make()?;
        let gauges = Gauges::open(&folders);
        let group = Self { folders, gauges, removed: false, memory_is_out: None };
        group.limit(limits)?;
        if let Folders::V2(folder) = &group.folders {
            write_if_there(folder, "memory.swap.max", "0")?;
            write_if_there(folder, "memory.oom.group", "1")?;
        }
        Ok(group)
    }

    /// Makes a group without limits, for processes of our own.
    pub fn make_unlimited(folders: Folders) -> io::Result<Self> {
        folders.make()?;
        Ok(Self { gauges: Gauges::open(&folders), folders, removed: false, memory_is_out: None })
    }

    /// Sets the limits, also of a group that has processes already.
    pub fn limit(&self, limits: &Limits) -> io::Result<()> {
        let memory = limits.memory_bytes.to_string();
        let quota = u64::from(limits.cpu_percent) * CPU_PERIOD / 100;
        match &self.folders {
            Folders::V1 { memory: memory_folder, pids, cpu, .. } => {
                write(memory_folder, "memory.limit_in_bytes", &memory)?;
                // Memory and swap together: no swap. Missing where the kernel does not account swap.
                if !write_if_there(memory_folder, "memory.memsw.limit_in_bytes", &memory)? {
                    write_if_there(memory_folder, "memory.swappiness", "0")?;
                }
                write(pids, "pids.max", &limits.pids.to_string())?;
                write(cpu, "cpu.cfs_period_us", &CPU_PERIOD.to_string())?;
                write(cpu, "cpu.cfs_quota_us", &quota.to_string())
            }
            Folders::V2(folder) => {
                write(folder, "memory.max", &memory)?;
                write(folder, "pids.max", &limits.pids.to_string())?;
                write(folder, "cpu.max", &format!("{quota} {CPU_PERIOD}"))
            }
        }
    }

    /// Lets other runs go first on a busy CPU, or no longer.
    pub fn yield_cpu(&self, yields: bool) {
        if let Err(error) = self.folders.yield_cpu(yields) {
            crate::complain(&format!("a long run cannot be ranked below short ones: {error}"));
        }
    }

    /// Has the kernel tell when memory is out, where it does not act on it by itself.
    pub fn watch_memory(&mut self) -> io::Result<()> {
        if let Folders::V1 { memory, .. } = &self.folders {
            self.memory_is_out = Some(watch(memory, "memory.oom_control", "")?);
        }
        Ok(())
    }

    /// A watch for memory running short, where the kernel offers one.
    pub fn shortage(&self, limits: &Limits) -> Option<Shortage> {
        let Folders::V1 { memory, .. } = &self.folders else { return None };
        let at = limits.memory_bytes.saturating_sub(SHORT).max(limits.memory_bytes / 2);
        Some(Shortage { memory: memory.clone(), at })
    }

    /// Files through which the calling process, or one forked from it, enters by writing a zero.
    pub fn doors(&self) -> io::Result<Vec<std::fs::File>> {
        let open = |folder: &Path| std::fs::OpenOptions::new().write(true).open(folder.join("cgroup.procs"));
        self.folders.all().into_iter().map(open).collect()
    }

    /// Lets a process of one thread in: on v2 it is moved, on v1 it gets the files through which it enters by
    /// writing a zero. See [`Group::holds`].
    pub fn admit(&self, pid: Pid) -> io::Result<Vec<OwnedFd>> {
        let Folders::V2(folder) = &self.folders else {
            let open = |folder: &Path| std::fs::OpenOptions::new().write(true).open(folder.join("tasks"));
            return self.folders.all().into_iter().map(|folder| Ok(open(folder)?.into())).collect();
        };
        write(folder, "cgroup.procs", &pid.as_raw_nonzero().to_string())?;
        Ok(Vec::new())
    }

    /// Whether a process is in.
    pub fn holds(&self, pid: Pid) -> bool {
        self.folders.all().into_iter().all(|folder| pids(folder).is_ok_and(|pids| pids.contains(&pid)))
    }

    /// CPU time of its processes so far.
    pub fn cpu(&self) -> Duration {
        let text = shown(self.gauges.cpu.as_ref());
        match &self.folders {
            Folders::V1 { .. } => Duration::from_nanos(text.trim().parse().unwrap_or(0)),
            Folders::V2(_) => Duration::from_micros(text::keyed(&text, "usage_usec").unwrap_or(0)),
        }
    }

    /// What its processes used so far.
    pub fn usage(&self) -> Usage {
        Usage {
            cpu: self.cpu(),
            peak_memory_bytes: shown(self.gauges.peak.as_ref()).trim().parse().unwrap_or(0),
            oom_kills: text::keyed(&shown(self.gauges.out_of_memory.as_ref()), "oom_kill").unwrap_or(0),
        }
    }

    /// Kills whatever is inside, waits until nothing is, and removes the group. Blocks.
    pub fn remove(mut self) -> io::Result<()> {
        self.removed = true;
        clear(&self.folders)
    }
}

/// A watch yet to be begun.
#[derive(Debug)]
pub struct Shortage {
    memory: PathBuf,
    at: u64,
}

impl Shortage {
    /// A bell that is readable when memory is nearly out. Blocks: the kernel waits for a grace period, some ten
    /// milliseconds.
    pub fn watch(&self) -> io::Result<OwnedFd> {
        watch(&self.memory, "memory.usage_in_bytes", &self.at.to_string())
    }
}

/// Has the kernel make a bell readable; see "Memory thresholds" in Linux's cgroup-v1/memory.rst.
fn watch(memory: &Path, file: &str, argument: &str) -> io::Result<OwnedFd> {
    let (bell, watched) = (eventfd(0, EventfdFlags::CLOEXEC)?, std::fs::File::open(memory.join(file))?);
    let words = format!("{} {} {argument}", bell.as_raw_fd(), watched.as_raw_fd());
    write(memory, "cgroup.event_control", words.trim_end())?;
    Ok(bell)
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.removed
            && let Err(error) = clear(&self.folders)
        {
            crate::complain(&format!("a run's group could not be removed; the next start tries again: {error}"));
        }
    }
}

/// Kills everything in a group and removes its folders, waiting a little for the kernel. Blocks.
pub fn clear(folders: &Folders) -> io::Result<()> {
    let deadline = Instant::now() + KILL_PATIENCE;
    for folder in folders.all() {
        while let Err(error) = remove_folder(folder) {
            if Instant::now() > deadline {
                return Err(error);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
    Ok(())
}

fn remove_folder(folder: &Path) -> io::Result<()> {
    match std::fs::remove_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => {
            // v2 kills all at once; elsewhere one by one, again until none is left.
            let _ = write_if_there(folder, "cgroup.kill", "1");
            for pid in pids(folder).unwrap_or_default() {
                let _ = kill_process(pid, Signal::KILL);
            }
            Err(error)
        }
        Ok(()) => Ok(()),
    }
}

/// Processes in a group.
fn pids(folder: &Path) -> io::Result<Vec<Pid>> {
    let text = std::fs::read_to_string(folder.join("cgroup.procs"))?;
    Ok(text.lines().filter_map(|line| Pid::from_raw(line.parse().ok()?)).collect())
}

fn write(folder: &Path, file: &str, value: &str) -> io::Result<()> {
    let path = folder.join(file);
    // Opened without creating: what the kernel does not offer must not become a plain file.
    let mut opened = std::fs::OpenOptions::new().write(true).open(&path).map_err(|error| named(&path, &error))?;
    io::Write::write_all(&mut opened, value.as_bytes()).map_err(|error| named(&path, &error))
}

fn write_if_there(folder: &Path, file: &str, value: &str) -> io::Result<bool> {
    match write(folder, file, value) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(folder: &Path, file: &str) -> String {
        std::fs::read_to_string(folder.join(file)).unwrap()
    }

    fn fill(folder: &Path, files: &[(&str, &str)]) {
        std::fs::create_dir_all(folder).unwrap();
        files.iter().for_each(|(name, content)| std::fs::write(folder.join(name), content).unwrap());
    }

    /// Protects machines with cgroup v2, which not every test machine has: the right files get the right
    /// words, and usage is read from the right places.
    #[test]
    fn v2_files_are_used_as_the_kernel_documents_them() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("run");
        let empty = ["memory.max", "memory.swap.max", "memory.oom.group", "pids.max", "cpu.max"].map(|name| (name, ""));
        fill(&folder, &empty);
        let limits = Limits { memory_bytes: 4096, pids: 7, cpu_percent: 200 };
        let mut group = Group::make(Folders::V2(folder.clone()), &limits).unwrap();
        for (file, expected) in [
            ("memory.max", "4096"),
            ("memory.swap.max", "0"),
            ("memory.oom.group", "1"),
            ("pids.max", "7"),
            ("cpu.max", "200000 100000"),
        ] {
            assert_eq!(read(&folder, file), expected, "{file}");
        }
        let used = [
            ("memory.current", "10\n"),
            ("cpu.stat", "usage_usec 2500\nuser_usec 1\n"),
            ("memory.events", "oom 2\noom_kill 1\n"),
        ];
        fill(&folder, &used);
        group.gauges = Gauges::open(&group.folders);
        let expected = Usage { cpu: Duration::from_micros(2500), peak_memory_bytes: 10, oom_kills: 1 };
        assert_eq!(group.usage(), expected);
        fill(&folder, &[("memory.peak", "99\n")]);
        assert_eq!(shown(Gauges::open(&group.folders).peak.as_ref()), "99\n");
        std::fs::remove_dir_all(&folder).unwrap();
        group.remove().unwrap();
    }

    /// Protects runs from limits that only seem to be set: a missing control file is an error, not a new file.
    #[test]
    fn missing_control_files_are_errors() {
        let base = tempfile::tempdir().unwrap();
        let folder = base.path().join("run");
        let error = Group::make(Folders::V2(folder.clone()), &Limits { memory_bytes: 4096, pids: 7, cpu_percent: 200 })
            .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(!folder.exists(), "removed again");
    }
}
