//! Exchanges and queues, and what stands in the head of a message.
//!
//! ```text
//! NS.work (direct, by topic) ─► NS.TOPIC (quorum) ──too often, rejected──► NS.dead (direct) ─► NS.dead.TOPIC (quorum)
//!        ▲                                        ──not now, copied──────► NS.retry.MS (fanout) ─► NS.retry.MS (quorum,
//!        └───────────────────────time is up, by the topic─────────────────────────────────────────  MS to live)
//! NS.broadcast (direct, by topic) ─► a queue of its own for each subscription, gone with it
//! ```
//!
//! Dead letters and returning ones are moved at least once (RabbitMQ 3.10 and newer), so none is lost with a broker.

use crate::Incoming;
use common::MessageId;
use common::topic::{self, Topic};
use lapin::message::Delivery;
use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, ExchangeKind};
use std::time::Duration;

/// Pauses that a message can be given, in milliseconds: one queue each, since messages leave a queue in order.
const PAUSES: [u64; 6] = [100, 500, 2_000, 10_000, 60_000, 600_000];
/// Header with the attempt that a copy is.
const ATTEMPT: &str = "x-darkroom-attempt";
/// How often a message may come back without a word, with a connection that was lost: attempts are counted in copies,
/// which somebody lived to publish. A message that kills whoever takes it is set aside after that. Higher than the count
/// of attempts, because the broker counts messages too that were on their way to a consumer that was stopped.
const MOST_DEATHS: i64 = 6;
/// A limit that is never met: dead letters are looked at as often as anybody likes.
const NEVER: i64 = 1_000_000_000;
/// Kept on disk by the broker.
const PERSISTENT: u8 = 2;

/// Names within an installation's namespace.
#[derive(Debug, Clone)]
pub struct Names(pub String);

impl Names {
    /// Exchange of work topics.
    pub fn work(&self) -> String {
        format!("{}.work", self.0)
    }

    /// Exchange of broadcast topics.
    pub fn broadcast(&self) -> String {
        format!("{}.broadcast", self.0)
    }

    /// Exchange of dead letters.
    pub fn dead(&self) -> String {
        format!("{}.dead", self.0)
    }

    /// Queue of a work topic.
    pub fn queue_of(&self, topic: Topic) -> String {
        format!("{}.{topic}", self.0)
    }

    /// Queue of a topic's dead letters.
    pub fn dead_of(&self, topic: Topic) -> String {
        format!("{}.dead.{topic}", self.0)
    }

    /// Exchange, and queue, from which messages return after at least this pause; after the longest there is when
    /// more is asked.
    pub fn retry_after(&self, pause: Duration) -> String {
        let wanted = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        let chosen = PAUSES.into_iter().find(|pause| *pause >= wanted).unwrap_or(PAUSES[PAUSES.len() - 1]);
        self.retry(chosen)
    }

    fn retry(&self, millis: u64) -> String {
        format!("{}.retry.{millis}", self.0)
    }
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

fn table<const N: usize>(pairs: [(&str, AMQPValue); N]) -> FieldTable {
    let mut table = FieldTable::default();
    for (name, value) in pairs {
        table.insert(name.into(), value);
    }
    table
}

/// Declares everything. Doing so again changes nothing.
///
/// # Errors
/// The broker refuses: it is too old, or a queue of that name has other properties.
pub async fn declare(channel: &Channel, names: &Names) -> lapin::Result<()> {
    let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
    for exchange in [names.work(), names.broadcast(), names.dead()] {
        channel.exchange_declare(exchange.into(), ExchangeKind::Direct, durable, FieldTable::default()).await?;
    }
    for topic in Topic::ALL.iter().copied().filter(|topic| topic.delivery() == topic::Delivery::Work) {
        let dead = table([("x-queue-type", text("quorum")), ("x-delivery-limit", AMQPValue::LongLongInt(NEVER))]);
        queue(channel, &names.dead_of(topic), &names.dead(), topic.as_str(), dead).await?;
        let work = table([
            ("x-queue-type", text("quorum")),
            ("x-delivery-limit", AMQPValue::LongLongInt(MOST_DEATHS)),
            ("x-dead-letter-exchange", text(&names.dead())),
            ("x-dead-letter-strategy", text("at-least-once")),
            ("x-overflow", text("reject-publish")),
        ]);
        queue(channel, &names.queue_of(topic), &names.work(), topic.as_str(), work).await?;
    }
    for millis in PAUSES {
        let name = names.retry(millis);
        channel.exchange_declare(name.as_str().into(), ExchangeKind::Fanout, durable, FieldTable::default()).await?;
        let waiting = table([
            ("x-queue-type", text("quorum")),
            ("x-message-ttl", AMQPValue::LongLongInt(i64::try_from(millis).unwrap_or(i64::MAX))),
            ("x-dead-letter-exchange", text(&names.work())),
            ("x-dead-letter-strategy", text("at-least-once")),
            ("x-overflow", text("reject-publish")),
        ]);
        queue(channel, &name, &name, "", waiting).await?;
    }
    Ok(())
}

async fn queue(channel: &Channel, name: &str, exchange: &str, key: &str, arguments: FieldTable) -> lapin::Result<()> {
    channel.queue_declare(name.into(), QueueDeclareOptions::durable(), arguments).await?;
    channel
        .queue_bind(name.into(), exchange.into(), key.into(), QueueBindOptions::default(), FieldTable::default())
        .await
}

/// The head of a message.
pub fn properties(message: &Incoming) -> BasicProperties {
    BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_content_type("application/x-protobuf".into())
        .with_message_id(message.message_id.to_string().into())
        .with_headers(table([(ATTEMPT, AMQPValue::LongLongInt(i64::from(message.attempt)))]))
}

/// A message as it came. One without a usable id, from somebody else, gets one: handlers refuse what they cannot read.
pub fn incoming(topic: Topic, delivery: &Delivery) -> Incoming {
    let id = delivery.properties.message_id().as_ref().and_then(|id| id.as_str().parse().ok());
    let attempt = delivery.properties.headers().as_ref().and_then(|headers| number(headers.inner().get(ATTEMPT)?));
    Incoming {
        message_id: id.unwrap_or_else(MessageId::new),
        topic,
        attempt: attempt.unwrap_or(1),
        payload: delivery.data.clone(),
    }
}

fn number(value: &AMQPValue) -> Option<u32> {
    match *value {
        AMQPValue::LongLongInt(number) => u32::try_from(number).ok(),
        AMQPValue::LongInt(number) => u32::try_from(number).ok(),
        AMQPValue::LongUInt(number) => Some(number),
        AMQPValue::ShortInt(number) => u32::try_from(number).ok(),
        AMQPValue::ShortUInt(number) => Some(number.into()),
        AMQPValue::ShortShortInt(number) => u32::try_from(number).ok(),
        AMQPValue::ShortShortUInt(number) => Some(number.into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects pauses: a message never returns earlier than asked, unless more is asked than there is.
    #[test]
    fn pauses_are_rounded_up() {
        let names = Names("n".into());
        for (asked, given) in
            [(0, 100), (100, 100), (101, 500), (9_000, 10_000), (60_001, 600_000), (9_000_000, 600_000)]
        {
            assert_eq!(names.retry_after(Duration::from_millis(asked)), format!("n.retry.{given}"), "{asked}");
        }
    }

    /// Protects the count of attempts, and the id: what is written is read; what somebody else sent is a first attempt.
    #[test]
    fn heads_survive() {
        let sent = Incoming { message_id: MessageId::new(), topic: Topic::SandboxRun, attempt: 2, payload: vec![1, 2] };
        let mut delivery = Delivery::mock(1, "e".into(), "k".into(), true, sent.payload.clone());
        delivery.properties = properties(&sent);
        assert_eq!(incoming(Topic::SandboxRun, &delivery), sent);
        delivery.properties = BasicProperties::default();
        assert_eq!(incoming(Topic::SandboxRun, &delivery).attempt, 1);
    }
}
