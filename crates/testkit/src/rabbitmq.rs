//! RabbitMQ on the loopback address: one node, or three that are a cluster.

mod cluster;
mod node;

pub use cluster::RabbitCluster;

use node::{Epmd, Node};
use std::io;
use std::net::SocketAddr;

/// A running node. Ended when dropped, with everything it keeps.
#[derive(Debug)]
pub struct RabbitMq {
    node: Node,
    // Dropped after the node.
    _epmd: Epmd,
    _folder: tempfile::TempDir,
}

impl RabbitMq {
    /// Starts one with nothing in it, and waits until it takes connections.
    ///
    /// # Errors
    /// It is not installed, or does not come up: why.
    pub fn start() -> Result<Self, String> {
        let folder = folder()?;
        let epmd = Epmd::start(folder.path())?;
        let node = Node::new(folder.path(), "test", &epmd, String::new()).map_err(|error| error.to_string())?;
        let mut started = Self { node, _epmd: epmd, _folder: folder };
        started.begin().map_err(|error| error.to_string())?;
        Ok(started)
    }

    /// Where it takes connections: as the guest of the default virtual host.
    pub fn url(&self) -> String {
        format!("amqp://guest:guest@{}/%2f", self.address())
    }

    /// Its address, for somebody in between.
    pub fn address(&self) -> SocketAddr {
        self.node.address()
    }

    /// SIGKILL to every process of it, and waits for their end.
    pub fn kill(&mut self) {
        self.node.kill();
    }

    /// Starts it again on what it kept, and waits until it takes connections.
    ///
    /// # Errors
    /// It does not come up.
    pub fn begin(&mut self) -> io::Result<()> {
        self.node.launch()?;
        self.node.wait()
    }

    /// What `rabbitmqctl` says to these words. Takes seconds: it starts a node of its own.
    ///
    /// # Errors
    /// It refuses: why.
    pub fn ctl(&self, words: &[&str]) -> Result<String, String> {
        self.node.ctl(words)
    }
}

fn folder() -> Result<tempfile::TempDir, String> {
    tempfile::Builder::new().prefix("rabbitmq-").tempdir().map_err(|error| error.to_string())
}
