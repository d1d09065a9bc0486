//! A bounded queue of spans in front of one receiver, emptied by a thread of its own.

use super::receiver::Receiver;
use opentelemetry::Context;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use std::fmt;
use std::sync::mpsc::{Receiver as Waiting, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Longest time that sending what waits may take at the end.
pub const END: Duration = Duration::from_secs(2);

/// Most spans that wait. About 4 MiB; a job makes some fifty.
const MOST_WAITING: usize = 4096;

/// Most spans sent at once.
const MOST_AT_ONCE: usize = 512;

/// Longest time a span waits for others.
const PAUSE: Duration = Duration::from_secs(1);

/// Counts what is lost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dropped {
    /// Of what: `spans`, `langfuse`, `scores`, `metrics`.
    pub signal: &'static str,
}

impl Dropped {
    /// The queue was full.
    pub fn queue_full(self, count: usize) {
        self.count("queue_full", count);
    }

    /// The receiver did not take it.
    pub fn not_taken(self, count: usize) {
        self.count("not_taken", count);
    }

    fn count(self, reason: &'static str, count: usize) {
        observe::counter!(observe::table::TELEMETRY_DROPPED, "signal" => self.signal, "reason" => reason)
            .increment(count as u64);
    }
}

/// Which spans a receiver gets, and what of them. Runs in the queue's thread, but for `wants`.
pub(super) trait Select: Send + Sync + fmt::Debug + 'static {
    /// Whether the receiver gets this span at all. Called where the span ends: it has to be quick.
    fn wants(&self, span: &SpanData) -> bool;
    /// What it gets of it.
    fn shape(&self, span: SpanData) -> SpanData;
    /// What of the spans is to be sent; the others it takes care of itself.
    fn split(&self, spans: Vec<SpanData>) -> Vec<SpanData> {
        spans
    }
}

enum Item {
    Span(Box<SpanData>),
    Flush(SyncSender<()>),
}

/// See the module.
pub(super) struct Queue<S> {
    select: Arc<S>,
    dropped: Dropped,
    items: Mutex<Option<SyncSender<Item>>>,
    resource: Arc<OnceLock<Resource>>,
    ended: Mutex<Waiting<()>>,
}

impl<S: fmt::Debug> fmt::Debug for Queue<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").field("select", &self.select).finish_non_exhaustive()
    }
}

impl<S: Select> Queue<S> {
    /// A queue with its thread.
    ///
    /// # Errors
    /// The operating system gives no thread.
    pub fn start(signal: &'static str, select: S, receiver: Receiver) -> Result<Self, String> {
        let select = Arc::new(select);
        let dropped = Dropped { signal };
        let (items, waiting) = sync_channel(MOST_WAITING);
        let (end, ended) = sync_channel(1);
        let resource = Arc::new(OnceLock::new());
        let sender = Sender { select: select.clone(), dropped, receiver, resource: resource.clone() };
        std::thread::Builder::new()
            .name(format!("telemetry {signal}"))
            .spawn(move || {
                sender.run(&waiting);
                // Nobody may wait for it any more.
                let _nobody_waits = end.try_send(());
            })
            .map_err(|error| format!("no thread for telemetry: {error}"))?;
        Ok(Self { select, dropped, items: Mutex::new(Some(items)), resource, ended: Mutex::new(ended) })
    }

    fn items(&self) -> Option<SyncSender<Item>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl<S: Select> SpanProcessor for Queue<S> {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if !span.span_context.is_sampled() || !self.select.wants(&span) {
            return;
        }
        let taken = self.items().is_some_and(|items| items.try_send(Item::Span(Box::new(span))).is_ok());
        if !taken {
            self.dropped.queue_full(1);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        let Some(items) = self.items() else { return Err(OTelSdkError::AlreadyShutdown) };
        let (done, waiting) = sync_channel(1);
        match items.try_send(Item::Flush(done)) {
            Ok(()) => waiting.recv_timeout(END).map_err(|_| OTelSdkError::Timeout(END)),
            Err(TrySendError::Full(_)) => Err(OTelSdkError::Timeout(Duration::ZERO)),
            Err(TrySendError::Disconnected(_)) => Err(OTelSdkError::AlreadyShutdown),
        }
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        // Without a sender the thread sends what waits, and ends.
        drop(self.items.lock().unwrap_or_else(PoisonError::into_inner).take());
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.recv_timeout(timeout).map_err(|_| OTelSdkError::Timeout(timeout))
    }

    fn set_resource(&mut self, resource: &Resource) {
        // Set once, by the provider that is being built.
        drop(self.resource.set(resource.clone()));
    }
}

struct Sender<S> {
    select: Arc<S>,
    dropped: Dropped,
    receiver: Receiver,
    resource: Arc<OnceLock<Resource>>,
}

impl<S: Select> Sender<S> {
    fn run(&self, waiting: &Waiting<Item>) {
        let mut batch: Vec<SpanData> = Vec::new();
        let mut first = Instant::now();
        loop {
            let left = if batch.is_empty() { PAUSE } else { PAUSE.saturating_sub(first.elapsed()) };
            match waiting.recv_timeout(left) {
                Ok(Item::Span(span)) => {
                    if batch.is_empty() {
                        first = Instant::now();
                    }
                    batch.push(*span);
                    if batch.len() >= MOST_AT_ONCE {
                        self.send(&mut batch);
                    }
                }
                Ok(Item::Flush(done)) => {
                    self.send(&mut batch);
                    // Whoever asked may have left.
                    let _nobody_waits = done.try_send(());
                }
                Err(RecvTimeoutError::Timeout) => self.send(&mut batch),
                Err(RecvTimeoutError::Disconnected) => return self.send(&mut batch),
            }
        }
    }

    fn send(&self, batch: &mut Vec<SpanData>) {
        if batch.is_empty() {
            return;
        }
        let spans = self.select.split(batch.drain(..).map(|span| self.select.shape(span)).collect());
        let count = spans.len();
        if count == 0 {
            return;
        }
        let empty = Resource::builder_empty().build();
        let resource = ResourceAttributesWithSchema::from(self.resource.get().unwrap_or(&empty));
        let resource_spans = group_spans_by_resource_and_scope(spans, &resource);
        if let Err(why) = self.receiver.send(&ExportTraceServiceRequest { resource_spans }) {
            self.dropped.not_taken(count);
            tracing::debug!(why, count, signal = self.dropped.signal, "telemetry was not taken");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::select::Own;
    use super::*;
    use metrics_exporter_prometheus::PrometheusBuilder;
    use opentelemetry::trace::{Tracer, TracerProvider};
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use reqwest::header::HeaderMap;
    use std::net::TcpListener;

    /// Protects jobs from a receiver that takes connections and never answers: spans that find no place are dropped and
    /// counted, and the end gives up.
    #[test]
    fn what_finds_no_place_is_dropped_and_counted() {
        const MADE: usize = 3 * MOST_WAITING;
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", silent.local_addr().unwrap());
        let receiver = Receiver::new(&base, "/v1/traces", HeaderMap::new()).unwrap();
        let queue = Queue::start("spans", Own, receiver).unwrap();
        let provider = SdkTracerProvider::builder().with_span_processor(queue).build();
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || {
            let tracer = provider.tracer("test");
            (0..MADE).for_each(|_| drop(tracer.start("span")));
        });
        let text = recorder.handle().render();
        let counted = r#"darkroom_telemetry_dropped_total{signal="spans",reason="queue_full"} "#;
        let line = text.lines().find_map(|line| line.strip_prefix(counted));
        let dropped: usize = line.and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("{text}"));
        // Two messages at most were made ready meanwhile; the first is still on its way.
        assert!((MADE - MOST_WAITING - 2 * MOST_AT_ONCE..MADE).contains(&dropped), "{dropped}");
        assert!(provider.shutdown_with_timeout(Duration::from_millis(50)).is_err(), "nothing could be sent");
    }
}
