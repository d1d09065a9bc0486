//! The files of a run as one stream: what the lock-down unpacks inside the room. Pure.
//!
//! For each file a header (length of its name, u16; size, u64; little-endian), the name, the content. A
//! header with a name length of zero ends it. See `inside/lockdown.rs` for the reader.

/// Where the code stands in a room, below `/box`.
pub const CODE: &str = "main.py";

/// What comes before a file's content. The name is a path below `/box`.
pub fn header(name: &str, size: u64) -> Vec<u8> {
    let length = u16::try_from(name.len()).unwrap_or(u16::MAX);
    let mut bytes = Vec::with_capacity(10 + name.len());
    bytes.extend(length.to_le_bytes());
    bytes.extend(size.to_le_bytes());
    bytes.extend(name.as_bytes());
    bytes
}

/// What ends a bundle.
pub const END: [u8; 10] = [0; 10];
