//! Tiers: a zygote each, rooms kept ready, and what happens when a zygote is old or gone.

use super::*;
use crate::frames::TierState;
use std::collections::VecDeque;

/// First pause after a zygote failed; doubled with each failure in a row.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Longest such pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Wait after a run was let go before its room is replaced, when there are others: its own end comes first.
const REST_RUNNING: Duration = Duration::from_millis(20);
/// The same after a run's end: its answer is on the way.
const REST_ENDED: Duration = Duration::from_micros(500);
/// Rooms lost in a row before a zygote is taken for broken.
const MOST_LOST: u32 = 5;

/// One tier.
pub struct Tier {
    /// Rooms to keep ready.
    wanted: u32,
    /// The generation that makes rooms.
    current: Option<u64>,
    /// The one that is to replace it, still importing.
    coming: Option<u64>,
    /// Rooms that wait for code.
    pub ready: VecDeque<u64>,
    /// When to replace rooms that were used.
    due: Option<Instant>,
    /// Runs that wait for a room.
    pub waiting: VecDeque<Pending>,
    /// Rooms lost in a row without having run anything.
    lost: u32,
    /// Why the last of them was lost.
    loss: String,
    /// Zygotes failed in a row.
    failures: u32,
    /// When to start the next zygote after a failure.
    again: Option<Instant>,
    /// Zygotes started so far.
    zygotes: u32,
    /// What the last failure was.
    trouble: String,
}

impl Tier {
    pub fn new(wanted: u32) -> Self {
        Self {
            wanted,
            current: None,
            coming: None,
            ready: VecDeque::new(),
            due: None,
            waiting: VecDeque::new(),
            lost: 0,
            loss: String::new(),
            failures: 0,
            again: None,
            zygotes: 0,
            trouble: String::new(),
        }
    }

    /// True when waiting for a room of this tier makes sense.
    pub fn is_hopeful(&self) -> bool {
        self.current.is_some() || (self.wanted > 0 && self.failures == 0)
    }

    pub fn lost_a_room(&mut self, why: Option<String>) {
        self.lost += 1;
        self.loss = why.unwrap_or_default();
    }

    fn state(&self) -> TierState {
        match (self.current, self.coming) {
            (Some(_), _) => TierState::Serving,
            (None, _) if self.wanted == 0 => TierState::Off,
            (None, _) if self.failures > 0 => TierState::Down,
            (None, _) => TierState::Starting,
        }
    }
}

impl Desk {
    /// Starts zygotes that are due, replaces old ones, sends impatient runs elsewhere. Answers when the
    /// next of it is due.
    pub(super) fn tiers_on_time(&mut self, now: Instant) -> Option<Instant> {
        let mut next: Option<Instant> = None;
        for tier in 0..TIERS {
            if self.tiers[tier].wanted == 0 {
                continue;
            }
            self.renew(tier, now);
            if self.tiers[tier].due.is_some_and(|due| now >= due) {
                self.top_up(tier);
            }
            while self.tiers[tier].waiting.front().is_some_and(|front| now >= front.patience) {
                if let Some(pending) = self.tiers[tier].waiting.pop_front() {
                    self.run_cold(pending);
                }
            }
            let patience = self.tiers[tier].waiting.front().map(|front| front.patience);
            next = [next, patience, self.tiers[tier].again, self.tiers[tier].due].into_iter().flatten().min();
        }
        next
    }

    fn renew(&mut self, index: usize, now: Instant) {
        let config = &self.what.config;
        let tier = &self.tiers[index];
        if tier.coming.is_some() || tier.again.is_some_and(|again| now < again) {
            return;
        }
        let is_old = |id: u64| {
            self.generations.get(&id).is_none_or(|one| {
                one.made >= config.zygote_runs || (one.made > tier.wanted && now >= one.born + config.zygote_age)
            })
        };
        let broken = tier.lost >= MOST_LOST;
        if tier.current.is_some_and(|current| !is_old(current)) && !broken {
            return;
        }
        if broken {
            self.tiers[index].lost = 0;
            let why = format!("its rooms do not come up: {}", self.tiers[index].loss);
            self.tier_failed(index, why);
            return;
        }
        self.tiers[index].again = None;
        match self.start_generation(Some(index)) {
            Ok(number) => {
                self.tiers[index].coming = Some(number);
                self.tiers[index].zygotes += 1;
            }
            Err(error) => self.tier_failed(index, format!("nsjail does not start: {error}")),
        }
    }

    /// Nothing can be made here for a while; who waits starts cold.
    fn tier_failed(&mut self, index: usize, why: String) {
        crate::complain(&format!("tier {index} is down: {why}"));
        let tier = &mut self.tiers[index];
        let pause = FIRST_PAUSE * 2_u32.saturating_pow(tier.failures.min(10));
        tier.failures += 1;
        tier.again = Some(Instant::now() + pause.min(LONGEST_PAUSE));
        tier.trouble = why;
        let (old, waiting) = (tier.current.take(), std::mem::take(&mut tier.waiting));
        for ready in std::mem::take(&mut tier.ready) {
            if let Some(room) = self.rooms.get(&ready) {
                room.kill();
            }
        }
        if let Some(old) = old {
            self.retire(old);
        }
        waiting.into_iter().for_each(|pending| self.run_cold(pending));
    }

    /// A zygote says that it is ready, or its maker is gone.
    pub(super) fn on_maker(&mut self, id: u64) {
        let Some(generation) = self.generations.get_mut(&id) else { return };
        match socket::receive_now(&generation.maker) {
            Ok(Some(message)) if message.bytes == b"Z" && generation.state == State::Starting => {
                generation.state = State::Serving;
                let Some(index) = generation.tier else { return };
                let tier = &mut self.tiers[index];
                tier.coming = None;
                (tier.failures, tier.lost) = (0, 0);
                tier.trouble.clear();
                if let Some(old) = tier.current.replace(id) {
                    self.retire(old);
                }
                self.top_up(index);
            }
            Ok(Some(message)) if message.bytes == b"D" && generation.state == State::Serving => {
                let tier = generation.tier.filter(|tier| self.tiers[*tier].current == Some(id));
                match tier {
                    Some(tier) => self.tier_failed(tier, "its zygote has ended".to_owned()),
                    None => self.retire(id),
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Ok(Some(_)) => {}
            // Its nsjail ends with it, and that is what counts.
            _ => self.watch.remove(&generation.maker),
        }
    }

    /// A generation that makes no more rooms. The ones it made are still good.
    fn retire(&mut self, id: u64) {
        if let Some(generation) = self.generations.get_mut(&id) {
            generation.state = State::Retiring;
            generation.rooms += 1;
            self.room_left(id);
        }
    }

    pub(super) fn on_jail_ended(&mut self, id: u64) {
        let Some(mut generation) = self.generations.remove(&id) else { return };
        let said = generation.reap();
        for room in self.rooms.values_mut().filter(|room| room.generation == id && room.first.is_none()) {
            room.complaint.get_or_insert_with(|| said.clone());
        }
        if let Some(index) = generation.tier {
            let tier = &mut self.tiers[index];
            let was_current = tier.current == Some(id);
            if tier.coming == Some(id) {
                tier.coming = None;
            }
            if was_current {
                tier.current = None;
            }
            if generation.state != State::Retiring {
                // An old one that still serves goes on serving.
                if was_current || tier.current.is_none() {
                    self.tier_failed(index, format!("its zygote has ended: {said}"));
                } else {
                    self.tiers[index].again = Some(Instant::now() + FIRST_PAUSE);
                    self.tiers[index].trouble = said;
                }
            }
        }
        // Rooms that had no first process yet end with it; the others are seen to end one by one.
        let unborn: Vec<u64> = self
            .rooms
            .iter()
            .filter(|(_, room)| room.generation == id && room.first.is_none() && room.phase != Phase::Ending)
            .map(|(room, _)| *room)
            .collect();
        unborn.into_iter().for_each(|room| self.on_first_ended(room));
    }

    /// A room was taken for a run. Making the next one would get in that run's way; it waits as long as half of
    /// the wanted rooms are there.
    pub(super) fn room_taken(&mut self, index: usize) {
        self.rest_then_top_up(index, REST_RUNNING);
    }

    fn rest_then_top_up(&mut self, index: usize, rest: Duration) {
        let tier = &mut self.tiers[index];
        if !tier.waiting.is_empty() || tier.ready.len() < (tier.wanted as usize).div_ceil(2) {
            return self.top_up(index);
        }
        let due = Instant::now() + rest;
        tier.due = Some(tier.due.map_or(due, |earlier| earlier.min(due)));
    }

    /// Keeps as many rooms ready as are wanted, and one for each run that waits.
    fn top_up(&mut self, index: usize) {
        let tier = &mut self.tiers[index];
        tier.due = None;
        let Some(current) = tier.current else { return };
        let wanted = tier.wanted as usize + tier.waiting.len();
        let coming = |room: &Room| room.generation == current && matches!(room.phase, Phase::Making | Phase::Joining);
        let there = tier.ready.len() + self.rooms.values().filter(|room| coming(room)).count();
        for _ in there..wanted {
            if self.order_room(current, None).is_err() {
                return;
            }
        }
    }

    pub(super) fn room_is_ready(&mut self, id: u64) {
        let tier = self.rooms.get(&id).and_then(|room| self.generations.get(&room.generation)?.tier);
        let Some(tier) = tier else { return self.abandon(id, "nobody wants it") };
        self.tiers[tier].lost = 0;
        match self.tiers[tier].waiting.pop_front() {
            Some(pending) => self.begin(id, pending),
            None => self.tiers[tier].ready.push_back(id),
        }
    }

    /// A room of a generation is cleared away. The last one of a generation that makes no more ends it.
    pub(super) fn room_left(&mut self, id: u64) {
        let Some(generation) = self.generations.get_mut(&id) else { return };
        generation.rooms = generation.rooms.saturating_sub(1);
        if generation.rooms == 0 && (generation.state == State::Retiring || generation.tier.is_none()) {
            generation.kill();
        }
        if let Some(tier) = generation.tier {
            self.rest_then_top_up(tier, REST_ENDED);
        }
    }

    pub(super) fn report(&mut self) {
        for index in 0..TIERS {
            let tier = &self.tiers[index];
            let told = Told::Tier {
                tier: u8::try_from(index).unwrap_or(u8::MAX),
                state: tier.state(),
                ready: u32::try_from(tier.ready.len()).unwrap_or(u32::MAX),
                zygotes: tier.zygotes,
                trouble: tier.trouble.clone(),
            };
            self.tell(&told, &[]);
        }
    }
}
