//! Jobs that are in people's eyes, in the state that replicas share: how each stands, the events that brought it there,
//! and which request made it. It saves reads and never decides: whatever is not there, cannot be read or does not come
//! in time is looked up in the database.
//!
//! A record is written before anybody is told of the change, and gives way only to a newer one. Where one was not
//! written, for want of a connection, the one before it ends [`KEEP`] after its own change at the latest.

use crate::doc::Job;
use crate::store::{IdempotencyKey, Snapshot};
use bytes::Bytes;
use common::{JobId, OwnerId};
use serde::{Deserialize, Serialize};
use shared::{Key, MAX_VALUE_BYTES, Purpose, SharedError, SharedHandle};
use std::time::Duration;

/// How long a job's record and a request's key are kept: longer than a caller who got no answer waits before it repeats
/// a request, short enough for what may be outdated.
const KEEP: Duration = Duration::from_secs(30);

/// Longest wait for the shared state; the database would have answered by then.
const PATIENCE: Duration = Duration::from_millis(200);

/// Newer than any version: the job is gone, and what is written about it late does not bring it back.
const GONE: u64 = u64::MAX;

/// See the module.
pub struct Hot {
    shared: SharedHandle,
}

/// The request that was sent with a key.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Request {
    request_sha256: String,
    job_id: JobId,
}

/// What is known of a key.
#[derive(Debug)]
pub enum Repeated {
    /// It was sent with the same request, which made this job.
    Same(Box<Job>),
    /// It was sent with another request.
    Other,
    /// Nothing.
    Unknown,
}

fn key_of(owner: &OwnerId, key: &str) -> Key {
    Key::of(Purpose::Idempotency, &[owner.as_str().as_bytes(), key.as_bytes()])
}

fn job_key(id: JobId) -> Key {
    Key::new(Purpose::JobState, id.0.as_bytes())
}

/// The record of a snapshot, without what nobody who looks here is shown; its events only where they fit. Nothing, which
/// sends readers to the database, where even that is too much.
fn record(snapshot: &Snapshot) -> Bytes {
    let job = Job { turns: Vec::new(), ..snapshot.job.clone() };
    let mut short = Snapshot { job, ..snapshot.clone() };
    for _ in 0..2 {
        match serde_json::to_vec(&short) {
            Ok(text) if text.len() <= MAX_VALUE_BYTES => return text.into(),
            _ => short.events.clear(),
        }
    }
    Bytes::new()
}

impl Hot {
    /// On that shared state.
    pub fn new(shared: SharedHandle) -> Self {
        Self { shared }
    }

    /// Writes down how a job stands, unless something newer is there.
    pub async fn keep(&self, snapshot: &Snapshot) {
        self.put(snapshot.job.id, snapshot.version, record(snapshot)).await;
    }

    /// The job is about to be deleted.
    pub async fn forget(&self, id: JobId) {
        self.put(id, GONE, Bytes::new()).await;
    }

    async fn put(&self, id: JobId, version: u64, value: Bytes) {
        let shared = self.shared.clone();
        in_time(async move { shared.put_newer(&job_key(id), version, value, KEEP).await }).await;
    }

    /// How a job stands, as far as it is known here. Its `turns` are left out.
    pub async fn look(&self, id: JobId) -> Option<Snapshot> {
        let shared = self.shared.clone();
        let (_, value) = in_time(async move { shared.newest(&job_key(id)).await }).await??;
        // Empty, or of another release: the database knows.
        serde_json::from_slice(&value).ok().filter(|snapshot: &Snapshot| snapshot.job.id == id)
    }

    /// Writes down which job a key has made.
    pub async fn keep_key(&self, owner: &OwnerId, key: &IdempotencyKey, job_id: JobId) {
        let request = Request { request_sha256: key.request_sha256.clone(), job_id };
        let Ok(value) = serde_json::to_vec(&request) else { return };
        let (shared, key) = (self.shared.clone(), key_of(owner, &key.key));
        in_time(async move { shared.put(&key, value.into(), KEEP).await }).await;
    }

    /// What is known of a key. A key counts only with its job: a deleted one's may be used again.
    pub async fn repeated(&self, owner: &OwnerId, key: &IdempotencyKey) -> Repeated {
        let (shared, name) = (self.shared.clone(), key_of(owner, &key.key));
        let value = in_time(async move { shared.get(&name).await }).await.flatten();
        let Some(request) = value.and_then(|value| serde_json::from_slice::<Request>(&value).ok()) else {
            return Repeated::Unknown;
        };
        match self.look(request.job_id).await {
            Some(snapshot) if snapshot.owner != owner.as_str() => Repeated::Unknown,
            None => Repeated::Unknown,
            Some(_) if request.request_sha256 != key.request_sha256 => Repeated::Other,
            Some(snapshot) => Repeated::Same(Box::new(snapshot.job)),
        }
    }
}

/// The answer, where there is one in time. What comes too late is done nevertheless: a write is not given up, and a dead
/// connection is noticed.
async fn in_time<T: Send + 'static>(work: impl Future<Output = Result<T, SharedError>> + Send + 'static) -> Option<T> {
    match tokio::time::timeout(PATIENCE, tokio::spawn(work)).await {
        Ok(Ok(Ok(answer))) => Some(answer),
        Ok(Ok(Err(error))) => {
            tracing::debug!(%error, "the database is asked instead of the shared state");
            None
        }
        Ok(Err(_)) | Err(_) => None,
    }
}

#[cfg(test)]
mod tests;
