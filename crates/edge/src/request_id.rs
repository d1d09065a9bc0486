//! The id by which one request is found in the log.

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, HeaderValue};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use std::convert::Infallible;
use std::fmt;
use std::future::{Ready, ready};
use uuid::Uuid;

/// The header that carries the id in both directions.
pub const HEADER: &str = "x-request-id";

const MAX_LENGTH: usize = 64;

/// The id of one request: the caller's own if it is plain, else a new one. Every answer echoes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// A new id.
    #[expect(clippy::new_without_default, reason = "each call gives another id, a default would suggest one value")]
    pub fn new() -> Self {
        Self(Uuid::now_v7().simple().to_string())
    }

    /// The caller's id if it is 1 to 64 characters of `a-z A-Z 0-9 . _ -`, else a new one: the id is
    /// written to logs and sent back, so nothing else may travel in it.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let given = headers.get(HEADER).and_then(|value| value.to_str().ok());
        given.filter(|text| is_plain(text)).map_or_else(Self::new, |text| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn header_value(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }
}

fn is_plain(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(plain)
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromRequest for RequestId {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    /// The id the shell gave this request.
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let known = request.extensions().get::<RequestId>().cloned();
        ready(Ok(known.unwrap_or_else(|| Self::from_headers(request.headers()))))
    }
}

#[cfg(test)]
mod tests {
    use super::is_plain;

    /// Protects the log: only plain text is taken over from a caller.
    #[test]
    fn only_plain_ids_are_taken_over() {
        let long = "a".repeat(65);
        let cases =
            [("abc-1.2_3", true), ("", false), ("a b", false), ("a\tb", false), ("é", false), (long.as_str(), false)];
        for (text, accepted) in cases {
            assert_eq!(is_plain(text), accepted, "{text:?}");
        }
    }
}
