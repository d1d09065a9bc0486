//! Keys of objects. A key that exists is safe to use below any root: it cannot climb out of it.

use std::fmt;

/// Longest segment in bytes. Leaves room below the 255 bytes a file name may have.
pub const MAX_SEGMENT_BYTES: usize = 200;
/// Longest key in bytes. Leaves room below the 1,024 bytes that S3 allows.
pub const MAX_KEY_BYTES: usize = 900;

/// The text cannot be a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid blob key: {0}")]
pub struct InvalidKey(&'static str);

/// A key: segments joined by `/`.
///
/// A segment is any text of 1 to [`MAX_SEGMENT_BYTES`] bytes without `/`, `\` and control characters that
/// is neither `.` nor `..`; so names given by people or by code (spaces, Unicode) can stand in one. The
/// whole key has at most [`MAX_KEY_BYTES`] bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobKey(String);

impl BlobKey {
    /// The key written in the text.
    ///
    /// # Errors
    /// The text is empty, absolute, too long, or a segment is not allowed.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        if text.len() > MAX_KEY_BYTES {
            return Err(InvalidKey("too long"));
        }
        // Empty text, a leading or trailing slash and `//` all show as an empty segment.
        text.split('/').try_for_each(check_segment)?;
        Ok(Self(text.to_owned()))
    }

    /// This key with one more segment.
    ///
    /// # Errors
    /// The segment is not allowed (a `/` in it is refused, not split), or the key would become too long.
    pub fn join(&self, segment: &str) -> Result<Self, InvalidKey> {
        check_segment(segment)?;
        if self.0.len() + 1 + segment.len() > MAX_KEY_BYTES {
            return Err(InvalidKey("too long"));
        }
        Ok(Self(format!("{}/{segment}", self.0)))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its segments, at least one.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }
}

impl fmt::Display for BlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for BlobKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        Self::parse(text)
    }
}

fn check_segment(segment: &str) -> Result<(), InvalidKey> {
    match segment {
        "" => Err(InvalidKey("empty segment")),
        "." | ".." => Err(InvalidKey("relative segment")),
        long if long.len() > MAX_SEGMENT_BYTES => Err(InvalidKey("segment too long")),
        text if text.contains(['/', '\\']) => Err(InvalidKey("separator in a segment")),
        text if text.chars().any(char::is_control) => Err(InvalidKey("control character")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
