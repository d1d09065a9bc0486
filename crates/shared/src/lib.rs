//! What replicas of a service must share and may forget: sessions, one-time codes, rates, places for work.
//!
//! # Contract of [`SharedState`] (every backend passes [`contract`] unchanged)
//! - Everything may be forgotten at any moment: by its time, by a restart, by a full memory. What must not be lost
//!   belongs in the database. Nothing outlives its time.
//! - Every operation is one step: of many callers, on however many replicas, each sees it done or not done. So `take`
//!   gives a value to one of them, `put_new` succeeds for one of them, `spend` and `hold` never allow more than is due.
//! - Times are those of the backend, not of the replica that asks.
//! - A key's value, its newest version, its rate and its holders are four different things: none is seen or changed by
//!   the operations of the others.
//! - An operation ends in time, whatever the backend does (Redis: [`OPERATION_PATIENCE`]); it works again by itself
//!   once the backend does. One that failed may have been done nevertheless: a code that was taken so is lost.

mod allowance;
pub mod contract;
mod key;
mod memory;
mod rate;
mod redis_state;

pub use allowance::{Allowance, Allowances, Meter};
pub use key::{Key, Purpose};
pub use memory::{MAX_MEMORY_BYTES, MAX_MEMORY_ENTRIES, MemoryState};
pub use rate::{InvalidRate, Rate, Spent};
pub use redis_state::{OPERATION_PATIENCE, RedisSettings, RedisState};

use async_trait::async_trait;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// Largest value, in bytes.
pub const MAX_VALUE_BYTES: usize = 64 * 1024;
/// Longest time anything is kept; a longer one counts as this.
pub const MAX_KEEP: Duration = Duration::from_secs(366 * 24 * 60 * 60);
/// Shortest time anything is kept; a shorter one counts as this.
pub const MIN_KEEP: Duration = Duration::from_millis(1);

/// State shared by the replicas of a service. See the crate's contract.
#[async_trait]
pub trait SharedState: Send + Sync + 'static {
    /// The value, where there is one.
    async fn get(&self, key: &Key) -> Result<Option<Bytes>, SharedError>;
    /// Sets the value, whatever there was; it is forgotten after `keep` ([`MIN_KEEP`] to [`MAX_KEEP`]).
    async fn put(&self, key: &Key, value: Bytes, keep: Duration) -> Result<(), SharedError>;
    /// Sets the value where there is none, and answers whether it did.
    async fn put_new(&self, key: &Key, value: Bytes, keep: Duration) -> Result<bool, SharedError>;
    /// The value, which is then gone: of many callers one gets it.
    async fn take(&self, key: &Key) -> Result<Option<Bytes>, SharedError>;
    /// Removes the value; fine when there is none.
    async fn delete(&self, key: &Key) -> Result<(), SharedError>;
    /// Sets the key's newest version, unless there is one as new or newer, and answers whether it did. However late and in
    /// whatever order writers come, the highest version stands until its time is over.
    async fn put_newer(&self, key: &Key, version: u64, value: Bytes, keep: Duration) -> Result<bool, SharedError>;
    /// The newest version and its value, where there is one.
    async fn newest(&self, key: &Key) -> Result<Option<(u64, Bytes)>, SharedError>;
    /// Takes `cost` tokens out of the key's bucket, all or none. A cost of zero only looks.
    async fn spend(&self, key: &Key, rate: Rate, cost: u32) -> Result<Spent, SharedError>;
    /// Takes one of `most` places for the holder and answers whether there was one. A holder that has one keeps it for
    /// `keep` from now, also where `most` has become less than there are; it never has two. Whoever does not hold
    /// again in time loses its place.
    async fn hold(&self, key: &Key, holder: &str, most: u32, keep: Duration) -> Result<bool, SharedError>;
    /// Gives the holder's place back; fine when it has none.
    async fn release(&self, key: &Key, holder: &str) -> Result<(), SharedError>;
    /// Proves that the backend can write, read and remove now. Leaves nothing.
    async fn check(&self) -> Result<(), SharedError>;
}

/// The shared state as the services hold it.
pub type SharedHandle = Arc<dyn SharedState>;

/// A failed operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SharedError {
    /// The backend does not answer, or refuses; it is not known whether the operation was done. The text holds neither
    /// password nor values.
    #[error("the shared state cannot be used now: {0}")]
    Unavailable(String),
    /// The value is larger than [`MAX_VALUE_BYTES`]; nothing was done.
    #[error("a value of {0} bytes is larger than the shared state takes")]
    TooLarge(usize),
}

/// The URL names no backend, or the backend cannot be used. No text holds the URL's password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// No backend for this scheme.
    #[error("'{0}' is no scheme of shared state; use memory: or redis://:password@host:port/db")]
    UnknownScheme(String),
    /// The URL cannot be read: why.
    #[error("the URL of the shared state cannot be read: {0}")]
    Url(&'static str),
    /// The namespace cannot be part of a key.
    #[error("'{0}' is no namespace; use up to 64 letters, digits, '-' and '_'")]
    Namespace(String),
    /// The file of the authority that TLS shall trust cannot be read.
    #[error("the certificates in {file} cannot be used: {why}")]
    Authority {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// The server does not answer, or refuses.
    #[error("the shared state cannot be used: {0}")]
    Unavailable(String),
}

/// Opens the state that the URL's scheme names: `memory:` for one process alone, or Redis with `redis://` or
/// `rediss://` (see [`RedisSettings::parse`]), which is waited for a while.
///
/// # Errors
/// See [`ConnectError`].
pub async fn connect(url: &str) -> Result<SharedHandle, ConnectError> {
    match url.split_once(':').map_or("", |(scheme, _)| scheme) {
        "redis" | "rediss" => Ok(Arc::new(RedisState::connect(RedisSettings::parse(url)?).await?)),
        _ => embedded(url),
    }
}

/// As [`connect`], but a server need not be there: until it is, every operation fails. For those who can do without.
///
/// # Errors
/// The URL is wrong; see [`ConnectError`].
pub fn open(url: &str) -> Result<SharedHandle, ConnectError> {
    match url.split_once(':').map_or("", |(scheme, _)| scheme) {
        "redis" | "rediss" => Ok(Arc::new(RedisState::new(RedisSettings::parse(url)?)?)),
        _ => embedded(url),
    }
}

fn embedded(url: &str) -> Result<SharedHandle, ConnectError> {
    // Without a colon it is anything, perhaps a password alone.
    match url.split_once(':').map_or("", |(scheme, _)| scheme) {
        "memory" => Ok(Arc::new(MemoryState::new())),
        other if other.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            Err(ConnectError::UnknownScheme(other.to_owned()))
        }
        _ => Err(ConnectError::UnknownScheme(String::new())),
    }
}

/// `keep` as it counts: whole milliseconds within the limits.
fn bounded(keep: Duration) -> Duration {
    let keep = keep.clamp(MIN_KEEP, MAX_KEEP);
    Duration::from_millis(u64::try_from(keep.as_micros().div_ceil(1000)).unwrap_or(u64::MAX))
}

/// # Errors
/// The value is too large.
fn within_limit(value: &Bytes) -> Result<(), SharedError> {
    if value.len() > MAX_VALUE_BYTES { Err(SharedError::TooLarge(value.len())) } else { Ok(()) }
}

/// What [`SharedState::check`] does on every backend.
async fn prove(state: &dyn SharedState) -> Result<(), SharedError> {
    let name = common::MessageId::new().to_string();
    let key = Key::new(Purpose::Check, &name);
    // Ends by itself where the removal does not get through.
    state.put(&key, Bytes::from(name.clone()), Duration::from_secs(5)).await?;
    match state.take(&key).await? {
        Some(read) if read == name => Ok(()),
        _ => Err(SharedError::Unavailable("what was written could not be read".to_owned())),
    }
}
