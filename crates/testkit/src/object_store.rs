//! An object store that speaks S3, on the loopback address: the program `s3-server` of this package.

use crate::free_ports;
use std::fs::File;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for it to take connections.
const PATIENCE: Duration = Duration::from_secs(30);
/// Who may use it.
const ACCESS: &str = "tests";
/// With characters that a URL must escape.
const SECRET: &str = "open/+sesame@";
const SECRET_IN_URL: &str = "open%2F%2Bsesame%40";

/// A running store. Ended when dropped, with everything it keeps, or with the process that started it.
#[derive(Debug)]
pub struct S3Server {
    program: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
    server: Option<Child>,
}

impl S3Server {
    /// Starts one with nothing in it, and waits until it takes connections.
    ///
    /// # Errors
    /// It was not built, or does not come up: why.
    pub fn start() -> Result<Self, String> {
        Self::start_program(&built_program()?)
    }

    /// As [`S3Server::start`], with the program that stands there.
    ///
    /// # Errors
    /// It does not come up: why.
    pub fn start_program(program: &Path) -> Result<Self, String> {
        let text = |error: io::Error| error.to_string();
        let [port] = free_ports().map_err(text)?;
        let folder = tempfile::Builder::new().prefix("s3-").tempdir().map_err(text)?;
        let mut started = Self { program: program.to_owned(), folder, port, server: None };
        started.begin().map_err(text)?;
        Ok(started)
    }

    /// URL of this bucket, which need not exist, or of what begins with a prefix in it: `bucket/prefix`.
    pub fn url(&self, bucket: &str) -> String {
        format!("s3://{ACCESS}:{SECRET_IN_URL}@127.0.0.1:{}/{bucket}?tls=false", self.port)
    }

    /// The secret in its URLs, as it is and as it is written there.
    pub fn secrets(&self) -> [&'static str; 2] {
        [SECRET, SECRET_IN_URL]
    }

    /// Where it takes connections.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Its process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.server.as_ref().map(Child::id)
    }

    /// Fails as many of the next requests with this status and code: 503 and `SlowDown`.
    ///
    /// # Errors
    /// That cannot be written down.
    pub fn fail(&self, requests: u32, status: u16, code: &str) -> io::Result<()> {
        // At once, so that half of it is never read.
        let unfinished = self.folder.path().join("fault.unfinished");
        std::fs::write(&unfinished, format!("{requests} {status} {code}"))?;
        std::fs::rename(unfinished, self.folder.path().join("fault"))
    }

    /// Uploads that were begun and neither completed nor aborted.
    ///
    /// # Errors
    /// Its folder cannot be read.
    pub fn unfinished_uploads(&self) -> io::Result<usize> {
        Ok(std::fs::read_dir(self.folder.path().join("uploads"))?.count())
    }

    /// SIGKILL, and waits for its end.
    pub fn kill(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        // Ended by itself: nothing to kill.
        let _gone = server.kill();
        let _status = server.wait();
    }

    /// Starts it again on what it kept, and waits until it takes connections.
    ///
    /// # Errors
    /// It does not come up.
    pub fn begin(&mut self) -> io::Result<()> {
        self.kill();
        let log = self.folder.path().join("log");
        let output = File::options().create(true).append(true).open(&log)?;
        let server = Command::new(&self.program)
            .arg(self.folder.path())
            .args([&self.port.to_string(), ACCESS, SECRET])
            .env_clear()
            // Its end is the server's.
            .stdin(Stdio::piped())
            .stdout(output.try_clone()?)
            .stderr(output)
            // Ctrl-C on a terminal reaches us, and nobody whom we end ourselves.
            .process_group(0)
            .spawn()?;
        self.server = Some(server);
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect_timeout(&self.address(), Duration::from_secs(1)).is_err() {
            let ended = self.server.as_mut().is_none_or(|server| !matches!(server.try_wait(), Ok(None)));
            if ended || Instant::now() > until {
                let said = std::fs::read_to_string(&log).unwrap_or_default();
                return Err(io::Error::other(format!("the object store does not come up: {said}")));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The program beside the folder of the running test: `target/PROFILE/s3-server` for `target/PROFILE/deps/TEST`.
fn built_program() -> Result<PathBuf, String> {
    let profile = crate::programs_folder()?;
    let program = profile.join("s3-server");
    if program.is_file() {
        return Ok(program);
    }
    let release = if profile.ends_with("release") { "--release " } else { "" };
    Err(format!("{} is missing; build it: cargo build {release}--package testkit", program.display()))
}
