//! PostgreSQL on the loopback address: one server for all tests of a process, a database for each test.

use crate::free_ports;
use std::ffi::OsStr;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Longest wait for it to take connections.
const PATIENCE: Duration = Duration::from_secs(60);
/// Who runs it when the tests are root's: it refuses to be root itself.
const USER: &str = "postgres";

/// The one server of this process. It ends with the process, however that ends.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    port: u16,
    folder: PathBuf,
    keeper: Mutex<Child>,
}

/// The server, started by whoever asks first.
///
/// # Errors
/// It is not installed, or does not come up: why.
pub fn postgres() -> Result<&'static Postgres, String> {
    static SERVER: OnceLock<Result<Postgres, String>> = OnceLock::new();
    SERVER.get_or_init(Postgres::start).as_ref().map_err(Clone::clone)
}

impl Postgres {
    fn start() -> Result<Self, String> {
        let programs =
            newest("/usr/lib/postgresql").ok_or("PostgreSQL is not installed; Debian: apt-get install postgresql")?;
        let [port] = free_ports().map_err(|error| error.to_string())?;
        let (keeper, folder) = begin(&programs, port)?;
        Ok(Self { programs, port, folder, keeper: Mutex::new(keeper) })
    }

    /// Where it takes connections.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Ends it without tidying up, as a crash does, and waits until it is there again on what it kept.
    ///
    /// # Errors
    /// It does not come up again.
    pub fn restart(&self) -> Result<(), String> {
        let before = self.process();
        let mut keeper = self.keeper.lock().unwrap_or_else(PoisonError::into_inner);
        let written = keeper.stdin.as_mut().map(|words| words.write_all(b"again\n"));
        written.ok_or("its keeper is gone")?.map_err(|error| error.to_string())?;
        let until = Instant::now() + PATIENCE;
        loop {
            let is_new = self.process().is_some_and(|process| Some(process) != before);
            if is_new && answers(&self.programs, self.port).map_err(|error| error.to_string())? {
                return Ok(());
            }
            if Instant::now() > until {
                return Err("PostgreSQL does not come up again".to_owned());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Its first process, as it has written down.
    fn process(&self) -> Option<String> {
        let text = std::fs::read_to_string(self.folder.join("data/postmaster.pid")).ok()?;
        text.lines().next().map(str::to_owned)
    }

    /// URL of the database of that name, which is made when it is not there: letters and digits.
    ///
    /// # Panics
    /// It cannot be made.
    pub fn database(&self, name: &str) -> String {
        let made = Command::new(self.programs.join("createdb"))
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", USER, name])
            .output()
            .expect("createdb");
        let said = String::from_utf8_lossy(&made.stderr).into_owned();
        assert!(made.status.success() || said.contains("already exists"), "{said}");
        format!("postgres://{USER}@127.0.0.1:{}/{name}", self.port)
    }

    /// Writes everything of a database to a file, as its own tool does.
    ///
    /// # Errors
    /// What the tool said.
    pub fn dump(&self, url: &str, file: &Path) -> Result<(), String> {
        self.run("pg_dump", &["--format=custom".as_ref(), "--file".as_ref(), file.as_os_str(), url.as_ref()])
    }

    /// Brings a dump back into an empty database.
    ///
    /// # Errors
    /// What the tool said.
    pub fn restore(&self, file: &Path, url: &str) -> Result<(), String> {
        self.run("pg_restore", &["--exit-on-error".as_ref(), "--dbname".as_ref(), url.as_ref(), file.as_os_str()])
    }

    fn run(&self, program: &str, arguments: &[&OsStr]) -> Result<(), String> {
        let ran =
            Command::new(self.programs.join(program)).args(arguments).output().map_err(|error| error.to_string())?;
        if ran.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&ran.stderr).into_owned()) }
    }

    /// URL of a database for what is kept in that folder.
    ///
    /// # Panics
    /// It cannot be made.
    pub fn database_of(&self, folder: &Path) -> String {
        let plain: String = folder.to_string_lossy().bytes().map(|byte| format!("{byte:02x}")).collect();
        // The end of a temporary folder's path is what tells it apart; names have 63 bytes at most.
        self.database(&format!("t{}", &plain[plain.len().saturating_sub(60)..]))
    }
}

/// URL of a database for what is kept in that folder; without a server that of a file there, and that is said.
pub fn database_url(folder: &Path) -> String {
    match postgres() {
        Ok(server) => server.database_of(folder),
        Err(why) => {
            eprintln!("SKIPPED: tried on SQLite instead of PostgreSQL: {why}");
            format!("sqlite://{}/db", folder.display())
        }
    }
}

/// The programs of the newest version below a folder.
fn newest(folder: &str) -> Option<PathBuf> {
    let versions = std::fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let numbered = versions.filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path())));
    numbered
        .max_by_key(|(number, _)| *number)
        .map(|(_, path)| path.join("bin"))
        .filter(|bin| bin.join("initdb").is_file())
}

/// Runs the server, again after each line, until its standard input ends; then ends it and removes its folder.
const KEEPER: &str = r#"
folder=$1; shift
while :; do
    "$@" >>"$folder/log" 2>&1 </dev/null &
    server=$!
    read -r _ || break
    kill -QUIT "$server"; wait "$server"
done
kill -QUIT "$server"; wait "$server"
rm -rf "$folder"
"#;

/// Starts the server and answers its keeper, which waits for the end of this process.
fn begin(programs: &Path, port: u16) -> Result<(Child, PathBuf), String> {
    let text = |error: std::io::Error| error.to_string();
    let folder = tempfile::Builder::new().prefix("postgres-").tempdir().map_err(text)?;
    let mut as_its_user: Vec<&str> = Vec::new();
    if rustix::process::geteuid().is_root() {
        let owned = Command::new("chown").arg(format!("{USER}:")).arg(folder.path()).status().map_err(text)?;
        if !owned.success() {
            return Err(format!("there is no user '{USER}' for PostgreSQL to run as"));
        }
        as_its_user.extend(["setpriv", "--reuid", USER, "--regid", USER, "--init-groups", "--"]);
    }
    let at = |name: &str| folder.path().join(name).display().to_string();
    let program = |name: &str| programs.join(name).display().to_string();
    let (initdb, data) = (program("initdb"), at("data"));
    let options = ["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C", "--username", USER, "--pgdata", &data];
    let words: Vec<&str> = as_its_user.iter().copied().chain([initdb.as_str()]).chain(options).collect();
    let made = Command::new(words[0]).args(&words[1..]).current_dir("/").output().map_err(text)?;
    if !made.status.success() {
        return Err(format!("initdb: {}", String::from_utf8_lossy(&made.stderr)));
    }
    let number = port;
    let (postgres, port) = (program("postgres"), port.to_string());
    let mut keeper = Command::new("sh")
        .args(["-c", KEEPER, "sh"])
        .arg(folder.path())
        .args(as_its_user)
        .args([
            &postgres,
            "-D",
            &data,
            "-p",
            &port,
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "unix_socket_directories=",
        ])
        .args(["-c", "fsync=off", "-c", "max_connections=400"])
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C on a terminal reaches us, and nobody whom we end ourselves.
        .process_group(0)
        .spawn()
        .map_err(text)?;
    // The keeper's to remove.
    let folder = folder.keep();
    let until = Instant::now() + PATIENCE;
    loop {
        if answers(programs, number).map_err(text)? {
            return Ok((keeper, folder));
        }
        if Instant::now() > until || keeper.try_wait().map_err(text)?.is_some() {
            let said = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            return Err(format!("PostgreSQL does not come up: {said}"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Whether it takes connections.
fn answers(programs: &Path, port: u16) -> std::io::Result<bool> {
    let mut asked = Command::new(programs.join("pg_isready"));
    Ok(asked.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]).status()?.success())
}
