//! Holding results against pictures, round by round, and which of them is the best.

use super::Work;
use crate::doc::{Area, Attempt, Closer, Job, Run, Turn};
use crate::measure;
use common::compare::Comparison;
use common::execution::RunStatus;
use common::job::{StepKind, StepState};
use serde_json::{Value, json};

impl Work {
    /// The last attempt ran well: it is held against every picture, where there is something to hold.
    pub(super) fn measure(&mut self) {
        self.job.best = best(&self.job);
        let worth = self.attempt().is_some_and(|attempt| measure::is_worth_it(attempt));
        if !worth {
            return self.think();
        }
        for picture in 0..self.job.pictures.len() {
            self.begin(StepKind::Measure, Some(picture));
        }
    }

    /// One picture was measured.
    pub(super) fn measured(&mut self, picture: usize, run: &Run) -> (StepState, Value) {
        let Some(measured) = measure::files(picture, run) else {
            let said = run.stderr_tail.lines().next_back().unwrap_or_default().to_owned();
            self.job.add_note("A result could not be held against its picture.".to_owned());
            return (StepState::Failed, json!({ "status": run.status, "stderr": said }));
        };
        let detail = json!({ "overlay": measured.overlay_png.is_some() });
        if let Some(attempt) = self.attempt() {
            attempt.measured.push(measured);
            attempt.measured.sort_by_key(|measured| measured.picture);
        }
        (StepState::Succeeded, detail)
    }

    /// Goes on once every picture has been measured or could not be.
    pub(super) fn after_measuring(&mut self) {
        let open = |step: &crate::doc::Step| step.kind == StepKind::Measure && step.state == StepState::Running;
        if self.job.steps.iter().any(open) {
            return;
        }
        let any = self.attempt().is_some_and(|attempt| !attempt.measured.is_empty());
        if any { self.begin(StepKind::Compare, None) } else { self.think() }
    }

    /// The last attempt was scored.
    pub(super) fn compared(&mut self, comparison: Comparison) {
        if let Some(attempt) = self.attempt() {
            attempt.comparison = Some(comparison);
        }
        self.job.best = best(&self.job);
        self.think();
    }

    /// A part of a picture is to be enlarged, or the whole of it looked at.
    pub(super) fn look_closer(&mut self, picture: usize, area: Option<Area>, question: String) {
        if self.job.looks_left() == 0 || picture >= self.job.pictures.len() {
            let reason = "No further look is possible; the script was asked for.".to_owned();
            self.job.turns.push(Turn::Unusable { reason });
            return self.repair_or_end();
        }
        let closer = Closer { picture, area, question, image_key: String::new(), read: String::new(), answer: None };
        self.job.turns.push(Turn::Closer(closer));
        if area.is_some() { self.begin(StepKind::Closer, Some(picture)) } else { self.think() }
    }

    /// A part of a picture was enlarged and read.
    pub(super) fn looked_closer(&mut self, run: &Run) -> (StepState, Value) {
        let image = run.outputs.iter().find(|output| output.name == measure::CLOSER_IMAGE);
        let Some(Turn::Closer(closer)) = self.job.turns.last_mut() else {
            return (StepState::Failed, json!({}));
        };
        match image {
            Some(image) if run.status == RunStatus::Ok => {
                closer.image_key = image.path.clone();
                closer.read = run.stdout_tail.clone();
                (StepState::Succeeded, json!({ "read": closer.read }))
            }
            _ => {
                closer.read = "The part could not be enlarged.".to_owned();
                (StepState::Failed, json!({ "status": run.status }))
            }
        }
    }
}

/// The attempt that fits the pictures best: the highest score, the earlier of equals; without any score the last that
/// ran well.
pub fn best(job: &Job) -> Option<usize> {
    let mut found: Option<(usize, f64)> = None;
    for (index, turn) in job.turns.iter().enumerate() {
        let Turn::Attempt(attempt) = turn else { continue };
        if !attempt.worked() {
            continue;
        }
        let score = score(attempt);
        let better = found.is_none_or(|(_, best)| if score < 0.0 { score >= best } else { score > best });
        if better {
            found = Some((index, score));
        }
    }
    found.map(|(index, _)| index)
}

/// Below zero where nothing was measured: any measured result is surer than that.
fn score(attempt: &Attempt) -> f64 {
    attempt.comparison.as_ref().map_or(-1.0, |comparison| comparison.score)
}
