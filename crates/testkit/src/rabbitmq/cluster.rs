//! Three nodes that are one cluster.

use super::node::{Epmd, Node};
use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;

/// Names of the nodes. With three, one may die and the others are still most of them.
const NAMES: [&str; 3] = ["a", "b", "c"];

/// Three running nodes. Ended when dropped, with everything they keep.
#[derive(Debug)]
pub struct RabbitCluster {
    nodes: [Node; 3],
    // Dropped after the nodes.
    _epmd: Epmd,
    _folder: tempfile::TempDir,
}

impl RabbitCluster {
    /// Starts them with nothing in them, and waits until each takes connections and knows the others. Takes about as
    /// long as two nodes one after the other.
    ///
    /// # Errors
    /// RabbitMQ is not installed, or a node does not come up: why.
    pub fn start() -> Result<Self, String> {
        let folder = super::folder()?;
        let epmd = Epmd::start(folder.path())?;
        let text = |error: io::Error| error.to_string();
        let mut settings = "cluster_formation.peer_discovery_backend = classic_config\n".to_owned();
        for (number, name) in NAMES.iter().enumerate() {
            writeln!(settings, "cluster_formation.classic_config.nodes.{} = {name}@localhost", number + 1)
                .map_err(|error| error.to_string())?;
        }
        let node = |name| Node::new(folder.path(), name, &epmd, settings.clone()).map_err(text);
        let mut nodes = [node(NAMES[0])?, node(NAMES[1])?, node(NAMES[2])?];
        // The first makes the cluster, the others join it.
        let (first, others) = nodes.split_at_mut(1);
        first[0].launch().and_then(|()| first[0].wait()).map_err(text)?;
        others.iter_mut().try_for_each(Node::launch).map_err(text)?;
        others.iter_mut().try_for_each(Node::wait).map_err(text)?;
        let started = Self { nodes, _epmd: epmd, _folder: folder };
        let joined = started.ctl(0, &["eval", "length(rabbit_nodes:all_running())."])?;
        if joined.trim() != "3" {
            return Err(format!("the nodes are no cluster: {joined} of them know each other"));
        }
        Ok(started)
    }

    /// One URL with the addresses of all: as the guest of the default virtual host.
    pub fn url(&self) -> String {
        let hosts: Vec<String> = self.nodes.iter().map(|node| node.address().to_string()).collect();
        format!("amqp://guest:guest@{}/%2f", hosts.join(","))
    }

    /// A URL for each node alone.
    pub fn urls(&self) -> [String; 3] {
        self.addresses().map(|address| format!("amqp://guest:guest@{address}/%2f"))
    }

    /// Where each node takes connections.
    pub fn addresses(&self) -> [SocketAddr; 3] {
        self.nodes.each_ref().map(Node::address)
    }

    /// Name of a node, as the cluster tells it.
    pub fn name(&self, number: usize) -> &str {
        self.nodes[number].name()
    }

    /// SIGKILL to every process of a node, and waits for their end.
    pub fn kill(&mut self, number: usize) {
        self.nodes[number].kill();
    }

    /// Starts a node again on what it kept, and waits until it takes connections.
    ///
    /// # Errors
    /// It does not come up.
    pub fn begin(&mut self, number: usize) -> io::Result<()> {
        self.nodes[number].launch()?;
        self.nodes[number].wait()
    }

    /// What `rabbitmqctl` says on a node to these words. Takes seconds: it starts a node of its own.
    ///
    /// # Errors
    /// It refuses: why.
    pub fn ctl(&self, number: usize, words: &[&str]) -> Result<String, String> {
        self.nodes[number].ctl(words)
    }
}
