//! One replica after another is restarted, as an upgrade does it, while people work.

use crate::harness::{Client, PATIENCE, Script, fenced, sample};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use testkit::stack::{Plan, Stack, fresh_urls};
use tokio::task::block_in_place;

/// The order of docs/operate.md.
const ORDER: [&str; 6] = ["gateway", "files", "sandbox", "critic", "agent", "jobs"];

/// What one kind of caller has seen: requests that went well, and what became of the others.
#[derive(Debug, Default)]
struct Seen {
    well: usize,
    ill: Vec<String>,
}

impl Seen {
    /// Sends one request; its answer where it went well.
    async fn ask(&mut self, client: &Client, method: Method, path: &str, body: Option<&Value>) -> Option<Value> {
        let mut request = client.request(method.clone(), path);
        if let Some(body) = body {
            request = request.json(body);
        }
        let trouble = match request.send().await {
            Ok(answer) if answer.status().is_success() => match answer.bytes().await {
                Ok(bytes) => {
                    self.well += 1;
                    return Some(serde_json::from_slice(&bytes).unwrap_or_default());
                }
                Err(error) => format!("{error:?}"),
            },
            Ok(answer) => format!("{}: {}", answer.status(), answer.text().await.unwrap_or_default()),
            Err(error) => format!("{error:?}"),
        };
        self.ill.push(format!("{method} {path}: {trouble}"));
        None
    }
}

/// Reads until it is over.
async fn read(client: Client, file: String, over: Arc<AtomicBool>) -> Seen {
    let mut seen = Seen::default();
    let paths = ["/api/v1/jobs".to_owned(), "/docs".to_owned(), format!("/api/v1/files/{file}")];
    for path in paths.iter().cycle() {
        seen.ask(&client, Method::GET, path, None).await;
        if over.load(Ordering::Relaxed) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    seen
}

/// Runs and reviews code until it is over.
async fn run(client: Client, over: Arc<AtomicBool>) -> Seen {
    let mut seen = Seen::default();
    let code = json!({ "code": "print(1)" });
    for path in ["/api/v1/executions", "/api/v1/reviews"].iter().cycle() {
        seen.ask(&client, Method::POST, path, Some(&code)).await;
        if over.load(Ordering::Relaxed) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    seen
}

/// Creates jobs until it is over; their ids.
async fn create(client: Client, file: String, over: Arc<AtomicBool>) -> (Seen, Vec<String>) {
    let (mut seen, mut jobs) = (Seen::default(), Vec::new());
    let body = json!({ "file_ids": [file] });
    while !over.load(Ordering::Relaxed) {
        if let Some(job) = seen.ask(&client, Method::POST, "/api/v1/jobs", Some(&body)).await {
            jobs.push(job["id"].as_str().expect("id").to_owned());
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    (seen, jobs)
}

/// Protects people on the day of an upgrade: with two replicas of each service, restarting them one after another
/// answers no request with an error and loses no job.
#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_fails_no_request() {
    let script = Script::new(&[&fenced("print('done')")], 50);
    let plan = Plan::new().expect("the programs").set("LOG", "error").set("CODE_MODEL_URL", &script.url());
    let plan = ORDER.into_iter().fold(plan, |plan, service| plan.replicas(service, 2));
    let urls = fresh_urls().expect("the engines");
    let mut stack = block_in_place(|| Stack::start(&plan, &urls)).expect("a stack");
    let pem = std::fs::read(stack.ca_certificate()).expect("the authority");
    let authority = reqwest::Certificate::from_pem(&pem).expect("a certificate");
    let client = || Client::new(stack.url(), stack.token().to_owned(), Some(authority.clone()));
    let caller = client();
    let file = caller.upload(&sample("table.png")).await;

    let over = Arc::new(AtomicBool::new(false));
    let reading = tokio::spawn(read(client(), file.clone(), over.clone()));
    let running = tokio::spawn(run(client(), over.clone()));
    let creating = tokio::spawn(create(client(), file, over.clone()));
    for service in ORDER {
        for number in [0, 1] {
            let until = Instant::now() + PATIENCE;
            let replica = stack.replica_mut(service, number);
            replica.ask_to_stop().expect("it runs");
            while replica.runs() {
                assert!(Instant::now() < until, "{service} {number} does not end");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            assert!(replica.ended_well(), "{service} {number}: {}", replica.log());
            block_in_place(|| {
                replica.begin().expect("it starts again");
                match service {
                    "agent" => replica.wait_until_up(until),
                    _ => replica.wait_until_ready(until),
                }
            })
            .expect("ready");
            // As an orchestrator waits until the proxy knows of it, which looks every second.
            tokio::time::sleep(Duration::from_secs(3)).await;
        }
    }
    over.store(true, Ordering::Relaxed);
    let (created, jobs) = creating.await.expect("created");
    for seen in [reading.await.expect("read"), running.await.expect("run"), created] {
        assert_eq!(seen.ill, Vec::<String>::new(), "besides {} that went well", seen.well);
        assert!(seen.well > 20, "too few to tell: {}", seen.well);
    }
    for job in jobs {
        caller.until(&job, |view| view["state"] == "succeeded").await;
    }
}
