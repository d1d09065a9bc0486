//! The bus over RabbitMQ.
//!
//! The topology follows from the table of topics, see [`topology`]. One connection at a time, kept by [`line`], which
//! makes a new one when it is lost; publishers wait for it, consumers begin again on it. What was in hand when a
//! connection was lost comes again, so handlers may see a message twice, as the contract says.

mod consume;
mod line;
mod settings;
mod topology;

pub use settings::RabbitSettings;

use crate::{Bus, BusError, Deliveries, Incoming, Outgoing, Subscription};
use async_trait::async_trait;
use common::topic::{self, Topic};
use consume::{RabbitDeliveries, RabbitSubscription};
use lapin::options::{BasicGetOptions, BasicPublishOptions};
use lapin::{BasicProperties, Confirmation};
use line::{Connected, Line};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// Longest wait of a publisher for a message to be safe, losses of the connection included.
const PUBLISH_PATIENCE: Duration = Duration::from_secs(30);
/// Longest wait for the broker to confirm one message.
const CONFIRM_PATIENCE: Duration = Duration::from_secs(5);
/// Pause before a message is published again after it was not confirmed.
const PUBLISH_PAUSE: Duration = Duration::from_millis(200);
/// Most dead letters that are listed.
const MAX_DEAD_LETTERS: usize = 1000;

/// See the module. Dropping it closes the connection.
#[derive(Debug)]
pub struct RabbitBus {
    line: Arc<Line>,
}

impl RabbitBus {
    /// Connects and declares the topology.
    ///
    /// # Errors
    /// The broker does not answer within the settings' patience, or refuses.
    pub async fn connect(settings: RabbitSettings) -> Result<Self, BusError> {
        let patience = settings.start_patience;
        let line = Line::start(settings);
        line.connected(patience).await?;
        Ok(Self { line: Arc::new(line) })
    }
}

#[async_trait]
impl Bus for RabbitBus {
    async fn publish(&self, message: Outgoing) -> Result<(), BusError> {
        if message.payload.len() > common::wire::MAX_MESSAGE_BYTES {
            return Err(BusError::TooLarge(message.payload.len()));
        }
        let names = self.line.names();
        let exchange = match message.topic.delivery() {
            topic::Delivery::Work => names.work(),
            topic::Delivery::Broadcast => names.broadcast(),
        };
        let incoming =
            Incoming { message_id: message.message_id, topic: message.topic, attempt: 1, payload: message.payload };
        publish(&self.line, &exchange, &incoming).await
    }

    async fn consume(&self, topic: Topic, prefetch: usize) -> Result<Box<dyn Deliveries>, BusError> {
        if topic.delivery() != topic::Delivery::Work {
            return Err(BusError::WrongDelivery(topic));
        }
        self.line.open()?;
        Ok(Box::new(RabbitDeliveries::new(self.line.clone(), topic, prefetch)))
    }

    async fn subscribe(&self, topic: Topic) -> Result<Box<dyn Subscription>, BusError> {
        if topic.delivery() != topic::Delivery::Broadcast {
            return Err(BusError::WrongDelivery(topic));
        }
        self.line.open()?;
        // Listening before this returns: what is published after it is heard.
        Ok(Box::new(RabbitSubscription::begin(self.line.clone(), topic).await?))
    }

    async fn dead_letters(&self, topic: Topic) -> Result<Vec<Incoming>, BusError> {
        if topic.delivery() != topic::Delivery::Work {
            return Err(BusError::WrongDelivery(topic));
        }
        let connected = self.line.connected(PUBLISH_PATIENCE).await?;
        let queue = self.line.names().dead_of(topic);
        let look = async {
            // Nothing is settled: with its channel everything goes back to where it was.
            let channel = connected.connection.create_channel().await?;
            let mut found = Vec::new();
            while found.len() < MAX_DEAD_LETTERS {
                let Some(got) = channel.basic_get(queue.as_str().into(), BasicGetOptions::default()).await? else {
                    break;
                };
                found.push(got.delivery);
            }
            let letters = found.iter().map(|delivery| topology::incoming(topic, delivery)).collect();
            channel.close(200, "looked".into()).await?;
            Ok(letters)
        };
        look.await.map_err(|error: lapin::Error| BusError::Unavailable(error.to_string()))
    }

    fn is_durable(&self) -> bool {
        true
    }

    async fn close(&self) {
        self.line.close().await;
    }
}

/// Publishes until the broker has confirmed it. A message whose confirmation was lost may be there twice.
async fn publish(line: &Line, exchange: &str, message: &Incoming) -> Result<(), BusError> {
    let until = Instant::now() + PUBLISH_PATIENCE;
    // A broadcast that nobody listens to is fine; work without its queue would be lost.
    let mandatory = message.topic.delivery() == topic::Delivery::Work;
    loop {
        let connected = line.connected(until.saturating_duration_since(Instant::now())).await?;
        let sent = timeout(CONFIRM_PATIENCE, publish_once(&connected, exchange, message, mandatory)).await;
        let why = match sent {
            Ok(Ok(Confirmation::Ack(None))) => return Ok(()),
            Ok(Ok(Confirmation::Ack(Some(returned)))) => {
                line.lost(&connected);
                format!("no queue takes it: {}", returned.reply_text)
            }
            Ok(Ok(Confirmation::Nack(_))) => "the broker did not take it".to_owned(),
            Ok(Ok(Confirmation::NotRequested)) => "the broker was not asked to confirm".to_owned(),
            Ok(Err(error)) => {
                line.lost(&connected);
                error.to_string()
            }
            Err(_late) => {
                line.lost(&connected);
                "the broker did not confirm in time".to_owned()
            }
        };
        if Instant::now() + PUBLISH_PAUSE >= until {
            return Err(BusError::Unavailable(why));
        }
        tracing::warn!(topic = %message.topic, why, "a message was not taken; it is published again");
        tokio::time::sleep(PUBLISH_PAUSE).await;
    }
}

async fn publish_once(
    connected: &Connected,
    exchange: &str,
    message: &Incoming,
    mandatory: bool,
) -> lapin::Result<Confirmation> {
    let options = BasicPublishOptions { mandatory, ..BasicPublishOptions::default() };
    let properties: BasicProperties = topology::properties(message);
    let confirm = connected
        .publishing
        .basic_publish(exchange.into(), message.topic.as_str().into(), options, &message.payload, properties)
        .await?;
    confirm.await
}
