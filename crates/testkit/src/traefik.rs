//! Traefik on the loopback address, from the repository's own `traefik/` folder.

use crate::{first_of, free_ports};
use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The root of the repository.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
/// Longest wait until its routes are in force. It starts in under a second on an idle machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Base URLs of the replicas of each service, such as `http://127.0.0.1:8080`. Each service needs one.
#[derive(Debug, Clone, Default)]
pub struct TraefikUpstreams {
    /// Gateways.
    pub gateway: Vec<String>,
    /// Files services.
    pub files: Vec<String>,
    /// Jobs services.
    pub jobs: Vec<String>,
    /// Agents.
    pub agent: Vec<String>,
    /// Critics.
    pub critic: Vec<String>,
    /// Sandboxes.
    pub sandbox: Vec<String>,
}

/// A running Traefik in front of services. Ended when dropped, or with this process.
#[derive(Debug)]
pub struct Traefik {
    program: PathBuf,
    folder: tempfile::TempDir,
    ports: [u16; 4],
    variables: Vec<(String, String)>,
    keeper: Option<Child>,
}

impl Traefik {
    /// Starts one with a certificate for `localhost`, `127.0.0.1` and `::1`, and waits until it routes.
    ///
    /// # Errors
    /// It is not installed, or does not come up: why.
    pub fn start(upstreams: &TraefikUpstreams) -> Result<Self, String> {
        Self::start_with(upstreams, &[])
    }

    /// As [`Traefik::start`], with more of the variables that `traefik/README.md` lists. A `DOMAIN` gets into the
    /// certificate too.
    ///
    /// # Errors
    /// It is not installed, or does not come up: why.
    pub fn start_with(upstreams: &TraefikUpstreams, variables: &[(&str, &str)]) -> Result<Self, String> {
        let program = program().ok_or("Traefik is not installed; deploy/tools/servers.sh does it")?;
        let ports = free_ports().map_err(|error| error.to_string())?;
        let folder = tempfile::Builder::new().prefix("traefik-").tempdir().map_err(|error| error.to_string())?;
        let lists = [
            ("GATEWAY_URLS", &upstreams.gateway),
            ("FILES_URLS", &upstreams.files),
            ("JOBS_URLS", &upstreams.jobs),
            ("AGENT_URLS", &upstreams.agent),
            ("CRITIC_URLS", &upstreams.critic),
            ("SANDBOX_URLS", &upstreams.sandbox),
        ];
        let lists = lists.into_iter().map(|(name, urls)| (name.to_owned(), urls.join(",")));
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let variables = lists.chain(variables).collect();
        let mut started = Self { program, folder, ports, variables, keeper: None };
        started.certify().and_then(|()| started.begin()).map_err(|error| error.to_string())?;
        Ok(started)
    }

    /// Where clients come in.
    pub fn https_url(&self) -> String {
        format!("https://localhost:{}", self.ports[1])
    }

    /// Where clients are only sent to [`Traefik::https_url`].
    pub fn http_url(&self) -> String {
        format!("http://localhost:{}", self.ports[0])
    }

    /// Where `/ping`, `/ready` and `/metrics` are.
    pub fn ops_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports[3])
    }

    /// The authority that its certificate comes from, as PEM.
    pub fn ca_certificate(&self) -> PathBuf {
        self.folder.path().join("certs/ca.pem")
    }

    /// What it has said so far, one JSON object a line; requests are in [`Traefik::access_log`].
    ///
    /// # Panics
    /// The file cannot be read.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).expect("Traefik's log")
    }

    /// The requests it has logged so far, one JSON object a line.
    ///
    /// # Panics
    /// The file cannot be read.
    pub fn access_log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("access.log")).expect("Traefik's access log")
    }

    /// SIGKILL, and waits for its end.
    pub fn kill(&mut self) {
        let Some(mut keeper) = self.keeper.take() else { return };
        if let Some(mut words) = keeper.stdin.take() {
            // Ended by itself: nobody listens, and nothing is left to kill.
            let _gone = words.write_all(b"keep\n");
        }
        let _status = keeper.wait();
    }

    /// Starts it again on the same ports, and waits until it routes.
    ///
    /// # Errors
    /// It does not come up.
    pub fn begin(&mut self) -> io::Result<()> {
        self.kill();
        let at = |name: &str| self.folder.path().join(name);
        let [http, https, auth, ops] = self.ports.map(|port| format!("127.0.0.1:{port}"));
        let log = File::options().create(true).append(true).open(at("log"))?;
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "sh"]).arg(self.folder.path()).arg(Path::new(ROOT).join("traefik/start.sh"));
        bare(&mut keeper)
            .env("HOME", self.folder.path())
            .env("TRAEFIK", &self.program)
            .env("HTTP_ADDRESS", http)
            .env("HTTPS_ADDRESS", https)
            .env("HTTPS_PUBLIC_PORT", self.ports[1].to_string())
            .env("AUTH_ADDRESS", auth)
            .env("OPS_ADDRESS", ops)
            .env("CERT_FILE", at("certs/server.pem"))
            .env("KEY_FILE", at("certs/server.key"))
            .env("ACCESS_LOG_FILE", at("access.log"))
            .env("TRAEFIK_LOG_LEVEL", "WARN")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log);
        self.keeper = Some(
            keeper // Ctrl-C on a terminal reaches us, and nobody whom we end ourselves.
                .process_group(0)
                .spawn()?,
        );
        self.wait_until_it_routes()
    }

    fn certify(&self) -> io::Result<()> {
        let mut certs = Command::new(Path::new(ROOT).join("deploy/tools/certs.sh"));
        let domain = self.variables.iter().filter(|(name, _)| name == "DOMAIN").map(|(name, value)| (name, value));
        let made = bare(certs.arg(self.folder.path().join("certs"))).envs(domain).output()?;
        if made.status.success() {
            return Ok(());
        }
        Err(io::Error::other(format!("no certificate: {}", String::from_utf8_lossy(&made.stderr))))
    }

    fn wait_until_it_routes(&mut self) -> io::Result<()> {
        let until = Instant::now() + PATIENCE;
        while !self.is_ready() {
            let ended = self.keeper.as_mut().is_none_or(|keeper| !matches!(keeper.try_wait(), Ok(None)));
            if ended || Instant::now() > until {
                return Err(io::Error::other(format!("Traefik does not come up: {}", self.log())));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn is_ready(&self) -> bool {
        let address = SocketAddr::from(([127, 0, 0, 1], self.ports[3]));
        let asked = || -> io::Result<String> {
            let mut connection = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
            connection.set_read_timeout(Some(Duration::from_secs(1)))?;
            connection.write_all(b"GET /ready HTTP/1.0\r\n\r\n")?;
            let mut answer = String::new();
            connection.read_to_string(&mut answer)?;
            Ok(answer)
        };
        asked().is_ok_and(|answer| answer.starts_with("HTTP/1.0 200"))
    }
}

impl Drop for Traefik {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs Traefik until it is told "keep", or until standard input ends; then the tests are over, and the folder goes too.
/// Ends when Traefik ends by itself.
const KEEPER: &str = r#"
folder=$1; shift
exec 3<&0
"$@" 3<&- </dev/null &
server=$!
{ read -r _ <&3; told=$?; kill -KILL "$server"; [ "$told" = 0 ] || rm -rf "$folder"; } 2>/dev/null &
watcher=$!
wait "$server" 2>/dev/null
[ "$?" = 137 ] || kill "$watcher" 2>/dev/null
wait "$watcher" 2>/dev/null
"#;

/// Nothing of the tests' own environment but the path to programs.
fn bare(command: &mut Command) -> &mut Command {
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/sbin:/usr/bin:/sbin:/bin".into());
    command.env_clear().env("PATH", path)
}

/// The binary: where `deploy/tools/servers.sh` puts it, or on the path.
fn program() -> Option<PathBuf> {
    let installed = first_of(&[concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/servers/bin/traefik")]);
    installed.or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|folder| folder.join("traefik")).find(|place| place.is_file())
    })
}
