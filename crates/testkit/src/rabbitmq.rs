//! RabbitMQ, one node, on the loopback address.

use crate::{first_of, free_ports};
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs::File;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for it to take connections: a restart with quorum queues takes up to twenty seconds on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running node. Ended when dropped, with everything it keeps.
#[derive(Debug)]
pub struct RabbitMq {
    program: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
    dist_port: u16,
    epmd_port: u16,
    epmd: Child,
    server: Option<Child>,
}

impl RabbitMq {
    /// Starts one with nothing in it, and waits until it takes connections.
    ///
    /// # Errors
    /// It is not installed, or does not come up: why.
    pub fn start() -> Result<Self, String> {
        let program = first_of(&["/usr/lib/rabbitmq/bin/rabbitmq-server"])
            .ok_or("RabbitMQ is not installed; Debian: apt-get install rabbitmq-server")?;
        let [port, dist_port, epmd_port] = free_ports().map_err(|error| error.to_string())?;
        let folder = tempfile::Builder::new().prefix("rabbitmq-").tempdir().map_err(|error| error.to_string())?;
        // Started by RabbitMQ it would outlive it.
        let epmd = Command::new("epmd")
            .args(["-address", "127.0.0.1", "-port", &epmd_port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("epmd: {error}"))?;
        let mut started = Self { program, folder, port, dist_port, epmd_port, epmd, server: None };
        started.begin().map_err(|error| error.to_string())?;
        Ok(started)
    }

    /// Where it takes connections: as the guest of the default virtual host.
    pub fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/%2f", self.port)
    }

    /// SIGKILL to every process of it, and waits for their end.
    pub fn kill(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        if let Some(group) = i32::try_from(server.id()).ok().and_then(Pid::from_raw) {
            // Ended by itself: nothing to kill.
            let _gone = kill_process_group(group, Signal::KILL);
        }
        let _status = server.wait();
    }

    /// Starts it again on what it kept, and waits until it takes connections.
    ///
    /// # Errors
    /// It does not come up.
    pub fn begin(&mut self) -> io::Result<()> {
        self.kill();
        let at = |name: &str| self.folder.path().join(name);
        std::fs::write(at("enabled_plugins"), "[].\n")?;
        std::fs::write(
            at("rabbitmq.conf"),
            "listeners.tcp.default = 127.0.0.1:PORT\n".replace("PORT", &self.port.to_string()),
        )?;
        let log = File::options().create(true).append(true).open(at("log"))?;
        let server = Command::new(&self.program)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", self.folder.path())
            .env("RABBITMQ_NODENAME", format!("test{}@localhost", self.port))
            .env("RABBITMQ_NODE_PORT", self.port.to_string())
            .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_DIST_PORT", self.dist_port.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("ERL_EPMD_PORT", self.epmd_port.to_string())
            .env("RABBITMQ_MNESIA_BASE", at("mnesia"))
            .env("RABBITMQ_LOG_BASE", at("logs"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", at("enabled_plugins"))
            .env("RABBITMQ_CONFIG_FILE", at("rabbitmq"))
            .env("RABBITMQ_PID_FILE", at("pid"))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // Its processes are ended together.
            .process_group(0)
            .spawn()?;
        self.server = Some(server);
        self.wait_until_it_answers(&at("log"))
    }

    fn wait_until_it_answers(&mut self, log: &Path) -> io::Result<()> {
        let until = Instant::now() + PATIENCE;
        let address = SocketAddr::from(([127, 0, 0, 1], self.port));
        while TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_err() {
            let ended = self.server.as_mut().is_none_or(|server| !matches!(server.try_wait(), Ok(None)));
            if ended || Instant::now() > until {
                let said = std::fs::read_to_string(log).unwrap_or_default();
                let end: Vec<&str> = said.lines().rev().take(20).collect();
                let end: Vec<&str> = end.into_iter().rev().collect();
                return Err(io::Error::other(format!("RabbitMQ does not come up: {}", end.join("\n"))));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }
}

impl Drop for RabbitMq {
    fn drop(&mut self) {
        self.kill();
        // Ended by itself: nothing to kill.
        let _gone = self.epmd.kill();
        let _status = self.epmd.wait();
    }
}
