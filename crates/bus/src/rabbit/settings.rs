//! Where the broker is and how it is used. Pure.

use crate::BusError;
use lapin::uri::AMQPUri;
use std::fmt;
use std::time::Duration;

/// Namespace of an installation that names none.
const DEFAULT_NAMESPACE: &str = "darkroom";
/// Longest namespace, so that names of queues stay within the 255 bytes that AMQP allows.
const MAX_NAMESPACE: usize = 64;
/// Seconds between heartbeats where the URL does not say. A connection without any sign of life ends after two of them,
/// and half of one more until that is noticed: after 12.5 seconds at most. RabbitMQ advises 5 to 20; with less, a busy
/// machine is taken for a dead one.
const HEARTBEAT_SECONDS: u32 = 5;
/// Bytes of a frame where the URL does not say. The library keeps 64 frames of this size for each connection, whatever is
/// on its way: with the usual 128 KiB it would hold 16 MB for our two. Larger messages come in several frames.
const FRAME_BYTES: u32 = 16 * 1024;

/// Where the broker is and how it is used.
#[derive(Clone, PartialEq, Eq)]
pub struct RabbitSettings {
    /// The nodes of the broker, at least one. Any of them will do.
    pub places: Vec<Place>,
    /// First part of the name of every queue and exchange: installations that share a virtual host keep apart by it.
    pub namespace: String,
    /// Longest wait for the broker at the start.
    pub start_patience: Duration,
}

/// One node of the broker.
#[derive(Clone, PartialEq, Eq)]
pub struct Place {
    /// `host:port`, for messages.
    pub host: String,
    /// `amqp://user:password@host:port/vhost`, with `amqps` over TLS. Holds a password.
    pub url: String,
}

impl RabbitSettings {
    /// From a URL, which may carry `?namespace=NAME` beside the parameters of AMQP, and may name several nodes:
    /// `amqp://user:password@host1:5672,host2:5672,host3:5672/%2f`. All else is the same for each of them.
    ///
    /// # Errors
    /// A namespace that is empty, too long, or more than letters, digits, `-` and `_`; or hosts, ports or parameters
    /// that cannot be used.
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
        let heartbeat = format!("heartbeat={HEARTBEAT_SECONDS}");
        if !rest.iter().any(|pair| pair.starts_with("heartbeat=")) {
            rest.push(&heartbeat);
        }
        let frame = format!("frame_max={FRAME_BYTES}");
        if !rest.iter().any(|pair| pair.starts_with("frame_max=")) {
            rest.push(&frame);
        }
        let places = places(place, &rest.join("&"))?;
        Ok(Self { places, namespace, start_patience: Duration::from_secs(60) })
    }
}

/// A URL for each host. What is said of a mistake holds no password.
fn places(place: &str, query: &str) -> Result<Vec<Place>, BusError> {
    let wrong = |what: String| BusError::Place(what);
    let (scheme, rest) = place.split_once("://").ok_or_else(|| wrong("'://' is missing".to_owned()))?;
    let (authority, vhost) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (user, hosts) = authority.rsplit_once('@').map_or(("", authority), |(user, hosts)| (user, hosts));
    let user = if user.is_empty() { String::new() } else { format!("{user}@") };
    let of_host = |host: &str| {
        // The library would quietly take the local machine in place of an address in brackets.
        if host.is_empty() || host.starts_with(':') || host.contains('[') {
            return Err(wrong(format!("'{host}' is no name of a host and no IPv4 address")));
        }
        let url = format!("{scheme}://{user}{host}{vhost}?{query}");
        let uri: AMQPUri =
            url.parse().map_err(|_| wrong(format!("'{host}', user, vhost or '{query}' is malformed")))?;
        Ok(Place { host: format!("{}:{}", uri.authority.host, uri.authority.port), url })
    };
    hosts.split(',').map(of_host).collect()
}

impl fmt::Debug for RabbitSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("RabbitSettings");
        text.field("places", &self.places).field("namespace", &self.namespace);
        text.field("start_patience", &self.start_patience).finish()
    }
}

impl fmt::Debug for Place {
    /// Without the URL, which holds a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urls(url: &str) -> Vec<String> {
        RabbitSettings::parse(url).unwrap().places.into_iter().map(|place| place.url).collect()
    }

    /// Protects installations that share a broker, and passwords: names keep apart, odd ones are refused, and nothing
    /// that is printed holds the URL.
    #[test]
    fn urls_are_read() {
        let parsed = RabbitSettings::parse("amqp://u:secret@h:1/v").unwrap();
        let url = "amqp://u:secret@h:1/v?heartbeat=5&frame_max=16384";
        assert_eq!((&*parsed.places[0].url, &*parsed.namespace), (url, "darkroom"));
        assert_eq!(format!("{parsed:?}").matches("h:1").count(), 1);
        assert!(!format!("{parsed:?}").contains("secret"));
        let parsed = RabbitSettings::parse("amqps://h?heartbeat=3&namespace=team-1&frame_max=9").unwrap();
        assert_eq!((&*parsed.places[0].url, &*parsed.namespace), ("amqps://h?heartbeat=3&frame_max=9", "team-1"));
        assert_eq!(parsed.places[0].host, "h:5671");
        for odd in ["", "a.b", "a b", "é", &"x".repeat(65)] {
            assert!(RabbitSettings::parse(&format!("amqp://h?namespace={odd}")).is_err(), "{odd}");
        }
    }

    /// Protects clusters: each node has a URL of its own, with everything else the same; lists that cannot be meant are
    /// refused at once, without the password.
    #[test]
    fn several_hosts_are_several_urls() {
        assert_eq!(
            urls("amqp://u:p,w@a:1,b,10.0.0.3:5672/%2f?heartbeat=9&frame_max=9"),
            [
                "amqp://u:p,w@a:1/%2f?heartbeat=9&frame_max=9",
                "amqp://u:p,w@b/%2f?heartbeat=9&frame_max=9",
                "amqp://u:p,w@10.0.0.3:5672/%2f?heartbeat=9&frame_max=9"
            ]
        );
        for odd in ["a,,b", "a,", "", ":1", "a:99999,b", "a:x", "[::1]:5672", "a b"] {
            let error = RabbitSettings::parse(&format!("amqp://u:secret@{odd}/v")).unwrap_err();
            assert!(matches!(error, BusError::Place(_)), "{odd}: {error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
        assert!(RabbitSettings::parse("amqp:h").is_err());
    }
}
