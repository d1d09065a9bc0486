//! Redis on the loopback address. It keeps nothing.

use crate::{first_of, free_ports};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for it to take connections.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server. It ends when dropped, or with this process, however that ends.
#[derive(Debug)]
pub struct Redis {
    program: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
    is_tls: bool,
    options: Vec<String>,
    keeper: Option<Child>,
}

/// Runs the server until it reads something, or its standard input ends; then ends the server, and removes its folder
/// unless what it read was "keep". It waits for it as well, since not every machine has somebody who does for orphans.
const KEEPER: &str = r#"
# The kernel sends it to a group that lost its parent while one of it was frozen.
trap '' HUP
folder=$1; shift
"$@" >>"$folder/log" 2>&1 </dev/null &
server=$!
echo "$server" >"$folder/pid"
read -r word
kill -KILL "$server"; wait "$server"
[ "$word" = keep ] || rm -rf "$folder"
"#;

impl Redis {
    /// Starts one with nothing in it, and waits until it takes connections.
    ///
    /// # Errors
    /// It is not installed, or does not come up: why.
    pub fn start() -> Result<Self, String> {
        Self::start_with(&[])
    }

    /// As [`Redis::start`], with more options: `["--requirepass", "..."]`.
    ///
    /// # Errors
    /// As [`Redis::start`].
    pub fn start_with(options: &[&str]) -> Result<Self, String> {
        let mut server = Self::prepare()?;
        server.options.extend(options.iter().map(|&option| option.to_owned()));
        server.begin().map_err(|error| error.to_string())?;
        Ok(server)
    }

    /// As [`Redis::start`], with nothing but TLS. Its certificate is by [`Redis::authority`], for 127.0.0.1.
    ///
    /// # Errors
    /// As [`Redis::start`]; openssl is not installed.
    pub fn start_with_tls() -> Result<Self, String> {
        let mut server = Self::prepare()?;
        make_certificates(server.folder.path())?;
        let at = |name: &str| server.folder.path().join(name).display().to_string();
        let (port, certificate, key, authority) = (server.port.to_string(), at("own.pem"), at("own.key"), at("ca.pem"));
        let options = [
            ["--port", "0"],
            ["--tls-port", &port],
            ["--tls-cert-file", &certificate],
            ["--tls-key-file", &key],
            ["--tls-ca-cert-file", &authority],
            ["--tls-auth-clients", "no"],
        ];
        let options = options.concat().into_iter().map(str::to_owned).collect();
        (server.is_tls, server.options) = (true, options);
        server.begin().map_err(|error| error.to_string())?;
        Ok(server)
    }

    fn prepare() -> Result<Self, String> {
        let program = first_of(&["/usr/bin/redis-server", "/usr/local/bin/redis-server"])
            .ok_or("Redis is not installed; Debian: apt-get install redis-server")?;
        let [port] = free_ports().map_err(|error| error.to_string())?;
        let folder = tempfile::Builder::new().prefix("redis-").tempdir().map_err(|error| error.to_string())?;
        Ok(Self { program, folder, port, is_tls: false, options: Vec::new(), keeper: None })
    }

    /// Where it takes connections, without user and password.
    pub fn url(&self) -> String {
        format!("{}://127.0.0.1:{}/0", if self.is_tls { "rediss" } else { "redis" }, self.port)
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where the certificate of the authority is that signed its own, with TLS.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Other options instead of those it was started with, from its next start on.
    pub fn set_options(&mut self, options: &[&str]) {
        self.options = options.iter().map(|&option| option.to_owned()).collect();
    }

    /// Stops it where it stands, as a machine does that has lost its network: connections stay, nothing is answered.
    /// [`Redis::go_on`] lets it go on.
    ///
    /// # Panics
    /// It has not been started.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// The end of [`Redis::freeze`].
    ///
    /// # Panics
    /// As there.
    pub fn go_on(&self) {
        self.signal(Signal::CONT);
    }

    /// SIGKILL, and waits until it has ended.
    pub fn kill(&mut self) {
        let Some(mut keeper) = self.keeper.take() else { return };
        if let Some(mut tell) = keeper.stdin.take() {
            // Ended by itself: nobody to tell.
            let _gone = tell.write_all(b"keep\n");
        }
        let _status = keeper.wait();
    }

    /// Starts it again, empty, and waits until it takes connections.
    ///
    /// # Errors
    /// It does not come up.
    pub fn begin(&mut self) -> io::Result<()> {
        self.kill();
        let folder = self.folder.path().display().to_string();
        let port = self.port.to_string();
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh", &folder])
            .arg(&self.program)
            .args(["--bind", "127.0.0.1", "--port", &port, "--dir", &folder, "--daemonize", "no"])
            .args(["--save", "", "--appendonly", "no"])
            .args(&self.options)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // What a terminal sends to the tests is not for the keeper.
            .process_group(0)
            // Ctrl-C on a terminal reaches us, and nobody whom we end ourselves.
            .process_group(0)
            .spawn()?;
        self.keeper = Some(keeper);
        let until = Instant::now() + PATIENCE;
        while !self.answers() {
            if Instant::now() > until {
                let said = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                return Err(io::Error::other(format!("Redis does not come up: {said}")));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Whether it says anything at all; over TLS, whether it takes connections.
    fn answers(&self) -> bool {
        let asked = || -> io::Result<usize> {
            let mut stream = TcpStream::connect(self.address())?;
            if self.is_tls {
                return Ok(1);
            }
            stream.set_read_timeout(Some(Duration::from_secs(1)))?;
            stream.write_all(b"PING\r\n")?;
            stream.read(&mut [0])
        };
        asked().is_ok_and(|bytes| bytes > 0)
    }

    fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// To the server alone: its keeper must be able to end it.
    fn signal(&self, signal: Signal) {
        let said = std::fs::read_to_string(self.folder.path().join("pid")).expect("the keeper has said which it is");
        let server = said.trim().parse().ok().and_then(Pid::from_raw).expect("a number");
        kill_process(server, signal).expect("it runs");
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

/// An authority, and a certificate by it for 127.0.0.1.
fn make_certificates(folder: &Path) -> Result<(), String> {
    let new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    let authority = ["-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=tests"];
    let by_it = ["-CA", "ca.pem", "-CAkey", "ca.key", "-keyout", "own.key", "-out", "own.pem", "-subj", "/CN=redis"];
    let of_a_server = ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"];
    for words in [&authority[..], &[&by_it[..], &of_a_server].concat()] {
        let made = Command::new("openssl").args(new).args(words).current_dir(folder).output();
        let made = made.map_err(|error| format!("openssl: {error}"))?;
        if !made.status.success() {
            return Err(format!("openssl: {}", String::from_utf8_lossy(&made.stderr)));
        }
    }
    Ok(())
}
