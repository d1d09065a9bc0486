//! Where a bucket is and who may use it. Pure.

use crate::{BlobKey, ConnectError};
use percent_encoding::percent_decode_str;
use std::fmt;

/// Region of a store that has none.
const DEFAULT_REGION: &str = "us-east-1";
/// Longest prefix in bytes: with the longest key of ours it stays below the 1,024 bytes that S3 allows.
const MAX_PREFIX_BYTES: usize = 100;

/// Where a bucket is and who may use it.
#[derive(Clone, PartialEq, Eq)]
pub struct S3Address {
    /// `http://host:port` or `https://host:port`.
    pub(super) endpoint: String,
    /// Name of the region: part of every signature.
    pub(super) region: String,
    /// The bucket.
    pub(super) bucket: String,
    /// What all keys begin with: empty, or ends with a slash.
    pub(super) prefix: String,
    /// Access key.
    pub(super) access: String,
    /// Secret key.
    pub(super) secret: String,
}

impl fmt::Debug for S3Address {
    /// Without what is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (endpoint, bucket) = (&self.endpoint, &self.bucket);
        f.debug_struct("S3Address").field("endpoint", endpoint).field("bucket", bucket).finish_non_exhaustive()
    }
}

impl S3Address {
    /// From `s3://ACCESS:SECRET@host:port/bucket/prefix?region=REGION&tls=true`.
    ///
    /// Both keys and the prefix are percent-decoded (a secret with `/` or `+` must write `%2F`, `%2B`). Port, prefix,
    /// region (`us-east-1`, which MinIO takes too) and `tls` (`true`) may be left out. Installations that share a bucket
    /// keep apart by the prefix, of at most 100 bytes.
    ///
    /// - MinIO beside us: `s3://darkroom:SECRET@minio:9000/darkroom?tls=false`
    /// - AWS: `s3://ACCESS:SECRET@s3.eu-central-1.amazonaws.com/my-bucket/darkroom?region=eu-central-1`
    ///
    /// # Errors
    /// [`ConnectError::Address`] says what is wrong, without repeating any of it.
    pub fn parse(url: &str) -> Result<Self, ConnectError> {
        let parsed = Self::read(url);
        parsed.map_err(ConnectError::Address)
    }

    fn read(url: &str) -> Result<Self, &'static str> {
        let rest = url.strip_prefix("s3://").ok_or("it begins otherwise")?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = place.split_once('/').ok_or("it names no bucket (a '/' in a key is written %2F)")?;
        let (keys, host) = authority.rsplit_once('@').ok_or("it names no access key")?;
        let (access, secret) = keys.split_once(':').ok_or("it holds no secret key")?;
        let (access, secret) = (decoded(access)?, decoded(secret)?);
        if access.is_empty() || secret.is_empty() || !access.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("a key is empty, or no text that can be sent");
        }
        if !is_host(host) {
            return Err("the host is none");
        }
        let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
        if !is_bucket(bucket) {
            return Err("the bucket's name is not 3 to 63 lower-case letters, digits, '-' and '.'");
        }
        let (mut region, mut scheme) = (DEFAULT_REGION, "https");
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("region", name)) if is_region(name) => region = name,
                Some(("tls", "true")) => scheme = "https",
                Some(("tls", "false")) => scheme = "http",
                _ => return Err("only region=NAME and tls=true or tls=false may follow the '?'"),
            }
        }
        Ok(Self {
            endpoint: format!("{scheme}://{host}"),
            region: region.to_owned(),
            bucket: bucket.to_owned(),
            prefix: read_prefix(prefix.strip_suffix('/').unwrap_or(prefix))?,
            access,
            secret,
        })
    }
}

fn read_prefix(text: &str) -> Result<String, &'static str> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let prefix = BlobKey::parse(&decoded(text)?).map_err(|_| "the prefix is no key")?;
    let prefix = format!("{prefix}/");
    if prefix.len() > MAX_PREFIX_BYTES { Err("the prefix is longer than 100 bytes") } else { Ok(prefix) }
}

fn decoded(text: &str) -> Result<String, &'static str> {
    let text = percent_decode_str(text).decode_utf8().map_err(|_| "what is percent-encoded is no UTF-8")?;
    Ok(text.into_owned())
}

/// A name or an address, perhaps with a port; whether it exists shows when it is used.
fn is_host(text: &str) -> bool {
    let (name, port) = match text.rsplit_once(':') {
        // The colons of an IPv6 address without a port are within its brackets.
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (text, None),
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let inside = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let is_name = match inside {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !name.is_empty() && name.bytes().all(is_plain),
    };
    is_name && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|number| number > 0))
}

/// The rules of AWS that every store shares.
fn is_bucket(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    let ends = [name.bytes().next(), name.bytes().last()];
    (3..=63).contains(&name.len())
        && name.bytes().all(is_plain)
        && !name.contains("..")
        && ends.iter().flatten().all(u8::is_ascii_alphanumeric)
}

fn is_region(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[cfg(test)]
mod tests;
