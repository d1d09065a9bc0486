//! One service's program.

use crate::keeper::Kept;
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::io;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Pause between two questions whether it is ready.
const PAUSE: Duration = Duration::from_millis(50);

/// A replica of a service, running or not, at a port that stays its own.
#[derive(Debug)]
pub struct Replica {
    service: &'static str,
    number: usize,
    program: PathBuf,
    folder: PathBuf,
    port: u16,
    variables: Vec<(String, String)>,
    running: Option<Kept>,
}

impl Replica {
    pub(super) fn new(service: &'static str, number: usize, program: PathBuf, folder: PathBuf, port: u16) -> Self {
        Self { service, number, program, folder, port, variables: Vec::new(), running: None }
    }

    /// What it finds in its environment, besides what is its own.
    pub(super) fn give(&mut self, variables: &[(String, String)]) -> io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let own = [("LISTEN", self.address()), ("DATA_DIR", self.folder.join("data").display().to_string())];
        self.variables = variables.to_vec();
        self.variables.extend(own.map(|(name, value)| (name.to_owned(), value)));
        Ok(())
    }

    /// Changes one setting; it counts from the next start on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// What it is called in messages.
    pub fn name(&self) -> String {
        format!("{} {}", self.service, self.number)
    }

    /// The service.
    pub fn service(&self) -> &'static str {
        self.service
    }

    pub(super) fn is(&self, service: &str, number: usize) -> bool {
        self.service == service && self.number == number
    }

    fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Where it listens itself, behind the proxy's back.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Where it keeps its things.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// What it has said so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Its process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.running.as_ref().filter(|kept| kept.runs()).map(Kept::pid)
    }

    /// Whether it runs.
    pub fn runs(&self) -> bool {
        self.pid().is_some()
    }

    /// Starts it. It need not be ready yet.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn begin(&mut self) -> io::Result<()> {
        self.kill();
        let variables: Vec<(&str, String)> =
            self.variables.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        let program = self.program.display().to_string();
        self.running = Some(Kept::start(&self.folder, &[&program], &variables)?);
        Ok(())
    }

    /// SIGKILL to it and all it started.
    pub fn kill(&mut self) {
        drop(self.running.take());
    }

    /// SIGTERM; whom it was sent to.
    pub fn ask_to_stop(&self) -> Option<u32> {
        let pid = self.pid()?;
        let process = Pid::from_raw(i32::try_from(pid).ok()?)?;
        // Ended by itself a moment ago: nobody to ask.
        kill_process(process, Signal::TERM).ok().map(|()| pid)
    }

    /// Whether it has ended by itself with success.
    pub fn ended_well(&mut self) -> bool {
        self.running.take().is_some_and(|kept| !kept.runs() && kept.ended_well())
    }

    /// Whether it says that real work is possible.
    pub fn is_ready(&self) -> bool {
        let asked = Command::new(&self.program)
            .arg("--check")
            .env_clear()
            .env("LISTEN", self.address())
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(self.folder.join("check")).map_or(Stdio::null(), Stdio::from))
            .status();
        asked.is_ok_and(|status| status.success())
    }

    /// Waits until it is ready.
    ///
    /// # Errors
    /// It ended, or time is up: what it said.
    pub fn wait_until_ready(&self, until: Instant) -> Result<(), String> {
        self.wait_until(until, Self::is_ready)
    }

    /// Waits until it takes connections.
    ///
    /// # Errors
    /// It ended, or time is up: what it said.
    pub fn wait_until_up(&self, until: Instant) -> Result<(), String> {
        self.wait_until(until, |replica| TcpStream::connect(replica.address()).is_ok())
    }

    fn wait_until(&self, until: Instant, condition: impl Fn(&Self) -> bool) -> Result<(), String> {
        while !condition(self) {
            if !self.runs() || Instant::now() > until {
                let checked = std::fs::read_to_string(self.folder.join("check")).unwrap_or_default();
                return Err(format!("{} is not ready: {}\n{checked}", self.name(), self.log()));
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }
}
