//! The gateway's public keys, had over HTTP.

use async_trait::async_trait;
use edge::identity::{JsonWebKeySet, KeySource, KeysUnavailable};
use std::time::Duration;

/// Longest wait for the gateway.
const PATIENCE: Duration = Duration::from_secs(3);

/// Path of the keys at the gateway. Not reachable through the proxy.
pub const KEYS_PATH: &str = "/internal/keys";

/// Path at the gateway that says who a caller is. Not reachable through the proxy.
pub const AUTHORIZE_PATH: &str = "/internal/authorize";

/// Asks the gateway.
#[derive(Debug)]
pub struct GatewayKeys {
    bases: Vec<String>,
    http: reqwest::Client,
}

impl GatewayKeys {
    /// The keys of the gateway at this base URL, such as `http://gateway:8080`; of several, with commas between them,
    /// each knows the keys of all.
    ///
    /// # Errors
    /// There can be no HTTP client.
    pub fn at(bases: &str) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build()?;
        Ok(Self { bases: common::addresses(bases), http })
    }

    async fn ask(&self, base: &str) -> Result<JsonWebKeySet, KeysUnavailable> {
        let unavailable = |error: reqwest::Error| KeysUnavailable(error.to_string());
        let answer = self.http.get(format!("{base}{KEYS_PATH}")).send().await.map_err(unavailable)?;
        answer.error_for_status().map_err(unavailable)?.json().await.map_err(unavailable)
    }
}

#[async_trait]
impl KeySource for GatewayKeys {
    async fn keys(&self) -> Result<JsonWebKeySet, KeysUnavailable> {
        let mut outcome = Err(KeysUnavailable("no gateway is named".to_owned()));
        for base in &self.bases {
            outcome = self.ask(base).await;
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }
}
