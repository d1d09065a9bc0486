//! Files of our own that become part of the room: the Python scripts, a minimal `/etc`, the seccomp
//! policy, and the place of the font list. Their folders carry a hash of their content, so that a new
//! version never meets files of an old one.

use super::folder::{make_folder, write_file};
use super::host::Host;
use super::profile::Parts;
use super::seccomp;
use sha2::{Digest, Sha256};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The Python sources embedded by the build script: path below `python/`, content.
const SOURCES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/python_sources.rs"));

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
pub fn install(work: &Path, host: &Host) -> io::Result<Parts> {
    let scripts_sha256 = hash_of(|_| true);
    let scripts = once(work, "python", &scripts_sha256, |folder| {
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
    let policy = once(work, "seccomp", &hex::encode(Sha256::digest(seccomp::policy())), |folder| {
        write_file(&folder.join("policy.kafel"), seccomp::policy().as_bytes())
    })?;
    let fonts = once(work, "fonts", &environment_sha256(host), |_| Ok(()))?;
    Ok(Parts { scripts, fonts, etc, policy: policy.join("policy.kafel"), scripts_sha256 })
}

/// What the Python environment holds, as far as its folder tells: the font list is made anew when
/// packages change.
fn environment_sha256(host: &Host) -> String {
    let mut names = vec![host.venv.to_string_lossy().into_owned()];
    for library in std::fs::read_dir(host.venv.join("lib")).into_iter().flatten().filter_map(Result::ok) {
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
    let made = std::fs::set_permissions(&draft, std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .and_then(|()| fill(&draft))
        .and_then(|()| std::fs::rename(&draft, &target));
    if let Err(error) = made {
        let _ = std::fs::remove_dir_all(&draft);
        // Somebody else was faster.
        return if target.is_dir() { Ok(target) } else { Err(error) };
    }
    Ok(target)
}
