//! A small site that shows every behaviour of the shell.

use actix_web::web::Json;
use actix_web::{HttpResponse, delete, get, post, web};
use common::JobId;
use edge::sse::{self, Event, LastEventId, Pace};
use edge::testing::{OwnerToken, TestServer};
use edge::{PathId, Principal, Problem, PublicRoute, RequestId, ShellSettings, Site, Stop};
use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use utoipa_actix_web::service_config::ServiceConfig;

/// Limit for whole bodies in these tests, in bytes.
pub const LIMIT: usize = 4096;

/// Event streams that are open now.
#[derive(Clone, Default)]
pub struct OpenStreams(pub Arc<AtomicUsize>);

struct Open(Arc<AtomicUsize>);

impl Open {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A thing.
#[derive(Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Thing {
    name: String,
}

#[utoipa::path(responses((status = 200, body = Thing)))]
#[post("/api/v1/things")]
async fn create(_who: Principal, thing: Json<Thing>) -> Json<Thing> {
    thing
}

// The body comes first on purpose: a stranger must still get 401, not a complaint about the body.
#[utoipa::path(responses((status = 200, body = Thing)))]
#[post("/api/v1/careless")]
async fn careless(thing: Json<Thing>, _who: Principal) -> Json<Thing> {
    thing
}

#[utoipa::path(params(("id" = JobId, Path)), responses((status = 200)))]
#[get("/api/v1/things/{id}")]
async fn read(who: Principal, id: PathId<JobId>, request_id: RequestId) -> HttpResponse {
    HttpResponse::Ok().json(json!({"owner": who.owner, "id": id.0, "request_id": request_id.as_str()}))
}

#[utoipa::path(params(("id" = JobId, Path)), responses((status = 204)))]
#[delete("/api/v1/things/{id}")]
async fn remove(_who: Principal, _id: PathId<JobId>) -> HttpResponse {
    HttpResponse::NoContent().finish()
}

#[utoipa::path(responses((status = 200)))]
#[get("/api/v1/panic")]
async fn panics(_who: Principal) -> HttpResponse {
    panic!("secret inner state");
}

#[utoipa::path(responses((status = 200)))]
#[get("/api/v1/slow")]
async fn slow(_who: Principal) -> &'static str {
    tokio::time::sleep(Duration::from_millis(700)).await;
    "done"
}

#[utoipa::path(responses((status = 200)))]
#[get("/api/v1/long")]
async fn long(_who: Principal) -> String {
    "a long and repetitive answer ".repeat(500)
}

#[utoipa::path(responses((status = 200)))]
#[get("/api/v1/events")]
async fn events(_who: Principal, last: LastEventId, stop: Stop, open: web::Data<OpenStreams>) -> HttpResponse {
    let guard = Open::new(&open.0);
    let start = last.0.map_or(1, |last| last + 1);
    let past = stream::iter(start..=5).map(|n| Event { id: Some(n), name: "step".into(), data: json!({"n": n}) });
    let endless = past.chain(stream::pending()).map(move |event| {
        let _ = &guard;
        event
    });
    let pace = Pace { keep_alive: Duration::from_millis(100), ..Pace::default() };
    sse::respond_at(endless, stop.0, pace)
}

#[utoipa::path(responses((status = 200)))]
#[get("/about")]
async fn about() -> &'static str {
    "about"
}

// Not in the API document: only the signature protects it.
#[get("/undocumented")]
async fn undocumented(_who: Principal) -> &'static str {
    "inside"
}

#[get("/bare")]
async fn bare() -> HttpResponse {
    HttpResponse::ServiceUnavailable().body("internal words")
}

async fn fails() -> Result<HttpResponse, Problem> {
    let cause = std::io::Error::other("/secret/path");
    Err(Problem::internal("a test", &cause))
}

pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(create).service(careless).service(read).service(remove).service(panics).service(slow);
    cfg.service(long).service(events).service(about);
    cfg.map(|cfg| cfg.service(undocumented).service(bare).route("/fails", web::get().to(fails)));
}

pub fn site(open: &OpenStreams) -> Site {
    let open = web::Data::new(open.clone());
    Site::new(Arc::new(OwnerToken)).public(&[PublicRoute::get("/about")]).routes(move |cfg| {
        cfg.app_data(open.clone());
        routes(cfg);
    })
}

pub fn settings() -> ShellSettings {
    ShellSettings { json_limit: LIMIT, shutdown_timeout: Duration::from_secs(5), ..ShellSettings::default() }
}

pub fn server() -> TestServer {
    TestServer::start(site(&OpenStreams::default()), settings())
}

/// A request by the owner `alice`.
pub fn get(server: &TestServer, path: &str) -> reqwest::RequestBuilder {
    reqwest::Client::new().get(server.url(path)).bearer_auth("alice")
}

/// A POST by the owner `alice`.
pub fn post(server: &TestServer, path: &str) -> reqwest::RequestBuilder {
    reqwest::Client::new().post(server.url(path)).bearer_auth("alice")
}

/// Sends, and checks that the answer is a whole problem with this status and code. Gives its body.
pub async fn problem(request: reqwest::RequestBuilder, status: u16, code: &str) -> serde_json::Value {
    let response = request.send().await.expect("an answer");
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_eq!(response.status().as_u16(), status);
    assert!(response.headers().contains_key("x-request-id"));
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    let body: serde_json::Value = response.json().await.expect("a JSON body");
    assert_eq!(body["code"], code, "{body}");
    assert_eq!(body["status"], status, "{body}");
    assert_eq!(body["type"], format!("/docs/errors#{code}"), "{body}");
    for field in ["title", "detail", "advice"] {
        assert!(body[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {body}");
    }
    body
}
