//! The one thread that reacts: to the service, to makers, to rooms, to clerks, and to time.

mod events;
mod tiers;

use super::Supervisor;
use super::clerk::{Clear, Clerks, Done, EndedRun};
use super::generation::{Generation, Kit, State};
use super::room::{Active, Pace, Pending, Phase, Room};
use super::watch::{Sign, Watch};
use crate::cgroup::{Group, Limits};
use crate::config::TIERS;
use crate::frames::{COLD, Run, Stop, Told};
use crate::harvest;
use crate::socket;
use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tiers::Tier;

/// Longest wait for a room of a tier before a run starts cold instead.
const WARM_PATIENCE: Duration = Duration::from_secs(20);
/// Longest a room may take to be made.
const MAKING_PATIENCE: Duration = Duration::from_secs(30);
/// How long a run lasts before its memory is watched: the usual limit cannot be reached sooner.
const UNWATCHED: Duration = Duration::from_millis(30);
/// Pause between two looks whether a stopped run's Python has said at which line it is.
const LINE_ROUND: Duration = Duration::from_millis(2);
/// Longest wait for everything to be dead when the supervisor ends.
const END_PATIENCE: Duration = Duration::from_secs(10);

/// What the supervisor has in hand.
pub struct Desk {
    what: Supervisor,
    watch: Watch,
    service: Arc<OwnedFd>,
    clerks: Clerks,
    /// Processes of our own: nsjails, makers, zygotes.
    own_group: Group,
    generations: BTreeMap<u64, Generation>,
    tiers: [Tier; TIERS],
    rooms: BTreeMap<u64, Room>,
    /// User ids that no room has.
    free: Vec<u32>,
    /// Rooms may share the one id there is.
    shared_id: bool,
    next: u64,
    service_gone: bool,
}

impl Desk {
    /// Sets everything up; nothing is started yet.
    pub fn open(what: Supervisor, service: OwnedFd) -> io::Result<Self> {
        let (watch, service) = (Watch::new()?, Arc::new(service));
        let clerks = Clerks::start(what.groups.clone(), service.clone())?;
        watch.add(&*service, Sign::Service)?;
        watch.add(clerks.bell(), Sign::Clerk)?;
        let own_group = what.groups.make_unlimited()?;
        let mut free = what.jail.host().ids.of_rooms();
        free.reverse();
        let tiers = what.config.ready.map(Tier::new);
        Ok(Self {
            watch,
            service,
            clerks,
            own_group,
            generations: BTreeMap::new(),
            tiers,
            rooms: BTreeMap::new(),
            shared_id: free.len() == 1,
            free,
            next: 0,
            service_gone: false,
            what,
        })
    }

    /// Works until the service is gone, then ends everything.
    pub fn work(mut self) -> io::Result<()> {
        while !self.service_gone {
            let now = Instant::now();
            let next = self.on_time(now);
            for sign in self.watch.wait(next.map(|at| at.saturating_duration_since(Instant::now())))? {
                self.on_sign(sign);
            }
        }
        self.close();
        Ok(())
    }

    fn on_sign(&mut self, sign: Sign) {
        match sign {
            Sign::Service => self.on_service(),
            Sign::Clerk => self.clerks.done().into_iter().for_each(|done| self.on_done(done)),
            Sign::Maker(id) => self.on_maker(id),
            Sign::Jail(id) => self.on_jail_ended(id),
            Sign::Control(id) => self.on_control(id),
            Sign::Gate(id) => self.on_gate(id),
            Sign::Short(id) => self.on_memory(id, false),
            Sign::Out(id) => self.on_memory(id, true),
            Sign::First(id) => self.on_first_ended(id),
        }
    }

    /// Does what is due and answers when the next thing is.
    fn on_time(&mut self, now: Instant) -> Option<Instant> {
        let mut next: Option<Instant> = None;
        let mut at = |when: Instant| next = Some(next.map_or(when, |next| next.min(when)));
        let mut stuck = Vec::new();
        for (id, room) in &mut self.rooms {
            if let (Phase::Running, Some(active)) = (room.phase, &mut room.active) {
                match room.watch_at {
                    Some(when) if now >= when => {
                        room.watch_at = None;
                        let limits = wanted(&active.run).at_most(self.what.config.limits);
                        if let Some(shortage) = room.group.as_ref().and_then(|group| group.shortage(&limits)) {
                            self.clerks.watch(*id, shortage);
                        }
                    }
                    Some(when) => at(when),
                    None => {}
                }
                if let (Some(pace), Some(group)) = (&mut room.pace, &room.group) {
                    if now >= pace.next {
                        group.yield_cpu(pace.look(now, group.cpu()));
                    }
                    at(pace.next);
                }
                match active.kill_at {
                    Some(when) if now >= when || room.outputs.as_ref().is_some_and(harvest::line_is_told) => {
                        room.kill();
                    }
                    Some(when) => at(when.min(now + LINE_ROUND)),
                    None if now >= active.deadline => {
                        room.stop(Stop::Timeout);
                        at(now);
                    }
                    None => at(active.deadline),
                }
            } else if matches!(room.phase, Phase::Making | Phase::Joining) {
                let late = room.ordered + MAKING_PATIENCE;
                if now >= late { stuck.push(*id) } else { at(late) }
            }
        }
        for id in stuck {
            self.abandon(id, "it was not made in time");
        }
        self.tiers_on_time(now).into_iter().for_each(at);
        next
    }

    /// A number nobody had.
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Tells the service something.
    fn tell(&mut self, told: &Told, fds: &[&OwnedFd]) {
        let fds: Vec<_> = fds.iter().map(|fd| fd.as_fd()).collect();
        if let Err(error) = socket::send(&*self.service, &told.encode(), &fds) {
            crate::complain(&format!("the service does not listen: {error}"));
            self.service_gone = true;
        }
    }

    fn fail(&mut self, run: &Run, why: String) {
        self.tell(&Told::Failed { id: run.id, why }, &[]);
    }

    /// Starts nsjail for a tier, or (`None`) for one cold start.
    fn start_generation(&mut self, tier: Option<usize>) -> io::Result<u64> {
        let number = self.number();
        let limits = self.what.config.limits;
        let kit = Kit {
            jail: &self.what.jail,
            filter: &self.what.filter,
            folder: &self.what.folder,
            group: &self.own_group,
            cpu_seconds: self.what.config.longest.as_secs() * u64::from(limits.cpu_percent.div_ceil(100)) + 20,
        };
        let generation = Generation::start(&kit, number, tier)?;
        self.watch.add(&generation.maker, Sign::Maker(number))?;
        self.watch.add(&generation.ended, Sign::Jail(number))?;
        self.generations.insert(number, generation);
        Ok(number)
    }

    /// Orders a room of a generation, for a run or for the pool.
    fn order_room(&mut self, generation: u64, meant_for: Option<Pending>) -> Result<(), Option<Pending>> {
        let Some(maker) = self.generations.get_mut(&generation) else { return Err(meant_for) };
        let slot = if self.shared_id { Some(0) } else { self.free.pop() };
        let Some(slot) = slot else { return Err(meant_for) };
        let number = self.next + 1;
        let (room, line) = match Room::new(generation, slot, None) {
            Ok(made) => made,
            Err(error) => {
                crate::complain(&format!("a room cannot be ordered: {error}"));
                self.free_slot(slot);
                return Err(meant_for);
            }
        };
        let watched = self
            .watch
            .add(&room.control, Sign::Control(number))
            .and_then(|()| room.gate.as_ref().map_or(Ok(()), |gate| self.watch.add(gate, Sign::Gate(number))));
        if let Err(error) = watched.and_then(|()| maker.order(slot, &line)) {
            crate::complain(&format!("a maker takes no order: {error}"));
            self.free_slot(slot);
            return Err(meant_for);
        }
        self.next = number;
        self.rooms.insert(number, Room { meant_for, ..room });
        Ok(())
    }

    fn free_slot(&mut self, slot: u32) {
        if !self.shared_id {
            // To the other end: an id rests as long as possible before it is used again.
            self.free.insert(0, slot);
        }
    }

    /// A jail and a Python of its own for one run.
    fn run_cold(&mut self, pending: Pending) {
        let run = pending.run;
        match self.start_generation(None) {
            Err(error) => self.fail(&run, format!("nsjail does not start: {error}")),
            Ok(generation) => {
                if self.order_room(generation, Some(pending)).is_err() {
                    let said = self.generations.remove(&generation).map(|mut generation| {
                        generation.kill();
                        generation.reap()
                    });
                    self.fail(&run, format!("no room can be ordered {}", said.unwrap_or_default()));
                }
            }
        }
    }

    /// Lets code go in a room that waits for it. In one that has died meanwhile nothing begins, and the run starts
    /// cold instead.
    fn begin(&mut self, id: u64, pending: Pending) {
        let ceilings = self.what.config.limits;
        let Pending { run, ref bundle, .. } = pending;
        let limits = wanted(&run).at_most(ceilings);
        let watch = &self.watch;
        let let_go = |room: &mut Room| -> io::Result<(OwnedFd, OwnedFd)> {
            let missing = || io::Error::other("the room is not complete");
            let group = room.group.as_mut().ok_or_else(missing)?;
            if limits != ceilings {
                group.limit(&limits)?;
            }
            if let Some(bell) = &group.memory_is_out {
                watch.add(bell, Sign::Out(id))?;
            }
            let (gate, inputs) = (room.gate.take().ok_or_else(missing)?, room.inputs.take().ok_or_else(missing)?);
            socket::send(&gate, b"G", &[bundle.as_fd(), inputs.as_fd()])?;
            let (stdout, stderr) = room.streams.take().ok_or_else(missing)?;
            // From here on the gate only says that unpacking failed, which is asked when the run is over.
            watch.remove(&gate);
            room.gate = Some(gate);
            Ok((stdout, stderr))
        };
        let Some(room) = self.rooms.get_mut(&id) else { return self.run_cold(pending) };
        let warm = self.generations.get(&room.generation).is_some_and(|one| one.tier.is_some());
        match let_go(room) {
            Err(error) => {
                self.abandon(id, &format!("letting go: {error}"));
                if warm {
                    self.run_cold(pending);
                } else {
                    self.fail(&run, format!("letting go: {error}"));
                }
            }
            Ok((stdout, stderr)) => {
                let begun = Instant::now();
                let timeout = Duration::from_micros(run.timeout_us).min(self.what.config.longest);
                let deadline = begun + timeout;
                room.phase = Phase::Running;
                let rest = if limits.memory_bytes < ceilings.memory_bytes { Duration::ZERO } else { UNWATCHED };
                room.watch_at = Some(begun + rest);
                room.pace = Some(Pace::new(begun, room.cpu_before));
                room.active = Some(Active { run, begun, deadline, stop: None, kill_at: None, ended: None });
                self.tell(&Told::Started { id: run.id, warm }, &[&stdout, &stderr]);
            }
        }
    }

    /// Gives a room up that is not running anything; a run it was meant for fails.
    fn abandon(&mut self, id: u64, why: &str) {
        // Its first process may have said that it is there, or its end may show.
        self.on_control(id);
        let Some(room) = self.rooms.get_mut(&id).filter(|room| room.phase != Phase::Ending) else { return };
        let said = room.complaint.get_or_insert_with(|| why.to_owned()).clone();
        crate::complain(&format!("room {id} is given up: {said}"));
        let generation = room.generation;
        // Without a first process nothing of it runs yet; its maker may be stuck, and goes with it.
        if !room.kill() {
            if let Some(generation) = self.generations.get_mut(&generation) {
                generation.kill();
            }
            self.on_first_ended(id);
        }
    }

    /// Ends everything in order: nsjails and with them all rooms, then what they leave.
    fn close(mut self) {
        let until = Instant::now() + END_PATIENCE;
        let numbers: Vec<u64> = self.generations.keys().copied().collect();
        for generation in self.generations.values_mut() {
            // Its end is no failure, and nothing takes its place.
            generation.state = State::Retiring;
            generation.kill();
        }
        for number in numbers {
            self.on_jail_ended(number);
        }
        for room in self.rooms.values() {
            room.kill();
        }
        while !self.rooms.is_empty() && Instant::now() < until {
            let Ok(signs) = self.watch.wait(Some(Duration::from_millis(50))) else { break };
            for sign in signs {
                match sign {
                    Sign::First(id) => self.on_first_ended(id),
                    Sign::Clerk => self.clerks.done().into_iter().for_each(|done| self.on_done(done)),
                    _ => {}
                }
            }
            // Rooms that never got a first process died with their maker.
            let never: Vec<u64> = self
                .rooms
                .iter()
                .filter(|(_, room)| room.first.is_none() && room.phase != Phase::Ending)
                .map(|(id, _)| *id)
                .collect();
            never.into_iter().for_each(|id| self.on_first_ended(id));
        }
        let Self { clerks, own_group, what, generations, rooms, .. } = self;
        drop((generations, rooms));
        clerks.finish();
        if let Err(error) = own_group.remove() {
            crate::complain(&format!("the zygotes' group could not be removed: {error}"));
        }
        what.groups.close();
    }
}

/// The limits a run asks for.
fn wanted(run: &Run) -> Limits {
    Limits { memory_bytes: run.memory_bytes, pids: run.pids, cpu_percent: run.cpu_percent }
}
