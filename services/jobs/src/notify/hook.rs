//! Sends webhooks. The only way out of this service to addresses that people choose.

use super::address::{REFUSED, Rules, is_public};
use super::schedule::{Outcome, of_status};
use super::signature;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// Longest time for a connection.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);

/// Longest time for a whole attempt. Of the answer only its head is read: nobody makes this service read on and on.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// Finds the addresses of a host.
pub type Lookup =
    Arc<dyn Fn(String) -> Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send>> + Send + Sync>;

/// The machine's own way to find addresses.
pub fn system_lookup() -> Lookup {
    Arc::new(|host| {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.map(|found| found.ip()).collect()) })
    })
}

/// All addresses of a host are refused.
#[derive(Debug, thiserror::Error)]
#[error("the host stands at no address of the public internet")]
struct Refused;

/// Looks at what is about to be connected to: what this answers is what the connection is made to, so a name that leads
/// somewhere else by then gains nothing.
struct Guard {
    rules: Rules,
    lookup: Lookup,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let is_named = self.rules.names(&host);
        let found = (self.lookup)(host);
        Box::pin(async move {
            let found = found.await?;
            let allowed: Vec<_> = found.into_iter().filter(|address| is_named || is_public(*address)).collect();
            if allowed.is_empty() {
                return Err(Refused.into());
            }
            let addresses: Addrs = Box::new(allowed.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

/// One attempt to be made.
#[derive(Debug)]
pub struct Call<'a> {
    /// Where to.
    pub url: &'a str,
    /// The id, the same at each attempt.
    pub id: &'a str,
    /// The receiver's secret.
    pub secret: &'a str,
    /// What is said.
    pub body: Vec<u8>,
}

/// See the module.
pub struct Hooks {
    http: reqwest::Client,
    rules: Rules,
}

impl Hooks {
    /// By these rules.
    ///
    /// # Errors
    /// There can be no HTTP client.
    pub fn new(rules: Rules, lookup: Lookup) -> Result<Self, reqwest::Error> {
        let guard = Guard { rules: rules.clone(), lookup };
        let http = reqwest::Client::builder()
            .dns_resolver(Arc::new(guard))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT_PATIENCE)
            .timeout(PATIENCE)
            // Every attempt makes a connection of its own, so every attempt is looked at.
            .pool_max_idle_per_host(0)
            .user_agent("Darkroom-Webhooks/1")
            .build()?;
        Ok(Self { http, rules })
    }

    /// What people may choose.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Makes one attempt.
    pub async fn send(&self, call: Call<'_>) -> Outcome {
        // Again, and not only when it was set: the operator may have changed the rules, and addresses need no resolver.
        let url = match self.rules.url(call.url) {
            Ok(url) => url,
            Err(why) => return Outcome::Never { why: why.to_owned(), closes: false },
        };
        let now = database::now();
        let Some(signature) = signature::sign(call.secret, call.id, now.timestamp(), &call.body) else {
            return Outcome::Never {
                why: "The secret of the webhook is not usable; renew it.".to_owned(),
                closes: false,
            };
        };
        let request = self
            .http
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", call.id)
            .header("webhook-timestamp", now.timestamp().to_string())
            .header("webhook-signature", signature)
            .body(call.body);
        match request.send().await {
            Ok(answer) => {
                let retry_after = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
                of_status(answer.status().as_u16(), retry_after, now)
            }
            Err(error) => failed(&error),
        }
    }
}

fn failed(error: &reqwest::Error) -> Outcome {
    let mut source = std::error::Error::source(error);
    let mut cause = String::new();
    while let Some(inner) = source {
        if inner.is::<Refused>() {
            return Outcome::Never { why: REFUSED.to_owned(), closes: false };
        }
        cause = inner.to_string();
        source = inner.source();
    }
    tracing::info!(cause, "a webhook was not taken");
    let why = if error.is_timeout() {
        "The receiver took too long to answer."
    } else if error.is_connect() {
        "The receiver cannot be connected to."
    } else {
        "The receiver broke the connection off or gave no valid answer."
    };
    Outcome::Again { why: why.to_owned(), after: None }
}

#[cfg(test)]
mod tests;
