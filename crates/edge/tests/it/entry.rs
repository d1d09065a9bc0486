//! Who enters.

use crate::support::{OpenStreams, get, problem, server, settings, site};
use actix_web::http::header::HeaderMap;
use async_trait::async_trait;
use common::ErrorCode;
use edge::testing::{TestServer, protected_operations};
use edge::{Authenticator, Principal, Problem, Site};
use reqwest::{Client, Method, header::HeaderValue};
use serde_json::json;
use std::sync::Arc;

/// Protects invariant 5 (whoever enters is known): every documented route but the listed public ones
/// refuses a stranger, whatever the body looks like.
#[actix_web::test]
async fn strangers_reach_only_public_routes() {
    let site = site(&OpenStreams::default());
    let server = TestServer::start(site.clone(), settings());
    let protected = protected_operations(&site.openapi(), site.public_routes());
    assert_eq!(protected.len(), 8, "{protected:?}");
    for (method, path) in protected {
        let method = Method::from_bytes(method.as_str().as_bytes()).expect("a method");
        problem(Client::new().request(method.clone(), server.url(&path)), 401, "unauthorized").await;
        let hostile =
            Client::new().request(method, server.url(&path)).header("content-type", "application/json").body("{");
        problem(hostile.bearer_auth("not plain"), 401, "unauthorized").await;
    }
    for path in ["/about", "/healthz", "/readyz", "/openapi.json"] {
        assert_eq!(
            Client::new().get(server.url(path)).send().await.expect("an answer").status().as_u16(),
            200,
            "{path}"
        );
    }
}

/// Protects routes outside the API document: their signature alone refuses strangers, and an odd
/// spelling of a documented path opens nothing.
#[actix_web::test]
async fn the_signature_protects_too() {
    let server = server();
    problem(Client::new().get(server.url("/undocumented")), 401, "unauthorized").await;
    assert_eq!(get(&server, "/undocumented").send().await.expect("an answer").status().as_u16(), 200);
    let spelled = Client::new().post(server.url("/api/v1/%74hings")).json(&json!({"name": "x"}));
    problem(spelled, 401, "unauthorized").await;
}

/// Protects the server from odd headers: bytes outside ASCII are refused like any wrong token.
#[actix_web::test]
async fn odd_credentials_are_refused() {
    let server = server();
    let odd = HeaderValue::from_bytes(b"Bearer \xc3\xa9\xff").expect("legal on the wire");
    problem(Client::new().get(server.url("/api/v1/long")).header("authorization", odd), 401, "unauthorized").await;
    let response = Client::new().get(server.url("/api/v1/long")).send().await.expect("an answer");
    assert!(response.headers()["www-authenticate"].to_str().is_ok_and(|text| text.starts_with("Bearer")));
}

struct Undecided;

#[async_trait]
impl Authenticator for Undecided {
    async fn authenticate(&self, _: &HeaderMap, _: &str, _: &str) -> Result<Option<Principal>, Problem> {
        Err(Problem::new(ErrorCode::NotReady).retry_after(3))
    }
}

/// Protects callers while identity is down: they are told so, and public routes still answer.
#[actix_web::test]
async fn an_undecided_authenticator_answers_with_its_problem() {
    let site = Site::new(Arc::new(Undecided)).routes(crate::support::routes);
    let server = TestServer::start(site, settings());
    let response = get(&server, "/api/v1/long").send().await.expect("an answer");
    assert_eq!(response.headers()["retry-after"], "3");
    problem(get(&server, "/api/v1/long"), 503, "not_ready").await;
    assert_eq!(get(&server, "/healthz").send().await.expect("an answer").status().as_u16(), 200);
}

/// Protects callers with a stale token and a large body: they read the refusal, not a reset connection.
#[actix_web::test]
async fn a_refused_upload_reads_its_refusal() {
    let server = server();
    let upload = Client::new().post(server.url("/api/v1/things")).body(vec![b'x'; 16 << 20]);
    problem(upload, 401, "unauthorized").await;
}
