//! `make bench-stack`: what running apart costs, against one process in the same run, and what replicas give. Prints and
//! never fails on a slow day; it does fail where a job is lost or done twice.

use crate::caller::Caller;
use crate::measure::{millis, quantile, root, status_kib, target};
use serde_json::json;
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use testkit::stack::{Engines, Plan, SERVICES, Stack};
use tokio::task::block_in_place;

/// Jobs one after another.
const SERIAL: usize = 40;
/// Jobs at once, for throughput.
const MANY: usize = 64;
/// Jobs on two replicas of everything.
const REPLICATED: usize = 500;
/// Runs that keep a CPU busy, for throughput of sandboxes.
const RUNS: usize = 60;

/// From a job's creation until its stream says that it has ended.
async fn timed(caller: &Caller, file: &str, key: &str) -> Duration {
    let begun = Instant::now();
    let job = caller.job(file, key).await;
    let events = caller.events(&job).await;
    let took = begun.elapsed();
    assert_eq!(events.last().map(|(name, _)| name.as_str()), Some("job_finished"));
    took
}

async fn figures(name: &str, caller: &Caller, picture: &Path) -> f64 {
    let file = caller.upload(picture).await;
    timed(caller, &file, "first").await;
    let mut times = Vec::new();
    for number in 0..SERIAL {
        times.push(timed(caller, &file, &format!("serial-{number}")).await);
    }
    let begun = Instant::now();
    let keys: Vec<String> = (0..MANY).map(|number| format!("many-{number}")).collect();
    futures::future::join_all(keys.iter().map(|key| timed(caller, &file, key))).await;
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let rate = MANY as f64 / begun.elapsed().as_secs_f64();
    let p50 = quantile(&times, 0.5);
    println!("  {name:<12} p50 {p50:7.1} ms   p95 {:7.1} ms   {rate:5.1} jobs/s", quantile(&times, 0.95));
    p50
}

/// The one-process program, ended when dropped.
struct OneProcess {
    child: Child,
    caller: Caller,
    _data: tempfile::TempDir,
}

impl OneProcess {
    fn start(model: &str) -> Self {
        let data = tempfile::tempdir().expect("data");
        let child = Command::new(root().join("target/release/darkroom"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .env("CODE_MODEL_URL", model)
            .env("PYTHON_ENV", target("python"))
            .env("TOOLS_ENV", target("tools"))
            .env("LOG", "error")
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.expect("target/release/darkroom");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
        let first = lines.next().expect("it says where it is").expect("text");
        std::thread::spawn(move || for _ in lines {});
        let base = first.split_whitespace().last().expect("an address").to_owned();
        let token = std::fs::read_to_string(data.path().join("token")).expect("a token").trim().to_owned();
        Self { child, caller: Caller::plain(base, token), _data: data }
    }
}

impl Drop for OneProcess {
    fn drop(&mut self) {
        // Ended by itself: nothing to end.
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

fn plan(model: &str) -> Plan {
    let plan = Plan::new().expect("the programs; 'cargo build --release --workspace --bins' makes them");
    plan.set("CODE_MODEL_URL", model).set("LOG", "error")
}

async fn overhead(engines: &Engines, model: &str, picture: &Path) {
    println!("job with a scripted model and print(1), picture already seen, from creation to the stream's end");
    let one = OneProcess::start(model);
    let alone = figures("one process", &one.caller, picture).await;
    drop(one);
    let stack = block_in_place(|| Stack::start(&plan(model), &engines.urls("overhead"))).expect("the stack");
    // At rest: start-up's own work in the background is over by then.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let resident: Vec<(String, u64, u64)> = stack
        .replicas()
        .iter()
        .filter_map(|replica| Some((replica.service(), replica.pid()?)))
        .map(|(service, pid)| (service.to_owned(), status_kib(pid, "VmRSS"), status_kib(pid, "RssAnon")))
        .collect();
    let apart = figures("stack", &Caller::of(&stack), picture).await;
    println!("  ratio {:.2} (at most 3), {apart:.0} ms (at most 150)", apart / alone);
    println!("memory at rest, MiB resident (of which its own)");
    for (service, all, own) in resident {
        #[expect(clippy::cast_precision_loss, reason = "small counts")]
        let mib = |kib: u64| kib as f64 / 1024.0;
        println!("  {service:<8} {:5.1} ({:.1})", mib(all), mib(own));
    }
    block_in_place(|| drop(stack));
}

/// Two of everything: each job once, and its stream whichever replica answers.
async fn replicas(engines: &Engines, model: &str, picture: &Path) {
    let plan = SERVICES.into_iter().fold(plan(model), |plan, service| plan.replicas(service, 2));
    let plan = plan.set("MAX_RUNNING_JOBS", "8");
    let stack = block_in_place(|| Stack::start(&plan, &engines.urls("replicas"))).expect("the stack");
    let caller = Caller::of(&stack);
    let file = caller.upload(picture).await;
    let begun = Instant::now();
    let keys: Vec<String> = (0..REPLICATED).map(|number| format!("replicated-{number}")).collect();
    let jobs = futures::future::join_all(keys.iter().map(|key| caller.job(&file, key))).await;
    let streams = futures::future::join_all(jobs.iter().map(|job| caller.events(job))).await;
    let took = begun.elapsed();
    let ids: BTreeSet<&String> = jobs.iter().collect();
    assert_eq!(ids.len(), REPLICATED, "each job is one");
    for (job, events) in jobs.iter().zip(&streams) {
        let steps: Vec<&str> =
            events.iter().filter(|(name, _)| name == "step_finished").map(|(_, step)| step.as_str()).collect();
        let distinct: BTreeSet<&&str> = steps.iter().collect();
        assert_eq!((steps.len(), distinct.len()), (5, 5), "job {job}: each step once");
        assert_eq!(events.iter().filter(|(name, _)| name == "job_finished").count(), 1, "job {job} ends once");
    }
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let rate = REPLICATED as f64 / took.as_secs_f64();
    println!("two replicas of every service: {REPLICATED} jobs, each once, {rate:.1} jobs/s");
    block_in_place(|| drop(stack));
}

/// What a second sandbox gives on this machine.
async fn sandboxes(engines: &Engines, model: &str) {
    let mut rates = Vec::new();
    for count in [1, 2] {
        let name = format!("sandboxes{count}");
        let plan = plan(model).replicas("sandbox", count).set("SANDBOX_SLOTS", "2").set("SANDBOX_QUEUE", "1000");
        let stack = block_in_place(|| Stack::start(&plan, &engines.urls(&name))).expect("the stack");
        let caller = Caller::of(&stack);
        let body = json!({ "code": "import time\ntime.sleep(0.2)\nprint(1)" });
        let begun = Instant::now();
        let runs = (0..RUNS).map(|_| caller.execute(&body));
        futures::future::join_all(runs).await;
        #[expect(clippy::cast_precision_loss, reason = "small counts")]
        rates.push(RUNS as f64 / begun.elapsed().as_secs_f64());
        block_in_place(|| drop(stack));
    }
    println!(
        "runs of 0.2 s with two slots a sandbox: {:.1} a second with one sandbox, {:.1} with two ({:.2} times)",
        rates[0],
        rates[1],
        rates[1] / rates[0]
    );
}

/// Measures everything and prints it.
pub async fn run() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("script.json");
    let answers = json!({ "answers": [{ "text": "```python\nprint(1)\n```" }], "repeat_last": true });
    std::fs::write(&script, answers.to_string()).expect("a script");
    let model = format!("scripted:{}", script.display());
    let picture = root().join("services/darkroom/samples/table.png");
    let begun = Instant::now();
    let engines = block_in_place(Engines::start).expect("the engines; deploy/tools/servers.sh installs them");
    println!("engines start in {:.0} ms", millis(begun.elapsed()));
    overhead(&engines, &model, &picture).await;
    sandboxes(&engines, &model).await;
    replicas(&engines, &model, &picture).await;
    block_in_place(|| drop(engines));
}
