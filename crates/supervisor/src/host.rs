//! What the host offers to the jail: binaries, interpreter, user ids. Read once at start-up.

use crate::config::Config;
use crate::refusal::Refusal;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The host as far as the jail is concerned.
#[derive(Debug, Clone)]
pub struct Host {
    /// The nsjail binary.
    pub nsjail: PathBuf,
    /// The supervisor's own program, which is also the maker of rooms.
    pub program: PathBuf,
    /// The Python environment.
    pub venv: PathBuf,
    /// Where the environment's interpreter is installed, under every name it goes by, as
    /// (place on the host, place in the jail).
    pub interpreter: Vec<(PathBuf, PathBuf)>,
    /// User ids for the jailed code.
    pub ids: Ids,
}

impl Host {
    /// Looks everything up.
    ///
    /// # Errors
    /// Something is missing; the error says what and how to get it.
    pub fn find(config: &Config) -> Result<Self, Refusal> {
        let nsjail = nsjail_binary(&config.nsjail).ok_or_else(|| {
            Refusal::new(
                format!("nsjail is not at {}", config.nsjail.display()),
                "run 'make setup', or set the path to an nsjail binary",
            )
        })?;
        let program = std::env::current_exe().map_err(|error| Refusal::io("the supervisor's own program", &error))?;
        let interpreter = interpreter(&config.python).ok_or_else(|| {
            Refusal::new(
                format!("there is no Python environment at {}", config.python.display()),
                "run 'make setup', or set the path to the environment",
            )
        })?;
        let venv = config.python.canonicalize().map_err(|error| Refusal::io("the Python environment", &error))?;
        let mut seen = vec![venv.as_path(), config.scripts.as_path(), config.fonts.as_path(), program.as_path()];
        seen.extend(interpreter.iter().map(|(host, _)| host.as_path()));
        let private = seen.iter().any(|path| !open_to_all(path));
        let uid_map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
        let ids =
            Ids::choose(rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw(), &uid_map, private);
        Ok(Self { nsjail, program, venv, interpreter, ids })
    }
}

/// The binary itself: the Python package installs a script of the same name, whose interpreter start
/// would cost more than the jail.
fn nsjail_binary(path: &Path) -> Option<PathBuf> {
    let path = path.canonicalize().ok()?;
    let mut start = [0_u8; 2];
    std::io::Read::read_exact(&mut std::fs::File::open(&path).ok()?, &mut start).ok()?;
    if &start != b"#!" {
        return Some(path);
    }
    let libraries = std::fs::read_dir(path.parent()?.parent()?.join("lib")).ok()?;
    let inside = |entry: std::fs::DirEntry| entry.path().join("site-packages/nsjail/bin/nsjail");
    libraries.filter_map(Result::ok).map(inside).find(|binary| binary.is_file())
}

/// Where the interpreter behind an environment is installed. Its own prefix, and the prefix its
/// `pyvenv.cfg` names when that is another way to the same place.
fn interpreter(venv: &Path) -> Option<Vec<(PathBuf, PathBuf)>> {
    let real = venv.join("bin/python3").canonicalize().ok()?;
    let prefix = real.parent()?.parent()?.to_path_buf();
    let config = std::fs::read_to_string(venv.join("pyvenv.cfg")).ok()?;
    let home = config.lines().find_map(|line| line.strip_prefix("home")?.trim_start().strip_prefix('='))?;
    let named = Path::new(home.trim()).parent()?.to_path_buf();
    let mut places = vec![(prefix.clone(), prefix.clone())];
    if named != prefix {
        places.push((prefix, named));
    }
    // `/usr` is in the jail anyway.
    places.retain(|(_, inside)| !inside.starts_with("/usr") && inside != Path::new("/"));
    Some(places)
}

/// The version of a virtual environment's Python, as its own description says; empty when it says nothing.
pub fn python_version(environment: &Path) -> String {
    version_in(&std::fs::read_to_string(environment.join("pyvenv.cfg")).unwrap_or_default())
}

fn version_in(description: &str) -> String {
    let settings = description.lines().filter_map(|line| line.split_once('='));
    let version = settings.map(|(name, value)| (name.trim(), value.trim())).find(|(name, _)| *name == "version");
    version.map(|(_, version)| version.to_owned()).unwrap_or_default()
}

/// True when everybody may pass through all folders on the way.
fn open_to_all(path: &Path) -> bool {
    path.ancestors().all(|folder| folder.metadata().is_ok_and(|meta| meta.mode() & 0o001 != 0))
}

/// First of the host user ids that rooms use when we are root: far from any account.
const FIRST_UID: u32 = 1_880_000_000;
/// The same inside a container that maps only 65,536 ids.
const FIRST_SMALL_UID: u32 = 60_000;
/// Ids mapped into nsjail's user namespace: 0 for the maker and the zygote, one for each room.
const UIDS: u32 = 5000;

/// Which host ids rooms use. Inside a room it is always 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ids {
    /// Host user and group id of what is 0 in nsjail's user namespace.
    pub first: (u32, u32),
    /// How many follow each other.
    pub count: u32,
    /// The host's root is mapped too (as an id without any rights), because the interpreter or our
    /// folder stands behind a folder that only root may pass. Only nsjail's set-up uses it.
    pub maps_root: bool,
}

impl Ids {
    /// Unprivileged, the code can only be ourselves. As root it gets ids nobody else has, where our own
    /// user namespace has them.
    fn choose(euid: u32, egid: u32, uid_map: &str, private_paths: bool) -> Self {
        let firsts = [FIRST_UID, FIRST_SMALL_UID];
        let first = firsts.into_iter().find(|first| euid == 0 && covers(uid_map, *first, UIDS));
        match first {
            Some(first) => Self { first: (first, first), count: UIDS, maps_root: private_paths },
            None => Self { first: (euid, egid), count: 1, maps_root: false },
        }
    }

    /// Rooms that may exist at a time with an id each, as seen in nsjail's user namespace. Where only one
    /// id can be had, all rooms share it.
    pub fn of_rooms(&self) -> Vec<u32> {
        if self.count == 1 { vec![0] } else { (1..self.count).collect() }
    }
}

/// True when a `uid_map` has all of `first..first + count`.
fn covers(uid_map: &str, first: u32, count: u32) -> bool {
    uid_map.lines().any(|line| {
        let mut numbers = line.split_whitespace().map(str::parse::<u64>);
        let (Some(Ok(start)), _, Some(Ok(length))) = (numbers.next(), numbers.next(), numbers.next()) else {
            return false;
        };
        start <= u64::from(first) && u64::from(first) + u64::from(count) <= start + length
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the version told: it is the environment's own.
    #[test]
    fn versions_of_environments_are_read() {
        assert_eq!(version_in("home = /usr/bin\nversion = 3.11.7\nversion_info = 9\n"), "3.11.7");
        assert_eq!(version_in(""), "");
    }

    /// Protects the host: jailed code gets root's ids in no case, and its own ids wherever possible.
    #[test]
    fn ids_are_never_root_when_root_can_give_others() {
        let whole = "         0          0 4294967295\n";
        let container = "0 100000 65536";
        let root = Ids::choose(0, 0, whole, false);
        assert_eq!((root.first, root.count), ((FIRST_UID, FIRST_UID), UIDS));
        assert!(!root.of_rooms().contains(&0), "rooms never have the maker's id");
        let inside = Ids::choose(0, 0, container, true);
        assert_eq!((inside.first.0, inside.maps_root), (FIRST_SMALL_UID, true));
        let user = Ids::choose(1000, 100, whole, true);
        assert_eq!((user.first, user.of_rooms(), user.maps_root), ((1000, 100), vec![0], false));
    }
}
