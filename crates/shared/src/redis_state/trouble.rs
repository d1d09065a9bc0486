//! What went wrong, in words that hold neither passwords nor values. Pure.
//!
//! The library's own texts repeat what a server said or sent, and servers repeat arguments.

use redis::{ErrorKind, RedisError};
use std::error::Error;
use std::io;
use std::sync::Arc;

/// Longest text of a server that is repeated, in bytes.
const MAX_TEXT: usize = 200;

/// A failed attempt.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// A plain sentence, for people.
    pub why: String,
    /// Whether the connection is of no further use.
    pub is_lost: bool,
    /// Whether waiting does not help, only another setting or server.
    pub is_lasting: bool,
}

impl Trouble {
    /// Nothing came in time.
    pub fn late() -> Self {
        Self { why: "no answer in time".to_owned(), is_lost: true, is_lasting: false }
    }
}

impl From<&RedisError> for Trouble {
    fn from(error: &RedisError) -> Self {
        let lost = |why: String| Self { why, is_lost: true, is_lasting: false };
        let refused = |why: &str| Self { why: why.to_owned(), is_lost: true, is_lasting: true };
        match (error.kind(), error.code()) {
            (ErrorKind::Io, _) if is_about_a_certificate(error) => {
                Self { is_lasting: true, ..lost(plain(&format!("TLS: {error}"))) }
            }
            // Those of the operating system and of TLS name addresses and certificates.
            (ErrorKind::Io, _) => lost(plain(&error.to_string())),
            (ErrorKind::AuthenticationFailed, _) | (_, Some("WRONGPASS")) => {
                refused("the server does not accept the URL's user and password")
            }
            (_, Some("NOAUTH")) => refused("the server asks for a password, and the URL has none"),
            (_, Some("NOPERM")) => refused("the server does not allow this user what is needed"),
            // Perhaps another one has its name now.
            (_, Some("READONLY")) => refused("the server is a replica that only reads"),
            (ErrorKind::RESP3NotSupported, _) => refused("the server is too old: Redis 6.2 or newer is needed"),
            (ErrorKind::Parse, _) => lost("what answers is no Redis".to_owned()),
            (_, Some("LOADING")) => lost("the server is still reading what it kept".to_owned()),
            (_, Some("OOM")) => Self { is_lost: false, ..lost("the server's memory is full".to_owned()) },
            (_, Some("MISCONF")) => {
                Self { is_lost: false, ..lost("the server takes no writes while it cannot save".to_owned()) }
            }
            (_, Some(code)) => {
                let said = error.detail().unwrap_or_default();
                // Behind this stand arguments.
                let said = said.split(", with args").next().unwrap_or_default();
                Self { is_lost: false, ..lost(plain(&format!("the server says {code} {said}"))) }
            }
            (kind, None) => Self { is_lost: false, ..lost(format!("not understood ({kind:?})")) },
        }
    }
}

/// Whether TLS does not trust the server.
fn is_about_a_certificate(error: &RedisError) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<Arc<dyn Error + Send + Sync>>());
    let cause = cause.and_then(|cause| cause.downcast_ref::<io::Error>()).and_then(io::Error::get_ref);
    matches!(cause.and_then(|cause| cause.downcast_ref()), Some(rustls::Error::InvalidCertificate(_)))
}

/// Without line ends and the like, and not long.
fn plain(text: &str) -> String {
    let mut plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.truncate(plain.floor_char_boundary(MAX_TEXT));
    plain.trim_end().to_owned()
}
