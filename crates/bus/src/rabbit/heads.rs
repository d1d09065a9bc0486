//! What stands in the head of a message.

use super::topology::table;
use crate::Incoming;
use common::topic::Topic;
use common::{MessageId, TraceContext};
use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::types::{AMQPValue, FieldTable};

/// Header with the attempt that a copy is.
const ATTEMPT: &str = "x-darkroom-attempt";
/// Headers of the trace, named as everybody names them.
const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";
/// Kept on disk by the broker.
const PERSISTENT: u8 = 2;

/// The head of a message.
pub fn properties(message: &Incoming) -> BasicProperties {
    let mut headers = table([(ATTEMPT, AMQPValue::LongLongInt(i64::from(message.attempt)))]);
    if let Some(trace) = &message.trace {
        headers.insert(TRACEPARENT.into(), AMQPValue::LongString(trace.traceparent().into()));
        if let Some(state) = trace.tracestate() {
            headers.insert(TRACESTATE.into(), AMQPValue::LongString(state.into()));
        }
    }
    BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_content_type("application/x-protobuf".into())
        .with_message_id(message.message_id.to_string().into())
        .with_headers(headers)
}

/// A message as it came. One without a usable id, from somebody else, gets one: handlers refuse what they cannot read.
pub fn incoming(topic: Topic, delivery: &Delivery) -> Incoming {
    let id = delivery.properties.message_id().as_ref().and_then(|id| id.as_str().parse().ok());
    let headers = delivery.properties.headers().as_ref().map(FieldTable::inner);
    let head = |name: &str| headers.and_then(|headers| headers.get(name));
    // Somebody else's odd trace is as good as none.
    let trace = head(TRACEPARENT)
        .and_then(words)
        .and_then(|parent| TraceContext::new(parent, head(TRACESTATE).and_then(words)).ok());
    Incoming {
        message_id: id.unwrap_or_else(MessageId::new),
        topic,
        attempt: head(ATTEMPT).and_then(number).unwrap_or(1),
        payload: delivery.data.clone(),
        trace,
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

fn words(value: &AMQPValue) -> Option<&str> {
    match value {
        AMQPValue::LongString(text) => std::str::from_utf8(text.as_bytes()).ok(),
        AMQPValue::ShortString(text) => Some(text.as_str()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the count of attempts, the id and the trace: what is written is read; what somebody else sent is a
    /// first attempt, and an odd trace is none.
    #[test]
    fn heads_survive() {
        let trace = TraceContext::new("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Some("a=1")).ok();
        let (message_id, topic, payload) = (MessageId::new(), Topic::SandboxRun, vec![1, 2]);
        let sent = Incoming { message_id, topic, attempt: 2, payload: payload.clone(), trace };
        let mut delivery = Delivery::mock(1, "e".into(), "k".into(), true, payload);
        delivery.properties = properties(&sent);
        assert_eq!(incoming(topic, &delivery), sent);
        delivery.properties = BasicProperties::default();
        assert_eq!(incoming(topic, &delivery).attempt, 1);
        let odd = table([(TRACEPARENT, AMQPValue::LongString("x".into())), (TRACESTATE, AMQPValue::Boolean(true))]);
        delivery.properties = BasicProperties::default().with_headers(odd);
        assert_eq!(incoming(topic, &delivery).trace, None);
    }
}
