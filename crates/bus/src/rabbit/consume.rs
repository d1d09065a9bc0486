//! Taking messages: work, settled one by one, and broadcasts.

use super::line::{Connected, Line};
use super::{Lines, heads, publish};
use crate::{BusError, Deliveries, Delivery, Incoming, MAX_ATTEMPTS, Subscription};
use async_trait::async_trait;
use common::topic::Topic;
use futures::StreamExt;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{Channel, Consumer};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Longest wait for a connection before it is looked again whether the bus is still open.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
/// Longest wait for a new subscription to listen.
const SUBSCRIBE_PATIENCE: Duration = Duration::from_secs(30);
/// Longest wait for a consumer to begin on a connection that stands.
const LISTEN_PATIENCE: Duration = Duration::from_secs(10);
/// Longest wait until the word on a message is on its way. What is asked for at the very moment in which a connection
/// breaks may never be answered by the library: it takes the frame and forgets it.
const SETTLE_PATIENCE: Duration = Duration::from_secs(5);
/// Pause before a consumer that ended begins again.
const BEGIN_AGAIN: Duration = Duration::from_millis(200);

/// What `begin` makes of it, unless it takes too long.
async fn in_time(begin: impl Future<Output = lapin::Result<Listening>>) -> Result<Listening, String> {
    match timeout(LISTEN_PATIENCE, begin).await {
        Ok(begun) => begun.map_err(|error| error.to_string()),
        Err(_late) => Err("the broker did not answer in time".to_owned()),
    }
}

/// What is listened to on one connection.
struct Listening {
    connected: Arc<Connected>,
    channel: Channel,
    consumer: Consumer,
}

/// A consumption of a work topic.
pub struct RabbitDeliveries {
    lines: Lines,
    topic: Topic,
    prefetch: usize,
    /// The broker holds back by itself, but knows nothing of what is in hand from a connection that was lost.
    slots: Arc<Semaphore>,
    listening: Option<Listening>,
}

impl RabbitDeliveries {
    /// Not listening yet.
    pub fn new(lines: Lines, topic: Topic, prefetch: usize) -> Self {
        Self { lines, topic, prefetch, slots: Arc::new(Semaphore::new(prefetch)), listening: None }
    }

    async fn listen(&self, connected: Arc<Connected>) -> lapin::Result<Listening> {
        let channel = connected.connection.create_channel().await?;
        let prefetch = u16::try_from(self.prefetch).unwrap_or(u16::MAX);
        channel.basic_qos(prefetch, BasicQosOptions::default()).await?;
        let queue = self.lines.consuming.names().queue_of(self.topic);
        let options = BasicConsumeOptions::default();
        let consumer = channel.basic_consume(queue.into(), "".into(), options, FieldTable::default()).await?;
        Ok(Listening { connected, channel, consumer })
    }

    /// The next message from the broker; nothing when the connection, or the consumer on it, is gone.
    async fn heard(&mut self) -> Option<Hold> {
        if self.listening.is_none() {
            let connected = self.lines.consuming.connected(LOOK_AGAIN).await.ok()?;
            match in_time(self.listen(connected.clone())).await {
                Ok(listening) => self.listening = Some(listening),
                Err(error) => {
                    tracing::warn!(topic = %self.topic, %error, "nothing can be consumed on this connection");
                    self.lines.consuming.lost(&connected);
                    return None;
                }
            }
        }
        let listening = self.listening.as_mut()?;
        match listening.consumer.next().await {
            Some(Ok(received)) => Some(Hold {
                received,
                channel: listening.channel.clone(),
                connected: listening.connected.clone(),
                line: self.lines.consuming.clone(),
            }),
            ended => {
                let why = ended.and_then(Result::err).map(|error| error.to_string()).unwrap_or_default();
                tracing::debug!(topic = %self.topic, why, "a consumer has ended");
                // A queue that was deleted is declared again with the next connection.
                self.lines.consuming.lost(&listening.connected);
                self.listening = None;
                None
            }
        }
    }
}

#[async_trait]
impl Deliveries for RabbitDeliveries {
    async fn next(&mut self) -> Option<Box<dyn Delivery>> {
        let closed = self.lines.consuming.closed().clone();
        let slot = tokio::select! {
            () = closed.cancelled() => return None,
            slot = self.slots.clone().acquire_owned() => slot.ok()?,
        };
        loop {
            let heard = tokio::select! {
                biased;
                () = closed.cancelled() => return None,
                heard = self.heard() => heard,
            };
            let Some(hold) = heard else {
                tokio::select! {
                    () = closed.cancelled() => return None,
                    () = tokio::time::sleep(BEGIN_AGAIN) => {}
                }
                continue;
            };
            let (message, lines) = (heads::incoming(self.topic, &hold.received), self.lines.clone());
            return Some(Box::new(RabbitDelivery { message, lines, hold: Some(hold), _slot: slot }));
        }
    }
}

/// What the broker waits to hear about. A channel ends with its last handle, and whatever is unsettled on it is given
/// again.
struct Hold {
    received: lapin::message::Delivery,
    channel: Channel,
    connected: Arc<Connected>,
    line: Arc<Line>,
}

impl Hold {
    async fn ack(self) -> Result<(), BusError> {
        self.settled(self.received.ack(BasicAckOptions::default())).await
    }

    /// To the dead letters.
    async fn set_aside(self) -> Result<(), BusError> {
        let options = BasicNackOptions { requeue: false, ..BasicNackOptions::default() };
        self.settled(self.received.nack(options)).await
    }

    /// A channel that is gone has given the message back already.
    async fn settled(&self, telling: impl Future<Output = lapin::Result<bool>>) -> Result<(), BusError> {
        match timeout(SETTLE_PATIENCE, telling).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(BusError::Unavailable(format!("its channel {} was lost", self.channel.id()))),
            Ok(Err(error)) => Err(BusError::Unavailable(error.to_string())),
            Err(_late) => {
                // Whatever became of it: with its connection the message goes back, and is not held for ever.
                self.line.lost(&self.connected);
                Err(BusError::Unavailable("it could not be told in time".to_owned()))
            }
        }
    }
}

/// One delivery. Dropped unsettled, its message is given again as the next attempt.
struct RabbitDelivery {
    message: Incoming,
    lines: Lines,
    hold: Option<Hold>,
    _slot: OwnedSemaphorePermit,
}

/// Gives a message again later as the next attempt, or sets it aside when its attempts are used up.
async fn give_again(hold: Hold, lines: &Lines, message: Incoming, delay: Duration) -> Result<(), BusError> {
    if message.attempt >= MAX_ATTEMPTS {
        return hold.set_aside().await;
    }
    let attempt = message.attempt + 1;
    give_copy(hold, lines, Incoming { attempt, ..message }, delay).await
}

/// Gives a message again later. A copy that says which attempt it is,
/// published before the original is settled: between the two the message is there twice, never not at all.
async fn give_copy(hold: Hold, lines: &Lines, copy: Incoming, delay: Duration) -> Result<(), BusError> {
    let names = lines.publishing.names();
    let exchange = if delay.is_zero() { names.work() } else { names.retry_after(delay) };
    while let Err(error) = publish::publish(&lines.publishing, &exchange, &copy).await {
        // Given up, it would stay with a consumer that has forgotten it; given back, it would be counted as a death.
        // With its channel it goes back by itself.
        if matches!(error, BusError::Closed) || !hold.channel.status().connected() {
            return Err(error);
        }
        tracing::warn!(topic = %copy.topic, %error, "a message cannot be given again yet");
    }
    hold.ack().await
}

impl Drop for RabbitDelivery {
    fn drop(&mut self) {
        let Some(hold) = self.hold.take() else { return };
        // Outside of a runtime the channel goes too, and the broker gives the message again by itself.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (lines, message) = (self.lines.clone(), self.message.clone());
        runtime.spawn(async move {
            if let Err(error) = give_again(hold, &lines, message, Duration::ZERO).await {
                tracing::debug!(%error, "a message goes back with its connection");
            }
        });
    }
}

#[async_trait]
impl Delivery for RabbitDelivery {
    fn message(&self) -> &Incoming {
        &self.message
    }

    async fn ack(mut self: Box<Self>) -> Result<(), BusError> {
        match self.hold.take() {
            Some(hold) => hold.ack().await,
            None => Ok(()),
        }
    }

    async fn retry(mut self: Box<Self>, delay: Duration) -> Result<(), BusError> {
        match self.hold.take() {
            Some(hold) => give_again(hold, &self.lines, self.message.clone(), delay).await,
            None => Ok(()),
        }
    }

    async fn put_off(mut self: Box<Self>, delay: Duration) -> Result<(), BusError> {
        match self.hold.take() {
            Some(hold) => give_copy(hold, &self.lines, self.message.clone(), delay).await,
            None => Ok(()),
        }
    }

    async fn reject(mut self: Box<Self>) -> Result<(), BusError> {
        match self.hold.take() {
            Some(hold) => hold.set_aside().await,
            None => Ok(()),
        }
    }
}

/// A subscription to a broadcast topic. What is published while there is no connection is missed.
pub struct RabbitSubscription {
    line: Arc<Line>,
    topic: Topic,
    listening: Option<Listening>,
}

impl RabbitSubscription {
    /// Listens before it returns.
    ///
    /// # Errors
    /// There is no connection for long.
    pub async fn begin(line: Arc<Line>, topic: Topic) -> Result<Self, BusError> {
        let mut subscription = Self { line, topic, listening: None };
        let until = tokio::time::Instant::now() + SUBSCRIBE_PATIENCE;
        loop {
            let left = until.saturating_duration_since(tokio::time::Instant::now());
            let connected = subscription.line.connected(left).await?;
            match in_time(subscription.listen(connected.clone())).await {
                Ok(listening) => {
                    subscription.listening = Some(listening);
                    return Ok(subscription);
                }
                Err(error) => {
                    tracing::warn!(%topic, %error, "nothing can be subscribed to on this connection");
                    subscription.line.lost(&connected);
                    tokio::time::sleep(BEGIN_AGAIN).await;
                }
            }
        }
    }

    async fn listen(&self, connected: Arc<Connected>) -> lapin::Result<Listening> {
        let channel = connected.connection.create_channel().await?;
        let names = self.line.names();
        // A name of our own: one that the broker chose could not be declared again.
        let queue = format!("{}.{}", names.queue_of(self.topic), uuid::Uuid::new_v4());
        let options = QueueDeclareOptions { exclusive: true, auto_delete: true, ..QueueDeclareOptions::default() };
        channel.queue_declare(queue.as_str().into(), options, FieldTable::default()).await?;
        let (exchange, key) = (names.broadcast(), self.topic.as_str());
        let bind = QueueBindOptions::default();
        channel.queue_bind(queue.as_str().into(), exchange.into(), key.into(), bind, FieldTable::default()).await?;
        let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
        let consumer = channel.basic_consume(queue.into(), "".into(), options, FieldTable::default()).await?;
        Ok(Listening { connected, channel, consumer })
    }
}

#[async_trait]
impl Subscription for RabbitSubscription {
    async fn next(&mut self) -> Option<Incoming> {
        let closed = self.line.closed().clone();
        loop {
            if self.listening.is_none() {
                let connected = tokio::select! {
                    biased;
                    () = closed.cancelled() => return None,
                    connected = self.line.connected(LOOK_AGAIN) => connected,
                };
                if let Ok(connected) = connected {
                    match in_time(self.listen(connected.clone())).await {
                        Ok(listening) => self.listening = Some(listening),
                        Err(error) => {
                            tracing::warn!(topic = %self.topic, %error, "a subscription cannot begin again");
                            self.line.lost(&connected);
                            tokio::time::sleep(BEGIN_AGAIN).await;
                        }
                    }
                }
                continue;
            }
            let Some(listening) = self.listening.as_mut() else { continue };
            let next = tokio::select! {
                biased;
                () = closed.cancelled() => return None,
                next = listening.consumer.next() => next,
            };
            match next {
                Some(Ok(delivery)) => return Some(heads::incoming(self.topic, &delivery)),
                _ended => {
                    self.line.lost(&listening.connected);
                    self.listening = None;
                }
            }
        }
    }
}
