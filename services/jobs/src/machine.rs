//! The life of a job as a pure function: `(job, input, now) → (job, commands, events)`.
//!
//! ```text
//! queued ─Start─► running: look (each picture) ─► think ─┬─ vision notes ─► think
//!                                                        ├─ code ─► review ─┬─ block ─► think (repair)
//!                                                        │                  └─ run ─┬─ ok ─► think (finish)
//!                                                        │                          └─ failed ─► think (repair)
//!                                                        └─ finish ─► succeeded | failed
//! ```
//!
//! No I/O, no clock, no randomness: step ids follow from the job's id and the step's place. An answer
//! to a step that is not running (a repeat, or one that came too late) changes nothing.

use crate::doc::{Attempt, Job, Millis, Run, Seen, Step, Turn};
use crate::ending;
use common::execution::RunStatus;
use common::job::{JobState, StepKind, StepState, Usage};
use common::review::{Review, Verdict};
use common::{ErrorCode, Failure, StepId};
use serde_json::{Value, json};

/// How often a step's command is sent before the step is given up.
pub const MAX_SENDS: u32 = 3;

/// Most model turns in one job, whatever the models answer.
pub const MAX_THINKS: usize = 16;

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
    /// Code was run.
    Ran(Run),
}

/// Who took a turn, and what it cost.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct By {
    /// Tokens used.
    pub usage: Usage,
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

/// How long a step's answer is waited for before its command is sent again. Generous: a repeat of
/// work still going on is dropped by the worker, so this only matters when a worker died.
fn lease_ms(kind: StepKind, run_timeout_seconds: u32) -> Millis {
    match kind {
        StepKind::Look => 300_000,
        StepKind::Think => 900_000,
        StepKind::Review => 120_000,
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
        for picture in 0..self.job.pictures.len() {
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
                let detail = json!({ "image_kind": seen.kind, "confidence": seen.confidence, "title": seen.title });
                self.finish_step(index, StepState::Succeeded, detail);
                self.looked(picture.unwrap_or_default(), seen);
            }
            (StepKind::Think, Outcome::Thought(thought, by)) => {
                self.job.usage.add(by.usage);
                self.finish_step(index, StepState::Succeeded, describe(&thought, &by));
                self.job.note_thinker(by.model, by.notes);
                self.thought(thought);
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
            StepKind::Think | StepKind::Review | StepKind::Run => self.end_with_best(failure),
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

    fn think(&mut self) {
        let thinks = self.job.steps.iter().filter(|step| step.kind == StepKind::Think).count();
        if thinks >= MAX_THINKS {
            let failure = ending::failure(&self.job);
            return self.end_with_best(failure);
        }
        self.begin(StepKind::Think, None);
    }

    fn thought(&mut self, thought: Thought) {
        match thought {
            Thought::VisionNotes(text) => {
                self.job.turns.push(Turn::VisionNotes { text });
                self.think();
            }
            Thought::WriteCode { code, code_key, explanation } => {
                if self.job.attempts_left() == 0 {
                    let failure = ending::failure(&self.job);
                    return self.end_with_best(failure);
                }
                let attempt = Attempt { code, code_key, explanation, review: None, run: None };
                self.job.turns.push(Turn::Attempt(Box::new(attempt)));
                self.begin(StepKind::Review, None);
            }
            Thought::Finish(summary) => {
                self.job.summary = summary;
                if self.job.best.is_some() {
                    self.end(JobState::Succeeded, None);
                } else {
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
        if ok {
            self.job.best = Some(self.job.turns.len() - 1);
            self.think();
        } else {
            self.repair_or_end();
        }
    }

    fn repair_or_end(&mut self) {
        if self.job.attempts_left() > 0 {
            return self.think();
        }
        let failure = ending::failure(&self.job);
        self.end_with_best(failure);
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
        let data = json!({ "state": state, "summary": self.job.summary, "error": self.job.error });
        self.tell("job_finished", data);
    }

    fn tick(&mut self, max_job_ms: Millis) {
        if self.job.started_at.is_some_and(|started| self.now - started > max_job_ms) {
            let seconds = max_job_ms / 1000;
            let detail = format!("The job was stopped after {seconds} seconds, the longest a job may take.");
            return self.end_with_best(Failure::with_detail(ErrorCode::JobTimeout, detail));
        }
        let due: Vec<usize> = self.running_steps(|step, now| step.lease_until <= now);
        for index in due {
            if self.job.state.is_final() {
                return;
            }
            if self.job.steps[index].sent >= MAX_SENDS {
                let kind = self.job.steps[index].kind;
                let failure = Failure::with_detail(
                    ErrorCode::WorkerFailed,
                    format!("The {} step got no answer {MAX_SENDS} times.", kind.as_str()),
                );
                self.finish_step(index, StepState::Failed, json!({ "error": failure }));
                self.step_failed(kind, failure);
            } else {
                self.job.steps[index].sent += 1;
                self.send_again(index);
            }
        }
    }

    fn recover(&mut self) {
        // A restart is not the step's fault: it does not count against its sends.
        for index in self.running_steps(|_, _| true) {
            self.send_again(index);
        }
    }

    fn running_steps(&self, wanted: impl Fn(&Step, Millis) -> bool) -> Vec<usize> {
        let running = self.job.steps.iter().enumerate().filter(|(_, step)| step.state == StepState::Running);
        running.filter(|(_, step)| wanted(step, self.now)).map(|(index, _)| index).collect()
    }

    fn send_again(&mut self, index: usize) {
        let run_timeout = self.job.options.run_timeout_seconds;
        let now = self.now;
        let step = &mut self.job.steps[index];
        step.lease_until = now + lease_ms(step.kind, run_timeout);
        let (id, kind, sent) = (step.id, step.kind, step.sent);
        self.commands.push(Command::Send(id));
        self.tell("step_repeated", json!({ "step_id": id, "kind": kind, "sent": sent }));
    }
}

fn describe(thought: &Thought, by: &By) -> Value {
    let action = match thought {
        Thought::VisionNotes(text) => json!({ "action": "vision_notes", "text": text }),
        Thought::WriteCode { code, explanation, .. } => {
            json!({ "action": "write_code", "code": code, "explanation": explanation })
        }
        Thought::Finish(summary) => json!({ "action": "finish", "summary": summary }),
        Thought::Unusable(reason) => json!({ "action": "unusable", "reason": reason }),
    };
    let mut detail = action;
    detail["usage"] = json!(by.usage);
    detail["model"] = json!(by.model);
    if !by.notes.is_empty() {
        detail["notes"] = json!(by.notes);
    }
    detail
}

fn describe_run(run: &Run) -> Value {
    let outputs: Vec<Value> = run
        .outputs
        .iter()
        .map(|output| json!({ "name": output.name, "media_type": output.media_type, "bytes": output.bytes }))
        .collect();
    json!({
        "status": run.status, "exit_code": run.exit_code, "duration_ms": run.duration_ms,
        "stdout": run.stdout_tail, "stderr": run.stderr_tail, "outputs": outputs,
    })
}

#[cfg(test)]
mod tests;
