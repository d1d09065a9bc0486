//! Starts the real program and talks to it.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for anything that should happen.
pub const PATIENCE: Duration = Duration::from_secs(120);

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

/// A running `darkroom serve`. Killed when dropped.
pub struct Server {
    child: Child,
    pub base: String,
    pub token: String,
    http: reqwest::Client,
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
        Self { child, base, token, http: reqwest::Client::builder().timeout(PATIENCE).build().expect("client") }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
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

    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    /// Status and JSON of a GET.
    pub async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.request(reqwest::Method::GET, path)).await
    }

    /// Status and JSON of a POST with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        answer(self.request(reqwest::Method::POST, path).json(body)).await
    }

    /// Uploads a file and answers its id.
    pub async fn upload(&self, path: &Path) -> String {
        let (status, body) = self.upload_bytes("picture.png", std::fs::read(path).expect("readable")).await;
        assert_eq!(status, 201, "{body}");
        body["id"].as_str().expect("id").to_owned()
    }

    /// Status and answer of an upload.
    pub async fn upload_bytes(&self, name: &str, bytes: Vec<u8>) -> (u16, Value) {
        let part = reqwest::multipart::Part::bytes(bytes).file_name(name.to_owned());
        let form = reqwest::multipart::Form::new().part("file", part);
        answer(self.request(reqwest::Method::POST, "/api/v1/files").multipart(form)).await
    }

    /// Creates a job with one picture and answers its id.
    pub async fn job(&self, picture: &Path, options: Value) -> String {
        let file = self.upload(picture).await;
        let (status, body) = self.post("/api/v1/jobs", &json!({ "file_ids": [file], "options": options })).await;
        assert_eq!(status, 202, "{body}");
        body["id"].as_str().expect("id").to_owned()
    }

    /// Waits until the job is as wanted and answers it.
    pub async fn until(&self, job: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (_, view) = self.get(&format!("/api/v1/jobs/{job}")).await;
            if wanted(&view) {
                return view;
            }
            assert!(Instant::now() < deadline, "the job never got there: {view}");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// The report of the job once it has ended.
    pub async fn report(&self, job: &str) -> Value {
        self.until(job, |view| !matches!(view["state"].as_str(), Some("queued" | "running"))).await;
        self.get(&format!("/api/v1/jobs/{job}/results")).await.1
    }

    /// All events of a job that has ended, as (number, name, data).
    pub async fn events(&self, job: &str, after: u64) -> Vec<(u64, String, Value)> {
        let path = format!("/api/v1/jobs/{job}/events");
        let request = self.request(reqwest::Method::GET, &path).header("last-event-id", after.to_string());
        let text = request.send().await.expect("events").text().await.expect("a stream that ends");
        let field = |block: &str, name: &str| {
            block
                .lines()
                .find_map(|line| line.strip_prefix(name).map(|rest| rest.trim().to_owned()))
                .unwrap_or_default()
        };
        let blocks = text.split("\n\n").filter(|block| block.contains("id:"));
        blocks
            .map(|block| {
                let data: Value = serde_json::from_str(&field(block, "data:")).expect("JSON data");
                (field(block, "id:").parse().expect("a number"), field(block, "event:"), data["data"].clone())
            })
            .collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already gone is fine.
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let text = response.text().await.expect("a body");
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// All processes that descend from the given one.
pub fn descendants(of: u32) -> BTreeSet<u32> {
    let mut parents = Vec::new();
    for entry in std::fs::read_dir("/proc").expect("/proc").flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // After the name, which may hold anything but ends at the last bracket: state, parent.
        let after = stat.rsplit(')').next().unwrap_or_default();
        let mut fields = after.split_whitespace();
        let zombie = fields.next() == Some("Z");
        if let (false, Some(parent)) = (zombie, fields.next().and_then(|text| text.parse::<u32>().ok())) {
            parents.push((pid, parent));
        }
    }
    let mut found = BTreeSet::from([of]);
    loop {
        let before = found.len();
        let children: Vec<u32> =
            parents.iter().filter(|(_, parent)| found.contains(parent)).map(|(pid, _)| *pid).collect();
        found.extend(children);
        if found.len() == before {
            found.remove(&of);
            return found;
        }
    }
}

/// A file with a script for the scripted model, and how often it was asked.
pub struct Script {
    folder: tempfile::TempDir,
}

impl Script {
    /// A model that answers these texts in turn, each after the pause; the last one again and again.
    pub fn new(answers: &[&str], delay_ms: u64) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let answers: Vec<Value> = answers.iter().map(|text| json!({ "text": text, "delay_ms": delay_ms })).collect();
        let script = json!({ "answers": answers, "repeat_last": true });
        std::fs::write(folder.path().join("script.json"), script.to_string()).expect("script");
        Self { folder }
    }

    /// The URL for `CODE_MODEL_URL`.
    pub fn url(&self) -> String {
        format!("scripted:{}", self.folder.path().join("script.json").display())
    }

    /// The steps that asked, in order, once for each call.
    pub fn calls(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.path().join("script.json.calls")).unwrap_or_default();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"));
        lines.map(|call| call["step_id"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// Code as a model would answer it.
pub fn fenced(code: &str) -> String {
    format!("Here is the code.\n\n```python\n{code}\n```\n")
}
