//! The real program, and one way to run code in it.

use super::measure::{root, target};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(180);

/// `darkroom serve` with its defaults on a folder of its own. Ended when dropped.
pub struct Server {
    child: Child,
    base: String,
    token: String,
    http: reqwest::Client,
    _data: tempfile::TempDir,
}

/// What a run came to, and how long the whole request took.
pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub took: Duration,
}

impl Server {
    /// Starts it and waits until every tier has its rooms and the walls are proved.
    pub async fn start() -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let program = root().join("target/release/darkroom");
        let mut command = Command::new(program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data.path());
        command.env("PYTHON_ENV", target("python")).env("TOOLS_ENV", target("tools")).env("LOG", "error");
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("'make build' makes it");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
        let first = lines.next().expect("a line").expect("text");
        let base = first.split_whitespace().last().expect("an address").to_owned();
        std::thread::spawn(move || lines.by_ref().for_each(drop));
        let token = std::fs::read_to_string(data.path().join("token")).expect("token").trim().to_owned();
        let http = reqwest::Client::builder().timeout(PATIENCE).tcp_nodelay(true).build().expect("client");
        let server = Self { child, base, token, http, _data: data };
        server.at_rest().await;
        server
    }

    /// Waits until all rooms are ready and nothing is being proved.
    pub async fn at_rest(&self) {
        let begun = Instant::now();
        loop {
            let health = self.get("/api/v1/executions/health").await;
            let tiers = health["tiers"].as_array().cloned().unwrap_or_default();
            let ready = |tier: &Value| tier["state"] == "serving" && tier["ready"].as_u64() > Some(0);
            if tiers.len() == 3 && tiers.iter().all(ready) && !health["proved_seconds_ago"].is_null() {
                tokio::time::sleep(Duration::from_millis(500)).await;
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "the sandbox is not ready: {health}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// JSON of a GET.
    pub async fn get(&self, path: &str) -> Value {
        let answer = self.http.get(format!("{}{path}", self.base)).bearer_auth(&self.token).send().await;
        answer.expect("an answer").json().await.expect("JSON")
    }

    /// Bytes of a GET.
    pub async fn bytes(&self, path: &str) -> Vec<u8> {
        let answer = self.http.get(format!("{}{path}", self.base)).bearer_auth(&self.token).send().await;
        answer.expect("an answer").bytes().await.expect("a body").to_vec()
    }

    /// Runs code; the rest of the request's fields as JSON.
    pub async fn execute(&self, code: &str, mut fields: Value) -> Answer {
        fields["code"] = json!(code);
        let request = self.http.post(format!("{}/api/v1/executions", self.base)).bearer_auth(&self.token);
        let request = request.header("content-type", "application/json").body(fields.to_string());
        let begun = Instant::now();
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await.expect("a body");
        let took = begun.elapsed();
        Answer { status, body: serde_json::from_slice(&bytes).expect("JSON"), took }
    }

    /// Runs code that has to succeed from a warm room.
    pub async fn run(&self, code: &str) -> Duration {
        let answer = self.execute(code, json!({})).await;
        assert_eq!(answer.body["status"], "ok", "{}", answer.body);
        assert_eq!(answer.body["start"], "warm", "{}", answer.body);
        answer.took
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = i32::try_from(self.pid()).ok().and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            // It may be gone already.
            let _gone = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _status = self.child.wait();
    }
}
