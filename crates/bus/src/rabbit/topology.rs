//! Exchanges and queues.
//!
//! ```text
//! NS.work (direct, by topic) ─► NS.TOPIC (quorum) ──too often, rejected──► NS.dead (direct) ─► NS.dead.TOPIC (quorum)
//!        ▲                                        ──not now, copied──────► NS.retry.MS (fanout) ─► NS.retry.MS (quorum,
//!        └───────────────────────time is up, by the topic─────────────────────────────────────────  MS to live)
//! NS.broadcast (direct, by topic) ─► a queue of its own for each subscription, gone with it
//! NS.check (quorum, one message): what a check has published
//! ```
//!
//! Dead letters and returning ones are moved at least once (RabbitMQ 3.10 and newer), so none is lost with a broker.

use common::topic::{self, Topic};
use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ExchangeKind};
use std::time::Duration;

/// Pauses that a message can be given, in milliseconds: one queue each, since messages leave a queue in order.
const PAUSES: [u64; 6] = [100, 500, 2_000, 10_000, 60_000, 600_000];
/// How often a message may come back without a word, with a connection that was lost: attempts are counted in copies,
/// which somebody lived to publish. A message that kills whoever takes it is set aside after that. Higher than the count
/// of attempts, because the broker counts messages too that were on their way to a consumer that was stopped.
const MOST_DEATHS: i64 = 6;
/// A limit that is never met: dead letters are looked at as often as anybody likes.
const NEVER: i64 = 1_000_000_000;

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

    /// Queue of what checks publish.
    pub fn check(&self) -> String {
        format!("{}.check", self.0)
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

/// Named values.
pub fn table<const N: usize>(pairs: [(&str, AMQPValue); N]) -> FieldTable {
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
    let probes = table([("x-queue-type", text("quorum")), ("x-max-length", AMQPValue::LongLongInt(1))]);
    channel.queue_declare(names.check().into(), QueueDeclareOptions::durable(), probes).await?;
    Ok(())
}

async fn queue(channel: &Channel, name: &str, exchange: &str, key: &str, arguments: FieldTable) -> lapin::Result<()> {
    channel.queue_declare(name.into(), QueueDeclareOptions::durable(), arguments).await?;
    channel
        .queue_bind(name.into(), exchange.into(), key.into(), QueueBindOptions::default(), FieldTable::default())
        .await
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
}
