//! State in this process's memory: for one replica alone, and gone with it. Bounded.

use crate::key::holder_digest;
use crate::{Key, MAX_VALUE_BYTES, Rate, SharedError, SharedState, Spent, bounded, prove, within_limit};
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Most entries; above it those that would end first give way.
pub const MAX_MEMORY_ENTRIES: usize = 100_000;
/// Most bytes of all entries, with 256 for each and 64 for each holder; above it those that would end first give way.
pub const MAX_MEMORY_BYTES: usize = 64 * 1024 * 1024;
/// What an entry takes beside its value, roughly.
const ENTRY_BYTES: usize = 256;
/// What a holder takes, roughly.
const HOLDER_BYTES: usize = 64;

const _: () = assert!(MAX_VALUE_BYTES + ENTRY_BYTES < MAX_MEMORY_BYTES, "any value fits");

/// See the module.
pub struct MemoryState {
    /// Time since whatever start. Never goes back.
    clock: Box<dyn Fn() -> Duration + Send + Sync>,
    entries: Mutex<Entries>,
}

/// The four things a key may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Kind {
    Value,
    Newest,
    Rate,
    Holders,
}

type Place = (Kind, Key);

enum Content {
    Value(Bytes),
    Version(u64, Bytes),
    /// The bucket is full when the entry ends.
    Rate,
    /// When each loses its place; the entry ends with the last.
    Holders(HashMap<[u8; 32], Duration>),
}

struct Entry {
    content: Content,
    ends: Duration,
}

impl Entry {
    fn bytes(&self) -> usize {
        ENTRY_BYTES
            + match &self.content {
                Content::Value(value) | Content::Version(_, value) => value.len(),
                Content::Rate => 0,
                Content::Holders(holders) => holders.len() * HOLDER_BYTES,
            }
    }
}

#[derive(Default)]
struct Entries {
    all: HashMap<Place, Entry>,
    by_end: BTreeSet<(Duration, Place)>,
    bytes: usize,
}

impl Entries {
    fn remove(&mut self, place: &Place) -> Option<Entry> {
        let entry = self.all.remove(place)?;
        self.by_end.remove(&(entry.ends, *place));
        self.bytes -= entry.bytes();
        Some(entry)
    }

    fn insert(&mut self, place: Place, entry: Entry) {
        self.remove(&place);
        self.bytes += entry.bytes();
        self.by_end.insert((entry.ends, place));
        self.all.insert(place, entry);
        while self.all.len() > MAX_MEMORY_ENTRIES || self.bytes > MAX_MEMORY_BYTES {
            let Some(&(_, first)) = self.by_end.first() else { break };
            self.remove(&first);
        }
    }

    fn forget_ended(&mut self, now: Duration) {
        while let Some(&(ends, place)) = self.by_end.first()
            && ends <= now
        {
            self.remove(&place);
        }
    }

    fn value(&self, key: &Key) -> Option<&Bytes> {
        match &self.all.get(&(Kind::Value, *key))?.content {
            Content::Value(value) => Some(value),
            Content::Version(..) | Content::Rate | Content::Holders(_) => None,
        }
    }

    fn newest(&self, key: &Key) -> Option<(u64, &Bytes)> {
        match &self.all.get(&(Kind::Newest, *key))?.content {
            Content::Version(version, value) => Some((*version, value)),
            Content::Value(_) | Content::Rate | Content::Holders(_) => None,
        }
    }

    fn take_holders(&mut self, key: &Key) -> HashMap<[u8; 32], Duration> {
        match self.remove(&(Kind::Holders, *key)).map(|entry| entry.content) {
            Some(Content::Holders(holders)) => holders,
            _ => HashMap::new(),
        }
    }

    fn put_holders(&mut self, key: &Key, holders: HashMap<[u8; 32], Duration>) {
        if let Some(&ends) = holders.values().max() {
            self.insert((Kind::Holders, *key), Entry { content: Content::Holders(holders), ends });
        }
    }
}

impl Default for MemoryState {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryState").finish_non_exhaustive()
    }
}

impl MemoryState {
    /// One with nothing in it, on the machine's clock.
    pub fn new() -> Self {
        let start = Instant::now();
        Self::with_clock(move || start.elapsed())
    }

    /// One whose time is what the clock says: since whatever start, never going back.
    pub fn with_clock(clock: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self { clock: Box::new(clock), entries: Mutex::default() }
    }

    /// The entries that have not ended, and the time.
    fn entries(&self) -> (MutexGuard<'_, Entries>, Duration) {
        // Nothing in here stops half-way.
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        // Read behind the lock, so that it does not go back from caller to caller.
        let now = (self.clock)();
        entries.forget_ended(now);
        (entries, now)
    }
}

#[async_trait]
impl SharedState for MemoryState {
    async fn get(&self, key: &Key) -> Result<Option<Bytes>, SharedError> {
        Ok(self.entries().0.value(key).cloned())
    }

    async fn put(&self, key: &Key, value: Bytes, keep: Duration) -> Result<(), SharedError> {
        within_limit(&value)?;
        let (mut entries, now) = self.entries();
        let entry = Entry { content: Content::Value(value), ends: now + bounded(keep) };
        entries.insert((Kind::Value, *key), entry);
        Ok(())
    }

    async fn put_new(&self, key: &Key, value: Bytes, keep: Duration) -> Result<bool, SharedError> {
        within_limit(&value)?;
        let (mut entries, now) = self.entries();
        let is_new = entries.value(key).is_none();
        if is_new {
            let entry = Entry { content: Content::Value(value), ends: now + bounded(keep) };
            entries.insert((Kind::Value, *key), entry);
        }
        Ok(is_new)
    }

    async fn take(&self, key: &Key) -> Result<Option<Bytes>, SharedError> {
        match self.entries().0.remove(&(Kind::Value, *key)).map(|entry| entry.content) {
            Some(Content::Value(value)) => Ok(Some(value)),
            _ => Ok(None),
        }
    }

    async fn delete(&self, key: &Key) -> Result<(), SharedError> {
        self.entries().0.remove(&(Kind::Value, *key));
        Ok(())
    }

    async fn put_newer(&self, key: &Key, version: u64, value: Bytes, keep: Duration) -> Result<bool, SharedError> {
        within_limit(&value)?;
        let (mut entries, now) = self.entries();
        let is_newer = entries.newest(key).is_none_or(|(stands, _)| stands < version);
        if is_newer {
            let entry = Entry { content: Content::Version(version, value), ends: now + bounded(keep) };
            entries.insert((Kind::Newest, *key), entry);
        }
        Ok(is_newer)
    }

    async fn newest(&self, key: &Key) -> Result<Option<(u64, Bytes)>, SharedError> {
        Ok(self.entries().0.newest(key).map(|(version, value)| (version, value.clone())))
    }

    async fn spend(&self, key: &Key, rate: Rate, cost: u32) -> Result<Spent, SharedError> {
        if cost > rate.burst() {
            return Ok(Spent::Never);
        }
        let (mut entries, now) = self.entries();
        let place = (Kind::Rate, *key);
        let full = entries.all.get(&place).map_or(now, |entry| entry.ends);
        let (spent, ends) = rate.decide(full, now, cost);
        if ends > now {
            entries.insert(place, Entry { content: Content::Rate, ends });
        }
        Ok(spent)
    }

    async fn hold(&self, key: &Key, holder: &str, most: u32, keep: Duration) -> Result<bool, SharedError> {
        let (mut entries, now) = self.entries();
        let mut holders = entries.take_holders(key);
        holders.retain(|_, ends| *ends > now);
        let holder = holder_digest(holder);
        let has_place = holders.contains_key(&holder) || holders.len() < most as usize;
        if has_place {
            holders.insert(holder, now + bounded(keep));
        }
        entries.put_holders(key, holders);
        Ok(has_place)
    }

    async fn release(&self, key: &Key, holder: &str) -> Result<(), SharedError> {
        let (mut entries, _) = self.entries();
        let mut holders = entries.take_holders(key);
        holders.remove(&holder_digest(holder));
        entries.put_holders(key, holders);
        Ok(())
    }

    async fn check(&self) -> Result<(), SharedError> {
        prove(self).await
    }
}

#[cfg(test)]
mod tests;
