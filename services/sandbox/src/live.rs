//! What a job's code prints, told to whoever watches while it runs. Nothing depends on it: the result has all of it.

use crate::jail::{Chunk, Live, Stream};
use crate::routes::text;
use bus::live::{MOST_BYTES, PACE, Voice};
use common::wire::jobs_v1::job_live::Channel;
use tokio::sync::mpsc;

/// Chunks that may wait to be told; beyond it some are left out.
const FOLLOWED: usize = 256;

/// What was printed on one stream and not told yet.
#[derive(Debug, Default)]
struct Waiting {
    /// Bytes before `text`, told or left out.
    offset: u64,
    text: String,
    carried: Vec<u8>,
}

impl Waiting {
    fn push(&mut self, chunk: &Chunk) {
        if chunk.missed > 0 {
            // It is not known on which stream: whoever watches sees that something is missing here.
            self.offset += self.text.len() as u64 + 1;
            self.text.clear();
        }
        self.text.push_str(&text(&mut self.carried, &chunk.bytes));
        // Code that prints without end is shown by its newest lines.
        if self.text.len() > MOST_BYTES {
            let cut = self.text.ceil_char_boundary(self.text.len() - MOST_BYTES);
            self.offset += cut as u64;
            self.text.drain(..cut);
        }
    }

    async fn tell(&mut self, voice: &Voice, channel: Channel) {
        let text = std::mem::take(&mut self.text);
        voice.say(channel, self.offset, &text).await;
        self.offset += text.len() as u64;
    }
}

/// Where a run's chunks go so that they are told with this voice, until the run has ended.
pub fn follow(voice: Voice) -> Live {
    let (live, mut chunks) = mpsc::channel::<Chunk>(FOLLOWED);
    tokio::spawn(async move {
        let mut waiting: [Waiting; 2] = Default::default();
        let mut many = Vec::new();
        while chunks.recv_many(&mut many, FOLLOWED).await > 0 {
            for chunk in many.drain(..) {
                waiting[chunk.stream as usize].push(&chunk);
            }
            waiting[Stream::Stdout as usize].tell(&voice, Channel::Stdout).await;
            waiting[Stream::Stderr as usize].tell(&voice, Channel::Stderr).await;
            tokio::time::sleep(PACE).await;
        }
    });
    live
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(text: &str, missed: u64) -> Chunk {
        Chunk { stream: Stream::Stdout, at_ms: 0, bytes: text.as_bytes().to_vec().into(), missed }
    }

    /// Protects memory and the bus from code that prints without end: the newest text waits, bounded, and its place says
    /// that something before it was left out.
    #[test]
    fn what_waits_is_bounded() {
        let mut waiting = Waiting::default();
        waiting.push(&chunk("first\n", 0));
        assert_eq!((waiting.offset, waiting.text.as_str()), (0, "first\n"));
        waiting.push(&chunk(&"é".repeat(MOST_BYTES), 0));
        assert!(waiting.text.len() <= MOST_BYTES && waiting.text.starts_with('é'));
        assert_eq!(waiting.offset + waiting.text.len() as u64, 6 + 2 * MOST_BYTES as u64);
        let end = waiting.offset + waiting.text.len() as u64;
        waiting.push(&chunk("later\n", 99));
        assert!(waiting.offset > end && waiting.text == "later\n");
    }
}
