//! What goes wrong between us and the store. The library's errors hold URLs and whole answers, with the access key and
//! what was signed in them; ours hold a status, the store's code and a plain reason.

use crate::{BlobError, BlobKey, ErrorKind};
use s3::error::S3Error;
use std::error::Error;
use std::time::Duration;

/// Longest code of an answer that is shown, in bytes. Those of S3 have up to 40.
const MAX_CODE_BYTES: usize = 64;

/// Why a call to the store failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum S3Failure {
    /// It refuses the keys, or what they may do.
    #[error("the store refuses these credentials or what they may do: {status} {code}")]
    Credentials {
        /// Status of the answer.
        status: u16,
        /// Code within the answer, where it has one.
        code: String,
    },
    /// It answered with an error.
    #[error("the store answered {status} {code}")]
    Answer {
        /// Status of the answer.
        status: u16,
        /// Code within the answer, where it has one.
        code: String,
    },
    /// It did not answer in time.
    #[error("the store did not answer within {} s", .0.as_secs())]
    Late(Duration),
    /// The connection could not be made, or broke.
    #[error("the connection to the store failed: {0}")]
    Connection(String),
    /// What it answered is not S3, or the request could not be made.
    #[error("the store cannot be spoken to: {0}")]
    Protocol(String),
}

impl S3Failure {
    /// From an error of the library.
    pub(super) fn new(error: S3Error) -> Self {
        match error {
            S3Error::HttpFailWithBody(status, body) => Self::answer(status, code_in(&body)),
            S3Error::Reqwest(error) => {
                let is_answer = error.is_decode() || error.is_builder();
                let reason = innermost(&error.without_url());
                if is_answer { Self::Protocol(reason) } else { Self::Connection(reason) }
            }
            // These may quote what they could not read.
            S3Error::SerdeXml(_) | S3Error::Utf8(_) | S3Error::FromUtf8(_) => {
                Self::Protocol("its answer cannot be read".into())
            }
            other => Self::Protocol(innermost(&other)),
        }
    }

    /// From an answer.
    pub(super) fn answer(status: u16, code: String) -> Self {
        match status {
            401 | 403 if !is_full(status, &code) => Self::Credentials { status, code },
            _ => Self::Answer { status, code },
        }
    }

    /// The store's code for it; empty where there is none.
    pub(super) fn code(&self) -> &str {
        match self {
            Self::Credentials { code, .. } | Self::Answer { code, .. } => code,
            _ => "",
        }
    }

    /// True when the same call may pass a moment later.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Late(_) | Self::Connection(_) => true,
            Self::Answer { status, code } => match status {
                408 | 429 | 500 | 502 | 503 | 504 => !is_full(*status, code),
                400 => code == "RequestTimeout",
                409 => code == "OperationAborted",
                // An answer of several parts: one of them failed.
                200 => matches!(&**code, "InternalError" | "SlowDown" | "ServiceUnavailable"),
                _ => false,
            },
            Self::Credentials { .. } | Self::Protocol(_) => false,
        }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            // The answer to HEAD has no code.
            Self::Answer { status: 404, code } if matches!(&**code, "" | "NoSuchKey") => ErrorKind::NotFound,
            Self::Answer { code, .. } if code == "EntityTooLarge" => ErrorKind::TooLarge,
            Self::Answer { status, code } if is_full(*status, code) => ErrorKind::Full,
            _ => ErrorKind::Unavailable,
        }
    }

    /// As the error of an operation on this key.
    pub(super) fn at(self, key: &BlobKey) -> BlobError {
        BlobError::caused(self.kind(), key, self)
    }
}

/// What MinIO (`XMinio…`), Ceph (`QuotaExceeded`) and gateways (507) say when there is no room.
fn is_full(status: u16, code: &str) -> bool {
    let codes = ["XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded", "InsufficientStorage"];
    status == 507 || codes.contains(&code)
}

/// The code in the XML of an answer, if it looks like one.
fn code_in(body: &str) -> String {
    let inside = body.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    let code = inside.map_or("", |(code, _)| code);
    let is_code = code.len() <= MAX_CODE_BYTES && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
    if is_code { code.to_owned() } else { String::new() }
}

/// What the chain of errors ends in: the others repeat it around addresses.
fn innermost(error: &dyn Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

#[cfg(test)]
mod tests;
