//! What a run left, as results tell it: files typed by their bytes and hashed. The supervisor found and
//! opened them; their names are checked once more here.

mod media;
mod told;

pub use media::media_type;
pub use supervisor::harvest::{MAX_FILE_BYTES, MAX_FILES, MAX_TOTAL_BYTES};
pub use told::{Delivery, Kind, Listing};

use bytes::Bytes;
use common::execution::RejectedFile;
use sha2::{Digest, Sha256};
use std::io::Read;
use std::os::fd::OwnedFd;
use supervisor::harvest::Reason;
use supervisor::names;

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

/// Reads the opened files (name, size, content), and says what is not delivered (name, number of the
/// reason; how many more). Blocks.
pub fn put_together(
    files: Vec<(String, u64, OwnedFd)>,
    rejected: Vec<(Vec<u8>, u8)>,
    more: Option<(u32, u8)>,
) -> Harvest {
    let mut harvest = Harvest::default();
    for (name, size, file) in files {
        match read(&name, size, file) {
            Some(read) => harvest.files.push(read),
            None => harvest.rejected.push(not_delivered(name.as_bytes(), Reason::SpecialFile)),
        }
    }
    let reason = |number: u8| Reason::from_number(number).unwrap_or(Reason::SpecialFile);
    harvest.rejected.extend(rejected.iter().map(|(name, number)| not_delivered(name, reason(*number))));
    harvest.rejected.extend(more.map(|(count, number)| and_more(count, reason(number))));
    harvest
}

fn not_delivered(name: &[u8], reason: Reason) -> RejectedFile {
    RejectedFile { name: names::escaped(name), reason: reason.as_str().to_owned() }
}

/// The files beyond those that are listed.
fn and_more(count: u32, reason: Reason) -> RejectedFile {
    RejectedFile { name: format!("({count} more)"), reason: reason.as_str().to_owned() }
}

fn read(name: &str, size: u64, file: OwnedFd) -> Option<Harvested> {
    names::checked(name.as_bytes())?;
    let mut bytes = Vec::with_capacity(usize::try_from(size.min(MAX_FILE_BYTES)).ok()?);
    std::fs::File::from(file).take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).ok()?;
    // Everybody who could have grown it is dead; if not, the caps still hold.
    if bytes.len() as u64 != size {
        return None;
    }
    let sha256 = hex::encode(Sha256::digest(&bytes));
    Some(Harvested { name: name.to_owned(), media_type: media_type(name, &bytes), sha256, bytes: bytes.into() })
}
