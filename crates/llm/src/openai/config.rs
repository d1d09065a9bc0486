//! Where the endpoint is and how it knows us. Unlike the library's own configuration it reads nothing
//! from the environment and sends no header without a key.

use crate::ConnectError;
use async_openai::config::Config;
use reqwest::Url;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

/// Base URL and key of an endpoint.
#[derive(Clone)]
pub(super) struct Endpoint {
    base: String,
    host: String,
    key: SecretString,
    headers: HeaderMap,
}

impl Endpoint {
    pub(super) fn new(url: &str, key: Option<SecretString>) -> Result<Self, ConnectError> {
        let parsed = Url::parse(url).map_err(|_| ConnectError::BadUrl("it is no URL"))?;
        let Some(host) = parsed.host_str().filter(|host| !host.is_empty()) else {
            return Err(ConnectError::BadUrl("it names no host"));
        };
        let host = parsed.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        // URLs get into logs and error texts; keys have their own setting.
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(ConnectError::BadUrl("it holds a user name or password; use the setting for the key"));
        }
        if parsed.query().is_some() || parsed.fragment().is_some() {
            return Err(ConnectError::BadUrl("it has a query or fragment; give only the base, as in https://HOST/v1"));
        }
        let key = key.unwrap_or_default();
        let mut headers = HeaderMap::new();
        if !key.expose_secret().is_empty() {
            let mut value =
                HeaderValue::from_str(&format!("Bearer {}", key.expose_secret())).map_err(|_| ConnectError::BadKey)?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        Ok(Self { base: parsed.as_str().trim_end_matches('/').to_owned(), host, key, headers })
    }
}

impl Endpoint {
    /// Host and port.
    pub(super) fn host(&self) -> &str {
        &self.host
    }
}

impl Config for Endpoint {
    fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn query(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }

    fn api_base(&self) -> &str {
        &self.base
    }

    fn api_key(&self) -> &SecretString {
        &self.key
    }
}
