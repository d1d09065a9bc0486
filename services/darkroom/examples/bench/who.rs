//! What knowing the caller adds to a request: the same answer, asked for without and with a credential.

use crate::measure::quantile;
use actix_web::{HttpResponse, get};
use common::limits::Limits;
use edge::testing::TestServer;
use edge::{Principal, PublicRoute, ShellSettings, Site};
use gateway::{Gateway, LocalToken, Settings};
use serde_json::{Value, json};
use shared::MemoryState;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Requests of each kind, interleaved.
const REQUESTS: usize = 2000;
/// Most that it may add, p50, in milliseconds.
const MOST_MS: f64 = 0.3;

#[utoipa::path(tag = "jobs", responses((status = 204)))]
#[get("/bench/open")]
async fn open() -> HttpResponse {
    HttpResponse::NoContent().finish()
}

#[utoipa::path(tag = "jobs", responses((status = 204)))]
#[get("/bench/known")]
async fn known(_who: Principal) -> HttpResponse {
    HttpResponse::NoContent().finish()
}

/// Prints what each kind of credential adds. A caller is looked up in the tables once a second, as always; requests are
/// counted against a limit that is not reached.
pub async fn figures(data: &Path) {
    let data = data.join("who");
    std::fs::create_dir(&data).expect("a folder");
    let token = LocalToken::open_or_create(&data).expect("a token");
    let db = database::connect(&format!("sqlite://{}", data.join("db").display()), "gateway").await.expect("tables");
    let user_limits = Limits { requests_per_minute: Some(1_000_000), ..Limits::default() };
    let settings = Settings { user_limits, ..Settings::default() };
    let gateway = Gateway::open(settings, token.clone(), db, Arc::new(MemoryState::new())).await.expect("a gateway");
    let site = Site::new(gateway.authenticator()).routes(|cfg| {
        cfg.service(open).service(known);
    });
    let site = gateway.mount(site.public(&[PublicRoute::get("/bench/open")]));
    let server = TestServer::start(site, ShellSettings::default());
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let link = http.get(server.url(&gateway.signin_path().await.expect("a link"))).send().await.expect("signed in");
    let cookie = link.headers()["set-cookie"].to_str().expect("text").split(';').next().expect("a pair").to_owned();
    let wanted = json!({ "name": "bench", "scopes": ["jobs:read"] });
    let made = http.post(server.url("/api/v1/keys")).bearer_auth(token.reveal()).json(&wanted).send().await;
    let made: Value = made.expect("an answer").json().await.expect("JSON");
    let key = made["key"].as_str().expect("a key").to_owned();

    let ask = |kind: usize| match kind {
        0 => http.get(server.url("/bench/open")),
        1 => http.get(server.url("/bench/known")).bearer_auth(token.reveal()),
        2 => http.get(server.url("/bench/known")).bearer_auth(&key),
        _ => http.get(server.url("/bench/known")).header("cookie", &cookie),
    };
    let mut times: [Vec<Duration>; 4] = Default::default();
    for _ in 0..REQUESTS {
        for (kind, times) in times.iter_mut().enumerate() {
            let begun = Instant::now();
            let answer = ask(kind).send().await.expect("an answer");
            assert_eq!(answer.status(), 204, "kind {kind}");
            times.push(begun.elapsed());
        }
    }
    let bare = quantile(&times[0], 0.5);
    println!("knowing the caller, added to a request that takes {bare:.2} ms without (p50; limit {MOST_MS} ms)");
    for (name, times) in [("local token", &times[1]), ("API key", &times[2]), ("session", &times[3])] {
        println!("  {name:12} {:6.3} ms", quantile(times, 0.5) - bare);
    }
}
