//! The bus over RabbitMQ.
//!
//! The topology follows from the table of topics, see [`topology`]. Two connections, each kept by a [`line`] that makes
//! a new one when it is lost, on any node of the broker: one to publish on, and one to consume on, because a broker that
//! is short of memory or disk stops reading from whoever publishes, and must still hear what was settled. Publishers
//! wait for their connection, consumers begin again on theirs. What was in hand when a connection was lost comes again,
//! so handlers may see a message twice, as the contract says.
//!
//! What a publisher meets, and for how long (30 seconds at most, then it has an error and knows nothing of its message):
//!
//! | trouble | publishers | consumers |
//! |---|---|---|
//! | the node of the connection dies | wait for another node, under a second where one is listed | begin again there |
//! | the node that leads a queue dies | wait until the others have chosen another | go on |
//! | most nodes of the cluster are dead | wait, then [`BusError::Unavailable`] | get nothing until they are back |
//! | the network swallows everything | give the connection up after 5 seconds | after 12.5 seconds (heartbeats) |
//! | memory or disk run out there | wait, then [`BusError::Blocked`] | go on |
//!
//! A message that was on its way back from a pause at the moment a node died may come minutes late: RabbitMQ looks every
//! `dead_letter_worker_publisher_confirm_timeout` for what has waited that long, and moves it again. That is 180 seconds
//! where its `advanced.config` sets no other; ten are better:
//! `[{rabbit, [{dead_letter_worker_publisher_confirm_timeout, 10000}]}].`
//!
//! Every queue but those of subscriptions is a quorum queue on three nodes, if there were three when it was declared.
//! What was declared before the others joined stays where it is: `rabbitmq-queues grow NODE all` spreads it.

mod consume;
mod greeting;
mod heads;
mod line;
mod publish;
mod settings;
mod topology;

pub use settings::{Place, RabbitSettings};

use crate::{Bus, BusError, Deliveries, Incoming, Outgoing, Subscription};
use async_trait::async_trait;
use common::topic::{self, Topic};
use consume::{RabbitDeliveries, RabbitSubscription};
use lapin::options::BasicGetOptions;
use line::Line;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Longest wait for dead letters.
const LOOK_PATIENCE: Duration = Duration::from_secs(30);
/// Most dead letters that are listed.
const MAX_DEAD_LETTERS: usize = 1000;

/// The two connections.
#[derive(Debug, Clone)]
struct Lines {
    publishing: Arc<Line>,
    consuming: Arc<Line>,
}

/// See the module. Dropping it closes the connections.
#[derive(Debug)]
pub struct RabbitBus {
    lines: Lines,
}

impl RabbitBus {
    /// Connects, to any of the nodes, and declares the topology.
    ///
    /// # Errors
    /// The broker does not answer within the settings' patience, or refuses.
    pub async fn connect(settings: RabbitSettings) -> Result<Self, BusError> {
        let patience = settings.start_patience;
        let publishing = Line::start(settings.clone(), "publishes");
        publishing.connected(patience).await?;
        // After the first: both declare, and a broker does not like the same queue to be made twice at once.
        let consuming = Line::start(settings, "consumes");
        consuming.connected(patience).await?;
        Ok(Self { lines: Lines { publishing: Arc::new(publishing), consuming: Arc::new(consuming) } })
    }
}

#[async_trait]
impl Bus for RabbitBus {
    async fn publish(&self, message: Outgoing) -> Result<(), BusError> {
        if message.payload.len() > common::wire::MAX_MESSAGE_BYTES {
            return Err(BusError::TooLarge(message.payload.len()));
        }
        let names = self.lines.publishing.names();
        let exchange = match message.topic.delivery() {
            topic::Delivery::Work => names.work(),
            topic::Delivery::Broadcast => names.broadcast(),
        };
        publish::publish(&self.lines.publishing, &exchange, &Incoming::first(message)).await
    }

    async fn consume(&self, topic: Topic, prefetch: usize) -> Result<Box<dyn Deliveries>, BusError> {
        if topic.delivery() != topic::Delivery::Work {
            return Err(BusError::WrongDelivery(topic));
        }
        self.lines.consuming.open()?;
        Ok(Box::new(RabbitDeliveries::new(self.lines.clone(), topic, prefetch)))
    }

    async fn subscribe(&self, topic: Topic) -> Result<Box<dyn Subscription>, BusError> {
        if topic.delivery() != topic::Delivery::Broadcast {
            return Err(BusError::WrongDelivery(topic));
        }
        let line = &self.lines.consuming;
        line.open()?;
        // Listening before this returns: what is published after it is heard.
        Ok(Box::new(RabbitSubscription::begin(line.clone(), topic).await?))
    }

    async fn dead_letters(&self, topic: Topic) -> Result<Vec<Incoming>, BusError> {
        if topic.delivery() != topic::Delivery::Work {
            return Err(BusError::WrongDelivery(topic));
        }
        let line = &self.lines.consuming;
        let connected = line.connected(LOOK_PATIENCE).await?;
        let queue = line.names().dead_of(topic);
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
            let letters = found.iter().map(|delivery| heads::incoming(topic, delivery)).collect();
            channel.close(200, "looked".into()).await?;
            Ok(letters)
        };
        match timeout(LOOK_PATIENCE, look).await {
            Ok(found) => found.map_err(|error: lapin::Error| BusError::Unavailable(error.to_string())),
            Err(_late) => Err(BusError::Unavailable("the broker did not show its dead letters in time".to_owned())),
        }
    }

    async fn check(&self) -> Result<(), BusError> {
        publish::probe(&self.lines.publishing).await
    }

    fn is_durable(&self) -> bool {
        true
    }

    async fn close(&self) {
        tokio::join!(self.lines.publishing.close(), self.lines.consuming.close());
    }
}
