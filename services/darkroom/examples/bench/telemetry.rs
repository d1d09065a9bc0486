//! What telemetry costs: jobs on two servers, one that tells everything and one that tells nothing, in turns.

use crate::measure::{quantile, root};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use testkit::Sink;

/// Jobs at once, and how often each server has its turn.
const JOBS: usize = 16;
const TURNS: usize = 8;

struct Server {
    child: Child,
    base: String,
    token: String,
    file: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // Ended by itself already is fine.
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

async fn start(http: &reqwest::Client, data: &Path, settings: &[(&str, &str)]) -> Server {
    let program = root().join("target/release/darkroom");
    let mut command = Command::new(program);
    command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data).envs(settings.iter().copied());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("target/release/darkroom runs");
    let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
    let first = lines.next().expect("a line").expect("text");
    let base = first.split_whitespace().last().expect("an address").to_owned();
    std::thread::spawn(move || for _ in lines.by_ref() {});
    let token = std::fs::read_to_string(data.join("token")).expect("token").trim().to_owned();
    let picture = std::fs::read(root().join("services/darkroom/samples/table.png")).expect("sample");
    let form =
        reqwest::multipart::Form::new().part("file", reqwest::multipart::Part::bytes(picture).file_name("table.png"));
    let uploaded = http.post(format!("{base}/api/v1/files")).bearer_auth(&token).multipart(form).send().await;
    let uploaded: Value = uploaded.expect("an answer").json().await.expect("JSON");
    let file = uploaded["id"].as_str().expect("an id").to_owned();
    Server { child, base, token, file }
}

impl Server {
    async fn job(&self, http: &reqwest::Client) {
        let jobs = format!("{}/api/v1/jobs", self.base);
        let request = http.post(&jobs).bearer_auth(&self.token).json(&json!({ "file_ids": [self.file] }));
        let job: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        let events = format!("{jobs}/{}/events", job["id"].as_str().expect("an id"));
        let events = http.get(events).bearer_auth(&self.token).send().await.expect("events");
        let text = events.text().await.expect("a stream that ends");
        assert!(text.contains("succeeded"), "the job works");
    }

    async fn turn(&self, http: &reqwest::Client) -> Duration {
        let begun = Instant::now();
        futures::future::join_all((0..JOBS).map(|_| self.job(http))).await;
        begun.elapsed()
    }
}

/// Prints jobs per second of both, and their ratio.
pub async fn figures(script: &str, environments: [(&str, &str); 2]) {
    let sink = Sink::start().expect("a receiver");
    let (with, without) = (tempfile::tempdir().expect("data"), tempfile::tempdir().expect("data"));
    let http = reqwest::Client::new();
    let url = sink.url();
    let quiet = [("CODE_MODEL_URL", script), ("LOG", "error"), environments[0], environments[1]];
    let told = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()),
        ("METRICS_LISTEN", "127.0.0.1:0"),
        ("LANGFUSE_HOST", url.as_str()),
        ("LANGFUSE_PUBLIC_KEY", "bench"),
        ("LANGFUSE_SECRET_KEY", "bench"),
        ("LANGFUSE_CONTENT", "text"),
    ];
    let told: Vec<(&str, &str)> = quiet.iter().chain(&told).copied().collect();
    let on = start(&http, with.path(), &told).await;
    let off = start(&http, without.path(), &quiet).await;
    for server in [&on, &off] {
        server.turn(&http).await;
    }
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for turn in 0..TURNS {
        // Each goes first as often as the other.
        if turn % 2 == 0 {
            a.push(on.turn(&http).await);
            b.push(off.turn(&http).await);
        } else {
            b.push(off.turn(&http).await);
            a.push(on.turn(&http).await);
        }
    }
    let per_second = |turns: &[Duration]| JOBS as f64 * 1000.0 / quantile(turns, 0.5);
    let (on, off) = (per_second(&a), per_second(&b));
    println!(
        "telemetry: spans, metrics and Langfuse with content, against none ({JOBS} jobs at once, median of {TURNS})"
    );
    println!("  on {on:.2} jobs/s   off {off:.2} jobs/s   ratio {:.3} (aim: at least 0.95)", on / off);
    println!("  {} messages were received", sink.received().len());
}
