//! Who may run now: a fixed number of slots, and a bounded queue before them, fair between owners.
//!
//! A slot that becomes free goes to the owner who has the fewest; among those, to whoever had a turn
//! longest ago. One owner alone never takes the last slot, so that somebody else's small run does not wait
//! behind another's long ones.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// The slots. Clones share them.
#[derive(Debug, Clone)]
pub struct Slots(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    slots: usize,
    queue: usize,
    taken: usize,
    running: HashMap<String, usize>,
    /// Owners who wait, in the order of their turns, and each one's places.
    waiting: VecDeque<(String, VecDeque<Place>)>,
    /// Waiting places that count against the queue.
    queued: usize,
}

#[derive(Debug)]
struct Place {
    granted: oneshot::Sender<Slot>,
    counts: bool,
}

/// More callers wait than may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

/// A place in the line. Dropping it gives it up.
#[derive(Debug)]
pub enum Turn {
    /// It is the caller's turn.
    Now(Slot),
    /// Others are before.
    Later(oneshot::Receiver<Slot>),
}

impl Turn {
    /// Waits for the turn to come.
    ///
    /// # Errors
    /// It never will: the slots are gone.
    pub async fn come(self) -> Result<Slot, Full> {
        match self {
            Self::Now(slot) => Ok(slot),
            Self::Later(granted) => granted.await.map_err(|_| Full),
        }
    }
}

impl Slots {
    /// `count` slots (at least one), and `queue` callers that may wait.
    pub fn new(count: usize, queue: usize) -> Self {
        Self(Arc::new(Mutex::new(State {
            slots: count.max(1),
            queue,
            taken: 0,
            running: HashMap::new(),
            waiting: VecDeque::new(),
            queued: 0,
        })))
    }

    /// A slot for work that is held back elsewhere: waits as long as it takes.
    pub async fn take(&self, owner: &str) -> Slot {
        loop {
            // Places that do not count are never refused.
            if let Ok(turn) = self.ask(owner, false)
                && let Ok(slot) = turn.come().await
            {
                return slot;
            }
        }
    }

    /// A slot, if one is free now and nobody waits.
    pub fn take_free(&self, owner: &str) -> Option<Slot> {
        let mut state = self.lock();
        let is_free = state.waiting.is_empty() && state.may_run(owner);
        is_free.then(|| state.start(owner, self))
    }

    /// A place in the line for somebody who asks directly.
    ///
    /// # Errors
    /// The queue is full.
    pub fn line_up(&self, owner: &str) -> Result<Turn, Full> {
        self.ask(owner, true)
    }

    /// Direct callers that wait now.
    pub fn waiting(&self) -> usize {
        let mut state = self.lock();
        state.forget_the_gone();
        state.queued
    }

    /// Slots in use now.
    pub fn busy(&self) -> usize {
        self.lock().taken
    }

    fn ask(&self, owner: &str, counts: bool) -> Result<Turn, Full> {
        let mut state = self.lock();
        if state.may_run(owner) && state.nobody_before(owner) {
            return Ok(Turn::Now(state.start(owner, self)));
        }
        state.forget_the_gone();
        if counts && state.queued >= state.queue {
            return Err(Full);
        }
        let (granted, grant) = oneshot::channel();
        state.queued += usize::from(counts);
        let place = Place { granted, counts };
        match state.waiting.iter_mut().find(|(waiting, _)| waiting == owner) {
            Some((_, places)) => places.push_back(place),
            None => state.waiting.push_back((owner.to_owned(), VecDeque::from([place]))),
        }
        Ok(Turn::Later(grant))
    }

    fn give_back(&self, owner: &str) {
        // Slots that nobody takes come back here; they are dropped only after the lock is released.
        let mut unwanted = Vec::new();
        let mut state = self.lock();
        state.taken -= 1;
        if let Some(count) = state.running.get_mut(owner) {
            *count -= 1;
            if *count == 0 {
                state.running.remove(owner);
            }
        }
        while let Some((next, place)) = state.next() {
            let slot = state.start(&next, self);
            if let Err(back) = place.granted.send(slot) {
                unwanted.push(back);
                break;
            }
        }
        drop(state);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether the owner may have one more now.
    fn may_run(&self, owner: &str) -> bool {
        let share = if self.slots > 1 { self.slots - 1 } else { 1 };
        self.taken < self.slots && self.running.get(owner).copied().unwrap_or(0) < share
    }

    /// Whoever waits and could run goes first, and nobody passes those of the same owner.
    fn nobody_before(&self, owner: &str) -> bool {
        !self.waiting.iter().any(|(waiting, places)| !places.is_empty() && (waiting == owner || self.may_run(waiting)))
    }

    fn start(&mut self, owner: &str, slots: &Slots) -> Slot {
        self.taken += 1;
        *self.running.entry(owner.to_owned()).or_default() += 1;
        Slot { owner: owner.to_owned(), slots: slots.clone() }
    }

    /// The next in turn, taken out of the queue.
    fn next(&mut self) -> Option<(String, Place)> {
        self.forget_the_gone();
        let running = |owner: &str| self.running.get(owner).copied().unwrap_or(0);
        let may = self.waiting.iter().enumerate().filter(|(_, (owner, _))| self.may_run(owner));
        let (index, _) = may.min_by_key(|(index, (owner, _))| (running(owner), *index))?;
        let (owner, mut places) = self.waiting.remove(index)?;
        let place = places.pop_front()?;
        self.queued -= usize::from(place.counts);
        if !places.is_empty() {
            // Behind all others: everybody has a turn before the next one of this owner.
            self.waiting.push_back((owner.clone(), places));
        }
        Some((owner, place))
    }

    /// Takes out whoever no longer waits.
    fn forget_the_gone(&mut self) {
        let mut gone = 0;
        for (_, places) in &mut self.waiting {
            places.retain(|place| {
                let is_gone = place.granted.is_closed();
                gone += usize::from(is_gone && place.counts);
                !is_gone
            });
        }
        self.queued -= gone;
        self.waiting.retain(|(_, places)| !places.is_empty());
    }
}

/// A slot in use; free again when dropped.
#[derive(Debug)]
pub struct Slot {
    owner: String,
    slots: Slots,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.give_back(&self.owner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    /// Protects the machine: no more runs than slots, no more waiting than the queue, and places of those
    /// who went away are free again.
    #[tokio::test]
    async fn slots_and_queue_are_bounded() {
        let slots = Slots::new(2, 1);
        let first = slots.line_up("a").unwrap().come().await.unwrap();
        let second = slots.line_up("b").unwrap().come().await.unwrap();
        let mut third = Box::pin(slots.line_up("c").unwrap().come());
        assert!(futures::poll!(&mut third).is_pending());
        assert_eq!((slots.line_up("d").err(), slots.waiting()), (Some(Full), 1));
        drop(third);
        assert_eq!(slots.waiting(), 0, "who went away does not wait");
        let mut fourth = Box::pin(slots.line_up("d").unwrap().come());
        assert!(futures::poll!(&mut fourth).is_pending());
        drop(first);
        assert!(fourth.await.is_ok());
        drop(second);
        assert_eq!((slots.waiting(), slots.lock().queued), (0, 0));
    }

    /// Protects small callers from large ones: one owner leaves the last slot to others, and turns go round.
    #[tokio::test]
    async fn owners_have_turns() {
        let slots = Slots::new(3, 100);
        let (one, two) = (slots.take("hog").await, slots.take("hog").await);
        let mut hog = Box::pin(slots.take("hog"));
        assert!(futures::poll!(&mut hog).is_pending(), "the last slot is for others");
        let small = slots.take("small").now_or_never();
        assert!(small.is_some());
        let mut later = Box::pin(slots.take("small"));
        assert!(futures::poll!(&mut later).is_pending());
        drop((small, two));
        // One free slot each: the hog holds one, small none, so small goes first.
        assert!(futures::poll!(&mut later).is_ready());
        drop(one);
    }

    /// Protects single slots: with only one, an owner has it all.
    #[tokio::test]
    async fn one_slot_is_enough() {
        let slots = Slots::new(1, 0);
        let slot = slots.take_free("a");
        assert!(slot.is_some() && slots.take_free("b").is_none());
        drop(slot);
        assert!(slots.take_free("b").is_some());
    }
}
