//! Messages between services.
//!
//! # Contract of [`Bus`] (every backend passes [`contract`] unchanged)
//! - `publish` returns only when the message is safe with the bus: a work topic keeps it until a
//!   consumer settles it; a broadcast topic hands it to every subscriber listening now.
//! - A work topic gives each message to one consumer at a time, in order of publishing while nothing
//!   fails, never more than `prefetch` unsettled ones to a consumer.
//! - A delivery is settled once, by value: `ack` ends it, `retry` gives it again (with `attempt` one
//!   higher) after the delay, `put_off` does so without counting, `reject` sets it aside. A delivery dropped unsettled, or whose consumer
//!   died, is given again.
//! - After [`MAX_ATTEMPTS`] attempts a message is set aside among the dead letters of its topic. A broker counts
//!   consumers that die without a word apart, and sets aside what killed several.
//! - The same message may come twice. Handlers drop repeats by what the message says.
//! - A message keeps the trace context it was published with, also when it is given again or set aside.
//! - `check` says whether the bus takes messages now.
//! - Only encoded bytes travel: nothing is shared between publisher and consumer.

pub mod consumer;
pub mod contract;
pub mod live;
mod memory;
mod rabbit;
mod traced;

pub use consumer::{Consumer, Handled, Handler, trace_in_hand};
pub use memory::MemoryBus;
pub use rabbit::{RabbitBus, RabbitSettings};

use async_trait::async_trait;
use common::topic::Topic;
use common::{MessageId, TraceContext};
use std::sync::Arc;
use std::time::Duration;

/// How often a message is given before it is set aside.
pub const MAX_ATTEMPTS: u32 = 3;

/// A message to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Unique id; stays the same when the same message is published again.
    pub message_id: MessageId,
    /// Where to.
    pub topic: Topic,
    /// The encoded message of the topic, at most [`common::wire::MAX_MESSAGE_BYTES`].
    pub payload: Vec<u8>,
    /// The trace this message belongs to, for whoever handles it to go on with.
    pub trace: Option<TraceContext>,
}

/// A message as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// The publisher's id.
    pub message_id: MessageId,
    /// Where it was published.
    pub topic: Topic,
    /// Counted from 1.
    pub attempt: u32,
    /// The encoded message of the topic.
    pub payload: Vec<u8>,
    /// The trace its publisher said it belongs to.
    pub trace: Option<TraceContext>,
}

impl Incoming {
    /// What was published, as it is given the first time.
    fn first(message: Outgoing) -> Self {
        let Outgoing { message_id, topic, payload, trace } = message;
        Self { message_id, topic, attempt: 1, payload, trace }
    }
}

/// One delivery of a work topic, to be settled once. Dropping it unsettled gives the message again.
#[async_trait]
pub trait Delivery: Send {
    /// The message.
    fn message(&self) -> &Incoming;
    /// Done: the message is gone.
    async fn ack(self: Box<Self>) -> Result<(), BusError>;
    /// Not now: given again after the delay, or set aside when its attempts are used up.
    async fn retry(self: Box<Self>, delay: Duration) -> Result<(), BusError>;
    /// Not now, and through no fault of the message: given again after the delay, as the same attempt.
    async fn put_off(self: Box<Self>, delay: Duration) -> Result<(), BusError>;
    /// Never: set aside at once.
    async fn reject(self: Box<Self>) -> Result<(), BusError>;
}

/// A running consumption of a work topic.
#[async_trait]
pub trait Deliveries: Send {
    /// The next delivery; `None` when the bus is closed.
    async fn next(&mut self) -> Option<Box<dyn Delivery>>;
}

/// A running subscription to a broadcast topic.
#[async_trait]
pub trait Subscription: Send {
    /// The next message; `None` when the bus is closed.
    async fn next(&mut self) -> Option<Incoming>;
}

/// The bus. See the crate's contract.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Publishes a message and waits until it is safe: on a broker through losses of its connection, for 30 seconds at
    /// most. After an error nothing is known of the message; it may be there.
    async fn publish(&self, message: Outgoing) -> Result<(), BusError>;
    /// Starts consuming a work topic.
    async fn consume(&self, topic: Topic, prefetch: usize) -> Result<Box<dyn Deliveries>, BusError>;
    /// Subscribes to a broadcast topic.
    async fn subscribe(&self, topic: Topic) -> Result<Box<dyn Subscription>, BusError>;
    /// Messages of a work topic that were set aside, oldest first.
    async fn dead_letters(&self, topic: Topic) -> Result<Vec<Incoming>, BusError>;
    /// Proves that the bus takes messages now, within three seconds: it is open, and a broker has just confirmed one.
    /// [`BusError::Blocked`] where it is short of memory or disk.
    async fn check(&self) -> Result<(), BusError>;
    /// True when unsettled messages outlive this process. Where they do not, whoever published work
    /// must publish it again after a restart.
    fn is_durable(&self) -> bool;
    /// Ends all consumers and subscriptions.
    async fn close(&self);
}

/// A bus shared by the services.
pub type SharedBus = Arc<dyn Bus>;

/// A failed operation on the bus.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The bus is closed.
    #[error("the bus is closed")]
    Closed,
    /// The message is larger than the bus carries.
    #[error("a message of {0} bytes is larger than the bus carries")]
    TooLarge(usize),
    /// The operation does not fit the topic's way of delivery.
    #[error("topic {0} is not delivered that way")]
    WrongDelivery(Topic),
    /// The broker does not answer, or does not take what it is given. Nothing is known of what was in hand: it may
    /// come again.
    #[error("the broker cannot be used now: {0}")]
    Unavailable(String),
    /// The broker is there, but takes no messages until it has memory and disk space again. What it holds can still be
    /// consumed, which may be what helps. Nothing is known of what was in hand: it may come.
    #[error("the broker takes no messages for now, it runs out of memory or disk space: {0}")]
    Blocked(String),
    /// The URL does not say where the broker is.
    #[error("the bus URL does not say where the broker is: {0}; use amqp://user:password@host:port,host:port/vhost")]
    Place(String),
    /// The URL's namespace cannot be part of a queue's name.
    #[error("'{0}' is no namespace; use up to 64 letters, digits, '-' and '_'")]
    Namespace(String),
    /// The URL names no backend of this build.
    #[error("'{0}' is not a bus URL this build knows; use memory: or amqp://user:password@host:port/vhost")]
    UnknownScheme(String),
}

/// Connects to the bus that the URL's scheme names: `memory:`, or RabbitMQ with `amqp://` or `amqps://` (see
/// [`RabbitSettings::parse`]).
///
/// # Errors
/// The scheme is unknown, or the broker does not answer.
pub async fn connect(url: &str) -> Result<SharedBus, BusError> {
    let (inner, system): (SharedBus, _) = match url.split(':').next().unwrap_or_default() {
        "memory" => (Arc::new(MemoryBus::new()), "memory"),
        "amqp" | "amqps" => (Arc::new(RabbitBus::connect(RabbitSettings::parse(url)?).await?), "rabbitmq"),
        other => return Err(BusError::UnknownScheme(other.to_owned())),
    };
    Ok(Arc::new(traced::Traced { inner, system }))
}
