//! Every way an endpoint can fail, over real connections.

use crate::endpoint::{Endpoint, quick};
use crate::request;
use common::ErrorCode;
use llm::{ErrorKind, Limits, Model, OpenAiModel, RoleName};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// Protects a job's way out: each misbehaviour has its kind, its code, its number of requests, and ends
/// within the limits; the endpoint's words and the key never reach a person.
#[tokio::test]
async fn each_misbehaviour_has_its_kind_and_number_of_requests() {
    use ErrorKind::{BadAnswer, RateLimited, Refused, Timeout, Unavailable};
    let cases = [
        ("null-content", BadAnswer, 1),
        ("no-choices", BadAnswer, 1),
        ("html", Unavailable, 1),
        ("cut-json", BadAnswer, 1),
        ("empty", BadAnswer, 1),
        ("huge", BadAnswer, 1),
        ("cut-body", Unavailable, 3),
        ("stall", Timeout, 1),
        ("slow", Timeout, 1),
        ("429", RateLimited, 3),
        ("429-long-after", RateLimited, 1),
        ("quota", RateLimited, 1),
        ("500", Unavailable, 3),
        ("400-integer-code", Refused, 1),
        ("401", Refused, 1),
        ("404", Refused, 1),
        ("redirect", Unavailable, 1),
    ];
    for (name, kind, requests) in cases {
        let endpoint = Endpoint::start();
        let started = Instant::now();
        let error = endpoint.model(name).complete(request(RoleName::Code, 0, 0, 0)).await.expect_err(name);
        assert_eq!(error.kind, kind, "{name}: {error}");
        assert_eq!(endpoint.asked().len(), requests, "{name}");
        assert!(started.elapsed() < Duration::from_secs(3), "{name} took {:?}", started.elapsed());
        let failure = error.failure();
        assert_eq!(failure.code, kind.code(), "{name}");
        assert!(!failure.detail.contains("sk-") && !failure.detail.contains("boom"), "{}", failure.detail);
    }
}

/// Protects a job from a passing fault: it is repeated, and Retry-After is waited for.
#[tokio::test]
async fn passing_faults_pass() {
    let cases = [("500-twice", 3, 0), ("cut-body-once", 2, 0), ("inner-error-once", 2, 0), ("429-once-after", 2, 1000)];
    for (name, requests, at_least_ms) in cases {
        let endpoint = Endpoint::start();
        let started = Instant::now();
        let reply = endpoint.model(name).complete(request(RoleName::Code, 0, 0, 0)).await.expect(name);
        assert_eq!(reply.text, "hi", "{name}");
        assert_eq!(endpoint.asked().len(), requests, "{name}");
        assert!(started.elapsed() >= Duration::from_millis(at_least_ms), "{name}");
    }
}

/// Protects usage: tokens of an answer without text are counted all the same.
#[tokio::test]
async fn unusable_answers_are_counted() {
    let endpoint = Endpoint::start();
    let error = endpoint.model("null-content").complete(request(RoleName::Code, 0, 0, 0)).await.unwrap_err();
    assert_eq!((error.usage.prompt_tokens, error.usage.completion_tokens), (5, 6));
}

/// Protects from endpoints that are down: refused and dropped connections are repeated, then told.
#[tokio::test]
async fn endpoints_that_are_down_are_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let accepted = tokio::spawn(async move {
        for _ in 0..3 {
            drop(listener.accept().await.unwrap());
        }
    });
    let model = OpenAiModel::new(&url, "m", None, quick()).unwrap();
    let error = model.complete(request(RoleName::Code, 0, 0, 0)).await.unwrap_err();
    assert_eq!((error.kind, error.failure().code), (ErrorKind::Unavailable, ErrorCode::ModelUnavailable));
    accepted.await.unwrap();
    // Now nobody listens at all.
    let error = model.complete(request(RoleName::Code, 0, 0, 0)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(model.check().await.is_err());
}

/// Protects the agent's places: a call ends within its total time whatever the endpoint does.
#[tokio::test]
async fn the_total_time_covers_repeats() {
    let endpoint = Endpoint::start();
    let limits = Limits {
        total_timeout: Duration::from_millis(300),
        retry_delay: Duration::from_secs(5),
        max_retry_after: Duration::from_secs(60),
        ..quick()
    };
    let model = OpenAiModel::new(&endpoint.url, "500", None, limits).unwrap();
    let started = Instant::now();
    let error = model.complete(request(RoleName::Code, 0, 0, 0)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout);
    assert!(started.elapsed() < Duration::from_secs(2));
}

/// Protects readiness: a reachable endpoint is ready even without a list of models; one that is locked
/// or whose backend is down is not; a recent answer is proof enough.
#[tokio::test]
async fn health_is_checked_without_paying() {
    let endpoint = Endpoint::start();
    assert!(endpoint.model("good").check().await.is_ok());
    let other = |path: &str| {
        let url = endpoint.url.replace("/v1", path);
        OpenAiModel::new(&url, "good", None, quick()).unwrap()
    };
    assert_eq!(other("/locked/v1").check().await.unwrap_err().kind, ErrorKind::Refused);
    for path in ["/down/v1", "/lying/v1", "/page/v1"] {
        assert_eq!(other(path).check().await.unwrap_err().kind, ErrorKind::Unavailable, "{path}");
    }
    assert_eq!(endpoint.asked().len(), 0);
    let model = endpoint.model("good");
    model.complete(request(RoleName::Code, 0, 0, 0)).await.unwrap();
    drop(endpoint);
    assert!(model.check().await.is_ok());
}
