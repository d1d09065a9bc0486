//! Who has the containers: there is one of each, so scenarios take turns, however many threads the tests have.

use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::{ThreadId, current};

/// The thread whose turn it is, and how much of it has not ended.
static HOLDER: Mutex<Option<(ThreadId, usize)>> = Mutex::new(None);
static CHANGED: Condvar = Condvar::new();

/// A turn, ended when dropped.
pub struct Turn(());

/// Waits for a turn. A thread that has one gets another at once: a scenario may start a second server while it still
/// holds what is left of the first.
pub fn take() -> Turn {
    let me = current().id();
    let mut holder = HOLDER.lock().unwrap_or_else(PoisonError::into_inner);
    while holder.is_some_and(|(thread, _)| thread != me) {
        holder = CHANGED.wait(holder).unwrap_or_else(PoisonError::into_inner);
    }
    *holder = Some((me, holder.map_or(1, |(_, count)| count + 1)));
    Turn(())
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut holder = HOLDER.lock().unwrap_or_else(PoisonError::into_inner);
        *holder = holder.and_then(|(thread, count)| (count > 1).then_some((thread, count - 1)));
        CHANGED.notify_all();
    }
}
