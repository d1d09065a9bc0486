//! What one person may do, counted by replicas that know of each other only through what they share.

use crate::harness::{Client, sample};
use reqwest::Method;
use serde_json::json;
use testkit::stack::{Plan, Stack, fresh_urls};
use tokio::task::block_in_place;

/// What refills during the test is less than one of these: a run each 72 s, a KiB each 0.4 s against pictures of 23 KiB.
const RUNS: usize = 50;
const UPLOADS: usize = 9;
const OPEN: usize = 3;

/// How many of so many that are asked for at once are done; the others are refused with the time to wait.
async fn done(client: &Client, asked: usize, make: impl Fn(&Client) -> reqwest::RequestBuilder) -> usize {
    let all = futures::future::join_all((0..asked).map(|_| make(client).send())).await;
    let mut done = 0;
    for answer in all {
        let answer = answer.expect("an answer");
        let (status, wait) = (answer.status().as_u16(), answer.headers().contains_key("retry-after"));
        let said = answer.text().await.expect("text");
        match status {
            200..=202 => done += 1,
            429 => assert!(said.contains("\"limit_reached\"") && wait, "{said}"),
            _ => panic!("{status}: {said}"),
        }
    }
    done
}

/// Protects operators and everybody else at the table: with two replicas of all that count, and of the sandbox, asked at once from all sides,
/// exactly as much is done as one person may do, and not one more. What an owner allows one person goes before the default.
#[tokio::test(flavor = "multi_thread")]
async fn limits_hold_to_the_unit_with_two_gateways() {
    let picture = std::fs::read(sample("table.png")).expect("a picture");
    let bytes = UPLOADS * picture.len().div_ceil(1024) * 1024;
    let plan = Plan::new().expect("the programs").set("LOG", "error");
    let plan = plan.set("USER_OPEN_JOBS", &OPEN.to_string()).set("USER_RUNNING_JOBS", "1");
    let plan = plan.set("USER_RUNS_PER_HOUR", "2").set("USER_UPLOAD_BYTES_PER_DAY", &bytes.to_string());
    let services = ["gateway", "files", "jobs", "sandbox"];
    let plan = services.into_iter().fold(plan, |plan, service| plan.replicas(service, 2));
    let stack = block_in_place(|| Stack::start(&plan, &fresh_urls().expect("the engines"))).expect("a stack");
    let pem = std::fs::read(stack.ca_certificate()).expect("the authority");
    let authority = reqwest::Certificate::from_pem(&pem).expect("a certificate");
    let client = Client::new(stack.url(), stack.token().to_owned(), Some(authority));

    let (_, users) = client.get("/api/v1/users").await;
    let path = format!("/api/v1/users/{}", users[0]["id"].as_str().expect("an id"));
    let more = json!({ "limits": { "runs_per_hour": RUNS } });
    let changed = client.request(Method::PATCH, &path).json(&more).send().await.expect("an answer");
    assert_eq!(changed.status(), 200, "{}", changed.text().await.unwrap_or_default());
    // The other gateway looks again within a second.
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;

    let upload = |client: &Client| {
        let part = reqwest::multipart::Part::bytes(picture.clone()).file_name("table.png");
        let form = reqwest::multipart::Form::new().part("file", part);
        client.request(Method::POST, "/api/v1/files").multipart(form)
    };
    assert_eq!(done(&client, UPLOADS + 6, upload).await, UPLOADS, "uploads");

    let (_, files) = client.get("/api/v1/files").await;
    let job = json!({ "file_ids": [files["items"][0]["id"]], "prompt": "" });
    let create = |client: &Client| client.request(Method::POST, "/api/v1/jobs").json(&job);
    assert_eq!(done(&client, OPEN + 9, create).await, OPEN, "open jobs");

    let run = json!({ "code": "pass" });
    let execute = |client: &Client| client.request(Method::POST, "/api/v1/executions").json(&run);
    let mut ran = 0;
    // A few at a time: the sandbox has a limit of its own to how many wait.
    for _ in 0..(RUNS / 4 + 3) {
        ran += done(&client, 4, execute).await;
    }
    assert_eq!(ran, RUNS, "runs");
    let (_, usage) = client.get("/api/v1/usage").await;
    let meter = usage["allowances"].as_array().and_then(|all| all.iter().find(|one| one["name"] == "runs")).cloned();
    assert_eq!(meter.expect("a meter")["remaining"], 0, "{usage}");
}
