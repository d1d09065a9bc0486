//! Where the broker is and how it is used. Pure.

use crate::BusError;
use std::fmt;
use std::time::Duration;

/// Namespace of an installation that names none.
const DEFAULT_NAMESPACE: &str = "darkroom";
/// Longest namespace, so that names of queues stay within the 255 bytes that AMQP allows.
const MAX_NAMESPACE: usize = 64;

/// Where the broker is and how it is used.
#[derive(Clone, PartialEq, Eq)]
pub struct RabbitSettings {
    /// `amqp://user:password@host:port/vhost`, with `amqps` over TLS.
    pub url: String,
    /// First part of the name of every queue and exchange: installations that share a virtual host keep apart by it.
    pub namespace: String,
    /// Longest wait for the broker at the start.
    pub start_patience: Duration,
}

impl RabbitSettings {
    /// From a URL, which may carry `?namespace=NAME` beside the parameters of AMQP.
    ///
    /// # Errors
    /// A namespace that is empty, too long, or more than letters, digits, `-` and `_`.
    pub fn parse(url: &str) -> Result<Self, BusError> {
        let (place, query) = url.split_once('?').unwrap_or((url, ""));
        let mut namespace = DEFAULT_NAMESPACE.to_owned();
        let mut rest = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.strip_prefix("namespace=") {
                Some(name) => namespace = name.to_owned(),
                None => rest.push(pair),
            }
        }
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if namespace.is_empty() || namespace.len() > MAX_NAMESPACE || !namespace.bytes().all(is_plain) {
            return Err(BusError::Namespace(namespace));
        }
        // Without it nobody notices a broker whose machine has gone.
        if !rest.iter().any(|pair| pair.starts_with("heartbeat=")) {
            rest.push("heartbeat=10");
        }
        Ok(Self { url: format!("{place}?{}", rest.join("&")), namespace, start_patience: Duration::from_secs(60) })
    }
}

impl fmt::Debug for RabbitSettings {
    /// Without the URL, which holds a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RabbitSettings").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects installations that share a broker, and passwords: names keep apart, odd ones are refused, and nothing
    /// that is printed holds the URL.
    #[test]
    fn urls_are_read() {
        let parsed = RabbitSettings::parse("amqp://u:secret@h:1/v").unwrap();
        assert_eq!((&*parsed.url, &*parsed.namespace), ("amqp://u:secret@h:1/v?heartbeat=10", "darkroom"));
        assert!(!format!("{parsed:?}").contains("secret"));
        let parsed = RabbitSettings::parse("amqps://h?heartbeat=3&namespace=team-1&frame_max=9").unwrap();
        assert_eq!((&*parsed.url, &*parsed.namespace), ("amqps://h?heartbeat=3&frame_max=9", "team-1"));
        for odd in ["", "a.b", "a b", "é", &"x".repeat(65)] {
            assert!(RabbitSettings::parse(&format!("amqp://h?namespace={odd}")).is_err(), "{odd}");
        }
    }
}
