//! Bodies of requests: how they are announced, and one whose every byte is known without keeping it.

use crate::upstream::Seen;
use std::io::{self, BufRead, Read};
use std::sync::LazyLock;

/// A prime, so that no length of buffers or chunks divides it: bytes that are lost, doubled or moved are noticed.
const PERIOD: usize = 65_521;

/// How the end of a body is known.
#[derive(Debug, Clone, Copy)]
pub enum Body {
    /// By its length in bytes.
    Length(usize),
    /// By an empty chunk.
    Chunks,
}

impl Body {
    /// As a request's headers announce it.
    pub fn announced(seen: &Seen) -> Self {
        match seen.header("transfer-encoding") {
            Some(_) => Self::Chunks,
            None => Self::Length(seen.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0)),
        }
    }

    /// Reads it to its end, and tells its length; each piece is shown with its offset.
    pub fn read(self, reader: &mut impl BufRead, mut see: impl FnMut(usize, &[u8])) -> io::Result<usize> {
        match self {
            Self::Length(length) => pass(reader, 0, length, &mut see),
            Self::Chunks => {
                let mut offset = 0;
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line)?;
                    let length = usize::from_str_radix(line.trim_end(), 16).map_err(io::Error::other)?;
                    offset = pass(reader, offset, length, &mut see)?;
                    reader.read_line(&mut String::new())?;
                    if length == 0 {
                        return Ok(offset);
                    }
                }
            }
        }
    }
}

fn pass(reader: &mut impl Read, from: usize, length: usize, see: &mut impl FnMut(usize, &[u8])) -> io::Result<usize> {
    let mut buffer = vec![0; length.min(64 * 1024)];
    let mut offset = from;
    while offset < from + length {
        let most = buffer.len().min(from + length - offset);
        let count = reader.read(&mut buffer[..most])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        see(offset, &buffer[..count]);
        offset += count;
    }
    Ok(offset)
}

/// These bytes of the known body, at most two periods.
pub fn ours(offset: usize, length: usize) -> &'static [u8] {
    &PERIODS[offset % PERIOD..][..length]
}

/// Whether these are the bytes of the known body there.
pub fn is_ours(offset: usize, bytes: &[u8]) -> bool {
    ours(offset, bytes.len()) == bytes
}

/// Three periods, without a pattern that repeats within one.
static PERIODS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let byte = |place: usize| ((place % PERIOD).wrapping_mul(0x9e37_79b1) >> 13).to_le_bytes()[0];
    (0..3 * PERIOD).map(byte).collect()
});
