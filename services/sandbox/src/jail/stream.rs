//! Reading what the code prints: everything is drained, a bounded part is kept.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::unix::pipe::Receiver;
use tokio_util::sync::CancellationToken;

/// What was kept of one stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Captured {
    /// The bytes; when truncated, beginning and end with a line between that says what is missing.
    pub bytes: Vec<u8>,
    /// True when the stream was longer than kept.
    pub truncated: bool,
}

/// Keeps the beginning of a stream and, because errors stand there, its end.
#[derive(Debug)]
struct Keeper {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    head_limit: usize,
    tail_limit: usize,
    total: u64,
}

impl Keeper {
    fn new(limit: usize) -> Self {
        let tail_limit = limit / 16;
        Self { head: Vec::new(), tail: VecDeque::new(), head_limit: limit - tail_limit, tail_limit, total: 0 }
    }

    fn push(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        let (first, rest) = bytes.split_at(bytes.len().min(self.head_limit - self.head.len()));
        self.head.extend_from_slice(first);
        self.tail.extend(&rest[rest.len().saturating_sub(self.tail_limit)..]);
        let excess = self.tail.len().saturating_sub(self.tail_limit);
        self.tail.drain(..excess);
    }

    fn finish(mut self) -> Captured {
        let kept = (self.head.len() + self.tail.len()) as u64;
        let truncated = kept < self.total;
        if truncated {
            let note = format!("\n[... {} bytes left out ...]\n", self.total - kept);
            self.head.extend_from_slice(note.as_bytes());
        }
        self.head.extend(self.tail);
        Captured { bytes: self.head, truncated }
    }
}

/// A limit that all streams of a run share, and what happens when they pass it.
#[derive(Debug, Clone)]
pub struct Meter {
    printed: Arc<AtomicU64>,
    limit: u64,
    over: CancellationToken,
}

impl Meter {
    /// A meter that cancels its token at `limit` bytes.
    pub fn new(limit: u64) -> Self {
        Self { printed: Arc::default(), limit, over: CancellationToken::new() }
    }

    /// Resolves when more than the limit was printed.
    pub async fn over(&self) {
        self.over.cancelled().await;
    }

    fn add(&self, bytes: usize) {
        let bytes = bytes as u64;
        if self.printed.fetch_add(bytes, Ordering::Relaxed) + bytes > self.limit {
            self.over.cancel();
        }
    }
}

/// Drains a pipe until its end, or until `ended` and nothing is left in it: nsjail may hold the pipe
/// open for longer than any process of the run lives.
pub async fn drain(pipe: Receiver, keep: usize, meter: Meter, ended: CancellationToken) -> Captured {
    let mut keeper = Keeper::new(keep);
    let mut buffer = vec![0_u8; 64 * 1024];
    loop {
        match pipe.try_read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                meter.add(count);
                keeper.push(&buffer[..count]);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if ended.is_cancelled() {
                    break;
                }
                tokio::select! {
                    ready = pipe.readable() => if ready.is_err() { break },
                    // Everybody who could write is dead; what they wrote is read in the next round.
                    () = ended.cancelled() => {}
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    keeper.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(limit: usize, chunks: &[&[u8]]) -> Captured {
        let mut keeper = Keeper::new(limit);
        chunks.iter().for_each(|chunk| keeper.push(chunk));
        keeper.finish()
    }

    /// Protects what people read of a run: short streams exactly, long ones with both ends and a note.
    #[test]
    fn keeps_both_ends() {
        let table: [(&[&[u8]], &str, bool); 5] = [
            (&[], "", false),
            (&[b"abc", b"def"], "abcdef", false),
            (&[&[b'x'; 30], b"yz"], &format!("{}yz", "x".repeat(30)), false),
            (&[&[b'x'; 32], b"1"], &format!("{}\n[... 1 bytes left out ...]\nx1", "x".repeat(30)), true),
            (
                &[&[b'x'; 30], &[b'-'; 1000], b"AB"],
                &format!("{}\n[... 1000 bytes left out ...]\nAB", "x".repeat(30)),
                true,
            ),
        ];
        for (chunks, expected, truncated) in table {
            let captured = keep(32, chunks);
            assert_eq!(
                (String::from_utf8(captured.bytes).unwrap().as_str(), captured.truncated),
                (expected, truncated)
            );
        }
    }
}
