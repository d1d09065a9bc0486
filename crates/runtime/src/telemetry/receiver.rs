//! One receiver of telemetry over HTTP with protobuf. Used from threads of its own only: it blocks.

use prost::Message;
use reqwest::blocking::Client;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use std::sync::OnceLock;
use std::time::Duration;

/// Longest wait for one answer. Meanwhile the queue fills.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where it is and what it wants to see.
#[derive(Debug)]
pub(super) struct Receiver {
    url: String,
    heads: HeaderMap,
    /// Made in the thread that uses it: a blocking client may not be made within a runtime.
    client: OnceLock<Option<Client>>,
}

impl Receiver {
    /// The receiver at a base address.
    ///
    /// # Errors
    /// The address is none of HTTP: why.
    pub fn new(base: &str, path: &str, heads: HeaderMap) -> Result<Self, String> {
        let url = format!("{}{path}", base.trim_end_matches('/'));
        // The base alone: with a path behind it, an address without a host would get one.
        let parsed = reqwest::Url::parse(base).map_err(|error| format!("is no address: {error}"))?;
        if !matches!(parsed.scheme(), "http" | "https") || !parsed.has_host() {
            return Err("is no address of HTTP, such as http://collector:4318".to_owned());
        }
        Ok(Self { url, heads, client: OnceLock::new() })
    }

    /// Sends a message.
    ///
    /// # Errors
    /// It was not taken: why.
    pub fn send(&self, message: &impl Message) -> Result<(), String> {
        self.post("application/x-protobuf", message.encode_to_vec())
    }

    /// Sends JSON.
    ///
    /// # Errors
    /// It was not taken: why.
    pub fn send_json(&self, text: String) -> Result<(), String> {
        self.post("application/json", text.into_bytes())
    }

    fn post(&self, kind: &'static str, body: Vec<u8>) -> Result<(), String> {
        let client = self.client.get_or_init(|| Client::builder().timeout(PATIENCE).build().ok());
        let client = client.as_ref().ok_or("there is no HTTP client")?;
        let request = client.post(&self.url).headers(self.heads.clone()).header(CONTENT_TYPE, kind).body(body);
        let answer = request.send().map_err(|error| error.without_url().to_string())?;
        if answer.status().is_success() { Ok(()) } else { Err(format!("status {}", answer.status().as_u16())) }
    }
}

/// Reads `name=value,name=value` with percent-encoded values, as the OpenTelemetry specification writes headers.
pub(super) fn headers(text: &str) -> Option<HeaderMap> {
    let mut heads = HeaderMap::new();
    for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        let (name, value) = entry.split_once('=')?;
        let value = percent_encoding::percent_decode_str(value.trim()).decode_utf8().ok()?;
        let mut value = HeaderValue::from_str(&value).ok()?;
        value.set_sensitive(true);
        heads.insert(HeaderName::from_bytes(name.trim().as_bytes()).ok()?, value);
    }
    Some(heads)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects operators: headers are read as other programs read them, and what cannot be read is refused.
    #[test]
    fn headers_are_read_as_the_specification_writes_them() {
        let heads = headers("authorization=Basic%20YTpi, x-team = a=b ,").unwrap();
        assert_eq!(heads["authorization"], "Basic YTpi");
        assert_eq!(heads["x-team"], "a=b");
        assert!(!format!("{heads:?}").contains("YTpi"), "a secret shows itself");
        assert!(headers("").unwrap().is_empty());
        for bad in ["authorization", "a b=c", "a=%ff", "a=%0a"] {
            assert_eq!(headers(bad), None, "{bad}");
        }
    }

    /// Protects operators: an address that nobody could send to is refused at the start.
    #[test]
    fn addresses_are_checked() {
        for fine in ["http://collector:4318", "https://x.example/otlp/"] {
            assert!(Receiver::new(fine, "/v1/traces", HeaderMap::new()).is_ok(), "{fine}");
        }
        assert_eq!(
            Receiver::new("https://x.example/otlp/", "/v1/traces", HeaderMap::new()).unwrap().url,
            "https://x.example/otlp/v1/traces"
        );
        for bad in ["collector:4318", "grpc://collector", "", "http://"] {
            assert!(Receiver::new(bad, "/v1/traces", HeaderMap::new()).is_err(), "{bad}");
        }
    }
}
