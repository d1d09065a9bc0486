//! What each event means.

use super::super::clerk::{Join, tell};
use super::*;
use crate::frames::Order;
use rustix::process::{PidfdFlags, pidfd_open};

impl Desk {
    pub(super) fn on_service(&mut self) {
        loop {
            let message = match socket::receive_now(&*self.service) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Ok(Some(message)) => message,
                // Closed, or it speaks something else: there is nobody to work for.
                _ => {
                    self.service_gone = true;
                    return;
                }
            };
            match (Order::decode(&message.bytes), message.fds.into_iter().next()) {
                (Some(Order::Run(run)), Some(bundle)) => self.on_run(run, bundle),
                (Some(Order::Run(run)), None) => self.fail(&run, "a run without its files".to_owned()),
                (Some(Order::Kill { id, why }), _) => self.on_kill(id, why),
                (Some(Order::Report), _) => self.report(),
                (None, _) => crate::complain("a frame that is none"),
            }
        }
    }

    fn on_run(&mut self, run: Run, bundle: OwnedFd) {
        let pending = Pending { run, bundle, patience: Instant::now() + WARM_PATIENCE };
        let tier = usize::from(run.tier);
        if run.tier == COLD || tier >= TIERS || !self.tiers[tier].is_hopeful() {
            return self.run_cold(pending);
        }
        match self.tiers[tier].ready.pop_front() {
            Some(room) => self.begin(room, pending),
            None => self.tiers[tier].waiting.push_back(pending),
        }
        self.room_taken(tier);
    }

    fn on_kill(&mut self, id: u64, why: Stop) {
        let is_it = |pending: &Pending| pending.run.id == id;
        for tier in &mut self.tiers {
            if let Some(index) = tier.waiting.iter().position(is_it) {
                tier.waiting.remove(index);
                return self.never_ran(id, why);
            }
        }
        let meant = self.rooms.iter().find(|(_, room)| room.meant_for.as_ref().is_some_and(is_it)).map(|(id, _)| *id);
        if let Some(number) = meant {
            if let Some(room) = self.rooms.get_mut(&number) {
                room.meant_for = None;
                let generation = room.generation;
                if let Some(generation) = self.generations.get_mut(&generation) {
                    generation.kill();
                }
            }
            return self.never_ran(id, why);
        }
        for room in self.rooms.values_mut() {
            if room.active.as_ref().is_some_and(|active| active.run.id == id) {
                room.stop(why);
                return;
            }
        }
        // Ended already: its last frame is on the way.
    }

    fn never_ran(&mut self, id: u64, why: Stop) {
        let nothing = crate::frames::Ended {
            id,
            stop: Some(why),
            status: None,
            oom_kills: 0,
            wall_us: 0,
            cpu_us: 0,
            peak_memory_bytes: 0,
            more_rejected: 0,
            more_reason: 0,
            line: 0,
        };
        self.tell(&Told::Ended(nothing), &[]);
    }

    /// The first process furnished its room, failed to, or says how the code ended.
    pub(super) fn on_control(&mut self, id: u64) {
        loop {
            let Some(room) = self.rooms.get_mut(&id) else { return };
            let message = match socket::receive_now(&room.control) {
                Ok(Some(message)) => message,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                _ => {
                    self.watch.remove(&room.control);
                    // Its end is seen by its handle; without one it never came to be.
                    if room.first.is_none() && !self.ends_with_its_jail(id) {
                        self.on_first_ended(id);
                    }
                    return;
                }
            };
            match (message.bytes.as_slice(), message.sender) {
                ([b'M'], Some(sender)) => {
                    let mut fds = message.fds.into_iter();
                    (room.inputs, room.outputs) = (fds.next(), fds.next());
                    match pidfd_open(sender, PidfdFlags::empty()) {
                        Ok(first) => {
                            if let Err(error) = self.watch.add(&first, Sign::First(id)) {
                                crate::complain(&format!("a room cannot be watched: {error}"));
                            }
                            room.first = Some(first);
                        }
                        Err(_) => return self.on_first_ended(id),
                    }
                }
                ([b'E', alone, status @ ..], _) => {
                    if let (Ok(status), Some(active)) = (<[u8; 4]>::try_from(status), &mut room.active) {
                        active.ended.get_or_insert((i32::from_le_bytes(status), Instant::now()));
                        if *alone == 1 && room.phase == Phase::Running {
                            // Only the first process is left, and ends: whoever waits need not wait for that.
                            self.collect(id);
                        }
                    }
                }
                ([b'X', text @ ..], _) => room.complaint = Some(String::from_utf8_lossy(text).into_owned()),
                _ => {}
            }
        }
    }

    /// Whether a room that came to nothing was the only one of its nsjail: that ends too, and its log says why.
    fn ends_with_its_jail(&self, id: u64) -> bool {
        let room = self.rooms.get(&id).filter(|room| room.first.is_none() && room.complaint.is_none());
        room.and_then(|room| self.generations.get(&room.generation)).is_some_and(|one| one.tier.is_none())
    }

    /// A child is in its room and wants its group, is ready for code, or says which step failed.
    pub(super) fn on_gate(&mut self, id: u64) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        let Some(gate) = &room.gate else { return };
        match socket::receive_now(gate) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Ok(Some(message)) => match (message.bytes.as_slice(), message.sender) {
                ([b'P'], Some(pid)) if room.phase == Phase::Making => {
                    room.phase = Phase::Joining;
                    // It waits for us, so the id is its own.
                    room.code = pidfd_open(pid, PidfdFlags::empty()).ok().map(|handle| (pid, handle));
                    self.clerks.join(Join { room: id, pid, limits: self.what.config.limits });
                }
                ([b'R'], Some(pid)) if room.phase == Phase::Joining && room.group.is_some() => {
                    if !room.group.as_ref().is_some_and(|group| group.holds(pid)) {
                        return self.abandon(id, "its child is not in its group");
                    }
                    room.cpu_before = room.group.as_ref().map(Group::cpu).unwrap_or_default();
                    room.phase = Phase::Ready;
                    match room.meant_for.take() {
                        Some(pending) => self.begin(id, pending),
                        None => self.room_is_ready(id),
                    }
                }
                ([b'X', step, low, high], _) => {
                    let error = io::Error::from_raw_os_error(u16::from_le_bytes([*low, *high]).into());
                    let step = crate::inside::step_name(*step);
                    room.complaint = Some(format!("lock-down, {step}: {error}"));
                }
                _ => {}
            },
            // Closed: the code runs, or the child is dead.
            _ => {
                self.watch.remove(gate);
                room.gate = None;
                let phase = room.phase;
                if matches!(phase, Phase::Making | Phase::Joining) {
                    if !self.ends_with_its_jail(id) {
                        self.abandon(id, "its child did not come");
                    }
                } else if phase == Phase::Ready {
                    self.abandon(id, "its child has ended");
                }
            }
        }
    }

    /// Memory is short: whoever runs there is asked where it is, since later it may not be able to say. Or
    /// it is out: the kernel has chosen one process, and the rest goes with it.
    pub(super) fn on_memory(&mut self, id: u64, out: bool) {
        let Some(room) = self.rooms.get_mut(&id).filter(|room| room.phase == Phase::Running) else { return };
        let bell =
            if out { room.group.as_ref().and_then(|group| group.memory_is_out.as_ref()) } else { room.short.as_ref() };
        if let Some(bell) = bell {
            // Once is enough.
            self.watch.remove(bell);
        }
        if out { room.stop(Stop::OutOfMemory) } else { room.ask_for_line() }
    }

    /// Everything in a room is dead.
    pub(super) fn on_first_ended(&mut self, id: u64) {
        // What it said just before.
        if self.rooms.get(&id).is_some_and(|room| room.first.is_some()) {
            self.on_control(id);
        }
        let Some(room) = self.rooms.get_mut(&id) else { return };
        if room.is_dead {
            return;
        }
        room.is_dead = true;
        if let Some(first) = &room.first {
            self.watch.remove(first);
        }
        if room.phase == Phase::Ending { self.leave_if_gone(id) } else { self.collect(id) }
    }

    /// Nothing of the code lives any more: has what it left collected and told.
    fn collect(&mut self, id: u64) {
        if self.rooms.get(&id).is_some_and(|room| room.phase == Phase::Running) {
            // Whether unpacking failed.
            self.on_gate(id);
        }
        let Some(room) = self.rooms.get_mut(&id) else { return };
        let was = std::mem::replace(&mut room.phase, Phase::Ending);
        let (group, meant_for, generation) = (room.group.take(), room.meant_for.take(), room.generation);
        let complaint = room.complaint.clone();
        // Its first process always says how the code ended, unless it was ended from outside: by us, or with
        // its maker. The latter says nothing about the code.
        let unknown = room.active.take_if(|active| active.ended.is_none() && active.stop.is_none());
        let ended = room.active.take().map(|active| {
            let (status, at) = active.ended.map_or((None, Instant::now()), |(status, at)| (Some(status), at));
            let wall = at.saturating_duration_since(active.begun);
            let outputs = room.outputs.take();
            EndedRun { id: active.run.id, stop: active.stop, status, wall, cpu_before: room.cpu_before, outputs }
        });
        if let Some(active) = unknown {
            self.fail(&active.run, "the room was ended with its maker".to_owned());
        }
        if let Some(pending) = meant_for {
            let why = complaint.clone().unwrap_or_else(|| "the room ended before the code began".to_owned());
            self.fail(&pending.run, why);
        }
        if let Some(tier) = self.generations.get(&generation).and_then(|one| one.tier) {
            self.tiers[tier].ready.retain(|ready| *ready != id);
            if was != Phase::Running {
                self.tiers[tier].lost_a_room(complaint);
            }
        }
        // With nothing to collect it is told at once: handing it on takes longer.
        let (quick, ended) = match ended {
            Some(ended) if ended.outputs.as_ref().is_some_and(harvest::is_empty) => (Some(ended), None),
            other => (None, other),
        };
        if let Some(ended) = quick
            && let Err(error) = tell(&self.service, group.as_ref(), &ended)
        {
            crate::complain(&format!("the service does not listen: {error}"));
            self.service_gone = true;
        }
        self.clerks.clear(Clear { room: id, group, ended });
    }

    /// Forgets a room of which nothing is left.
    fn leave_if_gone(&mut self, id: u64) {
        if self.rooms.get(&id).is_some_and(|room| room.is_dead && room.is_cleared)
            && let Some(room) = self.rooms.remove(&id)
        {
            self.free_slot(room.slot);
            self.room_left(room.generation);
        }
    }

    pub(super) fn on_done(&mut self, done: Done) {
        match done {
            Done::Cleared { room, service_gone } => {
                self.service_gone |= service_gone;
                if let Some(room) = self.rooms.get_mut(&room) {
                    room.is_cleared = true;
                }
                self.leave_if_gone(room);
            }
            // The run may be over by now, or its group be gone while the watch began.
            Done::Watched { room: id, bell } => {
                let Some(room) = self.rooms.get_mut(&id).filter(|room| room.phase == Phase::Running) else { return };
                match bell.and_then(|bell| self.watch.add(&bell, Sign::Short(id)).map(|()| bell)) {
                    Ok(bell) => room.short = Some(bell),
                    Err(error) => crate::complain(&format!("a run's memory is not watched: {error}")),
                }
            }
            Done::Joined { room: id, group } => {
                let Some(room) = self.rooms.get_mut(&id) else { return };
                match group {
                    Ok((group, doors)) if room.phase == Phase::Joining => {
                        room.group = Some(group);
                        // It goes on to give everything up, and says so when it is done.
                        let doors: Vec<_> = doors.iter().map(AsFd::as_fd).collect();
                        let told = room.gate.as_ref().map(|gate| socket::send(gate, b"J", &doors));
                        if !matches!(told, Some(Ok(()))) {
                            self.abandon(id, "its child has ended");
                        }
                    }
                    // It died meanwhile: the group is removed when it is dropped.
                    Ok(_) => {}
                    Err(error) => {
                        room.complaint = Some(format!("joining its group: {error}"));
                        self.abandon(id, "it could not be limited");
                    }
                }
            }
        }
    }
}
