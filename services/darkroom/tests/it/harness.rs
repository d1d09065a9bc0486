//! Starts the real program and talks to it.

mod client;
mod model;
mod processes;

pub use client::Client;
pub use model::{Script, fenced};
pub use processes::{alive, descendants};

use runtime::Environment;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// Longest wait for anything that should happen.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Who tells of a job: all services are one program here.
pub const TELLERS: [&str; 1] = ["darkroom"];

/// Root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository's root")
}

/// One of the project's sample pictures.
pub fn sample(name: &str) -> PathBuf {
    root().join("services/darkroom/samples").join(name)
}

/// Where the program stands.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_darkroom");

/// The program with a clean environment: nothing set but where the Python environments are.
pub fn darkroom() -> Command {
    clean(PROGRAM)
}

/// Any program with that environment.
pub fn clean(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command.env("PYTHON_ENV", root().join("target/python")).env("TOOLS_ENV", root().join("target/tools"));
    command.env("LOG", "error");
    command.current_dir(std::env::temp_dir());
    command
}

/// Runs the program to its end.
pub fn output(command: &mut Command) -> Output {
    command.stdin(Stdio::null()).output().expect("the program runs")
}

/// The one JSON object on standard output.
pub fn stdout_json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        let text = String::from_utf8_lossy(&output.stdout);
        panic!("standard output is not one JSON object ({error}): {text}\n{}", String::from_utf8_lossy(&output.stderr))
    })
}

/// Where bytes can be sent and read as they are.
pub trait Line: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send {}
impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send> Line for T {}

/// A running `darkroom serve`. Killed when dropped.
pub struct Server {
    child: Child,
    data: PathBuf,
    client: Client,
}

impl Deref for Server {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Server {
    /// Starts the server on a data folder and waits until it says that it is ready.
    pub fn start(data: &Path, variables: &[(&str, &str)]) -> Self {
        Self::start_as(darkroom(), data, variables)
    }

    /// As [`Server::start`], by a command that becomes the program when given its arguments.
    pub fn start_as(mut command: Command, data: &Path, variables: &[(&str, &str)]) -> Self {
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).envs(variables.iter().copied());
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().expect("serve");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
        let first =
            lines.next().expect("the server says where it is, or why it cannot start on standard error").expect("text");
        let base = first.split_whitespace().last().expect("an address").to_owned();
        std::thread::spawn(move || for _ in lines.by_ref() {});
        let token = std::fs::read_to_string(data.join("token")).expect("token").trim().to_owned();
        Self { child, data: data.to_owned(), client: Client::new(base, token, None) }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The processes of the services: all of them are one here.
    pub fn services(&self) -> Vec<u32> {
        vec![self.pid()]
    }

    /// All processes that services have started.
    pub fn descendants(&self) -> BTreeSet<u32> {
        descendants(self.pid())
    }

    /// Where the sandbox keeps what it works with.
    pub fn sandbox_folder(&self) -> PathBuf {
        self.data.join("sandbox")
    }

    /// Names of everything that is stored.
    pub async fn stored(&self) -> BTreeSet<String> {
        files_below(&self.data.join("blobs")).iter().map(|path| path.display().to_string()).collect()
    }

    /// Status and checks of all services.
    pub async fn readiness(&self) -> (u16, Value) {
        self.get("/readyz").await
    }

    /// A connection to where clients come in.
    pub async fn connect(&self) -> Box<dyn Line> {
        let address = self.base.replace("http://", "");
        Box::new(tokio::net::TcpStream::connect(address).await.expect("a connection"))
    }

    /// SIGKILL: no chance to tidy up.
    pub fn kill(&mut self) {
        self.child.kill().expect("kill");
        self.child.wait().expect("wait");
    }

    /// SIGTERM, and how the program ended.
    pub fn terminate(&mut self) -> Option<i32> {
        let pid = i32::try_from(self.pid()).ok().and_then(rustix::process::Pid::from_raw).expect("pid");
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("signal");
        self.child.wait().expect("wait").code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already gone is fine.
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// All files below a folder.
pub fn files_below(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            true => found.extend(files_below(&entry.path())),
            false => drop(found.insert(entry.path())),
        }
    }
    found
}

/// The environment of a program beside the Python environments of this repository.
pub fn environment() -> Environment {
    let at = |name: &str| root().join("target").join(name).display().to_string();
    let variables = BTreeMap::from([("PYTHON_ENV".to_owned(), at("python")), ("TOOLS_ENV".to_owned(), at("tools"))]);
    Environment::from_variables(&variables, &root(), &root().join("target/release/darkroom")).expect("environment")
}

/// Runs a picture and answers its report and the folder with the results.
pub fn develop(picture: &Path, prompt: &str) -> (Value, tempfile::TempDir) {
    let out = tempfile::tempdir().expect("out");
    let done = output(darkroom().args(["run", "--json", "--prompt", prompt, "--out"]).arg(out.path()).arg(picture));
    let report = stdout_json(&done);
    assert_eq!((done.status.code(), report["state"].as_str()), (Some(0), Some("succeeded")), "{report}");
    assert!(out.path().join("code.py").is_file() && out.path().join("report.json").is_file());
    (report, out)
}
