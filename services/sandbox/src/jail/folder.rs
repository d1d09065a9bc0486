//! The run's folder on the host: the code and its inputs, bound read-only into the jail.

use super::JailError;
use super::owner::Owner;
use super::profile::LOG;
use bytes::Bytes;
use std::fs::{DirEntry, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Our instance's folder of runs. A lock on a file in it says that we live, whatever became of our
/// process id meanwhile (the folder may outlive a container).
#[derive(Debug)]
pub struct Runs {
    folder: PathBuf,
    _lock: File,
}

const LOCK: &str = "lock";

impl Runs {
    /// Removes what dead instances left below `work`, and makes our own folder.
    pub fn open(work: &Path, owner: &Owner) -> io::Result<Self> {
        let all = work.join("runs");
        std::fs::create_dir_all(&all)?;
        sweep(&all);
        let folder = all.join(owner.name());
        make_folder(&folder)?;
        // Locked before it gets its name, so that nobody ever sees it unlocked while we live.
        let draft = folder.join("lock-draft");
        let lock = File::create(&draft)?;
        lock.lock()?;
        std::fs::rename(&draft, folder.join(LOCK))?;
        Ok(Self { folder, _lock: lock })
    }

    /// Makes the folder of one run. Blocks.
    pub fn make(&self, name: &str, code: &[u8], inputs: &[(String, Bytes)]) -> Result<RunFolder, JailError> {
        let run = RunFolder(self.folder.join(name));
        let fill = || {
            make_folder(&run.0)?;
            write_file(&run.0.join("main.py"), code)?;
            let inputs_folder = run.0.join("in");
            make_folder(&inputs_folder)?;
            inputs.iter().try_for_each(|(name, bytes)| write_file(&inputs_folder.join(name), bytes))
        };
        fill().map_err(JailError::Storage)?;
        Ok(run)
    }
}

impl Drop for Runs {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The folder of one run; removed with this value.
#[derive(Debug)]
pub struct RunFolder(PathBuf);

impl RunFolder {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// What nsjail complained about, for the log.
    pub fn complaint(&self) -> String {
        let log = std::fs::read_to_string(self.0.join(LOG)).unwrap_or_default();
        common::wire::tail(log.trim(), 1500).to_owned()
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, "a run's folder could not be removed; the next start tries again");
        }
    }
}

/// Age at which a folder without a lock was surely left behind.
const CUT_OFF: Duration = Duration::from_secs(60);

fn age(entry: &DirEntry) -> Option<Duration> {
    entry.metadata().ok()?.modified().ok()?.elapsed().ok()
}

fn sweep(all: &Path) {
    let Ok(entries) = std::fs::read_dir(all) else { return };
    for entry in entries.filter_map(Result::ok) {
        let dead = match File::open(entry.path().join(LOCK)) {
            Ok(lock) => lock.try_lock().is_ok(),
            // Being made by another instance this moment, or cut off at that moment long ago.
            Err(_) => age(&entry).is_some_and(|age| age > CUT_OFF),
        };
        if dead && let Err(error) = std::fs::remove_dir_all(entry.path()) {
            tracing::warn!(%error, "a dead instance's folder could not be removed");
        }
    }
}

/// A folder that the jailed code's user may read, whatever our umask.
pub fn make_folder(path: &Path) -> io::Result<()> {
    std::fs::create_dir(path)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o755))
}

/// A file that the jailed code's user may read, whatever our umask.
pub fn write_file(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(content)?;
    file.set_permissions(Permissions::from_mode(0o644))
}
