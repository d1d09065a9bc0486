//! Spans around what is published, whatever the backend.

use crate::{Bus, BusError, Deliveries, Incoming, Outgoing, SharedBus, Subscription};
use async_trait::async_trait;
use common::topic::Topic;
use tracing::Instrument;

/// A bus that tells of each message with a trace that it publishes, and lets the message go on from there.
pub(crate) struct Traced {
    pub(crate) inner: SharedBus,
    /// As the conventions call it: `rabbitmq`, or `memory`.
    pub(crate) system: &'static str,
}

#[async_trait]
impl Bus for Traced {
    async fn publish(&self, mut message: Outgoing) -> Result<(), BusError> {
        // What belongs to no trace, such as news for other replicas, begins none.
        if message.trace.is_none() {
            return self.inner.publish(message).await;
        }
        let topic = message.topic;
        let span = tracing::info_span!(
            "send", otel.kind = "producer", otel.name = %format_args!("send {topic}"), messaging.system = self.system,
            messaging.destination.name = topic.as_str(), messaging.operation.name = "send",
            messaging.operation.type = "send", messaging.message.id = %message.message_id
        );
        if let Some(trace) = observe::start(&span, message.trace.as_ref()) {
            message.trace = Some(trace);
        }
        let published = self.inner.publish(message).instrument(span.clone()).await;
        if published.is_err() {
            observe::failed(&span, "not_published");
        }
        published
    }

    async fn consume(&self, topic: Topic, prefetch: usize) -> Result<Box<dyn Deliveries>, BusError> {
        self.inner.consume(topic, prefetch).await
    }

    async fn subscribe(&self, topic: Topic) -> Result<Box<dyn Subscription>, BusError> {
        self.inner.subscribe(topic).await
    }

    async fn dead_letters(&self, topic: Topic) -> Result<Vec<Incoming>, BusError> {
        self.inner.dead_letters(topic).await
    }

    async fn check(&self) -> Result<(), BusError> {
        self.inner.check().await
    }

    fn is_durable(&self) -> bool {
        self.inner.is_durable()
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
