//! One node of RabbitMQ, and the port mapper that nodes find each other by.

use crate::keeper::Kept;
use crate::{first_of, free_ports};
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for it to take connections: a restart with quorum queues takes up to twenty seconds on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// Where Debian keeps its programs.
const PROGRAMS: &str = "/usr/lib/rabbitmq/bin";

/// What the simple settings do not reach: the same file that the broker of docker-compose.yml has.
const ADVANCED: &str = include_str!("../../../../deploy/rabbitmq/advanced.config");

/// The port mapper of a test's nodes: started by RabbitMQ it would outlive it.
#[derive(Debug)]
pub struct Epmd {
    pub port: u16,
    _program: Kept,
}

impl Epmd {
    /// One of the test's own.
    ///
    /// # Errors
    /// RabbitMQ is not installed, or this does not start: why.
    pub fn start(folder: &Path) -> Result<Self, String> {
        first_of(&["/usr/lib/rabbitmq/bin/rabbitmq-server"])
            .ok_or("RabbitMQ is not installed; Debian: apt-get install rabbitmq-server")?;
        let [port] = free_ports().map_err(|error| error.to_string())?;
        let words = ["epmd", "-address", "127.0.0.1", "-port", &port.to_string()];
        let program = Kept::start(folder, &words, &[("PATH", "/usr/bin:/bin".to_owned())]);
        Ok(Self { port, _program: program.map_err(|error| format!("epmd: {error}"))? })
    }
}

/// A node, running or not.
#[derive(Debug)]
pub struct Node {
    folder: PathBuf,
    home: PathBuf,
    name: String,
    /// Further lines of its settings.
    settings: String,
    port: u16,
    dist_port: u16,
    epmd_port: u16,
    server: Option<Kept>,
}

impl Node {
    /// A node that keeps its files in `home/name`; it does not run yet. Nodes with the same home share a secret, and may
    /// be one cluster.
    ///
    /// # Errors
    /// There are no ports, or its folder cannot be made.
    pub fn new(home: &Path, name: &str, epmd: &Epmd, settings: String) -> io::Result<Self> {
        let [port, dist_port] = free_ports()?;
        let folder = home.join(name);
        std::fs::create_dir_all(&folder)?;
        let name = format!("{name}@localhost");
        Ok(Self { folder, home: home.into(), name, settings, port, dist_port, epmd_port: epmd.port, server: None })
    }

    /// Its name in the cluster.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it takes connections.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// SIGKILL to every process of it, and waits for their end.
    pub fn kill(&mut self) {
        self.server = None;
    }

    /// Starts it on what it kept, without waiting.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn launch(&mut self) -> io::Result<()> {
        self.kill();
        std::fs::write(self.folder.join("enabled_plugins"), "[].\n")?;
        let settings = format!("listeners.tcp.default = {}\n{}", self.address(), self.settings);
        std::fs::write(self.folder.join("rabbitmq.conf"), settings)?;
        std::fs::write(self.folder.join("advanced.config"), ADVANCED)?;
        let program = format!("{PROGRAMS}/rabbitmq-server");
        self.server = Some(Kept::start(&self.folder, &[&program], &self.environment())?);
        Ok(())
    }

    /// Waits until it takes connections.
    ///
    /// # Errors
    /// It does not come up: the end of what it said.
    pub fn wait(&mut self) -> io::Result<()> {
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect_timeout(&self.address(), Duration::from_secs(1)).is_err() {
            if !self.server.as_ref().is_some_and(Kept::runs) || Instant::now() > until {
                let said = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                let lines: Vec<&str> = said.lines().collect();
                let end = lines[lines.len().saturating_sub(20)..].join("\n");
                return Err(io::Error::other(format!("RabbitMQ does not come up: {end}")));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// What `rabbitmqctl` says to these words.
    ///
    /// # Errors
    /// It refuses: why.
    pub fn ctl(&self, words: &[&str]) -> Result<String, String> {
        let done = Command::new(format!("{PROGRAMS}/rabbitmqctl"))
            .args(["--quiet", "--node", &self.name])
            .args(words)
            .env_clear()
            .envs(self.environment())
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("rabbitmqctl: {error}"))?;
        let (said, wrong) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        if done.status.success() { Ok(said.into_owned()) } else { Err(format!("rabbitmqctl: {said}{wrong}")) }
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        let at = |name: &str| self.folder.join(name).display().to_string();
        vec![
            ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin".to_owned()),
            // The secret of the cluster is made there by whoever comes first.
            ("HOME", self.home.display().to_string()),
            ("LANG", "C.UTF-8".to_owned()),
            ("RABBITMQ_NODENAME", self.name.clone()),
            ("RABBITMQ_NODE_PORT", self.port.to_string()),
            ("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1".to_owned()),
            ("RABBITMQ_DIST_PORT", self.dist_port.to_string()),
            ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1}".to_owned()),
            ("ERL_EPMD_ADDRESS", "127.0.0.1".to_owned()),
            ("ERL_EPMD_PORT", self.epmd_port.to_string()),
            ("RABBITMQ_MNESIA_BASE", at("mnesia")),
            ("RABBITMQ_LOG_BASE", at("logs")),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", at("enabled_plugins")),
            ("RABBITMQ_CONFIG_FILE", at("rabbitmq")),
            ("RABBITMQ_ADVANCED_CONFIG_FILE", at("advanced.config")),
            ("RABBITMQ_PID_FILE", at("pid")),
        ]
    }
}
