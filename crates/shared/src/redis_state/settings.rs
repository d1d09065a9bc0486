//! Where the server is and how it is used.

use crate::ConnectError;
use redis::io::tcp::TcpSettings;
use redis::{Client, IntoConnectionInfo, ProtocolVersion, TlsCertificates};
use std::fmt;
use std::time::Duration;

/// Namespace of an installation that names none.
const DEFAULT_NAMESPACE: &str = "darkroom";
/// Longest namespace.
const MAX_NAMESPACE: usize = 64;
/// Longest wait of the kernel for a peer's word on what was sent: then the connection is lost.
const PEER_PATIENCE: Duration = Duration::from_secs(5);

/// How a certificate begins.
const PEM: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// Where the server is and how it is used.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisSettings {
    /// `redis://user:password@host:port/db`, with `rediss` over TLS; without parameters.
    pub url: String,
    /// First part of every key: installations that share a server keep apart by it.
    pub namespace: String,
    /// File with the certificates (PEM) of the only authorities whose servers are trusted; the machine's where there
    /// is none.
    pub authority: Option<String>,
    /// Longest wait for the server at the start.
    pub start_patience: Duration,
}

impl RedisSettings {
    /// From a URL: `redis://[user][:password]@host[:port][/db]`, or `rediss://` for TLS, with `?namespace=NAME` where
    /// installations share a server, and `?ca=/absolute/file.pem` where the server's authority is one's own. User and
    /// password are percent-encoded where they hold `@`, `:`, `/`, `?`, `#` or `%`.
    ///
    /// # Errors
    /// See [`ConnectError`]; another parameter is not accepted.
    pub fn parse(url: &str) -> Result<Self, ConnectError> {
        let (place, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut namespace, mut authority) = (DEFAULT_NAMESPACE.to_owned(), None);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("namespace", name)) => namespace = name.to_owned(),
                Some(("ca", file)) => authority = Some(file.to_owned()),
                _ => return Err(ConnectError::Url("its parameters are 'namespace' and 'ca'")),
            }
        }
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if namespace.is_empty() || namespace.len() > MAX_NAMESPACE || !namespace.bytes().all(is_plain) {
            return Err(ConnectError::Namespace(namespace));
        }
        if place.contains('#') {
            // The library would take '#insecure' for "trust anybody".
            return Err(ConnectError::Url("it ends with its parameters, without a '#'"));
        }
        if authority.is_some() && !place.starts_with("rediss:") {
            return Err(ConnectError::Url("'ca' is for TLS, with rediss://"));
        }
        let settings = Self { url: place.to_owned(), namespace, authority, start_patience: Duration::from_secs(15) };
        settings.connection_info()?;
        Ok(settings)
    }

    /// A client, which does not connect yet.
    pub(super) fn client(&self) -> Result<Client, ConnectError> {
        let info = self.connection_info()?;
        if !self.url.starts_with("rediss:") {
            return Client::open(info).map_err(unreadable);
        }
        // The library takes the process's provider, of which there is none where several are linked in. That one was
        // chosen before is as good.
        let _chosen = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let Some(file) = &self.authority else { return Client::open(info).map_err(unreadable) };
        let unusable = |why: String| ConnectError::Authority { file: file.clone(), why };
        let root_cert = std::fs::read(file).map_err(|error| unusable(error.to_string()))?;
        if !root_cert.windows(PEM.len()).any(|bytes| bytes == PEM) {
            return Err(unusable("there is no certificate in it".to_owned()));
        }
        let certificates = TlsCertificates { client_tls: None, root_cert: Some(root_cert) };
        Client::build_with_tls(info, certificates).map_err(|error| unusable(error.to_string()))
    }

    fn connection_info(&self) -> Result<redis::ConnectionInfo, ConnectError> {
        let info = self.url.as_str().into_connection_info().map_err(unreadable)?;
        // With this protocol the end of a connection is noticed when it comes, not by the next one who uses it.
        let server = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
        let tcp = TcpSettings::default().set_nodelay(true).set_user_timeout(PEER_PATIENCE);
        Ok(info.set_redis_settings(server).set_tcp_settings(tcp))
    }
}

/// The library's own words are not shown: they might hold parts of the URL.
fn unreadable(_: redis::RedisError) -> ConnectError {
    ConnectError::Url("it is redis://[user][:password]@host[:port][/db], percent-encoded")
}

impl fmt::Debug for RedisSettings {
    /// Without the URL, which holds a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisSettings").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects installations that share a server: names keep apart, odd ones are refused, and what is no parameter is
    /// not passed over.
    #[test]
    fn urls_are_read() {
        let parsed = RedisSettings::parse("redis://:p%40ss@h:1/2").unwrap();
        assert_eq!((&*parsed.url, &*parsed.namespace), ("redis://:p%40ss@h:1/2", "darkroom"));
        let info = parsed.connection_info().unwrap();
        assert_eq!((info.redis_settings().password(), info.redis_settings().db()), (Some("p@ss"), 2));
        let parsed = RedisSettings::parse("rediss://h?namespace=team-1&ca=/etc/ca.pem").unwrap();
        assert_eq!((&*parsed.namespace, parsed.authority.as_deref()), ("team-1", Some("/etc/ca.pem")));
        for odd in ["", "a.b", "a b", "é", "a:b", &"x".repeat(65)] {
            let read = RedisSettings::parse(&format!("redis://h?namespace={odd}"));
            assert_eq!(read, Err(ConnectError::Namespace(odd.to_owned())));
        }
        for wrong in [
            "redis://h?protocol=resp2",
            "redis://h?x",
            "rediss://h#insecure",
            "redis://h?ca=/x.pem",
            "redis://",
            "redis://h/first",
            "redis://:a/b@h",
        ] {
            assert!(matches!(RedisSettings::parse(wrong), Err(ConnectError::Url(_))), "{wrong}");
        }
    }

    /// Protects passwords: nothing that is printed holds one, whatever is wrong with the URL around it.
    #[test]
    fn passwords_are_not_shown() {
        for url in ["redis://u:s3cr3t@h:1/0", "redis://:s3cr3t@h:x/0", "redis://:s3cr3t/0", "redis://:s3cr3t@h?a=b"] {
            let shown = format!("{:?}", RedisSettings::parse(url));
            assert!(!shown.contains("s3cr3t"), "{shown}");
        }
        let missing = RedisSettings::parse("rediss://:s3cr3t@h?ca=/nowhere/ca.pem").unwrap().client().unwrap_err();
        assert!(missing.to_string().contains("/nowhere/ca.pem") && !missing.to_string().contains("s3cr3t"));
    }
}
