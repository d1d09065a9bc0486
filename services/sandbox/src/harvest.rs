//! Takes what a run left in `/box/out`, trusting nothing of it.
//!
//! Works on a handle of the run's own memory file system after every process of the run is dead. Paths
//! are resolved beneath that handle, no link is ever followed, only regular files are opened, and sizes
//! are known before anything is read.

mod media;
mod names;

pub use media::media_type;

use bytes::Bytes;
use common::execution::RejectedFile;
use rustix::fs::{Dir, FileType, Mode, OFlags, ResolveFlags, Stat, fstat, openat2, statat};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};

/// Most files delivered.
pub const MAX_FILES: usize = 64;
/// Largest file delivered, in bytes.
pub const MAX_FILE_BYTES: u64 = 32 << 20;
/// Most bytes delivered in total.
pub const MAX_TOTAL_BYTES: u64 = 64 << 20;
/// Deepest path delivered: names in it.
pub const MAX_DEPTH: usize = 8;
/// Most rejected files listed; the rest is counted.
const MAX_REJECTED: usize = 100;
/// Most entries looked at: as many as the run's file system can hold.
const MAX_ENTRIES: usize = 20_000;
/// Magic number of memory file systems.
pub const TMPFS: rustix::fs::FsWord = 0x0102_1994;

/// A delivered file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Harvested {
    /// Path below `/box/out`.
    pub name: String,
    /// Decided by the bytes.
    pub media_type: &'static str,
    /// SHA-256, lower-case hex.
    pub sha256: String,
    /// The content.
    pub bytes: Bytes,
}

/// Everything a run left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Harvest {
    /// Delivered files, by name.
    pub files: Vec<Harvested>,
    /// Files not delivered, by name.
    pub rejected: Vec<RejectedFile>,
}

/// Why a file is not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    Symlink,
    SpecialFile,
    TooLarge,
    TooMany,
    TooDeep,
    BadName,
    TotalTooLarge,
}

impl Reason {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Symlink => "symlink",
            Self::SpecialFile => "special_file",
            Self::TooLarge => "too_large",
            Self::TooMany => "too_many",
            Self::TooDeep => "too_deep",
            Self::BadName => "bad_name",
            Self::TotalTooLarge => "total_too_large",
        }
    }
}

/// An entry found, not yet opened.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    path: Vec<u8>,
    verdict: Result<u64, Reason>,
}

/// Collects the outputs. Blocks.
pub fn collect(out: OwnedFd) -> Harvest {
    let mut entries = Vec::new();
    walk(&out, Vec::new(), 1, &mut entries, &mut HashSet::new());
    entries.sort();
    let mut harvest = Harvest::default();
    let mut rejected = Rejected::default();
    let mut total = 0;
    for Entry { path, verdict } in entries {
        let taken = verdict.and_then(|size| admit(size, harvest.files.len(), total)).and_then(|size| {
            let name = names::checked(&path).ok_or(Reason::BadName)?;
            read(&out, name, size)
        });
        match taken {
            Ok(file) => {
                total += file.bytes.len() as u64;
                harvest.files.push(file);
            }
            Err(reason) => rejected.add(&path, reason),
        }
    }
    harvest.rejected = rejected.finish();
    harvest
}

/// Whether one more file of this size may be delivered.
fn admit(size: u64, files: usize, total: u64) -> Result<u64, Reason> {
    if size > MAX_FILE_BYTES {
        return Err(Reason::TooLarge);
    }
    if files >= MAX_FILES {
        return Err(Reason::TooMany);
    }
    if total + size > MAX_TOTAL_BYTES {
        return Err(Reason::TotalTooLarge);
    }
    Ok(size)
}

fn walk(folder: &OwnedFd, prefix: Vec<u8>, depth: usize, entries: &mut Vec<Entry>, seen: &mut HashSet<u64>) {
    let Ok(listing) = Dir::read_from(folder) else { return };
    let mut found: Vec<Vec<u8>> =
        listing.filter_map(Result::ok).map(|entry| entry.file_name().to_bytes().to_vec()).collect();
    found.retain(|name| name != b"." && name != b"..");
    // Which name of a twice-linked file counts must not depend on the order of the listing.
    found.sort();
    for name in found {
        if entries.len() >= MAX_ENTRIES {
            return;
        }
        let path = [&prefix[..], &name].concat();
        let Ok(stat) = statat(folder, name.as_slice(), rustix::fs::AtFlags::SYMLINK_NOFOLLOW) else { continue };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory if depth >= MAX_DEPTH => entries.push(Entry { path, verdict: Err(Reason::TooDeep) }),
            FileType::Directory => {
                if let Ok(inner) = open(folder, &name, OFlags::DIRECTORY) {
                    walk(&inner, [&path[..], b"/"].concat(), depth + 1, entries, seen);
                }
            }
            kind => entries.push(Entry { path, verdict: judge(kind, &stat, seen) }),
        }
    }
}

fn judge(kind: FileType, stat: &Stat, seen: &mut HashSet<u64>) -> Result<u64, Reason> {
    match kind {
        FileType::Symlink => Err(Reason::Symlink),
        // A second name of a file is no second file.
        FileType::RegularFile if stat.st_nlink > 1 && !seen.insert(stat.st_ino) => Err(Reason::SpecialFile),
        FileType::RegularFile => Ok(u64::try_from(stat.st_size).unwrap_or(u64::MAX)),
        _ => Err(Reason::SpecialFile),
    }
}

fn open(folder: impl AsFd, path: &[u8], flags: OFlags) -> rustix::io::Result<OwnedFd> {
    let flags = flags | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let resolve =
        ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_XDEV;
    openat2(folder, path, flags, Mode::empty(), resolve)
}

fn read(out: &OwnedFd, name: &str, size: u64) -> Result<Harvested, Reason> {
    let file = open(out, name.as_bytes(), OFlags::empty()).map_err(|_| Reason::SpecialFile)?;
    let stat = fstat(&file).map_err(|_| Reason::SpecialFile)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(Reason::SpecialFile);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    let read = std::fs::File::from(file).take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|_| Reason::SpecialFile)?;
    // Everybody who could have grown it is dead; if not, the caps still hold.
    if bytes.len() as u64 != size {
        return Err(Reason::TooLarge);
    }
    let sha256 = hex::encode(Sha256::digest(&bytes));
    Ok(Harvested { name: name.to_owned(), media_type: media_type(name, &bytes), sha256, bytes: bytes.into() })
}

/// The list of rejected files, bounded.
#[derive(Default)]
struct Rejected {
    listed: Vec<RejectedFile>,
    more: usize,
    last: Option<Reason>,
}

impl Rejected {
    fn add(&mut self, path: &[u8], reason: Reason) {
        if self.listed.len() < MAX_REJECTED {
            self.listed.push(RejectedFile { name: names::escaped(path), reason: reason.as_str().to_owned() });
        } else {
            self.more += 1;
            self.last = Some(reason);
        }
    }

    fn finish(mut self) -> Vec<RejectedFile> {
        if let Some(reason) = self.last {
            self.listed
                .push(RejectedFile { name: format!("({} more)", self.more), reason: reason.as_str().to_owned() });
        }
        self.listed
    }
}

#[cfg(test)]
mod tests;
