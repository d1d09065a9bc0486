//! Where groups are made, and what dead instances left there.

use super::Limits;
use super::group::{Folders, Group, clear};
use super::text::{Mount, folder, mounts, own_path};
use crate::owner::{self, Owner};
use crate::refusal::Refusal;
use std::path::{Path, PathBuf};

/// Controllers without which there is no jail.
const NEEDED: [&str; 3] = ["memory", "pids", "cpu"];
/// Leaf that takes the processes of our own v2 group: a group with processes cannot have limited groups
/// below it.
const LEAF: &str = "darkroom-main";

/// Our own group, in which each run gets one.
#[derive(Debug)]
pub struct Groups {
    own: Folders,
    /// For processes of our own: beside the runs, so that on a busy CPU they do not wait behind them.
    beside: Folders,
}

impl Groups {
    /// Finds a place where groups may be made, removes what dead instances left, and makes our own.
    ///
    /// # Errors
    /// No hierarchy has the controllers, or none may be written.
    pub fn open(owner: &Owner, chosen: Option<&Path>) -> Result<Self, Refusal> {
        let base = match chosen {
            Some(folder) => v2_base(folder.to_path_buf())?,
            None => find_base()?,
        };
        sweep(&base);
        let own = base.child(owner.name());
        own.make().map_err(|error| not_writable(&base, &error.to_string()))?;
        if let Folders::V2(folder) = &own {
            enable(folder).map_err(|error| not_writable(&base, &error))?;
        }
        own.give_way();
        let beside = base.child(&format!("{}b", owner.name()));
        Ok(Self { own, beside })
    }

    /// `v1` or `v2`.
    pub fn version(&self) -> &'static str {
        match self.own {
            Folders::V1 { .. } => "v1",
            Folders::V2(_) => "v2",
        }
    }

    /// Makes the group without limits, for processes of our own.
    pub fn make_unlimited(&self) -> std::io::Result<Group> {
        Group::make_unlimited(self.beside.clone())
    }

    /// Makes a group with limits.
    pub fn make(&self, name: &str, limits: &Limits) -> std::io::Result<Group> {
        Group::make(self.own.child(name), limits)
    }
}

impl Groups {
    /// Removes our own group; everything in it has to be gone.
    pub fn close(&self) {
        if let Err(error) = clear(&self.own) {
            crate::complain(&format!("our group could not be removed; the next start tries again: {error}"));
        }
    }
}

fn find_base() -> Result<Folders, Refusal> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let mounts = mounts(&read("/proc/self/mountinfo"));
    let own = read("/proc/self/cgroup");
    if let Some(unified) = mounts.iter().find(|mount| mount.unified) {
        let folder = folder(unified, &own_path(&own, None).unwrap_or_default());
        if has_controllers(&read(&folder.join("cgroup.controllers").to_string_lossy())) {
            return v2_base(folder);
        }
    }
    let v1 = |controller: &str| -> Result<PathBuf, Refusal> {
        let has = |mount: &&Mount| !mount.unified && mount.controllers.iter().any(|name| name == controller);
        let mount = mounts.iter().find(has).ok_or_else(|| {
            let reason = format!("no cgroup hierarchy with the controller '{controller}' is mounted");
            Refusal::new(reason, "mount cgroup v2, or the v1 controllers memory, pids, cpu and cpuacct")
        })?;
        Ok(folder(mount, &own_path(&own, Some(controller)).unwrap_or_else(|| mount.root.clone())))
    };
    Ok(Folders::V1 { memory: v1("memory")?, pids: v1("pids")?, cpu: v1("cpu")?, cpuacct: v1("cpuacct")? })
}

fn has_controllers(list: &str) -> bool {
    NEEDED.iter().all(|needed| list.split_whitespace().any(|one| one == *needed))
}

/// Makes a v2 group ready to have limited groups below it.
fn v2_base(folder: PathBuf) -> Result<Folders, Refusal> {
    // Inside the leaf of an earlier instance in this process: its parent is the base.
    let folder = match folder.file_name() {
        Some(name) if name == LEAF => folder.parent().map(Path::to_path_buf).unwrap_or(folder),
        _ => folder,
    };
    let base = Folders::V2(folder.clone());
    if enable(&folder).is_ok() {
        return Ok(base);
    }
    vacate(&folder).map_err(|error| not_writable(&base, &error.to_string()))?;
    enable(&folder).map_err(|error| not_writable(&base, &error))?;
    Ok(base)
}

fn enable(folder: &Path) -> Result<(), String> {
    let wanted = NEEDED.map(|name| format!("+{name}")).join(" ");
    std::fs::write(folder.join("cgroup.subtree_control"), wanted).map_err(|error| error.to_string())
}

/// Moves the processes of a v2 group into a leaf below it. They stay under the same limits.
fn vacate(folder: &Path) -> std::io::Result<()> {
    let leaf = folder.join(LEAF);
    if !leaf.is_dir() {
        std::fs::create_dir(&leaf)?;
    }
    let pids = std::fs::read_to_string(folder.join("cgroup.procs"))?;
    for pid in pids.lines() {
        match std::fs::write(leaf.join("cgroup.procs"), pid) {
            // Ended meanwhile.
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::SRCH.raw_os_error()) => {}
            other => other?,
        }
    }
    Ok(())
}

fn not_writable(base: &Folders, error: &str) -> Refusal {
    let places: Vec<_> = base.all().iter().map(|folder| folder.display().to_string()).collect();
    Refusal::new(
        format!("control groups cannot be made in {} ({error})", places.join(", ")),
        "run as root, or in a delegated group: systemd-run --user --scope -p Delegate=yes darkroom …",
    )
}

/// Ends and removes what instances that are dead left behind.
fn sweep(base: &Folders) {
    let mut names = std::collections::BTreeSet::new();
    for folder in base.all() {
        names.extend(subfolders(folder).into_iter().filter(|name| owner::is_dead(name)));
    }
    for name in names {
        let own = base.child(&name);
        let mut runs = std::collections::BTreeSet::new();
        own.all().into_iter().for_each(|folder| runs.extend(subfolders(folder)));
        let left = runs.iter().map(|run| own.child(run)).chain([own.clone()]);
        for folders in left {
            if let Err(error) = clear(&folders) {
                crate::complain(&format!("the group of a dead instance, {name}, could not be removed: {error}"));
            }
        }
    }
}

fn subfolders(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let folders = entries.filter_map(Result::ok).filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}
