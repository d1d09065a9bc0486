//! What webhooks may use.

use super::Value;

/// Schemes of the addresses that webhooks are sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookSchemes {
    /// HTTPS and nothing else.
    Https,
    /// Plain HTTP as well.
    HttpToo,
}

impl Value for WebhookSchemes {
    const EXPECTED: &'static str = "'https' or 'http'";
    fn parse(text: &str) -> Option<Self> {
        match text {
            "https" => Some(Self::Https),
            "http" => Some(Self::HttpToo),
            _ => None,
        }
    }
}
