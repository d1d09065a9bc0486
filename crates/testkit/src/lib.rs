//! Real servers for tests: with folders and ports of their own, ended when dropped, or with the tests' process. For
//! tests only.
//!
//! [`CuttableProxy`] stands between any client and server and cuts the line.
//!
//! Where one cannot be had, starting it says why; the test then says loudly that it is skipped.

mod keeper;
mod llama;
mod object_store;
pub mod otlp;
mod postgres;
mod proxy;
mod rabbitmq;
mod redis_server;
mod sink;
pub mod stack;
mod traefik;

pub use llama::LlamaServer;
pub use object_store::S3Server;
pub use postgres::{Postgres, database_url, postgres};
pub use proxy::{Cut, CuttableProxy};
pub use rabbitmq::{RabbitCluster, RabbitMq};
pub use redis_server::Redis;
pub use sink::{Received, Sink};
pub use traefik::{Traefik, TraefikUpstreams};

use std::io::{self, Read};
use std::net::TcpListener;
use std::path::PathBuf;

/// Ports of the loopback address that nobody used a moment ago, as [`stable_ports`] finds them.
///
/// # Errors
/// There are none.
pub fn free_ports<const N: usize>() -> io::Result<[u16; N]> {
    stable_ports(N).try_into().map_err(|_| io::Error::other("a port is missing"))
}

/// As many ports of the loopback address that nobody uses, from below the range that outgoing connections take theirs
/// from: nobody takes one of them by chance while its server is away for a moment. None where there are too few.
fn stable_ports(count: usize) -> Vec<u16> {
    const FIRST: u16 = 10_000;
    const RANGE: u16 = 20_000;
    let random = u16::from_str_radix(&random_hex()[..4], 16).unwrap_or_default() % RANGE;
    let candidates = (0..RANGE).map(|n| FIRST + (random + n) % RANGE);
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    candidates.filter(free).take(count).collect()
}

/// 256 random bits, 64 hexadecimal digits.
fn random_hex() -> String {
    let mut bytes = [0; 32];
    let read = std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
    assert!(read.is_ok(), "the operating system gives no random numbers: {read:?}");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The folder of the programs that were built with the running test or program.
fn programs_folder() -> Result<PathBuf, String> {
    let here = std::env::current_exe().map_err(|error| error.to_string())?;
    let folder = here.parent().ok_or("this program stands in no folder")?;
    let profile = if folder.ends_with("deps") || folder.ends_with("examples") { folder.parent() } else { Some(folder) };
    profile.map(PathBuf::from).ok_or_else(|| "this program stands in no target folder".to_owned())
}

/// The first of these places at which there is a file.
fn first_of(places: &[&str]) -> Option<PathBuf> {
    places.iter().map(PathBuf::from).find(|place| place.is_file())
}
