//! Publishing: until the broker has confirmed it.

use super::heads;
use super::line::{Connected, Line};
use crate::{BusError, Incoming};
use common::topic;
use lapin::options::BasicPublishOptions;
use lapin::{BasicProperties, Confirmation};
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// Longest wait of a publisher for a message to be safe: losses of the connection, and of most of a cluster, included.
pub const PUBLISH_PATIENCE: Duration = Duration::from_secs(30);
/// Longest silence of a broker that is asked to confirm a message; then its connection is given up. Shorter than the
/// heartbeats, and longer than a cluster needs to choose another leader for a queue.
const CONFIRM_PATIENCE: Duration = Duration::from_secs(5);
/// Pause before a message is published again after it was not confirmed, and between looks at a broker that takes none.
const PUBLISH_PAUSE: Duration = Duration::from_millis(200);
/// Longest wait for a probe to be confirmed.
const CHECK_PATIENCE: Duration = Duration::from_secs(3);

/// What became of one message.
enum Sent {
    /// Confirmed.
    Safe,
    /// Not taken, for now.
    NotTaken(BusError),
    /// The connection does not work, or not any more.
    Broken(String),
}

/// One message on its way.
struct Parcel<'a> {
    exchange: &'a str,
    key: &'a str,
    properties: BasicProperties,
    payload: &'a [u8],
    /// Without a queue it would be lost.
    mandatory: bool,
}

/// Publishes until the broker has confirmed it. A message whose confirmation was lost may be there twice.
///
/// # Errors
/// It is not confirmed within [`PUBLISH_PATIENCE`], or the bus is closed.
pub async fn publish(line: &Line, exchange: &str, message: &Incoming) -> Result<(), BusError> {
    let until = Instant::now() + PUBLISH_PATIENCE;
    // A broadcast that nobody listens to is fine.
    let mandatory = message.topic.delivery() == topic::Delivery::Work;
    let (key, payload) = (message.topic.as_str(), message.payload.as_slice());
    loop {
        let connected = line.connected(until.saturating_duration_since(Instant::now())).await?;
        unblocked(&connected, until).await?;
        let parcel = Parcel { exchange, key, properties: heads::properties(message), payload, mandatory };
        let error = match send(&connected, parcel, until).await {
            Sent::Safe => return Ok(()),
            Sent::NotTaken(error) => error,
            Sent::Broken(why) => {
                line.lost(&connected);
                BusError::Unavailable(why)
            }
        };
        if Instant::now() + PUBLISH_PAUSE >= until {
            return Err(error);
        }
        tracing::warn!(topic = %message.topic, %error, "a message was not taken; it is published again");
        sleep(PUBLISH_PAUSE).await;
    }
}

/// Has the broker confirm a message of no meaning, in a queue of its own that keeps one at most. In a cluster that takes
/// what any message takes: most of the nodes.
///
/// # Errors
/// It is not confirmed within [`CHECK_PATIENCE`].
pub async fn probe(line: &Line) -> Result<(), BusError> {
    let until = Instant::now() + CHECK_PATIENCE;
    let connected = line.connected(CHECK_PATIENCE).await?;
    if let Some(why) = connected.blocked() {
        return Err(BusError::Blocked(why));
    }
    let queue = line.names().check();
    let parcel =
        Parcel { exchange: "", key: &queue, properties: BasicProperties::default(), payload: &[], mandatory: true };
    match send(&connected, parcel, until).await {
        // A broker says that it is blocked when something is published, and still takes that one.
        Sent::Safe => connected.blocked().map_or(Ok(()), |why| Err(BusError::Blocked(why))),
        Sent::NotTaken(error) => Err(error),
        Sent::Broken(why) => {
            line.lost(&connected);
            Err(BusError::Unavailable(why))
        }
    }
}

/// Waits while the broker takes nothing.
async fn unblocked(connected: &Connected, until: Instant) -> Result<(), BusError> {
    while let Some(why) = connected.blocked() {
        if Instant::now() >= until {
            return Err(BusError::Blocked(why));
        }
        sleep(PUBLISH_PAUSE).await;
    }
    Ok(())
}

async fn send(connected: &Connected, parcel: Parcel<'_>, until: Instant) -> Sent {
    let Parcel { exchange, key, properties, payload, mandatory } = parcel;
    let options = BasicPublishOptions { mandatory, ..BasicPublishOptions::default() };
    let sending = async {
        let confirm =
            connected.channel.basic_publish(exchange.into(), key.into(), options, payload, properties).await?;
        confirm.await
    };
    let sent: lapin::Result<Confirmation> = tokio::select! {
        biased;
        sent = sending => sent,
        late = silence(connected, until) => return late,
    };
    match sent {
        Ok(Confirmation::Ack(None)) => Sent::Safe,
        // With the next connection its queue is declared again.
        Ok(Confirmation::Ack(Some(returned))) => Sent::Broken(format!("no queue takes it: {}", returned.reply_text)),
        Ok(Confirmation::Nack(_)) => Sent::NotTaken(BusError::Unavailable("the broker did not take it".to_owned())),
        Ok(Confirmation::NotRequested) => Sent::Broken("the broker was not asked to confirm".to_owned()),
        Err(error) => Sent::Broken(error.to_string()),
    }
}

/// Waits until the broker was silent for too long. While it takes nothing it has a reason, and its connection is good.
async fn silence(connected: &Connected, until: Instant) -> Sent {
    loop {
        let patience = Instant::now() + CONFIRM_PATIENCE;
        sleep_until(patience.min(until)).await;
        let late = "the broker did not confirm in time".to_owned();
        match connected.blocked() {
            Some(why) if until <= patience => return Sent::NotTaken(BusError::Blocked(why)),
            Some(_) => {}
            None if until < patience => return Sent::NotTaken(BusError::Unavailable(late)),
            None => return Sent::Broken(late),
        }
    }
}
