//! Finding a place for our groups on cgroup v2, where a group with processes cannot have limited groups below it.
//!
//! Rules: the kernel's Documentation/admin-guide/cgroup-v2.rst, "No Internal Process Constraint" and "Delegation".

use super::place::{Who, not_writable};
use super::text::{Mount, folder};
use crate::refusal::Refusal;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Controllers without which there is no jail.
const NEEDED: [&str; 3] = ["memory", "pids", "cpu"];
/// Leaf that takes our own processes out of the way.
const LEAF: &str = "darkroom-main";
/// Most processes named in a refusal.
const MOST_NAMED: usize = 5;

/// The folder to make groups in: our own group, once nothing of ours is in the way, or, for who may write there, the
/// next group above that has everything.
///
/// # Errors
/// Controllers are missing, other people's processes are in the way, or we may not write.
pub fn find(mount: &Mount, own: &Path) -> Result<PathBuf, Refusal> {
    let own = without_leaf(folder(mount, own));
    let refusal = match ready(&own) {
        Ok(()) => return Ok(own),
        Err(refusal) => refusal,
    };
    let mut above = own.ancestors().skip(1).take_while(|folder| folder.starts_with(&mount.point));
    above.find(|folder| is_on(folder) && enable(folder).is_ok()).map(Path::to_path_buf).ok_or(refusal)
}

/// Makes a group ready to have limited groups below it.
///
/// # Errors
/// See [`find`].
pub fn ready(folder: &Path) -> Result<(), Refusal> {
    let missing = missing(&read(&folder.join("cgroup.controllers")));
    if !missing.is_empty() {
        return Err(Refusal::new(
            format!("the control group {} lacks the controllers {}", folder.display(), missing.join(", ")),
            "run as root; or have root pass them on: 'systemctl edit user@.service' with the lines [Service] and \
             Delegate=cpu memory pids, log in again, and start it with systemd-run --user --scope -p Delegate=yes",
        ));
    }
    let refused = |error: io::Error| not_writable(folder, &error, Who::here());
    match enable(folder) {
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::BUSY.raw_os_error()) => {}
        other => return other.map_err(refused),
    }
    let pids: Vec<u32> = read(&folder.join("cgroup.procs")).lines().filter_map(|pid| pid.parse().ok()).collect();
    let others = others(&pids, std::process::id(), &parents());
    if !others.is_empty() {
        let named = others.iter().take(MOST_NAMED).map(|pid| {
            let name = read(&PathBuf::from(format!("/proc/{pid}/comm")));
            format!("{} ({pid})", name.trim())
        });
        let named = named.collect::<Vec<_>>().join(", ");
        let more = if others.len() > MOST_NAMED { " and more" } else { "" };
        return Err(Refusal::new(
            format!("the control group {} also holds other processes: {named}{more}", folder.display()),
            "start it in a group of its own: systemd-run --scope -p Delegate=yes darkroom … (with --user when not root)",
        ));
    }
    vacate(folder, &pids).and_then(|()| enable(folder)).map_err(refused)
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// Inside the leaf of an earlier instance in the same process, its parent is meant.
fn without_leaf(folder: PathBuf) -> PathBuf {
    match folder.file_name() {
        Some(name) if name == LEAF => folder.parent().map(Path::to_path_buf).unwrap_or(folder),
        _ => folder,
    }
}

fn missing(controllers: &str) -> Vec<&'static str> {
    NEEDED.into_iter().filter(|needed| !controllers.split_whitespace().any(|one| one == *needed)).collect()
}

/// Whether groups below have all controllers already.
fn is_on(folder: &Path) -> bool {
    missing(&read(&folder.join("cgroup.subtree_control"))).is_empty()
}

/// Gives groups below the controllers.
///
/// # Errors
/// The kernel's; `EBUSY` when there are processes in the group itself.
pub fn enable(folder: &Path) -> io::Result<()> {
    std::fs::write(folder.join("cgroup.subtree_control"), NEEDED.map(|name| format!("+{name}")).join(" "))
}

/// Parent of each process that is seen here.
fn parents() -> BTreeMap<u32, u32> {
    let pids = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| Some((pid, parent(&read(&PathBuf::from(format!("/proc/{pid}/stat"))))?))).collect()
}

/// The parent in a process's `stat`: the second field behind the name, which may hold anything.
fn parent(stat: &str) -> Option<u32> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// Which of the processes are not ours to move. Ours are those that started us, whatever our service has started, and
/// we ourselves.
fn others(pids: &[u32], own: u32, parents: &BTreeMap<u32, u32>) -> Vec<u32> {
    let line = |pid: u32| std::iter::successors(Some(pid), |pid| parents.get(pid).copied().filter(|one| *one != 0));
    let started_us: Vec<u32> = line(own).collect();
    let service = started_us.get(1).copied();
    let is_ours = |pid: u32| started_us.contains(&pid) || line(pid).any(|one| Some(one) == service);
    pids.iter().copied().filter(|pid| !is_ours(*pid)).collect()
}

/// Moves our processes into a leaf below their group. They stay under the same limits.
fn vacate(folder: &Path, pids: &[u32]) -> io::Result<()> {
    let leaf = folder.join(LEAF);
    if !leaf.is_dir() {
        std::fs::create_dir(&leaf)?;
    }
    for pid in pids {
        match std::fs::write(leaf.join("cgroup.procs"), pid.to_string()) {
            // Ended meanwhile.
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::SRCH.raw_os_error()) => {}
            other => other?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects other people's processes: only who started us, and what our service started, is moved.
    #[test]
    fn only_our_own_are_moved() {
        // 1 init, 10 shell, 20 service, 30 supervisor (we), 31 another child of the service and 32 its child,
        // 11 what the shell runs beside us, 40 a stranger, 50 one from outside of what we see.
        let parents = BTreeMap::from([(1, 0), (10, 1), (20, 10), (30, 20), (31, 20), (32, 31), (11, 10), (40, 1)]);
        for (pids, expected) in [
            (vec![10, 20, 30], vec![]),
            (vec![20, 30, 31, 32], vec![]),
            (vec![10, 11, 20, 30, 40], vec![11, 40]),
            (vec![30, 50], vec![50]),
            (vec![1, 30], vec![]),
        ] {
            assert_eq!(others(&pids, 30, &parents), expected, "{pids:?}");
        }
        // In a container the service is process 1: all that it started is ours, what came in from outside is not.
        let parents = BTreeMap::from([(1, 0), (7, 1), (8, 7), (9, 0)]);
        assert_eq!(others(&[1, 7, 8, 9], 7, &parents), [9]);
    }

    /// Protects messages: exactly the controllers that are not there are named.
    #[test]
    fn missing_controllers_are_named() {
        for (list, expected) in [
            ("cpuset cpu io memory hugetlb pids\n", &[][..]),
            ("memory pids\n", &["cpu"]),
            ("cpuset\n", &["memory", "pids", "cpu"]),
        ] {
            assert_eq!(missing(list), expected, "{list}");
        }
        assert_eq!(parent("12 (a) b (c)) S 7 12 0"), Some(7));
    }
}
