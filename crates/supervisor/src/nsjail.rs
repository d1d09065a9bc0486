//! The outer jail as nsjail's configuration: a pure function of what the host offers.
//!
//! The root is a read-only memory file system holding only what Python needs. Nothing in it can be
//! written: rooms mount their own writable folders, so whatever one run writes is gone with it.

use crate::config::Config;
use crate::host::Host;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Where the Python environment stands inside.
pub const PYTHON: &str = "/opt/python/bin/python3";
/// Where the runner, the look script and the zygote's library stand inside.
pub const SCRIPTS: &str = "/opt/darkroom/python";
/// Where the font list stands inside.
const FONTS: &str = "/opt/darkroom/fonts";
/// Where the maker of rooms stands inside.
pub const MAKER: &str = "/opt/darkroom/maker";
/// What the host's root is called inside, where it has to be mapped.
const INSIDE_ROOT: u32 = 65_533;
/// Folders that rooms mount over; empty and read-only here.
const PLACES: [&str; 3] = ["/box", "/tmp", "/dev/shm"];
/// Devices that Python programs expect.
const DEVICES: [&str; 5] = ["null", "zero", "full", "random", "urandom"];
/// All of the environment that code sees.
const ENVIRONMENT: [(&str, &str); 15] = [
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
    // Idle threads of it sleep at once instead of keeping a CPU busy for a moment that others need.
    ("OPENBLAS_THREAD_TIMEOUT", "4"),
    ("MKL_NUM_THREADS", "2"),
    ("NUMEXPR_NUM_THREADS", "2"),
];

/// Everything about the outer jail that is the same for every start.
#[derive(Debug, Clone)]
pub struct Jail {
    host: Host,
    scripts: PathBuf,
    fonts: PathBuf,
    etc: PathBuf,
}

impl Jail {
    /// Puts the jail together.
    pub fn new(host: Host, config: &Config) -> Self {
        Self { host, scripts: config.scripts.clone(), fonts: config.fonts.clone(), etc: config.etc.clone() }
    }

    /// The host it stands on.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// SHA-256 over all that decides what a room is, lower-case hex: this configuration, the folders that
    /// rooms mount, the seccomp program, and the limits.
    pub fn fingerprint(&self, filter: &[u8], config: &Config) -> String {
        let writable = crate::inside::first::WRITABLE;
        let rooms = format!("{writable:?}{:?}{:?}{:?}", crate::inside::first::INPUTS, config.limits, config.longest);
        let mut hasher = Sha256::new();
        for part in [self.render(Path::new("/log")).as_bytes(), rooms.as_bytes(), filter] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        hasher.update(env!("SOURCES_FINGERPRINT"));
        hex::encode(hasher.finalize())
    }

    /// nsjail's configuration in protobuf text format.
    pub fn render(&self, log: &Path) -> String {
        let mut text = String::with_capacity(4096);
        self.write_basics(&mut text, log);
        for (host, inside) in self.read_only() {
            mount(&mut text, Some(&host), &inside, "is_bind: true rw: false nosuid: true nodev: true");
        }
        for (link, target) in system_links() {
            let _ = writeln!(text, "mount {{ src: {} dst: {} is_symlink: true }}", quoted(&target), quoted(&link));
        }
        // Rooms may only mount a /proc of their own where one is visible, with no fewer rights than theirs.
        mount(&mut text, None, "/proc", "fstype: \"proc\" rw: true nosuid: true nodev: true noexec: true");
        for device in DEVICES {
            let path = format!("/dev/{device}");
            // Devices can be written all the same; their times and modes, which are the host's, cannot.
            mount(&mut text, Some(Path::new(&path)), &path, "is_bind: true rw: false nosuid: true noexec: true");
        }
        for path in PLACES {
            let how =
                "fstype: \"tmpfs\" options: \"size=4k,nr_inodes=4\" rw: false nosuid: true nodev: true noexec: true";
            mount(&mut text, None, path, how);
        }
        for (name, value) in ENVIRONMENT {
            let _ = writeln!(text, "envar: \"{name}={value}\"");
        }
        text
    }

    fn write_basics(&self, text: &mut String, log: &Path) {
        // Capabilities stay: they are worth something only inside nsjail's own user namespace, and only the
        // maker and the zygote have them. Rooms give them up, see the lock-down.
        let _ = write!(
            text,
            "mode: ONCE\nhostname: \"box\"\ncwd: \"/\"\nlog_level: WARNING\nlog_file: {}\n\
             time_limit: 0\nnice_level: 0\nrlimit_as_type: HARD\nrlimit_nproc_type: HARD\nrlimit_stack_type: SOFT\n\
             rlimit_cpu_type: HARD\nrlimit_fsize_type: HARD\nrlimit_nofile: 1024\nrlimit_core: 0\nrlimit_memlock: 0\n\
             mount_proc: false\niface_no_lo: true\n\
             clone_newuser: true\nclone_newns: true\nclone_newpid: true\nclone_newnet: true\nclone_newipc: true\n\
             clone_newuts: true\nclone_newcgroup: true\nkeep_caps: true\ndisable_no_new_privs: false\n",
            quoted(&log.to_string_lossy()),
        );
        let mut map = |inside: u32, outside: (u32, u32), count: u32| {
            let _ = writeln!(text, "uidmap {{ inside_id: \"{inside}\" outside_id: \"{}\" count: {count} }}", outside.0);
            let _ = writeln!(text, "gidmap {{ inside_id: \"{inside}\" outside_id: \"{}\" count: {count} }}", outside.1);
        };
        map(0, self.host.ids.first, self.host.ids.count);
        if self.host.ids.maps_root {
            map(INSIDE_ROOT, (0, 0), 1);
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
        shown.push((self.host.program.clone(), MAKER.into()));
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
