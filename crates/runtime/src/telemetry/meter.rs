//! Metrics: kept as Prometheus keeps them, shown to whoever scrapes, and the same sent to the collector.

use super::otlp;
use super::queue::Dropped;
use super::receiver::{Receiver, headers};
use crate::settings::Settings;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use observe::{Kind, METRICS};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Receiver as Waiting, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, SystemTime};

/// Upper bounds of the histograms, in seconds: from a request that only looks something up to the longest model call.
const BUCKETS: [f64; 16] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0];

/// Time between two messages to the collector.
const EVERY: Duration = Duration::from_secs(10);

/// Sends metrics until its end.
pub(super) struct Pusher {
    stop: SyncSender<()>,
    ended: Waiting<()>,
}

impl Pusher {
    /// Sends the last figures, and waits for that no longer than `patience`.
    pub fn end(self, patience: Duration) {
        drop(self.stop);
        if self.ended.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("the last metrics were not taken");
        }
    }
}

/// Starts what the settings want; nothing is counted without them.
///
/// # Errors
/// A setting cannot be used.
pub(super) fn start(settings: &Settings, service: &str) -> Result<Option<Pusher>, String> {
    if settings.metrics_listen.is_empty() && settings.otlp_endpoint.is_empty() {
        return Ok(None);
    }
    // First, so that nothing is counted by a program that cannot start.
    let listener = match settings.metrics_listen.as_str() {
        "" => None,
        address => {
            let bound = TcpListener::bind(address);
            Some(bound.map_err(|error| format!("METRICS_LISTEN: {address} cannot be listened on: {error}"))?)
        }
    };
    let receiver = match settings.otlp_endpoint.as_str() {
        "" => None,
        endpoint => {
            let heads = headers(settings.otlp_headers.exposed())
                .ok_or("OTEL_EXPORTER_OTLP_HEADERS is not written as name=value,name=value")?;
            let receiver = Receiver::new(endpoint, "/v1/metrics", heads);
            Some(receiver.map_err(|why| format!("OTEL_EXPORTER_OTLP_ENDPOINT {why}"))?)
        }
    };
    let builder = PrometheusBuilder::new().add_global_label("service", service);
    let recorder = builder.set_buckets(&BUCKETS).map_err(|error| error.to_string())?.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|error| error.to_string())?;
    describe();
    if let Some(listener) = listener {
        let (shown, token) = (handle.clone(), settings.metrics_token.exposed().to_owned());
        let render = Arc::new(move || shown.render());
        spawn("metrics at METRICS_LISTEN", move || {
            if let Err(error) = edge::scrape::serve(listener, token, render) {
                tracing::error!(%error, "metrics can no longer be scraped");
            }
        })?;
    }
    let (stop, asked) = sync_channel(0);
    let (end, ended) = sync_channel(1);
    let push = Push { handle, receiver, resource: settings_resource(settings, service), began: SystemTime::now() };
    spawn("metrics", move || {
        push.run(&asked);
        // Whoever waited may have given up.
        let _nobody_waits = end.try_send(());
    })?;
    Ok(Some(Pusher { stop, ended }))
}

fn settings_resource(settings: &Settings, service: &str) -> Vec<(String, String)> {
    vec![
        ("service.name".to_owned(), service.to_owned()),
        ("service.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ("deployment.environment.name".to_owned(), settings.sentry_environment.clone()),
    ]
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), String> {
    let spawned = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    spawned.map(drop).map_err(|error| format!("no thread for {name}: {error}"))
}

fn describe() {
    for metric in METRICS {
        let doc = metric.doc.trim();
        match metric.kind {
            Kind::Counter => metrics::describe_counter!(metric.name, doc),
            Kind::Gauge => metrics::describe_gauge!(metric.name, doc),
            Kind::Seconds => metrics::describe_histogram!(metric.name, metrics::Unit::Seconds, doc),
        }
    }
}

struct Push {
    handle: PrometheusHandle,
    receiver: Option<Receiver>,
    resource: Vec<(String, String)>,
    began: SystemTime,
}

impl Push {
    fn run(&self, asked: &Waiting<()>) {
        while asked.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
            // Samples wait in buffers until somebody looks: they may not wait for ever where nobody does.
            self.handle.run_upkeep();
            self.push();
        }
        self.push();
    }

    fn push(&self) {
        let Some(receiver) = &self.receiver else { return };
        let message = otlp::message(&self.handle.render(), &self.resource, self.began, SystemTime::now());
        if let Err(why) = receiver.send(&message) {
            Dropped { signal: "metrics" }.not_taken(1);
            tracing::debug!(why, "metrics were not taken");
        }
    }
}
