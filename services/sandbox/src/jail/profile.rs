//! The room as nsjail's configuration: a pure function of what the host offers and of the run.
//!
//! The root is a read-only memory file system holding only what Python needs. Whatever can be written
//! is a size- and inode-capped memory file system of the run's own, charged to the run's memory.

use super::host::Host;
use super::seccomp;
use crate::settings::Limits;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Where the Python environment stands in the jail.
pub const PYTHON: &str = "/opt/python/bin/python3";
/// Where the runner and the look script stand in the jail.
pub const SCRIPTS: &str = "/opt/darkroom/python";
/// Where the font list stands in the jail.
const FONTS: &str = "/opt/darkroom/fonts";
/// Name of nsjail's own log in a run's folder.
pub const LOG: &str = "nsjail.log";
/// User and group id inside.
const INSIDE_ID: u32 = 1000;
/// What the host's root is called inside, where it has to be mapped.
const INSIDE_ROOT: u32 = 65_533;
/// Writable places: path, size, most files.
const MEMORY_FOLDERS: [(&str, &str, u32); 4] =
    [("/tmp", "256m", 16_384), ("/box", "16m", 1_024), ("/box/out", "128m", 16_384), ("/dev/shm", "64m", 1_024)];
/// Devices that Python programs expect.
const DEVICES: [&str; 5] = ["null", "zero", "full", "random", "urandom"];
/// All of the environment that code sees.
const ENVIRONMENT: [(&str, &str); 14] = [
    ("PATH", "/opt/python/bin:/usr/local/bin:/usr/bin:/bin"),
    ("HOME", "/tmp"),
    ("TMPDIR", "/tmp"),
    ("USER", "box"),
    ("LANG", "C.UTF-8"),
    ("PYTHONDONTWRITEBYTECODE", "1"),
    // Unbuffered, so that what a killed run printed is not lost.
    ("PYTHONUNBUFFERED", "1"),
    ("PYTHONNOUSERSITE", "1"),
    ("MPLBACKEND", "Agg"),
    ("MPLCONFIGDIR", "/tmp/matplotlib"),
    ("OMP_NUM_THREADS", "2"),
    ("OPENBLAS_NUM_THREADS", "2"),
    ("MKL_NUM_THREADS", "2"),
    ("NUMEXPR_NUM_THREADS", "2"),
];

/// Everything about the room that is the same for every run.
#[derive(Debug, Clone)]
pub struct Profile {
    host: Host,
    scripts: PathBuf,
    fonts: PathBuf,
    etc: PathBuf,
    policy: PathBuf,
    limits: Limits,
    max_seconds: u64,
    sha256: String,
}

/// What differs from run to run.
#[derive(Debug, Clone)]
pub struct RunPlace<'a> {
    /// The run's folder on the host, with `main.py` and `in/`.
    pub folder: &'a Path,
    /// The slot it runs in.
    pub slot: u32,
}

/// Our own folders that become part of the room.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Runner and look script.
    pub scripts: PathBuf,
    /// matplotlib's font list.
    pub fonts: PathBuf,
    /// A minimal `/etc`.
    pub etc: PathBuf,
    /// The seccomp policy.
    pub policy: PathBuf,
    /// SHA-256 over the content of the scripts.
    pub scripts_sha256: String,
}

impl Profile {
    /// Puts the room together.
    pub fn new(host: Host, parts: Parts, limits: Limits, max_seconds: u64) -> Self {
        let Parts { scripts, fonts, etc, policy, scripts_sha256 } = parts;
        let mut profile = Self { host, scripts, fonts, etc, policy, limits, max_seconds, sha256: String::new() };
        let example = profile.render(&RunPlace { folder: Path::new("/run"), slot: 0 });
        let content = format!("{example}\n{}\n{limits:?}\n{scripts_sha256}", seccomp::policy());
        profile.sha256 = hex::encode(Sha256::digest(content));
        profile
    }

    /// SHA-256 over the whole configuration but for the run's own folder and slot.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The host it stands on.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// nsjail's configuration for one run, in protobuf text format.
    pub fn render(&self, run: &RunPlace<'_>) -> String {
        let mut text = String::with_capacity(4096);
        self.write_basics(&mut text, run);
        for (host, inside) in self.read_only() {
            mount(&mut text, Some(&host), &inside, "is_bind: true rw: false nosuid: true nodev: true");
        }
        for (link, target) in system_links() {
            let _ = writeln!(text, "mount {{ src: {} dst: {} is_symlink: true }}", quoted(&target), quoted(&link));
        }
        let proc = "fstype: \"proc\" options: \"subset=pid,hidepid=invisible\" rw: false nosuid: true nodev: true noexec: true";
        mount(&mut text, None, "/proc", proc);
        for device in DEVICES {
            let path = format!("/dev/{device}");
            mount(&mut text, Some(Path::new(&path)), &path, "is_bind: true rw: true nosuid: true noexec: true");
        }
        for (path, size, inodes) in MEMORY_FOLDERS {
            let how = format!(
                "fstype: \"tmpfs\" options: \"size={size},nr_inodes={inodes}\" rw: true nosuid: true nodev: true"
            );
            mount(&mut text, None, path, &how);
        }
        for name in ["main.py", "in"] {
            let how = "is_bind: true rw: false nosuid: true nodev: true noexec: true";
            mount(&mut text, Some(&run.folder.join(name)), &format!("/box/{name}"), how);
        }
        for (name, value) in ENVIRONMENT {
            let _ = writeln!(text, "envar: \"{name}={value}\"");
        }
        text
    }

    fn write_basics(&self, text: &mut String, run: &RunPlace<'_>) {
        let (uid, gid) = self.host.ids.of_slot(run.slot);
        let cpu_seconds = self.max_seconds * u64::from(self.limits.cpus) + 20;
        let _ = write!(
            text,
            "mode: ONCE\nhostname: \"box\"\ncwd: \"/box/out\"\nlog_level: ERROR\nlog_file: {}\n\
             time_limit: {}\nrlimit_as_type: HARD\nrlimit_nproc_type: HARD\nrlimit_stack_type: SOFT\n\
             rlimit_fsize: 256\nrlimit_nofile: 512\nrlimit_core: 0\nrlimit_cpu: {cpu_seconds}\nrlimit_memlock: 0\n\
             nice_level: 5\nmount_proc: false\niface_no_lo: true\n\
             clone_newuser: true\nclone_newns: true\nclone_newpid: true\nclone_newnet: true\nclone_newipc: true\n\
             clone_newuts: true\nclone_newcgroup: true\nkeep_caps: false\ndisable_no_new_privs: false\n\
             seccomp_policy_file: {}\n",
            quoted(&run.folder.join(LOG).to_string_lossy()),
            self.max_seconds + 15,
            quoted(&self.policy.to_string_lossy()),
        );
        let mut map = |inside: u32, outside: (u32, u32)| {
            let _ = writeln!(text, "uidmap {{ inside_id: \"{inside}\" outside_id: \"{}\" count: 1 }}", outside.0);
            let _ = writeln!(text, "gidmap {{ inside_id: \"{inside}\" outside_id: \"{}\" count: 1 }}", outside.1);
        };
        map(INSIDE_ID, (uid, gid));
        if self.host.ids.maps_root {
            map(INSIDE_ROOT, (0, 0));
        }
    }

    /// Host places shown read-only, in mounting order.
    fn read_only(&self) -> Vec<(PathBuf, String)> {
        let mut shown: Vec<(PathBuf, String)> = vec![("/usr".into(), "/usr".into())];
        // Where these are not links into /usr they are folders of their own.
        shown.extend(system_folders().map(|folder| (folder.into(), folder.to_owned())));
        shown.push((self.etc.clone(), "/etc".into()));
        for (host, inside) in &self.host.interpreter {
            shown.push((host.clone(), inside.to_string_lossy().into_owned()));
        }
        shown.push((self.host.venv.clone(), "/opt/python".into()));
        shown.push((self.scripts.clone(), SCRIPTS.into()));
        shown.push((self.fonts.clone(), FONTS.into()));
        shown
    }
}

const SYSTEM: [&str; 6] = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

fn system_folders() -> impl Iterator<Item = &'static str> {
    SYSTEM.into_iter().filter(|path| Path::new(path).symlink_metadata().is_ok_and(|meta| meta.is_dir()))
}

fn system_links() -> Vec<(String, String)> {
    let mut links = Vec::new();
    for path in SYSTEM {
        if let Ok(target) = std::fs::read_link(path) {
            links.push((path.to_owned(), target.to_string_lossy().into_owned()));
        }
    }
    for (link, target) in [("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")] {
        links.push((format!("/dev/{link}"), format!("/proc/self/fd{target}")));
    }
    links
}

fn mount(text: &mut String, source: Option<&Path>, target: &str, how: &str) {
    let source = source.map(|path| format!("src: {} ", quoted(&path.to_string_lossy()))).unwrap_or_default();
    let _ = writeln!(text, "mount {{ {source}dst: {} {how} }}", quoted(target));
}

/// A string of the protobuf text format.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => quoted.extend(['\\', char::from(byte)]),
            0x20..=0x7e => quoted.push(char::from(byte)),
            _ => {
                let _ = write!(quoted, "\\{byte:03o}");
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the configuration: no folder name can end its string and add a setting.
    #[test]
    fn strings_cannot_break_out() {
        for (text, expected) in [("/a b", "\"/a b\""), ("a\"b\\", "\"a\\\"b\\\\\""), ("é\n", "\"\\303\\251\\012\"")] {
            assert_eq!(quoted(text), expected);
        }
    }

    /// Protects secrets: nothing of our own environment is named in the list that code sees.
    #[test]
    fn the_environment_is_a_fixed_list() {
        assert!(ENVIRONMENT.iter().all(|(name, _)| !name.contains("KEY") && !name.contains("TOKEN")));
    }
}
