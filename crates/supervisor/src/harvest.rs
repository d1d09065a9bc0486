//! Takes what a run left in `/box/out`, trusting nothing of it.
//!
//! Works on a handle of the room's own memory file system after every process of the room is dead. Paths
//! are resolved beneath that handle, no link is ever followed, and only regular files are opened. Files
//! are handed on as descriptors: this process reads none of their content.

use crate::names;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags, Stat, fstat, openat2, statat};
use std::collections::HashSet;
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
pub const MAX_REJECTED: usize = 100;
/// Most entries looked at: more than the room's file system can hold.
pub const MAX_ENTRIES: usize = 20_000;

/// Why a file is not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A symbolic link.
    Symlink,
    /// A pipe, socket, device, second name of a file, or a file that cannot be read.
    SpecialFile,
    /// Larger than [`MAX_FILE_BYTES`].
    TooLarge,
    /// [`MAX_FILES`] are delivered already.
    TooMany,
    /// Deeper than [`MAX_DEPTH`].
    TooDeep,
    /// A name that is not safe everywhere.
    BadName,
    /// It would exceed [`MAX_TOTAL_BYTES`].
    TotalTooLarge,
}

impl Reason {
    const ALL: [Self; 7] = [
        Self::Symlink,
        Self::SpecialFile,
        Self::TooLarge,
        Self::TooMany,
        Self::TooDeep,
        Self::BadName,
        Self::TotalTooLarge,
    ];

    /// The stable text, as in results.
    pub const fn as_str(self) -> &'static str {
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

    /// Its number in frames.
    pub fn number(self) -> u8 {
        Self::ALL.iter().position(|one| *one == self).and_then(|index| u8::try_from(index).ok()).unwrap_or(u8::MAX)
    }

    /// The reason with a number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

/// A file to be delivered.
#[derive(Debug)]
pub struct Found {
    /// Path below the folder; safe by [`names::checked`].
    pub name: String,
    /// Size in bytes.
    pub size: u64,
    /// The file, opened for reading.
    pub file: OwnedFd,
}

/// Everything a run left.
#[derive(Debug, Default)]
pub struct Harvest {
    /// Files, by name.
    pub files: Vec<Found>,
    /// Files not delivered, by name.
    pub rejected: Vec<(Vec<u8>, Reason)>,
    /// Files not delivered beyond those, and why the last of them is not.
    pub more: Option<(u32, Reason)>,
}

/// An entry found, not yet opened.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    path: Vec<u8>,
    verdict: Result<u64, Reason>,
}

/// Collects the outputs. Blocks.
pub fn collect(out: &OwnedFd) -> Harvest {
    let mut entries = Vec::new();
    walk(out, Vec::new(), 1, &mut entries, &mut HashSet::new());
    entries.sort();
    let mut harvest = Harvest::default();
    let mut total = 0;
    for Entry { path, verdict } in entries {
        let taken = verdict.and_then(|size| admit(size, harvest.files.len(), total)).and_then(|size| {
            let name = names::checked(&path).ok_or(Reason::BadName)?;
            Ok(Found { name: name.to_owned(), size, file: regular(out, name, size)? })
        });
        match taken {
            Ok(found) => {
                total += found.size;
                harvest.files.push(found);
            }
            Err(reason) if harvest.rejected.len() < MAX_REJECTED => harvest.rejected.push((path, reason)),
            Err(reason) => harvest.more = Some((harvest.more.map_or(0, |(count, _)| count) + 1, reason)),
        }
    }
    harvest
}

/// Whether nothing was left in a folder that is a file system of its own: its root is the only inode in use.
pub fn is_empty(out: &OwnedFd) -> bool {
    rustix::fs::fstatvfs(out).is_ok_and(|system| system.f_files.saturating_sub(system.f_ffree) <= 1)
}

/// Name of the file in which a stopped run's Python says at which line it was, see `runner/program.py`.
const LINE_FILE: &str = ".stopped-at";

/// Whether a stopped run's Python has begun to say at which line it is. It says so in one write.
pub fn line_is_told(out: &OwnedFd) -> bool {
    rustix::fs::statat(out, LINE_FILE, AtFlags::SYMLINK_NOFOLLOW).is_ok_and(|file| file.st_size > 0)
}

/// Takes the line at which the code was when it was stopped, if its Python could still say so.
pub fn take_line(out: &OwnedFd) -> Option<u32> {
    // The code may have put anything there.
    let named = statat(out, LINE_FILE, AtFlags::SYMLINK_NOFOLLOW).ok()?;
    if FileType::from_raw_mode(named.st_mode) != FileType::RegularFile {
        return None;
    }
    let file = regular(out, LINE_FILE, u64::try_from(named.st_size).ok()?).ok()?;
    let mut text = [0_u8; 10];
    let length = rustix::io::read(&file, &mut text).ok()?;
    // It is no output. A file that stays would be delivered, which harms nobody.
    let _stays = rustix::fs::unlinkat(out, LINE_FILE, AtFlags::empty());
    std::str::from_utf8(&text[..length]).ok()?.parse().ok()
}

/// Whether one more file of this size may be delivered, beside so many of so many bytes together.
///
/// # Errors
/// The cap it would exceed.
pub fn admit(size: u64, files: usize, total: u64) -> Result<u64, Reason> {
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
        let Ok(stat) = statat(folder, name.as_slice(), AtFlags::SYMLINK_NOFOLLOW) else { continue };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory if depth >= MAX_DEPTH => entries.push(Entry { path, verdict: Err(Reason::TooDeep) }),
            FileType::Directory => {
                match open(folder, &name, OFlags::DIRECTORY) {
                    Ok(inner) => walk(&inner, [&path[..], b"/"].concat(), depth + 1, entries, seen),
                    // What it holds is not delivered, so it is told of.
                    Err(_) => entries.push(Entry { path, verdict: Err(Reason::SpecialFile) }),
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

fn regular(out: &OwnedFd, name: &str, size: u64) -> Result<OwnedFd, Reason> {
    let file = open(out, name.as_bytes(), OFlags::empty()).map_err(|_| Reason::SpecialFile)?;
    let stat = fstat(&file).map_err(|_| Reason::SpecialFile)?;
    let same =
        FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && u64::try_from(stat.st_size) == Ok(size);
    if same { Ok(file) } else { Err(Reason::SpecialFile) }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
