//! Time: leases of steps that ran out, and the job's own limit. What is now is told from outside.

use super::{Command, MAX_SENDS, Millis, Work, lease_ms};
use crate::doc::Step;
use common::job::{StepState, Stopped};
use common::{ErrorCode, Failure};
use serde_json::json;

impl Work {
    /// Ends the job at its time, and sends again what has had no answer for too long.
    pub(super) fn tick(&mut self, max_job_ms: Millis) {
        let own_ms = self.job.options.max_seconds.map_or(Millis::MAX, |seconds| Millis::from(seconds) * 1000);
        let limit_ms = own_ms.min(max_job_ms);
        if self.job.started_at.is_some_and(|started| self.now - started > limit_ms) {
            self.job.stopped = Some(Stopped::Seconds);
            let seconds = limit_ms / 1000;
            let detail = format!("The job was stopped after {seconds} seconds, the longest it may take.");
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

    /// Sends all running steps again, after a restart on a bus that forgot everything.
    pub(super) fn recover(&mut self) {
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
