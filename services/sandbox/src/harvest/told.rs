//! Takes outputs that somebody else read, in a place where this service cannot look. Pure.
//!
//! First comes a list of all entries; from it is decided, by the same rules as for outputs read here, which
//! contents are wanted; then those come one by one. The teller is trusted in nothing: names, sizes, counts
//! and depth are checked again, and what it may make us hold is bounded.

use super::{Harvest, Harvested, and_more, media_type, not_delivered};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use supervisor::harvest::{MAX_DEPTH, MAX_ENTRIES, MAX_REJECTED, Reason, admit};
use supervisor::names;

/// Longest path that is kept; a longer one is no good name anyway.
const MAX_PATH: usize = 1024;

/// What an entry is said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file of so many bytes.
    File(u64),
    /// A symbolic link.
    Link,
    /// Neither file, folder nor link, or a second name of a file.
    Special,
    /// A folder deeper than is looked into.
    Deep,
}

/// The entries as told.
#[derive(Debug, Default)]
pub struct Listing(Vec<(Vec<u8>, Kind, usize)>);

impl Listing {
    /// Notes one entry. Those beyond what a run can leave are not noted.
    pub fn add(&mut self, path: &[u8], kind: Kind) {
        let number = self.0.len();
        if number < MAX_ENTRIES {
            self.0.push((path[..path.len().min(MAX_PATH)].to_vec(), kind, number));
        }
    }

    /// Decides about every entry.
    pub fn decide(mut self) -> Delivery {
        self.0.sort_by(|a, b| (&a.0, a.2).cmp(&(&b.0, b.2)));
        let mut delivery = Delivery::default();
        let (mut taken, mut total) = (HashSet::new(), 0);
        for (path, kind, number) in self.0 {
            let verdict = judge(&path, kind).and_then(|size| admit(size, taken.len(), total)).and_then(|size| {
                let name = names::checked(&path).ok_or(Reason::BadName)?;
                if is_taken(name, &taken) {
                    return Err(Reason::BadName);
                }
                taken.insert(name.to_owned());
                total += size;
                Ok(size)
            });
            if let Ok(size) = verdict {
                delivery.wanted.push(Wanted { number, size, entry: delivery.entries.len(), bytes: Vec::new() });
            }
            delivery.entries.push((path, verdict.map(|_| ())));
        }
        delivery
    }
}

fn judge(path: &[u8], kind: Kind) -> Result<u64, Reason> {
    match kind {
        Kind::Link => Err(Reason::Symlink),
        Kind::Special => Err(Reason::SpecialFile),
        Kind::Deep => Err(Reason::TooDeep),
        Kind::File(_) if path.iter().filter(|byte| **byte == b'/').count() >= MAX_DEPTH => Err(Reason::TooDeep),
        Kind::File(size) => Ok(size),
    }
}

/// True for a name that a file system could not hold beside those already taken.
fn is_taken(name: &str, taken: &HashSet<String>) -> bool {
    let mut above = name.match_indices('/').map(|(end, _)| &name[..end]);
    taken.contains(name) || above.any(|folder| taken.contains(folder))
}

#[derive(Debug)]
struct Wanted {
    number: usize,
    size: u64,
    entry: usize,
    bytes: Vec<u8>,
}

/// The decisions, and the contents as they come in.
#[derive(Debug, Default)]
pub struct Delivery {
    entries: Vec<(Vec<u8>, Result<(), Reason>)>,
    wanted: Vec<Wanted>,
    complete: usize,
}

impl Delivery {
    /// Which entries are wanted, counted in the order they were told. Their contents are to come in this order.
    pub fn wanted(&self) -> impl Iterator<Item = usize> + '_ {
        self.wanted.iter().map(|wanted| wanted.number)
    }

    /// True when no more is to come.
    pub fn is_complete(&self) -> bool {
        self.complete == self.wanted.len()
    }

    /// Some of the content of the file whose turn it is. More than its size is not kept.
    pub fn piece(&mut self, bytes: &[u8]) {
        if let Some(wanted) = self.wanted.get_mut(self.complete) {
            // One byte beyond the size is enough to tell that it is too large.
            let room = usize::try_from(wanted.size).unwrap_or(usize::MAX).saturating_add(1) - wanted.bytes.len();
            wanted.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
    }

    /// The file whose turn it was is complete, or could not be read.
    pub fn end(&mut self, whole: bool) {
        let Some(wanted) = self.wanted.get_mut(self.complete) else { return };
        if wanted.bytes.len() as u64 != wanted.size {
            self.entries[wanted.entry].1 = Err(if whole { Reason::TooLarge } else { Reason::SpecialFile });
            wanted.bytes = Vec::new();
        }
        self.complete += 1;
    }

    /// The harvest. Wanted files that did not come are rejected.
    pub fn finish(mut self) -> Harvest {
        while !self.is_complete() {
            self.end(false);
        }
        let mut harvest = Harvest::default();
        let mut more = None;
        let mut reject = |harvest: &mut Harvest, path: &[u8], reason| {
            if harvest.rejected.len() < MAX_REJECTED {
                harvest.rejected.push(not_delivered(path, reason));
            } else {
                more = Some((more.map_or(0, |(count, _)| count) + 1, reason));
            }
        };
        let mut contents = self.wanted.into_iter().peekable();
        for (index, (path, verdict)) in self.entries.into_iter().enumerate() {
            let content = contents.next_if(|wanted| wanted.entry == index);
            match (verdict, content, names::checked(&path)) {
                (Ok(()), Some(wanted), Some(name)) => {
                    let sha256 = hex::encode(Sha256::digest(&wanted.bytes));
                    let media_type = media_type(name, &wanted.bytes);
                    let bytes = wanted.bytes.into();
                    harvest.files.push(Harvested { name: name.to_owned(), media_type, sha256, bytes });
                }
                (Err(reason), ..) => reject(&mut harvest, &path, reason),
                (Ok(()), ..) => reject(&mut harvest, &path, Reason::BadName),
            }
        }
        harvest.rejected.extend(more.map(|(count, reason)| and_more(count, reason)));
        harvest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use supervisor::harvest::{MAX_FILE_BYTES, MAX_FILES};

    fn rejected(harvest: &Harvest) -> Vec<(&str, &str)> {
        harvest.rejected.iter().map(|file| (file.name.as_str(), file.reason.as_str())).collect()
    }

    /// Protects outputs: what was wanted comes back as it came in, the rest is named with its reason.
    #[test]
    fn outputs_are_taken_as_told() {
        let mut listing = Listing::default();
        listing.add(b"z.csv", Kind::File(3));
        listing.add(b"a/b.txt", Kind::File(2));
        listing.add(b"link", Kind::Link);
        listing.add(b"lost", Kind::File(5));
        listing.add(b"../evil", Kind::File(1));
        listing.add(b"huge", Kind::File(MAX_FILE_BYTES + 1));
        listing.add(b"1/2/3/4/5/6/7/8/9", Kind::File(1));
        listing.add(b"fifo", Kind::Special);
        let mut delivery = listing.decide();
        assert_eq!(delivery.wanted().collect::<Vec<_>>(), [1, 3, 0]);
        delivery.piece(b"h");
        delivery.piece(b"i");
        delivery.end(true);
        delivery.end(false);
        delivery.piece(b"1,2");
        delivery.end(true);
        assert!(delivery.is_complete());
        let harvest = delivery.finish();
        let files: Vec<_> = harvest.files.iter().map(|file| (file.name.as_str(), &file.bytes[..])).collect();
        assert_eq!(files, [("a/b.txt", &b"hi"[..]), ("z.csv", b"1,2")]);
        assert_eq!(harvest.files[1].media_type, "text/csv");
        let expected = [
            ("../evil", "bad_name"),
            ("1/2/3/4/5/6/7/8/9", "too_deep"),
            ("fifo", "special_file"),
            ("huge", "too_large"),
            ("link", "symlink"),
            ("lost", "special_file"),
        ];
        assert_eq!(rejected(&harvest), expected);
    }

    /// Protects whoever writes outputs to a folder: names that cannot stand beside each other, which only a
    /// forged list has, are not both taken; nor is content of another length than was told.
    #[test]
    fn forged_lists_are_seen_through() {
        let mut listing = Listing::default();
        listing.add(b"a", Kind::File(1));
        listing.add(b"a", Kind::File(1));
        listing.add(b"a/b", Kind::File(1));
        listing.add(b"long", Kind::File(1));
        listing.add(&[b'x'; 5000], Kind::File(1));
        let mut delivery = listing.decide();
        assert_eq!(delivery.wanted().collect::<Vec<_>>(), [0, 3]);
        delivery.piece(b"1");
        delivery.end(true);
        delivery.piece(&vec![b'x'; 1 << 20]);
        delivery.end(true);
        delivery.piece(b"nobody asked");
        delivery.end(true);
        let harvest = delivery.finish();
        assert_eq!(harvest.files.len(), 1);
        let reasons: Vec<_> = harvest.rejected.iter().map(|file| file.reason.as_str()).collect();
        assert_eq!(reasons, ["bad_name", "bad_name", "too_large", "bad_name"]);
    }

    proptest! {
        /// Protects the service: whatever is told and delivered, the caps hold and names are safe.
        #[test]
        fn caps_hold_whatever_is_told(
            entries in proptest::collection::vec(("[ab/.]{0,6}", 0_u64..100), 0..200),
            pieces in proptest::collection::vec((0_usize..150, any::<bool>()), 0..200),
        ) {
            let mut listing = Listing::default();
            entries.iter().for_each(|(path, size)| listing.add(path.as_bytes(), Kind::File(*size)));
            let mut delivery = listing.decide();
            for (length, whole) in pieces {
                delivery.piece(&vec![b'x'; length]);
                delivery.end(whole);
            }
            let harvest = delivery.finish();
            prop_assert!(harvest.files.len() <= MAX_FILES);
            let names: HashSet<_> = harvest.files.iter().map(|file| file.name.as_str()).collect();
            prop_assert_eq!(names.len(), harvest.files.len());
            prop_assert!(names.iter().all(|name| names::checked(name.as_bytes()).is_some()));
            prop_assert_eq!(harvest.files.len() + harvest.rejected.len() >= entries.len().min(100), true);
        }
    }
}
