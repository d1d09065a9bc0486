//! Files of our own that become part of rooms: the Python scripts with the zygote's library, a minimal
//! `/etc`, and the place of the font list. Their folders carry a hash of their content, so that a new
//! version never meets files of an old one.

use sha2::{Digest, Sha256};
use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use supervisor::ZYGOTE_LIBRARY;

/// Our own folders that become part of rooms.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Runner, look and proof scripts, and the zygote's library.
    pub scripts: PathBuf,
    /// matplotlib's font list.
    pub fonts: PathBuf,
    /// A minimal `/etc`.
    pub etc: PathBuf,
}

/// The Python sources embedded by the build script: path below `python/`, content.
pub const SOURCES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/python_sources.rs"));

/// SHA-256 over the look script, lower-case hex: evidence of one version is never taken for another's.
pub static LOOK_SHA256: LazyLock<String> = LazyLock::new(|| hash_of(|path| path.starts_with("look/")));

fn hash_of(wanted: impl Fn(&str) -> bool) -> String {
    let mut hasher = Sha256::new();
    for (path, content) in SOURCES.iter().filter(|(path, _)| wanted(path)) {
        hasher.update(format!("{path}\0{}\0{content}", content.len()));
    }
    hex::encode(hasher.finalize())
}

/// Writes what is not there yet.
pub fn install(work: &Path, python: &Path) -> io::Result<Parts> {
    let library = hex::encode(Sha256::digest(ZYGOTE_LIBRARY));
    let version = hex::encode(Sha256::digest(format!("{}{library}", hash_of(|_| true))));
    let scripts = once(work, "python", &version, |folder| {
        write_file(&folder.join("libdarkroom_zygote.so"), ZYGOTE_LIBRARY)?;
        SOURCES.iter().try_for_each(|(path, content)| {
            let path = folder.join(path);
            if let Some(package) = path.parent().filter(|package| !package.is_dir()) {
                make_folder(package)?;
            }
            write_file(&path, content.as_bytes())
        })
    })?;
    let libraries = std::fs::read("/etc/ld.so.cache").unwrap_or_default();
    let etc = once(work, "etc", &hex::encode(Sha256::digest(&libraries)), |folder| {
        write_file(&folder.join("passwd"), b"box:x:1000:1000:box:/tmp:/usr/sbin/nologin\n")?;
        write_file(&folder.join("group"), b"box:x:1000:\n")?;
        write_file(&folder.join("nsswitch.conf"), b"passwd: files\ngroup: files\nhosts: files\n")?;
        write_file(&folder.join("ld.so.cache"), &libraries)
    })?;
    let fonts = once(work, "fonts", &environment_sha256(python), |_| Ok(()))?;
    Ok(Parts { scripts, fonts, etc })
}

/// What the Python environment holds, as far as its folder tells: the font list is made anew when
/// packages change.
fn environment_sha256(python: &Path) -> String {
    let mut names = vec![python.to_string_lossy().into_owned()];
    for library in std::fs::read_dir(python.join("lib")).into_iter().flatten().filter_map(Result::ok) {
        let packages = std::fs::read_dir(library.path().join("site-packages")).into_iter().flatten();
        names.extend(packages.filter_map(Result::ok).map(|entry| entry.file_name().to_string_lossy().into_owned()));
    }
    names.sort();
    hex::encode(Sha256::digest(names.join("\n")))
}

/// A folder made whole or not at all, also when two processes make it at the same time.
fn once(work: &Path, name: &str, hash: &str, fill: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<PathBuf> {
    let target = work.join(format!("{name}-{}", &hash[..12]));
    if target.is_dir() {
        return Ok(target);
    }
    let draft = tempfile::Builder::new().prefix(".draft-").tempdir_in(work)?.keep();
    let made = std::fs::set_permissions(&draft, Permissions::from_mode(0o755))
        .and_then(|()| fill(&draft))
        .and_then(|()| std::fs::rename(&draft, &target));
    if let Err(error) = made {
        let _ = std::fs::remove_dir_all(&draft);
        // Somebody else was faster.
        return if target.is_dir() { Ok(target) } else { Err(error) };
    }
    Ok(target)
}

/// A folder that the jailed code's user may read, whatever our umask.
fn make_folder(path: &Path) -> io::Result<()> {
    std::fs::create_dir(path)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o755))
}

/// A file that the jailed code's user may read, whatever our umask.
fn write_file(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(content)?;
    file.set_permissions(Permissions::from_mode(0o644))
}
