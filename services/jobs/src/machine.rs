//! The life of a job as a pure function: `(job, input, now) → (job, commands, events)`.
//!
//! ```text
//! queued ─Start─► running: look (each picture) ─► think ─┬─ vision notes ─► think
//!                                                        ├─ look closer ─► closer ─► think
//!                                                        ├─ code ─► review ─┬─ block ─► think (repair)
//!                                                        │                  └─ run ─┬─ failed ─► think (repair)
//!                                                        │                          └─ ok ─► measure (each picture)
//!                                                        │                                   ─► compare ─► think
//!                                                        ├─ critique ─► think
//!                                                        └─ finish ─► succeeded | failed
//! ```
//!
//! Of all attempts that ran well the one that fits the pictures best is delivered, whatever ends the work: a finish, a
//! budget ([`budget`]), going in circles ([`circles`]), or a worker that failed.
//!
//! No I/O, no clock, no randomness: step ids follow from the job's id and the step's place. An answer
//! to a step that is not running (a repeat, or one that came too late) changes nothing.

pub(crate) mod budget;
pub mod circles;
mod describe;
mod leases;
mod rounds;

use crate::doc::{Area, Attempt, Job, Millis, Run, Seen, Step, Turn};
use crate::ending;
use circles::Circle;
use common::compare::{Comparison, Critique};
use common::execution::RunStatus;
use common::job::{JobState, StepKind, StepState, Stopped};
use common::review::{Review, Verdict};
use common::spend::Spending;
use common::{ErrorCode, Failure, StepId};
use describe::{describe, describe_run};
use serde_json::{Value, json};

/// How often a step's command is sent before the step is given up.
pub const MAX_SENDS: u32 = 3;

/// What happens to a job.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A place is free: begin.
    Start,
    /// A worker answered.
    Answer(StepId, Outcome),
    /// The person wants it stopped.
    Cancel,
    /// Time passed: look for ended leases and for the job's own limit.
    Tick {
        /// Longest time for the whole job in milliseconds.
        max_job_ms: Millis,
    },
    /// The process restarted on a bus that forgot everything: send all running steps again.
    Recover,
}

/// What a worker answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The step failed in itself.
    Failed(Failure),
    /// A picture was looked at.
    Looked(Seen),
    /// A model took a turn.
    Thought(Thought, By),
    /// Code was reviewed.
    Reviewed(Review),
    /// Code was run: a script of a model, or one of the platform's own.
    Ran(Run),
    /// A result was scored.
    Compared(Comparison),
}

/// Who took a turn, and what it cost.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct By {
    /// Tokens used, and what they cost.
    pub usage: Spending,
    /// Name of the model; `builtin` for the rules.
    pub model: String,
    /// Who did something in another's place and why, in sentences for people.
    pub notes: Vec<String>,
}

/// One typed action of a model.
#[derive(Debug, Clone, PartialEq)]
pub enum Thought {
    /// It looked at the pictures.
    VisionNotes(String),
    /// It wrote code.
    WriteCode {
        /// The code.
        code: String,
        /// Blob key of the code.
        code_key: String,
        /// What it is meant to do.
        explanation: String,
    },
    /// It wants a part of a picture enlarged, or the vision model asked.
    LookCloser {
        /// Which picture, from 0.
        picture: usize,
        /// Which part; the whole where absent.
        area: Option<Area>,
        /// What is to be found out.
        question: String,
    },
    /// It compared what was drawn with the pictures.
    Critique(Critique),
    /// It is done.
    Finish(String),
    /// Its answer could not be used.
    Unusable(String),
}

/// A command to a worker; its content is read from the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Send the command of this step.
    Send(StepId),
    /// Tell every worker to stop working on this job.
    Stop,
}

/// An entry of the job's history, as people and programs read it.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// `job_started`, `step_started`, `step_repeated`, `step_finished`, `job_finished`.
    pub kind: &'static str,
    /// What happened.
    pub data: Value,
}

/// What an input came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// The job afterwards.
    pub job: Job,
    /// What to send.
    pub commands: Vec<Command>,
    /// What to tell.
    pub events: Vec<Event>,
}

/// Applies an input to a job.
pub fn advance(job: &Job, input: Input, now: Millis) -> Transition {
    let mut work = Work { job: job.clone(), commands: Vec::new(), events: Vec::new(), now };
    if !job.state.is_final() {
        match input {
            Input::Start => work.start(),
            Input::Answer(step, outcome) => work.answer(step, outcome),
            Input::Cancel => work.end(JobState::Cancelled, None),
            Input::Tick { max_job_ms } => work.tick(max_job_ms),
            Input::Recover => work.recover(),
        }
    }
    Transition { job: work.job, commands: work.commands, events: work.events }
}

/// Wall time of a run of the platform's own scripts in seconds.
pub const PLATFORM_TIMEOUT_SECONDS: u32 = 60;

/// How long a step's answer is waited for before its command is sent again. Generous: a repeat of
/// work still going on is dropped by the worker, so this only matters when a worker died.
fn lease_ms(kind: StepKind, run_timeout_seconds: u32) -> Millis {
    match kind {
        StepKind::Look => 300_000,
        StepKind::Think => 900_000,
        StepKind::Review | StepKind::Compare => 120_000,
        StepKind::Closer | StepKind::Measure => Millis::from(PLATFORM_TIMEOUT_SECONDS) * 1000 + 300_000,
        StepKind::Run => Millis::from(run_timeout_seconds) * 1000 + 300_000,
    }
}

struct Work {
    job: Job,
    commands: Vec<Command>,
    events: Vec<Event>,
    now: Millis,
}

impl Work {
    fn tell(&mut self, kind: &'static str, data: Value) {
        self.events.push(Event { kind, data });
    }

    fn start(&mut self) {
        if self.job.state != JobState::Queued {
            return;
        }
        self.job.state = JobState::Running;
        self.job.started_at = Some(self.now);
        self.tell("job_started", json!({}));
        // A job that goes on from another may bring along what was seen.
        let unseen: Vec<usize> =
            (0..self.job.pictures.len()).filter(|picture| self.job.seen[*picture].is_none()).collect();
        if unseen.is_empty() {
            return self.think();
        }
        for picture in unseen {
            self.begin(StepKind::Look, Some(picture));
        }
    }

    fn begin(&mut self, kind: StepKind, picture: Option<usize>) {
        let name = format!("step {}", self.job.steps.len());
        let id = StepId(uuid::Uuid::new_v5(&self.job.id.0, name.as_bytes()));
        self.job.steps.push(Step {
            id,
            kind,
            picture,
            state: StepState::Running,
            started_at: self.now,
            finished_at: None,
            lease_until: self.now + lease_ms(kind, self.job.options.run_timeout_seconds),
            sent: 1,
        });
        self.commands.push(Command::Send(id));
        self.tell("step_started", json!({ "step_id": id, "kind": kind, "picture": picture }));
    }

    fn answer(&mut self, id: StepId, outcome: Outcome) {
        let Some(index) = self.job.steps.iter().position(|step| step.id == id && step.state == StepState::Running)
        else {
            return;
        };
        let (kind, picture) = (self.job.steps[index].kind, self.job.steps[index].picture);
        match (kind, outcome) {
            (_, Outcome::Failed(failure)) => {
                self.finish_step(index, StepState::Failed, json!({ "error": failure }));
                self.step_failed(kind, failure);
            }
            (StepKind::Look, Outcome::Looked(seen)) => {
                let detail = json!({
                    "image_kind": seen.kind, "confidence": seen.confidence, "title": seen.title, "flags": seen.flags,
                });
                self.finish_step(index, StepState::Succeeded, detail);
                self.looked(picture.unwrap_or_default(), seen);
            }
            (StepKind::Think, Outcome::Thought(thought, by)) => {
                self.job.usage.add(by.usage);
                self.finish_step(index, StepState::Succeeded, describe(&thought, &by));
                self.job.note_thinker(by.model.clone(), by.notes);
                self.thought(thought, by.model);
            }
            (StepKind::Review, Outcome::Reviewed(review)) => {
                let detail = json!({ "verdict": review.verdict, "findings": review.findings });
                self.finish_step(index, StepState::Succeeded, detail);
                self.reviewed(review);
            }
            (StepKind::Run, Outcome::Ran(run)) => {
                let state = if run.status == RunStatus::Ok { StepState::Succeeded } else { StepState::Failed };
                self.finish_step(index, state, describe_run(&run));
                self.ran(run);
            }
            (StepKind::Closer, Outcome::Ran(run)) => {
                let (state, detail) = self.looked_closer(&run);
                self.finish_step(index, state, detail);
                self.think();
            }
            (StepKind::Measure, Outcome::Ran(run)) => {
                let (state, detail) = self.measured(picture.unwrap_or_default(), &run);
                self.finish_step(index, state, detail);
                self.after_measuring();
            }
            (StepKind::Compare, Outcome::Compared(comparison)) => {
                self.finish_step(index, StepState::Succeeded, json!(comparison));
                self.compared(comparison);
            }
            // An answer of another kind than was asked for: a worker's fault. The lease sends the
            // command again, and gives the step up in the end.
            _ => {}
        }
    }

    fn finish_step(&mut self, index: usize, state: StepState, detail: Value) {
        let now = self.now;
        let step = &mut self.job.steps[index];
        step.state = state;
        step.finished_at = Some(now);
        let duration_ms = (now - step.started_at).max(0);
        let data = json!({
            "step_id": step.id, "kind": step.kind, "picture": step.picture, "state": state,
            "duration_ms": duration_ms, "detail": detail,
        });
        self.tell("step_finished", data);
    }

    fn step_failed(&mut self, kind: StepKind, failure: Failure) {
        match kind {
            // Without evidence nothing that follows could be trusted.
            StepKind::Look => {
                let detail = if failure.code == ErrorCode::LookFailed {
                    failure
                } else {
                    Failure::with_detail(failure.code, format!("Looking at the picture failed: {}", failure.detail))
                };
                self.end(JobState::Failed, Some(detail));
            }
            StepKind::Think | StepKind::Review | StepKind::Run => {
                if failure.code == ErrorCode::BudgetReached {
                    // The agent stops before a call whose question alone is more than is left.
                    self.job.stopped = Some(budget::tightest(&self.job));
                }
                self.end_with_best(failure);
            }
            // The result stands without them; the person is told.
            StepKind::Measure => {
                self.note("A result could not be held against its picture.");
                self.after_measuring();
            }
            StepKind::Compare => {
                self.note("What was measured of a result could not be scored.");
                self.think();
            }
            StepKind::Closer => {
                if let Some(Turn::Closer(closer)) = self.job.turns.last_mut() {
                    closer.read = "The part could not be enlarged.".to_owned();
                }
                self.think();
            }
        }
    }

    fn looked(&mut self, picture: usize, seen: Seen) {
        if let Some(slot) = self.job.seen.get_mut(picture) {
            *slot = Some(seen);
        }
        if self.job.seen.iter().all(Option::is_some) {
            self.think();
        }
    }

    fn note(&mut self, text: &str) {
        self.job.add_note(text.to_owned());
    }

    /// The next turn of the models, if one may still be paid for.
    fn think(&mut self) {
        match budget::reached(&self.job) {
            Some(stopped) => self.stop(stopped),
            None => self.begin(StepKind::Think, None),
        }
    }

    /// Something ran out: what there is so far is the result.
    fn stop(&mut self, stopped: Stopped) {
        self.job.stopped = Some(stopped);
        let failure = ending::stopped(&self.job, stopped);
        self.end_with_best(failure);
    }

    fn thought(&mut self, thought: Thought, model: String) {
        match thought {
            Thought::VisionNotes(text) => {
                match self.job.turns.last_mut() {
                    Some(Turn::Closer(closer)) if closer.answer.is_none() => closer.answer = Some(text),
                    _ => self.job.turns.push(Turn::VisionNotes { text }),
                }
                self.think();
            }
            Thought::LookCloser { picture, area, question } => self.look_closer(picture, area, question),
            // It changes nothing of what is best: that is by measure.
            Thought::Critique(critique) => {
                if let Some(attempt) = self.attempt() {
                    attempt.critique = Some(critique);
                }
                self.think();
            }
            Thought::WriteCode { code, code_key, explanation } => {
                if self.job.attempts_left() == 0 {
                    return self.stop(Stopped::Repairs);
                }
                match circles::of_code(&self.job.turns, &code) {
                    None => {}
                    Some(Circle::SameCode { attempt }) => {
                        self.job.turns.push(Turn::Unusable { reason: circles::sentence(attempt) });
                        return self.repair_or_end();
                    }
                    Some(Circle::Again) => return self.stop(Stopped::Circles),
                }
                let attempt = Attempt { code, code_key, explanation, model, ..Attempt::default() };
                self.job.turns.push(Turn::Attempt(Box::new(attempt)));
                self.begin(StepKind::Review, None);
            }
            Thought::Finish(summary) => {
                self.job.summary = summary;
                if self.job.best.is_some() {
                    self.job.summary.push_str(&ending::proof(&self.job));
                    self.end(JobState::Succeeded, None);
                } else {
                    if self.job.attempts_left() == 0 {
                        self.job.stopped = Some(Stopped::Repairs);
                    }
                    let failure = ending::failure(&self.job);
                    self.end(JobState::Failed, Some(failure));
                }
            }
            Thought::Unusable(reason) => {
                self.job.turns.push(Turn::Unusable { reason });
                self.repair_or_end();
            }
        }
    }

    /// The attempt in hand: the last turn.
    fn attempt(&mut self) -> Option<&mut Attempt> {
        match self.job.turns.last_mut() {
            Some(Turn::Attempt(attempt)) => Some(attempt),
            _ => None,
        }
    }

    fn reviewed(&mut self, review: Review) {
        let blocked = review.verdict == Verdict::Block;
        if let Some(attempt) = self.attempt() {
            attempt.review = Some(review);
        }
        if blocked {
            self.repair_or_end();
        } else {
            self.begin(StepKind::Run, None);
        }
    }

    fn ran(&mut self, run: Run) {
        let ok = run.status == RunStatus::Ok;
        if let Some(attempt) = self.attempt() {
            attempt.run = Some(run);
        }
        if ok { self.measure() } else { self.repair_or_end() }
    }

    fn repair_or_end(&mut self) {
        if circles::of_errors(&self.job.turns) {
            return self.stop(Stopped::Circles);
        }
        // With a result in hand there is one more turn, to sum it up.
        if self.job.attempts_left() > 0 || self.job.best.is_some() { self.think() } else { self.stop(Stopped::Repairs) }
    }

    /// Ends the job: with its best result where there is one, else with the failure.
    fn end_with_best(&mut self, failure: Failure) {
        if self.job.best.is_none() {
            return self.end(JobState::Failed, Some(failure));
        }
        if self.job.summary.is_empty() {
            self.job.summary = ending::summary_of_best(&self.job, &failure);
        }
        self.end(JobState::Succeeded, None);
    }

    fn end(&mut self, state: JobState, error: Option<Failure>) {
        for step in self.job.steps.iter_mut().filter(|step| step.state == StepState::Running) {
            step.state = StepState::Cancelled;
            step.finished_at = Some(self.now);
        }
        self.job.state = state;
        self.job.finished_at = Some(self.now);
        self.job.error = error;
        if self.job.summary.is_empty() {
            self.job.summary = ending::summary(&self.job);
        }
        // Every worker is told, also after success: a step sent twice may still be going on somewhere.
        self.commands.push(Command::Stop);
        let data = json!({
            "state": state, "summary": self.job.summary, "error": self.job.error, "stopped_by": self.job.stopped,
        });
        self.tell("job_finished", data);
    }
}

#[cfg(test)]
mod round_tests;
#[cfg(test)]
mod tests;
