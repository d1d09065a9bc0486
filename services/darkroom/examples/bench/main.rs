//! `make bench`: figures of this machine, each against a peer or a limit measured in the same run.
//! It prints and never fails on a slow day. `bench telemetry`: that part alone.

#[path = "../shared/measure.rs"]
mod measure;
mod model;
#[path = "../shared/python.rs"]
mod python;
mod telemetry;
mod who;

use common::OwnerId;
use darkroom::system::System;
use futures::StreamExt;
use jobs::NewJob;
use measure::{quantile, root, status_kib, target};
use python::{PLOT, PRINT, bare};
use runtime::Environment;
use sandbox::ExecutionRequest;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

async fn jailed(system: &System, code: &str) -> Duration {
    let begun = Instant::now();
    let run = system.sandbox.execute(ExecutionRequest::new(code), CancellationToken::new(), None).await;
    assert!(run.is_ok_and(|run| run.result.exit_code == Some(0)), "the sandbox runs the code");
    begun.elapsed()
}

async fn sandbox_figures(system: &System, python: &Path, folder: &Path) {
    println!("sandbox against bare CPython, interleaved (wall, p50 / p95 in ms)");
    for (name, code, runs) in [("print(1)", PRINT, 40), ("plot", PLOT, 10)] {
        let (mut alone, mut inside) = (Vec::new(), Vec::new());
        for _ in 0..runs {
            alone.push(bare(python, code, folder));
            inside.push(jailed(system, code).await);
        }
        let (a, b) = (quantile(&alone, 0.5), quantile(&inside, 0.5));
        println!(
            "  {name:9} bare {a:7.1} / {:7.1}   sandbox {b:7.1} / {:7.1}   ratio {:.2}",
            quantile(&alone, 0.95),
            quantile(&inside, 0.95),
            b / a
        );
    }
}

/// One job to its end. The picture was looked at before, so what remains is the platform, two scripted
/// turns, a review and a trivial run.
async fn job(system: &System, file: common::FileId) -> (Duration, Duration) {
    let owner = OwnerId::local();
    let begun = Instant::now();
    let request = NewJob { file_ids: vec![file], prompt: String::new(), options: Default::default() };
    let job = system.jobs.create(&owner, request, None).await.expect("job");
    let events = system.jobs.events(&owner, job.id, 0).await.expect("events");
    let ended: Vec<_> = events.collect().await;
    assert!(!ended.is_empty());
    let took = begun.elapsed();
    let report = system.jobs.report(&owner, job.id, jobs::LinkStyle::BlobKey).await.expect("report");
    assert_eq!(report.state, common::job::JobState::Succeeded, "{:?}", report.error);
    (took, Duration::from_millis(report.run.map_or(0, |run| run.duration_ms)))
}

async fn job_figures(system: &System) {
    let picture = std::fs::read(root().join("services/darkroom/samples/table.png")).expect("sample");
    let file = system.files.ingest(&OwnerId::local(), "table.png", picture.into()).await.expect("file").id;
    job(system, file).await;
    let mut whole = Vec::new();
    let mut overhead = Vec::new();
    for _ in 0..20 {
        let (took, run) = job(system, file).await;
        whole.push(took);
        overhead.push(took.saturating_sub(run));
    }
    println!("job with a scripted model and print(1), picture already seen (wall, p50 / p95 in ms)");
    println!("  whole job     {:7.1} / {:7.1}", quantile(&whole, 0.5), quantile(&whole, 0.95));
    println!("  without run   {:7.1} / {:7.1}", quantile(&overhead, 0.5), quantile(&overhead, 0.95));
    let begun = Instant::now();
    let many = 32;
    futures::future::join_all((0..many).map(|_| job(system, file))).await;
    println!(
        "  throughput    {:7.1} jobs/s ({many} at once, {} at a time)",
        f64::from(many) / begun.elapsed().as_secs_f64(),
        4
    );
}

/// Start to ready, and memory at rest, of the real program.
fn server_figures(data: &Path) {
    let program = root().join("target/release/darkroom");
    let begun = Instant::now();
    let child = Command::new(program)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .stdout(Stdio::piped())
        .spawn();
    let mut child = child.expect("target/release/darkroom runs; 'make build' makes it");
    let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
    let ready = lines.next().is_some_and(|line| line.is_ok_and(|line| line.contains("ready")));
    let took = begun.elapsed();
    assert!(ready, "the server starts");
    // At rest: start-up's own work in the background (the font cache) is over by then.
    std::thread::sleep(Duration::from_secs(5));
    let resident = status_kib(child.id(), "VmRSS") / 1024;
    child.kill().expect("kill");
    child.wait().expect("wait");
    println!("darkroom serve");
    println!("  start to ready {:.0} ms (aim: at most 1000)", took.as_secs_f64() * 1000.0);
    println!("  resident, idle {resident} MiB without its Python children (aim: at most 60)");
}

#[tokio::main]
async fn main() {
    let script = tempfile::NamedTempFile::with_suffix(".json").expect("script");
    let answers = serde_json::json!({ "answers": [{ "text": "```python\nprint(1)\n```" }], "repeat_last": true });
    std::fs::write(script.path(), answers.to_string()).expect("script");
    let at = |name: &str| target(name).display().to_string();
    let variables = BTreeMap::from([
        ("PYTHON_ENV".to_owned(), at("python")),
        ("TOOLS_ENV".to_owned(), at("tools")),
        ("CODE_MODEL_URL".to_owned(), format!("scripted:{}", script.path().display())),
    ]);
    let environments = [("PYTHON_ENV", at("python")), ("TOOLS_ENV", at("tools"))];
    let environments = environments.each_ref().map(|(name, folder)| (*name, folder.as_str()));
    let script_url = format!("scripted:{}", script.path().display());
    if std::env::args().nth(1).as_deref() == Some("telemetry") {
        return telemetry::figures(&script_url, environments).await;
    }
    let environment =
        Environment::from_variables(&variables, &root(), &root().join("target/release/darkroom")).expect("settings");
    let data = tempfile::tempdir().expect("data");
    let shared = std::sync::Arc::new(shared::MemoryState::new());
    let system = System::open(&environment, data.path(), shared)
        .await
        .expect("the system opens; 'darkroom doctor' says what is missing");
    let running = system.start().await.expect("start");
    sandbox_figures(&system, &environment.python_env.join("bin/python3"), data.path()).await;
    job_figures(&system).await;
    model::figures(data.path()).await;
    who::figures(data.path()).await;
    running.stop().await;
    telemetry::figures(&script_url, environments).await;
    let served = tempfile::tempdir().expect("data");
    server_figures(served.path());
}
