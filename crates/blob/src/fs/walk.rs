//! Walking from the root to a key with file handles. No call here follows a symbolic link, and none
//! takes a path of more than one segment, so a link planted between two calls leads nowhere either.

use crate::BlobKey;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, fstat, fsync, mkdirat, openat, renameat, unlinkat};
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::path::Path;

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
const FILE: OFlags = OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

/// How often a put starts again when a delete takes its empty folders away meanwhile.
const PLACE_ATTEMPTS: usize = 16;

/// The folder handles from the root down to (and with) the last of the segments.
fn descend<'a>(root: &Path, segments: impl Iterator<Item = &'a str>) -> Result<Vec<OwnedFd>, Errno> {
    let mut folders = vec![open_root(root)?];
    for segment in segments {
        let next = openat(last(&folders)?, segment, FOLDER, Mode::empty())?;
        folders.push(next);
    }
    Ok(folders)
}

/// The root may itself stand behind links: the operator chose it.
fn open_root(root: &Path) -> Result<OwnedFd, Errno> {
    openat(CWD, root, FOLDER.difference(OFlags::NOFOLLOW), Mode::empty())
}

fn last(folders: &[OwnedFd]) -> Result<BorrowedFd<'_>, Errno> {
    folders.last().map(AsFd::as_fd).ok_or(Errno::NOENT)
}

/// Segments above the last one, and the last one.
fn split(key: &BlobKey) -> (Vec<&str>, &str) {
    let mut above: Vec<_> = key.segments().collect();
    let name = above.pop().unwrap_or_default();
    (above, name)
}

/// Opens an object for reading and tells its size in bytes. Links and special files are not objects.
pub fn open_object(root: &Path, key: &BlobKey) -> io::Result<(File, u64)> {
    let (above, name) = split(key);
    let folders = descend(root, above.into_iter())?;
    let file = match openat(last(&folders)?, name, FILE, Mode::empty()) {
        Err(Errno::LOOP | Errno::NXIO) => return Err(Errno::NOENT.into()),
        other => other?,
    };
    let stat = fstat(&file)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(Errno::NOENT.into());
    }
    Ok((file.into(), u64::try_from(stat.st_size).unwrap_or(0)))
}

/// Moves a finished file to the place of its key, makes the folders on the way, and makes both durable.
pub fn place(root: &Path, key: &BlobKey, finished: &Path) -> io::Result<()> {
    let (above, name) = split(key);
    let mut attempt = 1;
    loop {
        match try_place(root, &above, name, finished) {
            Err(Errno::NOENT) if attempt < PLACE_ATTEMPTS => attempt += 1,
            other => return Ok(other?),
        }
    }
}

fn try_place(root: &Path, above: &[&str], name: &str, finished: &Path) -> Result<(), Errno> {
    let mut folder = open_root(root)?;
    for segment in above {
        match mkdirat(&folder, *segment, Mode::RWXU) {
            Ok(()) => fsync(&folder)?,
            Err(Errno::EXIST) => {}
            Err(error) => return Err(error),
        }
        folder = openat(&folder, *segment, FOLDER, Mode::empty())?;
    }
    renameat(CWD, finished, &folder, name)?;
    fsync(&folder)
}

/// Removes an object and the folders that became empty by it; fine when there is none.
pub fn delete(root: &Path, key: &BlobKey) -> io::Result<()> {
    let (above, name) = split(key);
    let folders = match descend(root, above.iter().copied()) {
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(()),
        other => other?,
    };
    match unlinkat(last(&folders)?, name, AtFlags::empty()) {
        // A folder of that name holds other keys: there is no object.
        Ok(()) | Err(Errno::NOENT | Errno::ISDIR | Errno::PERM) => {}
        Err(error) => return Err(error.into()),
    }
    prune(&folders, &above);
    Ok(())
}

/// Removes every object below a prefix, and the folders with them.
pub fn delete_below(root: &Path, prefix: &BlobKey) -> io::Result<()> {
    let segments: Vec<_> = prefix.segments().collect();
    let folders = match descend(root, segments.iter().copied()) {
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(()),
        other => other?,
    };
    empty(last(&folders)?)?;
    prune(&folders, &segments);
    Ok(())
}

/// Removes empty folders from the bottom up, as far as they are empty. `folders` has one more than
/// `segments`: the root, which stays.
fn prune(folders: &[OwnedFd], segments: &[&str]) {
    for (parent, segment) in folders.iter().zip(segments).rev() {
        if unlinkat(parent, *segment, AtFlags::REMOVEDIR).is_err() {
            break;
        }
    }
}

/// Removes everything in a folder.
fn empty(folder: BorrowedFd<'_>) -> Result<(), Errno> {
    for entry in entries(folder)? {
        match unlinkat(folder, &entry, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => continue,
            Err(Errno::ISDIR | Errno::PERM) => {}
            Err(error) => return Err(error),
        }
        empty(openat(folder, &entry, FOLDER, Mode::empty())?.as_fd())?;
        match unlinkat(folder, &entry, AtFlags::REMOVEDIR) {
            // A put that came meanwhile keeps its folder.
            Ok(()) | Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The keys of all objects below a prefix, in no order.
pub fn list(root: &Path, prefix: &BlobKey) -> io::Result<Vec<BlobKey>> {
    let folders = match descend(root, prefix.segments()) {
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(Vec::new()),
        other => other?,
    };
    let mut found = Vec::new();
    collect(last(&folders)?, prefix, &mut found)?;
    Ok(found)
}

fn collect(folder: BorrowedFd<'_>, prefix: &BlobKey, found: &mut Vec<BlobKey>) -> Result<(), Errno> {
    for entry in entries(folder)? {
        // Names that are no keys were not put here by this store.
        let Some(key) = entry.to_str().ok().and_then(|name| prefix.join(name).ok()) else { continue };
        let stat = match rustix::fs::statat(folder, &entry, AtFlags::SYMLINK_NOFOLLOW) {
            Err(Errno::NOENT) => continue,
            other => other?,
        };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => found.push(key),
            FileType::Directory => match openat(folder, &entry, FOLDER, Mode::empty()) {
                Err(Errno::NOENT) => {}
                below => collect(below?.as_fd(), &key, found)?,
            },
            _ => {}
        }
    }
    Ok(())
}

fn entries(folder: BorrowedFd<'_>) -> Result<Vec<std::ffi::CString>, Errno> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let name = entry?.file_name().to_owned();
        if !matches!(name.to_bytes(), b"." | b"..") {
            names.push(name);
        }
    }
    Ok(names)
}
