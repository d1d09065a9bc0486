//! Where a webhook may be sent to. Pure.
//!
//! The server sends from within somebody's network. A person who may name any address could reach what only this network
//! reaches, so addresses that are not the public internet's are refused unless the operator names their host. What counts
//! is the address that is connected to, see [`super::hook`].

use reqwest::Url;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest address of a webhook in bytes.
const MAX_URL_BYTES: usize = 2048;

/// What the operator allows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// Whether plain HTTP is allowed beside HTTPS.
    pub http: bool,
    /// Hosts that may stand anywhere, in lower case.
    pub hosts: Vec<String>,
}

impl Rules {
    /// Those of the settings: hosts with commas between them.
    pub fn new(http: bool, hosts: &str) -> Self {
        let hosts = hosts.split(',').map(plain_host).filter(|host| !host.is_empty()).collect();
        Self { http, hosts }
    }

    /// Whether the operator has named this host.
    pub fn names(&self, host: &str) -> bool {
        self.hosts.contains(&plain_host(host))
    }

    /// The address, when a webhook may be sent there as far as it tells by itself.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn url(&self, text: &str) -> Result<Url, &'static str> {
        if text.len() > MAX_URL_BYTES {
            return Err("The address of a webhook has at most 2048 bytes.");
        }
        let url =
            Url::parse(text).map_err(|_| "The address of a webhook must be a URL such as 'https://host/path'.")?;
        match url.scheme() {
            "https" => {}
            "http" if self.http => {}
            _ => return Err("The address of a webhook must begin with 'https://'."),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("The address of a webhook must not hold a name or a password.");
        }
        let host = url.host_str().ok_or("The address of a webhook must name a host.")?;
        match plain_host(host).parse::<IpAddr>() {
            Ok(address) if !self.names(host) && !is_public(address) => Err(REFUSED),
            _ => Ok(url),
        }
    }
}

/// What is said of an address that is not the public internet's.
pub const REFUSED: &str = "The host of the webhook stands at an address that is not the public internet's.";

/// The host without the brackets of an address and the dot of the root, in lower case.
fn plain_host(host: &str) -> String {
    host.trim().trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_ascii_lowercase()
}

/// Whether an address is one of the public internet (IANA's registries of special-purpose addresses), and none at which
/// clouds tell their secrets.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = match address.octets() {
        [0 | 10 | 127, ..] => true,
        // Shared by carriers; a cloud's metadata stand at 100.100.100.200.
        [100, second, ..] => (64..=127).contains(&second),
        // Link-local, with the metadata of most clouds.
        [169, 254, ..] => true,
        // A cloud's own channel to its machines.
        [168, 63, 129, 16] => true,
        [172, second, ..] => (16..=31).contains(&second),
        // Protocols (with a cloud's metadata), documentation, relays that are no more.
        [192, 0, 0 | 2, _] | [192, 88, 99, _] => true,
        [192, 168, ..] => true,
        [198, 18 | 19, ..] | [198, 51, 100, _] | [203, 0, 113, _] => true,
        // Multicast, reserved, broadcast.
        [first, ..] => first >= 224,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // Translations of IPv4 addresses reach whatever these are: Teredo and other protocols, 6to4.
        [0x2001, second, ..] if second < 0x200 => false,
        [0x2002, ..] => false,
        // Documentation.
        [0x2001, 0xdb8, ..] => false,
        [0x3fff, second, ..] if second < 0x1000 => false,
        // What has been given out. All else is loopback, unspecified, IPv4-mapped and -translated, private, link-local,
        // multicast, or nobody's.
        [first, ..] => (0x2000..=0x3fff).contains(&first),
    }
}

#[cfg(test)]
mod tests;
