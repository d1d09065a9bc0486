//! Every answer has the right status, shape and headers.

use crate::support::{LIMIT, get, post, problem, server};
use reqwest::{Client, Method};
use serde_json::json;

/// Protects invariant 9 (every error has a code of one table): what the framework refuses comes out as
/// a problem.
#[actix_web::test]
async fn framework_errors_are_problems() {
    let server = server();
    let url = "/api/v1/things";
    let body =
        problem(post(&server, url).header("content-type", "application/json").body("{\"name\":"), 400, "invalid_json")
            .await;
    assert!(body["detail"].as_str().is_some_and(|text| text.contains("line 1")), "{body}");
    let body = problem(post(&server, url).json(&json!({"nam": 1})), 400, "invalid_json").await;
    assert!(body["detail"].as_str().is_some_and(|text| text.contains("`name`")), "{body}");
    problem(post(&server, url).header("content-type", "application/json").body(vec![0xff, 0xfe]), 400, "invalid_json")
        .await;
    problem(post(&server, url).body("{}"), 415, "unsupported_media_type").await;
    problem(post(&server, url).header("content-type", "text/plain").body("{}"), 415, "unsupported_media_type").await;
    problem(post(&server, url).json(&json!({"name": "a".repeat(LIMIT)})), 413, "payload_too_large").await;
    let unsized_body =
        reqwest::Body::wrap_stream(futures::stream::iter([Ok::<_, std::io::Error>(vec![b' '; LIMIT + 1])]));
    let chunked = post(&server, url).header("content-type", "application/json").body(unsized_body);
    problem(chunked, 413, "payload_too_large").await;
    problem(get(&server, "/api/v1/things/not-an-id"), 404, "job_not_found").await;
    problem(get(&server, "/nothing"), 404, "not_found").await;
    problem(get(&server, "/api/v1/things/a/b/c"), 404, "not_found").await;
    problem(get(&server, "/api/v1/things/%ff"), 404, "job_not_found").await;
}

/// Protects clients that guess a method: they get 405 with the methods that exist, not 404.
#[actix_web::test]
async fn a_wrong_method_is_told_apart_from_a_wrong_address() {
    let server = server();
    let id = common::JobId::new();
    let cases = [
        ("/api/v1/things".to_owned(), "POST"),
        (format!("/api/v1/things/{id}"), "GET, DELETE"),
        ("/openapi.json".to_owned(), "GET"),
    ];
    for (path, allow) in cases {
        let request = Client::new().request(Method::PATCH, server.url(&path)).bearer_auth("alice");
        let response = request.try_clone().expect("a plain request").send().await.expect("an answer");
        assert_eq!(response.headers()["allow"], allow, "{path}");
        problem(request, 405, "method_not_allowed").await;
    }
}

/// Protects the process: a panic answers 500 without its message, and connection and worker live on.
#[actix_web::test]
async fn a_panic_is_a_problem() {
    let server = server();
    let client = Client::new();
    for _ in 0..8 {
        let body = problem(client.get(server.url("/api/v1/panic")).bearer_auth("alice"), 500, "internal_error").await;
        assert!(!body.to_string().contains("secret"), "{body}");
        let alive = client.get(server.url("/about")).send().await.expect("an answer");
        assert_eq!(alive.text().await.expect("text"), "about");
    }
}

/// Protects invariant 9: neither an internal error nor a bare framework answer shows internal text.
#[actix_web::test]
async fn internal_text_stays_inside() {
    let server = server();
    let body = problem(get(&server, "/fails"), 500, "internal_error").await;
    assert!(!body.to_string().contains("secret"), "{body}");
    let body = problem(get(&server, "/bare"), 503, "not_ready").await;
    assert!(!body.to_string().contains("internal words"), "{body}");
}

/// Protects the way from a complaint to the log: the id is the caller's if plain, and always echoed.
#[actix_web::test]
async fn request_ids_are_echoed() {
    let server = server();
    let id = common::JobId::new();
    let path = format!("/api/v1/things/{id}");
    let response = get(&server, &path).header("x-request-id", "trace-1").send().await.expect("an answer");
    assert_eq!(response.headers()["x-request-id"], "trace-1");
    assert_eq!(response.json::<serde_json::Value>().await.expect("JSON")["request_id"], "trace-1");
    for odd in ["a b", &"x".repeat(65), "\"'<>"] {
        let response = get(&server, &path).header("x-request-id", odd).send().await.expect("an answer");
        let echoed = response.headers()["x-request-id"].to_str().expect("plain text");
        assert!(echoed != odd && echoed.len() == 32, "{echoed}");
    }
}

/// Protects people who open answers in a browser: every answer carries the security headers.
#[actix_web::test]
async fn security_headers_are_on_every_answer() {
    let server = server();
    for path in ["/about", "/healthz", "/openapi.json", "/nothing", "/api/v1/panic"] {
        let response = get(&server, path).send().await.expect("an answer");
        let headers = response.headers();
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
        assert_eq!(headers["x-frame-options"], "DENY", "{path}");
        assert!(
            headers["content-security-policy"].to_str().is_ok_and(|text| text.starts_with("default-src 'none'")),
            "{path}"
        );
    }
}

/// Protects slow links: long answers are compressed for those who ask.
#[actix_web::test]
async fn long_answers_are_compressed() {
    let server = server();
    let response = get(&server, "/api/v1/long").header("accept-encoding", "gzip").send().await.expect("an answer");
    assert_eq!(response.headers()["content-encoding"], "gzip");
    assert!(response.bytes().await.expect("a body").len() < 1000);
    let impossible = get(&server, "/api/v1/long").header("accept-encoding", "identity;q=0, br;q=1, *;q=0");
    problem(impossible, 400, "bad_request").await;
}

/// Protects probes that use HEAD: same status and headers as GET, no body, connection stays usable.
#[actix_web::test]
async fn head_answers_like_get() {
    let server = server();
    let client = Client::new();
    for (path, status) in [("/about", 200), ("/healthz", 200), ("/nothing", 404), ("/api/v1/things", 401)] {
        let response = client.head(server.url(path)).send().await.expect("an answer");
        assert_eq!(response.status().as_u16(), status, "{path}");
        assert!(response.text().await.expect("no body").is_empty());
        assert_eq!(client.get(server.url("/about")).send().await.expect("an answer").status().as_u16(), 200);
    }
}

/// Protects the API document: it is served whole, and names what the routes name.
#[actix_web::test]
async fn the_api_document_is_served() {
    let server = server();
    let api: serde_json::Value =
        get(&server, "/openapi.json").send().await.expect("an answer").json().await.expect("JSON");
    assert!(api["paths"]["/api/v1/things/{id}"]["delete"].is_object(), "{api}");
    assert!(api["components"]["schemas"]["Readiness"].is_object(), "{api}");
    assert!(api["paths"]["/undocumented"].is_null(), "{api}");
}
