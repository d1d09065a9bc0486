//! Server-sent events: numbered events a browser can resume with `Last-Event-ID`.

use actix_web::dev::Payload;
use actix_web::http::header::{CACHE_CONTROL, ContentEncoding};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use futures::{Stream, StreamExt, stream};
use std::borrow::Cow;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// One event of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Grows along the stream; a client that reconnects sends the last one it saw. Absent for what is only of the moment:
    /// a client that reconnects does not get it again.
    pub id: Option<u64>,
    /// The name a client listens to.
    pub name: Cow<'static, str>,
    /// The payload.
    pub data: serde_json::Value,
}

/// Pace of a stream.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Silence after which a comment is sent, so that proxies keep the connection and a vanished
    /// client is noticed.
    pub keep_alive: Duration,
    /// How long a client waits before it connects again.
    pub retry: Duration,
}

impl Default for Pace {
    /// A comment every 15 seconds, reconnect after 2.
    fn default() -> Self {
        Self { keep_alive: Duration::from_secs(15), retry: Duration::from_secs(2) }
    }
}

/// Answers with the events as they come. The answer ends when the stream ends or `stop` is cancelled
/// (an open stream would hold up a graceful stop). When the client goes away the stream is dropped.
pub fn respond(events: impl Stream<Item = Event> + 'static, stop: CancellationToken) -> HttpResponse {
    respond_at(events, stop, Pace::default())
}

/// [`respond`] at another pace.
pub fn respond_at(events: impl Stream<Item = Event> + 'static, stop: CancellationToken, pace: Pace) -> HttpResponse {
    let opening = Bytes::from(format!("retry: {}\n\n", pace.retry.as_millis()));
    let frames = stream::unfold((Box::pin(events), stop), move |(mut events, stop)| async move {
        let frame = tokio::select! {
            biased;
            () = stop.cancelled() => return None,
            event = events.next() => frame(&event?),
            () = tokio::time::sleep(pace.keep_alive) => Bytes::from_static(b": keep-alive\n\n"),
        };
        Some((frame, (events, stop)))
    });
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("x-accel-buffering", "no"))
        // Compression would hold events back until its buffer is full.
        .insert_header(ContentEncoding::Identity)
        .streaming(stream::iter([opening]).chain(frames).map(Ok::<_, Infallible>))
}

/// The answer when there is nothing more to come: a browser's `EventSource` stops reconnecting on it.
pub fn finished() -> HttpResponse {
    HttpResponse::NoContent().finish()
}

/// One event on the wire. Compact JSON holds no line break, so one `data:` line is enough.
fn frame(event: &Event) -> Bytes {
    let name: String = event.name.chars().filter(|c| !c.is_control()).collect();
    let id = event.id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    Bytes::from(format!("{id}event: {name}\ndata: {}\n\n", event.data))
}

/// The `Last-Event-ID` a reconnecting client sends; `None` on a first visit or when it is not a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastEventId(pub Option<u64>);

impl FromRequest for LastEventId {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let header = request.headers().get("last-event-id").and_then(|value| value.to_str().ok());
        ready(Ok(Self(header.and_then(|text| text.trim().parse().ok()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Protects the stream's framing: neither a name nor a payload can open a line of its own.
    #[test]
    fn a_frame_cannot_be_broken_out_of() {
        let event = Event { id: Some(7), name: "st\r\nep".into(), data: json!({"text": "a\n\ndata: b"}) };
        assert_eq!(frame(&event), "id: 7\nevent: step\ndata: {\"text\":\"a\\n\\ndata: b\"}\n\n");
        // What is of the moment leaves the number alone by which a client resumes.
        let event = Event { id: None, ..event };
        assert_eq!(frame(&event), "event: step\ndata: {\"text\":\"a\\n\\ndata: b\"}\n\n");
    }
}
