//! Where groups are made, and what dead instances left there.

use super::Limits;
use super::group::{Folders, Group, clear, make};
use super::text::{Mount, folder, mounts, own_path};
use super::unified;
use crate::owner::{self, Owner};
use crate::refusal::{self, Refusal};
use std::io;
use std::path::{Path, PathBuf};

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
            Some(folder) => {
                unified::ready(folder)?;
                Folders::V2(folder.to_path_buf())
            }
            None => find_base()?,
        };
        sweep(&base);
        let own = base.child(owner.name());
        for folder in own.all() {
            let parent = folder.parent().unwrap_or(folder);
            make(folder).map_err(|error| not_writable(parent, &error, Who::here()))?;
        }
        if let Folders::V2(folder) = &own {
            unified::enable(folder).map_err(|error| not_writable(folder, &error, Who::here()))?;
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
    // Where v1 has the controllers, v2 is there without them.
    let has_v1 = mounts.iter().any(|mount| mount.controllers.iter().any(|name| name == "memory"));
    if let Some(mount) = mounts.iter().find(|mount| mount.unified).filter(|_| !has_v1) {
        return unified::find(mount, &own_path(&own, None).unwrap_or_default()).map(Folders::V2);
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

/// Who asks for groups, as far as advice depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Who {
    /// The machine's or container's root.
    pub root: bool,
    /// Inside a container.
    pub container: bool,
}

impl Who {
    /// This process.
    pub fn here() -> Self {
        Self { root: rustix::process::geteuid().is_root(), container: refusal::in_container() }
    }
}

/// Why groups cannot be made in a folder, and what helps.
pub fn not_writable(folder: &Path, error: &io::Error, who: Who) -> Refusal {
    let reason = format!("control groups cannot be made in {} ({error})", folder.display());
    let fix = match (error.kind(), who) {
        (io::ErrorKind::ReadOnlyFilesystem, Who { container: true, .. }) => {
            "give this container groups that it may write: deploy/docker/README.md has the options"
        }
        (io::ErrorKind::ReadOnlyFilesystem, _) => "have root mount it writable: mount -o remount,rw /sys/fs/cgroup",
        (_, Who { root: true, .. }) => "see what holds or guards that folder; darkroom needs groups of its own there",
        (_, Who { root: false, .. }) => {
            "run as root, or in a group that is yours. cgroup v2: systemd-run --user --scope -p Delegate=yes darkroom …; \
             v1: have root make one in each of memory, pids, cpu and cpuacct, give it to you and move you there; \
             in a container: deploy/docker/README.md"
        }
    };
    Refusal::new(reason, fix)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects operators: each reason comes with what helps in that very place.
    #[test]
    fn advice_fits_the_place() {
        use rustix::io::Errno;
        let (folder, user) = (Path::new("/sys/fs/cgroup/x"), Who { root: false, container: false });
        for (errno, who, expected) in [
            (Errno::ROFS, Who { container: true, root: true }, "deploy/docker/README.md"),
            (Errno::ACCESS, Who { container: true, ..user }, "deploy/docker/README.md"),
            (Errno::ROFS, Who { root: true, ..user }, "remount,rw"),
            (Errno::ACCESS, user, "systemd-run --user --scope"),
            (Errno::BUSY, Who { root: true, ..user }, "guards"),
        ] {
            let refusal = not_writable(folder, &errno.into(), who);
            assert!(refusal.fix.contains(expected), "{errno:?} {who:?}: {refusal}");
            assert!(refusal.reason.contains("/sys/fs/cgroup/x"), "{refusal}");
        }
    }
}
