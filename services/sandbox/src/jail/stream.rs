//! Reading what the code prints: everything is drained, a bounded part is kept, whoever follows sees it
//! as it comes.

use bytes::Bytes;
use std::collections::VecDeque;
use std::io;
use std::time::Instant;
use tokio::net::unix::pipe::Receiver;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// One of the two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Something printed, as it comes.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// Where.
    pub stream: Stream,
    /// When, in milliseconds since the code was let go.
    pub at_ms: u64,
    /// What.
    pub bytes: Bytes,
    /// Bytes before it, on both streams, that this follower was too slow for.
    pub missed: u64,
}

/// Where chunks go. A follower that is too slow misses some; it never slows the code down.
pub type Live = mpsc::Sender<Chunk>;

/// A piece of a stream in the order of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Where.
    pub stream: Stream,
    /// When it came, in milliseconds since the code was let go.
    pub at_ms: u64,
    /// How many bytes of that stream.
    pub bytes: u64,
}

/// Most moments told; what comes later is added to the last ones of its stream.
const MAX_MOMENTS: usize = 1000;

/// What was kept of one stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Captured {
    /// The bytes; when truncated, beginning and end with a line between that says what is missing.
    pub bytes: Vec<u8>,
    /// True when the stream was longer than kept.
    pub truncated: bool,
}

/// What a run printed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Streams {
    /// Standard output.
    pub stdout: Captured,
    /// Standard error.
    pub stderr: Captured,
    /// The order in which both came, complete unless a stream is truncated.
    pub moments: Vec<Moment>,
}

/// Keeps the beginning of a stream and, because errors stand there, its end.
#[derive(Debug)]
pub struct Keeper {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    head_limit: usize,
    tail_limit: usize,
    total: u64,
}

impl Keeper {
    /// Keeps at most so many bytes.
    pub fn new(limit: usize) -> Self {
        let tail_limit = limit / 16;
        Self { head: Vec::new(), tail: VecDeque::new(), head_limit: limit - tail_limit, tail_limit, total: 0 }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        let (first, rest) = bytes.split_at(bytes.len().min(self.head_limit - self.head.len()));
        self.head.extend_from_slice(first);
        self.tail.extend(&rest[rest.len().saturating_sub(self.tail_limit)..]);
        let excess = self.tail.len().saturating_sub(self.tail_limit);
        self.tail.drain(..excess);
    }

    /// What was kept.
    pub fn finish(mut self) -> Captured {
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

/// Everything about reading a run's two pipes.
pub struct Reading {
    /// Standard output.
    pub stdout: Receiver,
    /// Standard error.
    pub stderr: Receiver,
    /// Bytes kept of each.
    pub keep: usize,
    /// Bytes of both together at which `over` is cancelled.
    pub limit: u64,
    /// Cancelled when more than `limit` was printed.
    pub over: CancellationToken,
    /// Cancelled when every process of the run is dead.
    pub ended: CancellationToken,
    /// Who follows.
    pub live: Option<Live>,
}

/// Both streams while they are read.
#[derive(Debug)]
pub struct Reader {
    kept: [Keeper; 2],
    moments: Vec<Moment>,
    printed: u64,
    missed: u64,
    begun: Instant,
    live: Option<Live>,
}

impl Reader {
    /// Nothing read yet, of code that is let go now. So many bytes are kept of each stream.
    pub fn new(keep: usize, live: Option<Live>) -> Self {
        Self {
            kept: [Keeper::new(keep), Keeper::new(keep)],
            moments: Vec::new(),
            printed: 0,
            missed: 0,
            begun: Instant::now(),
            live,
        }
    }

    /// Bytes of both streams together so far.
    pub fn printed(&self) -> u64 {
        self.printed
    }

    /// What was kept.
    pub fn finish(self) -> Streams {
        let [stdout, stderr] = self.kept.map(Keeper::finish);
        Streams { stdout, stderr, moments: self.moments }
    }

    /// Takes the next bytes of a stream.
    pub fn take(&mut self, stream: Stream, bytes: &[u8]) {
        let at_ms = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.printed += bytes.len() as u64;
        self.kept[stream as usize].push(bytes);
        let count = bytes.len() as u64;
        // With no room for more it is added to the last of its stream, in the same millisecond to the last of all.
        let is_full = self.moments.len() >= MAX_MOMENTS;
        let same = |moment: &&mut Moment| moment.stream == stream && (is_full || moment.at_ms == at_ms);
        let last =
            if is_full { self.moments.iter_mut().rev().find(same) } else { self.moments.last_mut().filter(same) };
        match last {
            Some(last) => last.bytes += count,
            None => self.moments.push(Moment { stream, at_ms, bytes: count }),
        }
        self.pass_on(stream, at_ms, bytes);
    }

    fn pass_on(&mut self, stream: Stream, at_ms: u64, bytes: &[u8]) {
        let Some(live) = &self.live else { return };
        let chunk = Chunk { stream, at_ms, bytes: Bytes::copy_from_slice(bytes), missed: self.missed };
        match live.try_send(chunk) {
            Ok(()) => self.missed = 0,
            Err(mpsc::error::TrySendError::Full(_)) => self.missed += bytes.len() as u64,
            Err(mpsc::error::TrySendError::Closed(_)) => self.live = None,
        }
    }
}

/// Reads what is in a pipe that nobody writes to any more.
fn empty(pipe: &Receiver, buffer: &mut [u8], mut take: impl FnMut(&[u8])) {
    loop {
        match rustix::io::read(pipe, &mut *buffer) {
            Ok(0) => return,
            Ok(count) => take(&buffer[..count]),
            Err(rustix::io::Errno::INTR) => {}
            // Nothing more, or no pipe any more.
            Err(_) => return,
        }
    }
}

/// Drains both pipes until their end, or until `ended` and nothing is left in them.
pub async fn drain(reading: Reading) -> Streams {
    let Reading { stdout, stderr, keep, limit, over, ended, live } = reading;
    let mut reader = Reader::new(keep, live);
    let pipes = [(Stream::Stdout, stdout), (Stream::Stderr, stderr)];
    let mut open = [true, true];
    let mut buffer = vec![0_u8; 64 * 1024];
    while open[0] || open[1] {
        let mut idle = true;
        for (index, (stream, pipe)) in pipes.iter().enumerate() {
            if !open[index] {
                continue;
            }
            match pipe.try_read(&mut buffer) {
                Ok(0) => open[index] = false,
                Ok(count) => {
                    idle = false;
                    reader.take(*stream, &buffer[..count]);
                }
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                Err(_) => open[index] = false,
            }
        }
        if reader.printed() > limit {
            over.cancel();
        }
        if !idle {
            // Others have their turn even while the code prints without end.
            tokio::task::yield_now().await;
            continue;
        }
        if ended.is_cancelled() {
            // The runtime may not have heard yet of what was written last, so the kernel itself is asked.
            for ((stream, pipe), _) in pipes.iter().zip(open).filter(|(_, is_open)| *is_open) {
                empty(pipe, &mut buffer, |bytes| reader.take(*stream, bytes));
            }
            break;
        }
        tokio::select! {
            _ready = pipes[0].1.readable(), if open[0] => {}
            _ready = pipes[1].1.readable(), if open[1] => {}
            // Everybody who could write is dead; what they wrote is read in the next round.
            () = ended.cancelled() => {}
        }
    }
    reader.finish()
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

    fn reader() -> Reader {
        Reader::new(1 << 20, None)
    }

    /// Protects the order of both streams: by arrival, nothing lost however much comes, and bounded.
    #[test]
    fn moments_keep_the_order_and_count_everything() {
        let mut order = reader();
        for (stream, text) in [(Stream::Stdout, "a"), (Stream::Stderr, "bc"), (Stream::Stdout, "d")] {
            order.take(stream, text.as_bytes());
        }
        let told: Vec<_> = order.moments.iter().map(|moment| (moment.stream, moment.bytes)).collect();
        assert_eq!(told, [(Stream::Stdout, 1), (Stream::Stderr, 2), (Stream::Stdout, 1)]);
        let mut many = reader();
        for turn in 0..3 * MAX_MOMENTS {
            many.take(if turn % 2 == 0 { Stream::Stdout } else { Stream::Stderr }, b"xy");
        }
        assert_eq!(many.moments.len(), MAX_MOMENTS);
        assert_eq!(many.moments.iter().map(|moment| moment.bytes).sum::<u64>(), 6 * MAX_MOMENTS as u64);
    }

    /// Protects runs from slow followers: what does not fit is skipped and counted, and the code never waits.
    #[test]
    fn slow_followers_miss_some() {
        let (live, mut follower) = mpsc::channel(1);
        let mut reader = Reader { live: Some(live), ..reader() };
        ["a", "bb", "cc"].into_iter().for_each(|text| reader.take(Stream::Stdout, text.as_bytes()));
        assert_eq!(follower.try_recv().unwrap().bytes, "a");
        reader.take(Stream::Stderr, b"d");
        assert_eq!(follower.try_recv().unwrap().missed, 4);
    }

    /// Protects output from the runtime's memory: what was written just before the end is read although nothing
    /// has told the runtime of it yet. The writing end stays open, so that no end of file helps.
    #[tokio::test]
    async fn the_last_words_are_read() {
        for _ in 0..200 {
            let ((out, out_writer), (err, _err_writer)) = (io::pipe().unwrap(), io::pipe().unwrap());
            let receiver = |pipe: io::PipeReader| Receiver::from_owned_fd(pipe.into()).unwrap();
            let ended = CancellationToken::new();
            let reading = Reading {
                stdout: receiver(out),
                stderr: receiver(err),
                keep: 1024,
                limit: 1024,
                over: CancellationToken::new(),
                ended: ended.clone(),
                live: None,
            };
            io::Write::write_all(&mut &out_writer, b"last words").unwrap();
            ended.cancel();
            assert_eq!(drain(reading).await.stdout.bytes, b"last words");
        }
    }
}
