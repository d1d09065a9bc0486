//! The bounds of the memory.

use super::*;
use crate::Purpose;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

fn key(number: usize) -> Key {
    Key::new(Purpose::Session, number.to_string())
}

fn count(state: &MemoryState) -> (usize, usize, usize) {
    let (entries, _) = state.entries();
    (entries.all.len(), entries.by_end.len(), entries.bytes)
}

/// Protects the process's memory from whoever makes it keep more and more: what would end first gives way, and nothing
/// else does.
#[tokio::test]
async fn the_first_to_end_give_way() {
    let state = MemoryState::with_clock(|| Duration::from_secs(1));
    let value = Bytes::from(vec![7; MAX_VALUE_BYTES]);
    let fit = MAX_MEMORY_BYTES / (MAX_VALUE_BYTES + ENTRY_BYTES);
    for number in 0..fit + 10 {
        // The later, the sooner it ends.
        let keep = Duration::from_secs((10_000 - number) as u64);
        state.put(&key(number), value.clone(), keep).await.unwrap();
    }
    assert!(count(&state).2 <= MAX_MEMORY_BYTES);
    assert_eq!(state.get(&key(0)).await.unwrap(), Some(value));
    assert_eq!(state.get(&key(fit + 9)).await.unwrap(), None);

    let state = MemoryState::with_clock(|| Duration::from_secs(1));
    for number in 0..MAX_MEMORY_ENTRIES + 10 {
        state.put(&key(number), Bytes::new(), Duration::from_secs(1 + number as u64)).await.unwrap();
    }
    assert_eq!(count(&state).0, MAX_MEMORY_ENTRIES);
    assert_eq!(state.get(&key(9)).await.unwrap(), None);
    assert!(state.get(&key(10)).await.unwrap().is_some());
}

/// Protects the process's memory over months: what has ended leaves nothing behind, whichever way it was used.
#[tokio::test]
async fn what_ended_leaves_nothing() {
    let seconds = Arc::new(AtomicU64::new(0));
    let clock = seconds.clone();
    let state = MemoryState::with_clock(move || Duration::from_secs(clock.load(Ordering::SeqCst)));
    let (rate, keep) = (Rate::new(5, Duration::from_secs(1)).unwrap(), Duration::from_secs(3));
    for number in 0..100 {
        state.put(&key(number), Bytes::from_static(b"x"), keep).await.unwrap();
        state.put(&key(number), Bytes::from_static(b"longer"), keep).await.unwrap();
        assert!(state.spend(&key(number), rate, 2).await.unwrap().is_allowed());
        assert!(state.hold(&key(number), "a", 2, keep).await.unwrap());
        assert!(state.hold(&key(number), "b", 2, keep).await.unwrap());
        state.release(&key(number), "a").await.unwrap();
    }
    assert_eq!((count(&state).0, count(&state).1), (300, 300));
    seconds.store(3, Ordering::SeqCst);
    assert_eq!(count(&state), (0, 0, 0));
}
