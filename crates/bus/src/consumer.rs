//! The one consume loop: prefetch, bounded concurrency, panic to retry, drain on shutdown.

use crate::{BusError, Delivery, Incoming, SharedBus};
use async_trait::async_trait;
use common::TraceContext;
use common::topic::Topic;
use futures::FutureExt;
use observe::table::MESSAGES;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::field::Empty;
use tracing::{Instrument, Span};

tokio::task_local! {
    static IN_HAND: TraceContext;
}

/// The trace of the message that is being handled: for what is published because of it. None outside of
/// [`Handler::handle`], and in tasks it started.
pub fn trace_in_hand() -> Option<TraceContext> {
    // A span within the handler's is nearer to what is published.
    IN_HAND.try_with(|in_hand| observe::current().unwrap_or_else(|| in_hand.clone())).ok()
}

/// What a handler says of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handled {
    /// Its effects are safe; never give it again.
    Done,
    /// It may work later. After [`crate::MAX_ATTEMPTS`] attempts it is set aside.
    Retry(Duration),
    /// Something around us fails, or we stop: again later, however often. The message is not to blame, and setting it
    /// aside would only lose it.
    PutOff(Duration),
    /// It never will: set it aside. The text says why, for the log.
    Reject(String),
}

/// Handles the messages of one topic.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Handles one message. May be called for the same message more than once.
    async fn handle(&self, message: &Incoming) -> Handled;
}

/// A running consume loop. Ends when its token is cancelled, after the messages in hand are handled.
#[derive(Debug)]
pub struct Consumer {
    tasks: TaskTracker,
}

/// Pause after a handler panicked, so that a poison message cannot spin.
const PANIC_RETRY_DELAY: Duration = Duration::from_millis(500);

impl Consumer {
    /// Consumes `topic` with at most `concurrency` messages in hand at a time.
    ///
    /// # Errors
    /// The bus refuses to consume the topic.
    pub async fn start(
        bus: &SharedBus,
        topic: Topic,
        concurrency: usize,
        handler: Arc<dyn Handler>,
        stop: CancellationToken,
    ) -> Result<Self, BusError> {
        let mut deliveries = bus.consume(topic, concurrency).await?;
        let tasks = TaskTracker::new();
        let inner = tasks.clone();
        tasks.spawn(async move {
            loop {
                // The backend holds back at `concurrency` unsettled deliveries, so spawning is bounded.
                let next = tokio::select! {
                    biased;
                    () = stop.cancelled() => None,
                    next = deliveries.next() => next,
                };
                let Some(delivery) = next else { break };
                inner.spawn(handle_one(topic, delivery, handler.clone()));
            }
        });
        tasks.close();
        Ok(Self { tasks })
    }

    /// Waits until the loop has ended and every message in hand is settled.
    pub async fn finished(&self) {
        self.tasks.wait().await;
    }
}

/// What a handler said, in a word.
fn word<Panic>(outcome: &Result<Handled, Panic>) -> &'static str {
    match outcome {
        Ok(Handled::Done) => "done",
        Ok(Handled::Retry(_)) => "retry",
        Ok(Handled::PutOff(_)) => "put_off",
        Ok(Handled::Reject(_)) => "set_aside",
        Err(_) => "panicked",
    }
}

/// One line for each message, as there is one for each request.
fn tell(span: &Span, topic: Topic, outcome: &'static str, start: Instant) {
    let duration = start.elapsed().as_secs_f64();
    span.in_scope(|| tracing::info!(outcome, duration_ms = duration * 1000.0, "message handled"));
    observe::histogram!(MESSAGES, "topic" => topic.as_str(), "outcome" => outcome).record(duration);
    // What was put off is nobody's fault.
    if !matches!(outcome, "done" | "put_off") {
        observe::failed(span, outcome);
    }
}

/// The span of a message in hand, within the trace of whoever published it.
fn span_of(topic: Topic, message: &Incoming) -> (Span, TraceContext) {
    let span = tracing::info_span!(
        "message", otel.kind = "consumer", otel.name = %format_args!("process {topic}"), %topic,
        message.id = %message.message_id, trace.id = Empty, messaging.destination.name = topic.as_str(),
        messaging.operation.name = "process", messaging.operation.type = "process",
        messaging.message.id = %message.message_id, messaging.message.attempt = message.attempt
    );
    let trace = observe::begin(&span, message.trace.as_ref());
    span.record("trace.id", trace.trace_id());
    (span, trace)
}

async fn handle_one(topic: Topic, delivery: Box<dyn Delivery>, handler: Arc<dyn Handler>) {
    let message_id = delivery.message().message_id;
    let start = Instant::now();
    let (span, trace) = span_of(topic, delivery.message());
    let handled = AssertUnwindSafe(handler.handle(delivery.message())).catch_unwind();
    let outcome = IN_HAND.scope(trace, handled).instrument(span.clone()).await;
    tell(&span, topic, word(&outcome), start);
    drop(span);
    let settled = match outcome {
        Ok(Handled::Done) => delivery.ack().await,
        Ok(Handled::Retry(delay)) => delivery.retry(delay).await,
        Ok(Handled::PutOff(delay)) => delivery.put_off(delay).await,
        Ok(Handled::Reject(why)) => {
            tracing::error!(%topic, %message_id, why, "message set aside");
            delivery.reject().await
        }
        Err(_) => {
            tracing::error!(%topic, %message_id, "handler panicked");
            delivery.retry(PANIC_RETRY_DELAY).await
        }
    };
    if let Err(error) = settled {
        tracing::warn!(%topic, %message_id, %error, "delivery could not be settled; it will come again");
    }
}
