//! The frames that a container sends: a letter, a length, so many bytes. Pure.
//!
//! Nothing of them is trusted. Code that took over the sender could send anything; a frame is bounded
//! before it is read, and everything that makes no sense ends the conversation.

use bytes::{Buf, Bytes, BytesMut};

/// Longest payload of a frame, in bytes: a piece of a stream or of a file.
pub const MAX_PAYLOAD: usize = 65_536;
/// Letter and length.
const HEAD: usize = 5;

/// What was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Code and inputs are in place.
    Ready,
    /// Standard output of the code.
    Out(Bytes),
    /// Standard error of the code.
    Err(Bytes),
    /// The code has ended, and every process it left.
    Ended(Ended),
    /// An entry of the outputs: its path, and what it is.
    Entry(Bytes, Found),
    /// Those were all entries.
    Listed,
    /// Content of a wanted output.
    Piece(Bytes),
    /// The output is complete; false when it could not be read.
    Delivered(bool),
}

/// What an entry of the outputs is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// A regular file of so many bytes.
    File(u64),
    /// A symbolic link.
    Link,
    /// Neither file, folder nor link, or a second name of a file.
    Special,
    /// A folder deeper than is looked into.
    Deep,
}

/// How it ended, as the container tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ended {
    /// The wait status of the code; absent when it was stopped.
    pub wait_status: Option<i32>,
    /// CPU time of all its processes, in microseconds.
    pub cpu_micros: u64,
    /// Most memory at a time, in bytes.
    pub peak_memory_bytes: u64,
    /// Processes that the kernel ended for lack of memory.
    pub oom_kills: u64,
    /// Line of the code at which it was stopped; 0 when nothing said so.
    pub line: u32,
}

/// Bytes that are no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the container does not keep to its protocol")]
pub struct Malformed;

/// Takes bytes as they come and gives frames.
#[derive(Debug, Default)]
pub struct Decoder(BytesMut);

impl Decoder {
    /// Takes in bytes. Ask for frames until there are none before the next call: then never more than one
    /// frame is held.
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// The next whole frame, if there is one.
    ///
    /// # Errors
    /// The bytes are no frame. They never will be again.
    pub fn next(&mut self) -> Result<Option<Told>, Malformed> {
        let [kind, a, b, c, d, ..] = self.0[..] else { return Ok(None) };
        let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).map_err(|_| Malformed)?;
        if length > MAX_PAYLOAD {
            return Err(Malformed);
        }
        if self.0.len() < HEAD + length {
            return Ok(None);
        }
        self.0.advance(HEAD);
        told(kind, self.0.split_to(length).freeze()).map(Some)
    }
}

fn told(kind: u8, mut payload: Bytes) -> Result<Told, Malformed> {
    Ok(match kind {
        b'R' if payload.is_empty() => Told::Ready,
        b'O' => Told::Out(payload),
        b'E' => Told::Err(payload),
        b'D' => Told::Ended(ended(&payload).ok_or(Malformed)?),
        b'F' if payload.len() > 8 => {
            let size = payload.get_u64();
            Told::Entry(payload, Found::File(size))
        }
        b'X' if payload.len() > 1 => {
            let found = match payload.get_u8() {
                b'l' => Found::Link,
                b's' => Found::Special,
                b'd' => Found::Deep,
                _ => return Err(Malformed),
            };
            Told::Entry(payload, found)
        }
        b'Z' if payload.is_empty() => Told::Listed,
        b'B' => Told::Piece(payload),
        b'N' if payload.len() == 1 => Told::Delivered(payload[0] == b'y'),
        _ => return Err(Malformed),
    })
}

fn ended(payload: &[u8]) -> Option<Ended> {
    let mut words = std::str::from_utf8(payload).ok()?.split(' ');
    let wait_status = match words.next()? {
        "-" => None,
        status => Some(status.parse().ok()?),
    };
    let mut number = || words.next()?.parse::<u64>().ok();
    let (cpu_micros, peak_memory_bytes, oom_kills) = (number()?, number()?, number()?);
    let line = u32::try_from(number()?).ok()?;
    let ended = Ended { wait_status, cpu_micros, peak_memory_bytes, oom_kills, line };
    if words.next().is_some() { None } else { Some(ended) }
}

/// A frame for the container.
pub fn frame(kind: u8, payload: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(HEAD + payload.len());
    frame.push(kind);
    frame.extend(u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes());
    frame.extend_from_slice(payload);
    frame.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// All that a decoder gives for bytes that come in pieces; an error is the last of it.
    fn decode(pieces: &[&[u8]]) -> (Vec<Told>, bool) {
        let mut decoder = Decoder::default();
        let mut all = Vec::new();
        for piece in pieces {
            decoder.push(piece);
            loop {
                match decoder.next() {
                    Ok(Some(told)) => all.push(told),
                    Ok(None) => break,
                    Err(Malformed) => return (all, true),
                }
            }
            assert!(decoder.0.len() < HEAD + MAX_PAYLOAD, "more than a frame is held");
        }
        (all, false)
    }

    /// Protects the meaning of each frame, as the container writes it.
    #[test]
    fn every_letter_has_its_meaning() {
        let text = |bytes: &'static [u8]| Bytes::from_static(bytes);
        let ended = Ended { wait_status: Some(256), cpu_micros: 2, peak_memory_bytes: 3, oom_kills: 0, line: 7 };
        let table: [(u8, &[u8], Told); 11] = [
            (b'R', b"", Told::Ready),
            (b'O', b"", Told::Out(Bytes::new())),
            (b'E', b"x", Told::Err(text(b"x"))),
            (b'D', b"256 2 3 0 7", Told::Ended(ended)),
            (b'D', b"- 2 3 0 7", Told::Ended(Ended { wait_status: None, ..ended })),
            (b'F', b"\0\0\0\0\0\0\x01\0name", Told::Entry(text(b"name"), Found::File(256))),
            (b'X', b"l\xff", Told::Entry(text(b"\xff"), Found::Link)),
            (b'X', b"da", Told::Entry(text(b"a"), Found::Deep)),
            (b'Z', b"", Told::Listed),
            (b'B', b"123", Told::Piece(text(b"123"))),
            (b'N', b"n", Told::Delivered(false)),
        ];
        for (kind, payload, expected) in table {
            assert_eq!(decode(&[&frame(kind, payload)]), (vec![expected], false), "{}", char::from(kind));
        }
    }

    /// Protects the service: what is not a frame is noticed, at the latest when it is complete, and a
    /// length is believed only up to its limit.
    #[test]
    fn nonsense_is_noticed() {
        let long = [&[b'O'][..], &u32::MAX.to_be_bytes()].concat();
        let table: [&[u8]; 9] = [
            b"Q\0\0\0\0",
            b"R\0\0\0\x01x",
            b"D\0\0\0\x03- 1",
            b"D\0\0\0\x0b1 2 3 4 5 6",
            b"D\0\0\0\x0a- -1 2 3 4",
            b"F\0\0\0\x08\0\0\0\0\0\0\0\x01",
            b"X\0\0\0\x02?a",
            b"N\0\0\0\0",
            &long,
        ];
        for bytes in table {
            assert_eq!(decode(&[bytes]), (Vec::new(), true), "{bytes:?}");
        }
    }

    proptest! {
        /// Protects the service from forged streams: no bytes make it panic or hold more than a frame, and
        /// what they mean does not depend on how they were cut.
        #[test]
        fn any_bytes_in_any_pieces_are_one_story(
            frames in proptest::collection::vec((any::<u8>(), proptest::collection::vec(any::<u8>(), 0..40)), 0..20),
            tail in proptest::collection::vec(any::<u8>(), 0..40),
            piece in 1_usize..50,
        ) {
            // Mostly real letters, so that the story goes on.
            let letters = b"ROEDFXZBN";
            let mut bytes = Vec::new();
            for (letter, payload) in &frames {
                let kind = letters.get(usize::from(*letter % 12)).copied().unwrap_or(*letter);
                bytes.extend(frame(kind, payload));
            }
            bytes.extend(tail);
            let whole = decode(&[&bytes]);
            let pieces: Vec<&[u8]> = bytes.chunks(piece).collect();
            prop_assert_eq!(decode(&pieces), whole);
        }
    }
}
