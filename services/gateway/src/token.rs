//! The local token: 256 random bits in a file that only its owner can read.

use rand::TryRngCore;
use rand::rngs::OsRng;
use rustix::fs::OFlags;
use std::fmt;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use subtle::ConstantTimeEq;

/// Name of the token's file in the data folder.
const FILE: &str = "token";

/// Hexadecimal digits of a token.
const DIGITS: usize = 64;

/// Modes with any of these bits let other users read or change the file.
const OTHERS: u32 = 0o077;

/// The token every local caller shows. It prints itself in no log.
#[derive(Clone)]
pub struct LocalToken(String);

/// The token cannot be had. The messages are for the operator and name the file and the fix.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Other users can read or change the file.
    #[error(
        "the token file {} is open to other users (mode {mode:04o}). Fix: chmod 600 '{}'. If someone may have read it, delete it instead; a new token is made at the next start",
        path.display(), path.display()
    )]
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file holds something else.
    #[error("the token file {} does not hold a token ({DIGITS} hexadecimal digits). Fix: delete it; a new token is made at the next start", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// A folder, link or device stands in its place.
    #[error("{} is not a regular file. Fix: move it away; a new token is made at the next start", path.display())]
    NotAFile {
        /// What stands there.
        path: PathBuf,
    },
    /// The setting holds something else.
    #[error(
        "LOCAL_TOKEN does not hold a token ({DIGITS} hexadecimal digits, lower case). Fix: make one with 'openssl rand -hex 32', or leave it out"
    )]
    Given,
    /// There is no token yet.
    #[error("there is no token in {} yet. Fix: start the server once with this data folder", data.display())]
    Missing {
        /// The data folder.
        data: PathBuf,
    },
    /// The file or its folder cannot be read or written.
    #[error("the token file {} cannot be {doing}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
}

impl LocalToken {
    /// The token of this data folder; made, with its folder, if there is none.
    ///
    /// # Errors
    /// The file is open to others, malformed, or cannot be read or written.
    pub fn open_or_create(data: &Path) -> Result<Self, TokenError> {
        match Self::read(data) {
            Err(TokenError::Missing { .. }) => {}
            other => return other,
        }
        let path = data.join(FILE);
        create(data, &path).map_err(|source| TokenError::Io { path, doing: "created", source })?;
        // Read back: another process may have been first, and both must end up with the same token.
        Self::read(data)
    }

    /// A token that was given, as the one that all replicas of a gateway share.
    ///
    /// # Errors
    /// It is not one.
    pub fn given(text: &str) -> Result<Self, TokenError> {
        if is_token(text.as_bytes()) { Ok(Self(text.to_owned())) } else { Err(TokenError::Given) }
    }

    /// The token of this data folder.
    ///
    /// # Errors
    /// There is none, or it is open to others, malformed or unreadable.
    pub fn read(data: &Path) -> Result<Self, TokenError> {
        let path = data.join(FILE);
        let unreadable = |source| TokenError::Io { path: path.clone(), doing: "read", source };
        // Neither following a link nor waiting for the other end of a pipe.
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let opened = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(&path);
        let file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(TokenError::Missing { data: data.to_owned() });
            }
            Err(error) if path.is_symlink() => {
                tracing::debug!(cause = %error, "the token file is a link");
                return Err(TokenError::NotAFile { path });
            }
            Err(error) => return Err(unreadable(error)),
        };
        let metadata = file.metadata().map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(TokenError::NotAFile { path });
        }
        let mode = metadata.mode() & 0o7777;
        if mode & OTHERS != 0 {
            return Err(TokenError::OpenToOthers { path, mode });
        }
        let text = read_short(file).map_err(unreadable)?;
        match text.strip_suffix(b"\n").unwrap_or(&text) {
            token if is_token(token) => Ok(Self(String::from_utf8_lossy(token).into_owned())),
            _ => Err(TokenError::Malformed { path }),
        }
    }

    /// The token's text, for showing it to its owner.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether a caller showed this token. Takes the same time wherever the first difference is.
    pub fn matches(&self, given: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(given).into()
    }
}

impl fmt::Debug for LocalToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalToken(…)")
    }
}

fn is_token(text: &[u8]) -> bool {
    text.len() == DIGITS && text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn read_short(file: File) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    file.take(256).read_to_end(&mut text)?;
    Ok(text)
}

/// Writes a new token beside its place and then links it there. A link never replaces, so the file
/// appears once, whole, and with its mode from the first moment.
fn create(data: &Path, path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(data)?;
    let mut secret = [0; DIGITS / 2];
    OsRng.try_fill_bytes(&mut secret).map_err(io::Error::other)?;
    let mut suffix = [0; 8];
    OsRng.try_fill_bytes(&mut suffix).map_err(io::Error::other)?;
    let draft = data.join(format!(".{FILE}.{}", hex::encode(suffix)));
    let linked = write_new(&draft, &hex::encode(secret)).and_then(|()| std::fs::hard_link(&draft, path));
    let removed = std::fs::remove_file(&draft);
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => removed,
    }
}

fn write_new(draft: &Path, token: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    file.write_all(format!("{token}\n").as_bytes())?;
    file.sync_all()
}
