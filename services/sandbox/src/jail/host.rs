//! What the host offers to the jail: binaries, interpreter, user ids. Read once at start-up.

use super::JailUnavailable;
use crate::settings::JailSettings;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The host as far as the jail is concerned.
#[derive(Debug, Clone)]
pub struct Host {
    /// The nsjail binary.
    pub nsjail: PathBuf,
    /// `setpriv`, which ties nsjail's life to ours.
    pub setpriv: PathBuf,
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
    pub fn find(settings: &JailSettings) -> Result<Self, JailUnavailable> {
        let nsjail = nsjail_binary(&settings.nsjail).ok_or_else(|| {
            JailUnavailable::new(
                format!("nsjail is not at {}", settings.nsjail.display()),
                "run 'make setup', or set the path to an nsjail binary",
            )
        })?;
        let setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].into_iter().map(PathBuf::from).find(|path| path.is_file());
        let setpriv = setpriv.ok_or_else(|| JailUnavailable::new("setpriv is missing", "install util-linux"))?;
        let interpreter = interpreter(&settings.python).ok_or_else(|| {
            JailUnavailable::new(
                format!("there is no Python environment at {}", settings.python.display()),
                "run 'make setup', or set the path to the environment",
            )
        })?;
        let venv =
            settings.python.canonicalize().map_err(|error| JailUnavailable::io("the Python environment", &error))?;
        let mut seen = vec![venv.as_path(), settings.work.as_path()];
        seen.extend(interpreter.iter().map(|(host, _)| host.as_path()));
        let private = seen.iter().any(|path| !open_to_all(path));
        let uid_map = std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
        let ids =
            Ids::choose(rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw(), &uid_map, private);
        Ok(Self { nsjail, setpriv, venv, interpreter, ids })
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

/// True when everybody may pass through all folders on the way.
fn open_to_all(path: &Path) -> bool {
    path.ancestors().all(|folder| folder.metadata().is_ok_and(|meta| meta.mode() & 0o001 != 0))
}

/// First of the host user ids used for jailed code when we are root: far from any account, one per
/// slot, so that per-user limits of two runs never meet.
const FIRST_UID: u32 = 1_880_000_000;
/// The same inside a container that maps only 65,536 ids.
const FIRST_SMALL_UID: u32 = 60_000;
/// Slots that get an id of their own.
const UIDS: u32 = 1000;

/// Which host ids the jailed code runs under. Inside it is always 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ids {
    first: (u32, u32),
    per_slot: bool,
    /// The host's root is mapped too (as an id without any rights), because the interpreter or our
    /// folder stands behind a folder that only root may pass. Only the jail's set-up uses it.
    pub maps_root: bool,
}

impl Ids {
    /// Unprivileged, the code can only be ourselves. As root it gets ids nobody else has, where our own
    /// user namespace has them.
    fn choose(euid: u32, egid: u32, uid_map: &str, private_paths: bool) -> Self {
        let firsts = [FIRST_UID, FIRST_SMALL_UID];
        let first = firsts.into_iter().find(|first| euid == 0 && covers(uid_map, *first, UIDS));
        match first {
            Some(first) => Self { first: (first, first), per_slot: true, maps_root: private_paths },
            None => Self { first: (euid, egid), per_slot: false, maps_root: false },
        }
    }

    /// Host user and group id of a slot.
    pub fn of_slot(&self, slot: u32) -> (u32, u32) {
        let offset = if self.per_slot { slot % UIDS } else { 0 };
        (self.first.0 + offset, self.first.1 + offset)
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

    /// Protects the host: jailed code gets root's ids in no case, and its own ids wherever possible.
    #[test]
    fn ids_are_never_root_when_root_can_give_others() {
        let whole = "         0          0 4294967295\n";
        let container = "0 100000 65536";
        assert_eq!(Ids::choose(0, 0, whole, false).of_slot(1), (1_880_000_001, 1_880_000_001));
        assert_eq!(Ids::choose(0, 0, container, true).of_slot(0), (60_000, 60_000));
        assert!(Ids::choose(0, 0, container, true).maps_root);
        let user = Ids::choose(1000, 100, whole, true);
        assert_eq!((user.of_slot(3), user.maps_root), ((1000, 100), false));
    }
}
