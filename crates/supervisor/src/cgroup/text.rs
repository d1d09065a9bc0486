//! The text formats of cgroup files. Pure.

use std::path::{Path, PathBuf};

/// One mounted cgroup hierarchy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Which part of the hierarchy is mounted.
    pub root: PathBuf,
    /// Where.
    pub point: PathBuf,
    /// True for v2.
    pub unified: bool,
    /// v1: the controllers.
    pub controllers: Vec<String>,
}

/// cgroup mounts of a `/proc/self/mountinfo`.
pub fn mounts(mountinfo: &str) -> Vec<Mount> {
    mountinfo.lines().filter_map(mount).collect()
}

fn mount(line: &str) -> Option<Mount> {
    let (place, kind) = line.split_once(" - ")?;
    let mut kind = kind.split(' ');
    let fstype = kind.next()?;
    let options = kind.nth(1)?;
    if fstype != "cgroup" && fstype != "cgroup2" {
        return None;
    }
    let mut place = place.split(' ').skip(3);
    let (root, point) = (unescape(place.next()?), unescape(place.next()?));
    let controllers = options.split(',').map(str::to_owned).collect();
    Some(Mount { root: root.into(), point: point.into(), unified: fstype == "cgroup2", controllers })
}

/// Undoes the octal escapes of mountinfo (`\040` for a space).
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = tail.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) if *first == b'\\' => {
                bytes.push(byte);
                rest = &tail[3..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Path of a process in the hierarchy of a v1 controller, or (`None`) in v2, from its `/proc/PID/cgroup`.
pub fn own_path(proc_cgroup: &str, controller: Option<&str>) -> Option<PathBuf> {
    proc_cgroup.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':');
        let (_, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
        let found = match controller {
            Some(name) => controllers.split(',').any(|one| one == name),
            None => controllers.is_empty(),
        };
        found.then(|| PathBuf::from(path))
    })
}

/// Folder of a group under a mount; the mount's own folder when the group is outside what is mounted,
/// as in containers that see the host's paths.
pub fn folder(mount: &Mount, own: &Path) -> PathBuf {
    match own.strip_prefix(&mount.root) {
        Ok(below) => mount.point.join(below),
        Err(_) => mount.point.clone(),
    }
}

/// A number of a flat keyed file (`memory.events`, `cpu.stat`, `memory.oom_control`).
pub fn keyed(content: &str, key: &str) -> Option<u64> {
    content.lines().find_map(|line| {
        let (name, value) = line.split_once(' ')?;
        if name == key { value.trim().parse().ok() } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1: &str = "30 25 0:26 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n\
        31 25 0:27 /docker/ab /sys/fs/cgroup/my\\040memory rw - cgroup cgroup rw,memory\n\
        24 1 254:0 / / rw - ext4 /dev/vda rw";
    const V2: &str = "35 24 0:30 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot";

    /// Protects both hierarchies: mounts are found, escaped names undone, others left out.
    #[test]
    fn finds_cgroup_mounts() {
        let found = mounts(V1);
        assert_eq!(found.len(), 2);
        assert!(found[0].controllers.iter().any(|name| name == "cpuacct"));
        assert_eq!(found[1].point, Path::new("/sys/fs/cgroup/my memory"));
        assert_eq!(folder(&found[1], Path::new("/docker/ab/x")), Path::new("/sys/fs/cgroup/my memory/x"));
        assert_eq!(folder(&found[1], Path::new("/else")), Path::new("/sys/fs/cgroup/my memory"));
        assert!(mounts(V2)[0].unified);
    }

    /// Protects the choice of group: each hierarchy's line is told apart, also where controllers share one.
    #[test]
    fn finds_the_own_group() {
        let text = "4:memory:/process/06\n2:cpu,cpuacct:/a:b\n1:name=systemd:/\n0::/user.slice/x.scope\n";
        for (controller, expected) in [
            (Some("memory"), Some("/process/06")),
            (Some("cpuacct"), Some("/a:b")),
            (None, Some("/user.slice/x.scope")),
            (Some("pids"), None),
        ] {
            assert_eq!(own_path(text, controller), expected.map(PathBuf::from));
        }
    }

    /// Protects out-of-memory detection and accounting: v1 and v2 files are read by exact key.
    #[test]
    fn reads_keyed_numbers() {
        let v1 = "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n";
        let v2 = "low 0\nhigh 0\nmax 12\noom 1\noom_kill 2\noom_group_kill 1\n";
        assert_eq!((keyed(v1, "oom_kill"), keyed(v2, "oom_kill"), keyed(v2, "oom")), (Some(3), Some(2), Some(1)));
        assert_eq!(keyed("usage_usec 51234\nuser_usec 1\n", "usage_usec"), Some(51_234));
        assert_eq!(keyed("max", "max"), None);
    }
}
