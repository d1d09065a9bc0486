//! What others depend on goes away while people work: what is promised then happens, and nothing else.

use crate::harness::{Client, PATIENCE, fenced, sample};
use actix_web::{App, HttpResponse, HttpServer, web};
use reqwest::Method;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use testkit::stack::{Plan, Stack, fresh_urls};
use testkit::{Cut, CuttableProxy, Redis, S3Server};
use tokio::task::block_in_place;

const CODE: &str = "import time\ntime.sleep(0.2)\nopen('/box/out/a.txt', 'w').write('done')";

/// A model that answers the same code each time.
fn model() -> SocketAddr {
    let answer = || async {
        let usage = json!({"prompt_tokens": 1, "completion_tokens": 1});
        let piece = json!({"choices": [{"delta": {"content": fenced(CODE)}, "finish_reason": "stop"}]});
        let last = json!({"choices": [], "usage": usage});
        let events = format!("data: {piece}\n\ndata: {last}\n\ndata: [DONE]\n\n");
        HttpResponse::Ok().content_type("text/event-stream").body(events)
    };
    let server = HttpServer::new(move || {
        let limit = web::JsonConfig::default().limit(32 << 20);
        App::new().app_data(limit).route("/v1/chat/completions", web::post().to(answer))
    });
    let server = server.workers(1).disable_signals().bind("127.0.0.1:0").expect("a port");
    let address = server.addrs()[0];
    tokio::spawn(server.run());
    address
}

/// What people saw while they worked: the jobs they made, and every answer that was no success.
#[derive(Debug, Default)]
struct Seen {
    jobs: Vec<String>,
    read: usize,
    refused: Vec<(u16, Value)>,
}

impl Seen {
    async fn ask(&mut self, request: reqwest::RequestBuilder) -> Option<Value> {
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap_or_default();
        if (200..300).contains(&status) {
            self.read += 1;
            return Some(body);
        }
        self.refused.push((status, body));
        None
    }
}

/// Uploads, makes jobs, and reads lists until it is over.
async fn work(client: Client, file: String, over: Arc<AtomicBool>) -> Seen {
    let mut seen = Seen::default();
    let job = json!({ "file_ids": [file] });
    while !over.load(Ordering::Relaxed) {
        let part = reqwest::multipart::Part::bytes(std::fs::read(sample("table.png")).expect("a picture"));
        let form = reqwest::multipart::Form::new().part("file", part.file_name("table.png"));
        seen.ask(client.request(Method::POST, "/api/v1/files").multipart(form)).await;
        if let Some(made) = seen.ask(client.request(Method::POST, "/api/v1/jobs").json(&job)).await {
            seen.jobs.push(made["id"].as_str().expect("id").to_owned());
        }
        seen.ask(client.request(Method::GET, "/api/v1/jobs")).await;
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    seen
}

/// People at work.
struct Work {
    working: tokio::task::JoinHandle<Seen>,
    over: Arc<AtomicBool>,
}

impl Work {
    /// They go on for two more seconds, and tell what they saw.
    async fn end(self) -> Seen {
        tokio::time::sleep(Duration::from_secs(2)).await;
        self.over.store(true, Ordering::Relaxed);
        self.working.await.expect("they worked")
    }
}

struct World {
    stack: Stack,
    authority: reqwest::Certificate,
    file: String,
}

impl World {
    fn client(&self) -> Client {
        Client::new(self.stack.url(), self.stack.token().to_owned(), Some(self.authority.clone()))
    }

    /// People begin to work; a second later they are in the middle of it.
    async fn begin_work(&self) -> Work {
        let over = Arc::new(AtomicBool::new(false));
        let working = tokio::spawn(work(self.client(), self.file.clone(), over.clone()));
        tokio::time::sleep(Duration::from_secs(1)).await;
        Work { working, over }
    }

    /// The reports of jobs, once they have ended.
    async fn reports(&self, seen: &Seen) -> Vec<Value> {
        let client = self.client();
        assert!(seen.jobs.len() > 3 && seen.read > 10, "too few to tell: {seen:?}");
        let mut reports = Vec::new();
        for job in &seen.jobs {
            reports.push(client.report(job).await);
        }
        reports
    }
}

fn all_done(reports: &[Value]) {
    for report in reports {
        assert_eq!(report["state"], "succeeded", "{report}");
    }
}

/// Protects people from every outage that is not theirs: without Redis nothing changes; without its model a job is done by
/// the built-in rules, and says so; without the store uploads are refused with a sentence that says so, and jobs under
/// way wait and end well.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_away_degrades_as_it_is_listed() {
    let proxy = CuttableProxy::start(model()).expect("a proxy");
    let mut urls = fresh_urls().expect("the engines");
    let mut redis = block_in_place(Redis::start).expect("Redis");
    let mut store = block_in_place(S3Server::start).expect("an object store");
    (urls.shared, urls.blob) = (redis.url(), store.url("away"));
    let plan = Plan::new().expect("the programs").set("LOG", "error");
    let plan = plan.set("CODE_MODEL_URL", &format!("http://{}/v1", proxy.address())).set("CODE_MODEL_NAME", "coder");
    let plan = plan.set("USER_RUNS_PER_HOUR", "20").replicas("gateway", 2);
    let stack = block_in_place(|| Stack::start(&plan, &urls)).expect("a stack");
    let pem = std::fs::read(stack.ca_certificate()).expect("the authority");
    let authority = reqwest::Certificate::from_pem(&pem).expect("a certificate");
    let mut world = World { stack, authority, file: String::new() };
    world.file = world.client().upload(&sample("table.png")).await;
    // The first look at a picture is slow; those after it are answered from what is kept.
    world.client().report(&world.client().job(&sample("table.png"), json!({})).await).await;

    // Redis: each replica counts for itself; nobody is refused, and the limit still holds in each.
    let work = world.begin_work().await;
    block_in_place(|| redis.kill());
    tokio::time::sleep(Duration::from_secs(4)).await;
    block_in_place(|| redis.begin()).expect("Redis again");
    let seen = work.end().await;
    assert_eq!(seen.refused, [], "without Redis");
    let reports = world.reports(&seen).await;
    all_done(&reports);
    assert!(reports.iter().all(|report| report["models"][0] == "coder"), "{reports:?}");

    // The model: the rules do its part, and the job says so.
    let work = world.begin_work().await;
    proxy.cut(Cut::Refuse).await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    proxy.restore().await;
    let seen = work.end().await;
    assert_eq!(seen.refused, [], "without its model");
    let reports = world.reports(&seen).await;
    all_done(&reports);
    let by_rules = reports.iter().filter(|report| report["models"] == json!(["builtin"])).collect::<Vec<_>>();
    assert!(!by_rules.is_empty(), "{reports:?}");
    for report in by_rules {
        let note = report["notes"][0].as_str().unwrap_or_default();
        assert!(note.starts_with("Writing the code was done by the built-in rules. The model 'coder'"), "{report}");
    }

    // The store: uploads are refused and say when to try again; jobs wait, and go on when it is back.
    let work = world.begin_work().await;
    block_in_place(|| store.kill());
    tokio::time::sleep(Duration::from_secs(5)).await;
    block_in_place(|| store.begin()).expect("the store again");
    let seen = work.end().await;
    assert!(!seen.refused.is_empty(), "uploads cannot be kept without a store");
    for (status, problem) in &seen.refused {
        assert_eq!((*status, problem["code"].as_str()), (507, Some("storage_unavailable")), "{problem}");
        assert!(problem["advice"].as_str().is_some_and(|advice| !advice.is_empty()), "{problem}");
    }
    all_done(&world.reports(&seen).await);

    let until = Instant::now() + PATIENCE;
    while world.client().get("/readyz").await.0 != 200 {
        assert!(Instant::now() < until, "everything is well again");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
