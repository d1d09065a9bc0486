//! Who may run now: a fixed number of slots, and a bounded queue before them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The slots.
#[derive(Debug)]
pub struct Slots {
    permits: Arc<Semaphore>,
    free: Arc<Mutex<Vec<u32>>>,
    waiting: AtomicUsize,
    queue: usize,
}

/// More callers wait than may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl Slots {
    /// `count` slots (at least one), and `queue` callers that may wait.
    pub fn new(count: usize, queue: usize) -> Self {
        let count = count.max(1);
        let free = (0..u32::try_from(count).unwrap_or(u32::MAX)).collect();
        Self {
            permits: Arc::new(Semaphore::new(count)),
            free: Arc::new(Mutex::new(free)),
            waiting: AtomicUsize::new(0),
            queue,
        }
    }

    /// A slot for work that is held back elsewhere: waits as long as it takes.
    pub async fn take(&self) -> Slot {
        // The semaphore is never closed; were it, running without a permit would still be in a slot of its own.
        let permit = self.permits.clone().acquire_owned().await.ok();
        self.slot(permit)
    }

    /// A slot, if one is free now.
    pub fn take_free(&self) -> Option<Slot> {
        self.permits.clone().try_acquire_owned().ok().map(|permit| self.slot(Some(permit)))
    }

    /// A slot for somebody who asks directly.
    ///
    /// # Errors
    /// The queue is full.
    pub async fn take_or_refuse(&self) -> Result<Slot, Full> {
        if let Some(slot) = self.take_free() {
            return Ok(slot);
        }
        let place = Waiting::enter(&self.waiting, self.queue).ok_or(Full)?;
        let slot = self.take().await;
        drop(place);
        Ok(slot)
    }

    fn slot(&self, permit: Option<OwnedSemaphorePermit>) -> Slot {
        let number = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or(u32::MAX);
        Slot { number, free: self.free.clone(), _permit: permit }
    }
}

/// A place in the queue, given up when dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn enter(count: &'a AtomicUsize, limit: usize) -> Option<Self> {
        let entered = count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| (now < limit).then_some(now + 1));
        entered.ok().map(|_| Self(count))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A slot in use; free again when dropped.
#[derive(Debug)]
pub struct Slot {
    /// No other slot in use has this number.
    pub number: u32,
    free: Arc<Mutex<Vec<u32>>>,
    // Released after the number is back.
    _permit: Option<OwnedSemaphorePermit>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the machine: no more runs than slots, no more waiting than the queue, each in its own slot.
    #[tokio::test]
    async fn slots_and_queue_are_bounded() {
        let slots = Slots::new(2, 1);
        let (first, second) = (slots.take_or_refuse().await.unwrap(), slots.take_or_refuse().await.unwrap());
        assert_ne!(first.number, second.number);
        let mut third = Box::pin(slots.take_or_refuse());
        assert!(futures::poll!(&mut third).is_pending());
        assert_eq!(slots.take_or_refuse().await.map(|_| ()), Err(Full));
        drop(first);
        assert!(third.await.is_ok());
        assert_eq!(slots.waiting.load(Ordering::Relaxed), 0);
    }
}
