//! What is told of jobs beside their events: metrics, the span of a whole job, and a line where one failed.

use crate::doc::{Job, Millis};
use crate::store::{Snapshot, StoredEvent};
use crate::{Jobs, orchestrator};
use common::job::{JobState, StepKind, StepState, Stopped};
use observe::KeyValue;
use observe::table::{
    JOB_DURATION, JOBS, JOBS_ENDED, OLDEST_QUEUED, OLDEST_STEP, OUTBOX, STEP_DURATION, STEPS, STEPS_OPEN,
};
use serde::Deserialize;
use std::time::{Duration, UNIX_EPOCH};

/// Ticks of the clock between two looks at how much waits.
pub const LOOK_EVERY: u64 = 10;

/// Why a job ended that failed at nothing.
const NO_REASON: &str = "none";

/// What an event says of a step that ended.
#[derive(Debug, Deserialize, PartialEq)]
struct Finished {
    kind: StepKind,
    state: StepState,
    duration_ms: u64,
}

fn finished(event: &StoredEvent) -> Option<Finished> {
    (event.kind == "step_finished").then(|| serde_json::from_str(&event.data).ok()).flatten()
}

/// Tells of a change that this replica has just stored.
pub fn changed(now: &Snapshot) {
    for step in now.events.iter().filter_map(finished) {
        let outcome = match step.state {
            StepState::Succeeded => "succeeded",
            StepState::Failed => "failed",
            StepState::Cancelled | StepState::Running => "cancelled",
        };
        observe::counter!(STEPS, "kind" => step.kind.as_str(), "outcome" => outcome).increment(1);
        let seconds = Duration::from_millis(step.duration_ms).as_secs_f64();
        observe::histogram!(STEP_DURATION, "kind" => step.kind.as_str()).record(seconds);
    }
    if now.job.state.is_final() && now.events.iter().any(|event| event.kind == "job_finished") {
        ended(&now.job, &now.owner);
    }
}

fn ended(job: &Job, owner: &str) {
    let state = job.state.as_str();
    let reason = job.error.as_ref().map_or(NO_REASON, |error| error.code.as_str());
    observe::counter!(JOBS_ENDED, "state" => state, "reason" => reason).increment(1);
    observe::histogram!(JOB_DURATION, "state" => state).record(seconds_between(job.created_at, job.finished_at));
    let stopped = job.stopped.map_or("", because);
    if job.state == JobState::Failed {
        // Kinds and states alone: whoever is woken by it reads the rest where it belongs.
        let steps: Vec<String> =
            job.steps.iter().map(|step| format!("{} {}", step.kind.as_str(), word(step.state))).collect();
        let steps = steps.join(",");
        tracing::warn!(job.id = %job.id, job.code = reason, job.stopped_by = stopped, job.steps = steps, "a job failed");
    }
    let Some(trace) = &job.trace else { return };
    let began = UNIX_EPOCH + Duration::from_millis(u64::try_from(job.created_at).unwrap_or_default());
    let error = (job.state == JobState::Failed).then_some(reason);
    observe::past("job", trace, began, error, attributes(job, owner, stopped));
}

fn attributes(job: &Job, owner: &str, stopped: &str) -> Vec<KeyValue> {
    let id = job.id.to_string();
    let (usage, state) = (&job.usage, job.state.as_str());
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let level = if job.state == JobState::Failed { "ERROR" } else { "DEFAULT" };
    let mut all = vec![
        KeyValue::new("job.id", id.clone()),
        KeyValue::new("job.state", state),
        KeyValue::new("job.steps", number(job.steps.len() as u64)),
        KeyValue::new("gen_ai.usage.input_tokens", number(usage.prompt_tokens)),
        KeyValue::new("gen_ai.usage.output_tokens", number(usage.completion_tokens)),
        KeyValue::new("darkroom.cost_usd", usage.cost_usd.dollars()),
        KeyValue::new("langfuse.observation.type", "span"),
        KeyValue::new("langfuse.observation.level", level),
        KeyValue::new("langfuse.trace.name", "job"),
        KeyValue::new("langfuse.trace.tags", state),
        KeyValue::new("langfuse.session.id", id),
        KeyValue::new("langfuse.user.id", owner.to_owned()),
    ];
    if !stopped.is_empty() {
        all.push(KeyValue::new("job.stopped_by", stopped.to_owned()));
    }
    if let Some(error) = &job.error {
        all.push(KeyValue::new("langfuse.observation.status_message", error.code.as_str()));
    }
    all
}

const fn because(stopped: Stopped) -> &'static str {
    match stopped {
        Stopped::Repairs => "repairs",
        Stopped::Turns => "turns",
        Stopped::Tokens => "tokens",
        Stopped::Cost => "cost",
        Stopped::Seconds => "seconds",
        Stopped::DayTokens => "day_tokens",
        Stopped::DayCost => "day_cost",
        Stopped::Circles => "circles",
    }
}

const fn word(state: StepState) -> &'static str {
    match state {
        StepState::Running => "running",
        StepState::Succeeded => "succeeded",
        StepState::Failed => "failed",
        StepState::Cancelled => "cancelled",
    }
}

fn seconds_between(from: Millis, to: Option<Millis>) -> f64 {
    let millis = to.unwrap_or(from).saturating_sub(from);
    Duration::from_millis(u64::try_from(millis).unwrap_or_default()).as_secs_f64()
}

/// All kinds of steps, for gauges that go back to 0.
const KINDS: [StepKind; 7] = [
    StepKind::Look,
    StepKind::Think,
    StepKind::Review,
    StepKind::Run,
    StepKind::Closer,
    StepKind::Measure,
    StepKind::Compare,
];

/// Looks at how much waits and how long. Every replica tells the same of the same database.
pub async fn look(jobs: &Jobs) {
    let figures = match jobs.inner.store.figures().await {
        Ok(figures) => figures,
        Err(error) => return orchestrator::log_error("figures of jobs", &error),
    };
    let now = jobs.now();
    let age = |since: Option<Millis>| since.map_or(0.0, |since| seconds_between(since, Some(now)));
    observe::gauge!(JOBS, "state" => "queued").set(figures.queued as f64);
    observe::gauge!(JOBS, "state" => "running").set(figures.running.len() as f64);
    observe::gauge!(OLDEST_QUEUED).set(age(figures.oldest_queued));
    observe::gauge!(OUTBOX).set(figures.outbox as f64);
    let open = |kind: StepKind| {
        let steps = figures.running.iter().flat_map(|job| &job.steps);
        steps.filter(move |step| step.kind == kind && step.state == StepState::Running)
    };
    for kind in KINDS {
        observe::gauge!(STEPS_OPEN, "kind" => kind.as_str()).set(open(kind).count() as f64);
        observe::gauge!(OLDEST_STEP, "kind" => kind.as_str()).set(age(open(kind).map(|step| step.started_at).min()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the metrics of steps: they are read from what the machine tells, and from nothing else.
    #[test]
    fn ends_of_steps_are_read_from_events() {
        let event = |kind: &str, data: &str| StoredEvent { number: 1, kind: kind.into(), data: data.into(), at: 0 };
        let data = r#"{"step_id":"x","kind":"run","picture":null,"state":"failed","duration_ms":1500,"detail":null}"#;
        let expected = Finished { kind: StepKind::Run, state: StepState::Failed, duration_ms: 1500 };
        assert_eq!(finished(&event("step_finished", data)), Some(expected));
        assert_eq!(finished(&event("step_started", data)), None);
        assert_eq!(finished(&event("step_finished", "{}")), None);
        assert_eq!(seconds_between(1000, Some(3500)), 2.5);
        assert_eq!(seconds_between(3500, Some(1000)), 0.0);
    }
}
