//! A direct run as a stream of events: what it prints as it comes, its result at the end.

use super::{ExecutionRequest, run_and_store};
use crate::Sandbox;
use crate::jail::{Chunk, Stream};
use crate::slots::Turn;
use common::OwnerId;
use edge::sse::Event;
use futures::stream;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

/// Chunks that may wait for a slow reader; beyond it some are left out here, and stand in the result.
const FOLLOWED: usize = 256;

/// How far a stream is.
struct Follower {
    chunks: mpsc::Receiver<Chunk>,
    result: Option<oneshot::Receiver<Event>>,
    carried: [Vec<u8>; 2],
    next: u64,
    /// Ends the run when the reader goes away.
    _run: tokio_util::task::AbortOnDropHandle<()>,
}

/// Starts the run; dropping the stream ends it.
pub fn of(sandbox: Sandbox, owner: OwnerId, turn: Turn, asked: ExecutionRequest) -> impl futures::Stream<Item = Event> {
    let (live, chunks) = mpsc::channel(FOLLOWED);
    let (told, result) = oneshot::channel();
    let run = tokio::spawn(async move {
        let event = match run_and_store(&sandbox, &owner, turn, asked, Some(live)).await {
            Ok(answer) => event("result", serde_json::to_value(answer).unwrap_or_default()),
            Err(problem) => event("problem", serde_json::to_value(problem.body()).unwrap_or_default()),
        };
        // Nobody reads any more.
        let _unread = told.send(event);
    });
    let follower = Follower {
        chunks,
        result: Some(result),
        carried: Default::default(),
        next: 0,
        _run: tokio_util::task::AbortOnDropHandle::new(run),
    };
    stream::unfold(follower, |mut follower| async move {
        let event = match follower.chunks.recv().await {
            Some(chunk) => follower.output(&chunk),
            // The run has ended, and with it whoever sent chunks.
            None => follower.result.take()?.await.ok()?,
        };
        follower.next += 1;
        Some((Event { id: Some(follower.next), ..event }, follower))
    })
}

fn event(name: &'static str, data: Value) -> Event {
    Event { id: None, name: name.into(), data }
}

impl Follower {
    fn output(&mut self, chunk: &Chunk) -> Event {
        let (name, carried) = match chunk.stream {
            Stream::Stdout => ("stdout", &mut self.carried[0]),
            Stream::Stderr => ("stderr", &mut self.carried[1]),
        };
        let mut data = json!({ "stream": name, "ms": chunk.at_ms, "text": text(carried, &chunk.bytes) });
        if chunk.missed > 0 {
            data["missed_bytes"] = chunk.missed.into();
        }
        event("output", data)
    }
}

/// The text of the next bytes, of a direct run or of a job's. A character cut in two is carried over to the next call; bytes that are no
/// text become the replacement character.
pub fn text(carried: &mut Vec<u8>, bytes: &[u8]) -> String {
    carried.extend_from_slice(bytes);
    let cut = match std::str::from_utf8(carried) {
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        Err(_) => {
            // Faulty somewhere: only what could still become a character at the very end is kept back.
            let tail = carried.iter().rev().take(3).position(|byte| *byte >= 0xc0).map(|back| back + 1);
            let begins = tail.map(|back| carried.len() - back);
            let is_cut =
                |at: &usize| std::str::from_utf8(&carried[*at..]).is_err_and(|error| error.error_len().is_none());
            begins.filter(is_cut).unwrap_or(carried.len())
        }
        Ok(_) => carried.len(),
    };
    let rest = carried.split_off(cut);
    let text = String::from_utf8_lossy(carried).into_owned();
    *carried = rest;
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects readers of live output: characters cut in two by a pipe come whole, others are replaced.
    #[test]
    fn characters_come_whole() {
        let table: [(&[&[u8]], &str); 5] = [
            (&[b"abc"], "abc"),
            (&[b"a\xc3", b"\xa9b"], "aéb"),
            (&[b"\xf0\x9f", b"\x98", b"\x80"], "😀"),
            (&[b"a\xffb", b"c"], "a\u{fffd}bc"),
            (&[b"\xff\xc3", b"\xa9"], "\u{fffd}é"),
        ];
        for (pieces, expected) in table {
            let mut carried = Vec::new();
            let read: String = pieces.iter().map(|piece| text(&mut carried, piece)).collect();
            assert_eq!((read.as_str(), carried.len()), (expected, 0), "{pieces:?}");
        }
    }
}
