//! The closed table of metrics. Every name that a program exports stands here, with its labels; labels have few values,
//! never an id.

/// What a metric counts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Stands somewhere.
    Gauge,
    /// How values are spread, in seconds.
    Seconds,
}

/// One metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name, as Prometheus writes it.
    pub name: &'static str,
    /// What it counts with.
    pub kind: Kind,
    /// Its labels.
    pub labels: &'static [&'static str],
    /// What it says, in a sentence.
    pub doc: &'static str,
}

macro_rules! metrics {
    ($($(#[doc = $doc:literal])* $constant:ident = $name:literal, $kind:ident, [$($label:literal),*];)+) => {
        $($(#[doc = $doc])* pub const $constant: &str = $name;)+

        /// All metrics.
        pub const METRICS: &[Metric] = &[$(Metric {
            name: $name,
            kind: Kind::$kind,
            labels: &[$($label),*],
            doc: concat!($($doc),*),
        },)+];
    };
}

metrics! {
    /// How long requests took until their answer began, by route pattern and status.
    HTTP_REQUESTS = "http_server_request_duration_seconds", Seconds, ["method", "route", "status"];
    /// Requests that were answered with 429, by route pattern.
    RATE_LIMITED = "darkroom_rate_limited_total", Counter, ["route"];
    /// How long messages of the bus were in hand, by topic and what came of it (done, retry, put_off, set_aside, panicked).
    MESSAGES = "darkroom_message_duration_seconds", Seconds, ["topic", "outcome"];
    /// Jobs that have not ended, by state (queued, running).
    JOBS = "darkroom_jobs", Gauge, ["state"];
    /// Age of the oldest job that waits for its turn, in seconds; 0 where none waits.
    OLDEST_QUEUED = "darkroom_oldest_queued_job_seconds", Gauge, [];
    /// Jobs that ended, by state and what ended them (an error code, or none).
    JOBS_ENDED = "darkroom_jobs_ended_total", Counter, ["state", "reason"];
    /// Time from a job's acceptance to its end, by state.
    JOB_DURATION = "darkroom_job_duration_seconds", Seconds, ["state"];
    /// Steps that were sent and have no answer yet, by kind.
    STEPS_OPEN = "darkroom_steps_open", Gauge, ["kind"];
    /// Age of the oldest of them, in seconds; 0 where there is none.
    OLDEST_STEP = "darkroom_oldest_step_seconds", Gauge, ["kind"];
    /// Steps that ended, by kind and outcome (succeeded, failed, cancelled).
    STEPS = "darkroom_steps_total", Counter, ["kind", "outcome"];
    /// Time from a step's command to its answer, by kind.
    STEP_DURATION = "darkroom_step_duration_seconds", Seconds, ["kind"];
    /// Messages that the database holds and the bus has not yet taken.
    OUTBOX = "darkroom_outbox_messages", Gauge, [];
    /// How long model calls took, by role, model of the settings and outcome (ok or a kind of error).
    MODEL_CALLS = "darkroom_model_call_duration_seconds", Seconds, ["role", "model", "outcome"];
    /// Tokens of model calls, by role, model and direction (input, output).
    MODEL_TOKENS = "darkroom_model_tokens_total", Counter, ["role", "model", "direction"];
    /// What model calls cost by MODEL_PRICES, in millionths of a US dollar, by role and model.
    MODEL_COST = "darkroom_model_cost_micro_usd_total", Counter, ["role", "model"];
    /// Where a model's breaker stands: 0 closed, 1 half open, 2 open.
    MODEL_BREAKER = "darkroom_model_breaker", Gauge, ["role", "model"];
    /// Runs that were started, by path (warm, cold).
    SANDBOX_STARTS = "darkroom_sandbox_starts_total", Counter, ["path"];
    /// Runs that the sandbox ended, by reason.
    SANDBOX_KILLS = "darkroom_sandbox_kills_total", Counter, ["reason"];
    /// Places for runs: busy ones, and runs that wait for one (state busy, waiting).
    SANDBOX_SLOTS = "darkroom_sandbox_slots", Gauge, ["state"];
    /// Rooms that are kept ready, by kind of room.
    SANDBOX_ROOMS = "darkroom_sandbox_rooms_ready", Gauge, ["room"];
    /// Uploads, by outcome (stored, or the code of the refusal).
    UPLOADS = "darkroom_uploads_total", Counter, ["outcome"];
    /// Spans, metrics and scores that were lost, by signal and reason (queue_full, not_taken).
    TELEMETRY_DROPPED = "darkroom_telemetry_dropped_total", Counter, ["signal", "reason"];
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Protects whoever reads dashboards: names are unique, say their unit, and no label is one with values without end.
    #[test]
    fn the_table_keeps_to_the_conventions() {
        let names: BTreeSet<_> = METRICS.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), METRICS.len());
        for Metric { name, kind, labels, doc } in METRICS {
            assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
            assert!(*kind != Kind::Seconds || name.ends_with("_seconds"), "{name}");
            assert!(
                !labels.iter().any(|label| label.ends_with("id") || *label == "user" || *label == "path_raw"),
                "{name}"
            );
            assert!(doc.trim_end().ends_with(['.', '0', ')']), "{name}: {doc}");
        }
    }
}
