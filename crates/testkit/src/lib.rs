//! Real servers for tests: with folders and ports of their own, ended when dropped, or with the tests' process. For
//! tests only.
//!
//! Where one cannot be had, starting it says why; the test then says loudly that it is skipped.

mod object_store;
mod postgres;
mod rabbitmq;
mod redis_server;
mod traefik;

pub use object_store::S3Server;
pub use postgres::{Postgres, database_url, postgres};
pub use rabbitmq::RabbitMq;
pub use redis_server::Redis;
pub use traefik::{Traefik, TraefikUpstreams};

use std::io;
use std::net::TcpListener;
use std::path::PathBuf;

/// Ports of the loopback address that nobody used a moment ago.
///
/// # Errors
/// There are none.
pub fn free_ports<const N: usize>() -> io::Result<[u16; N]> {
    // All at once, so that they differ.
    let held = (0..N).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<io::Result<Vec<_>>>()?;
    let ports = held.iter().map(|one| Ok(one.local_addr()?.port())).collect::<io::Result<Vec<_>>>()?;
    ports.try_into().map_err(|_| io::Error::other("a port is missing"))
}

/// The first of these places at which there is a file.
fn first_of(places: &[&str]) -> Option<PathBuf> {
    places.iter().map(PathBuf::from).find(|place| place.is_file())
}
