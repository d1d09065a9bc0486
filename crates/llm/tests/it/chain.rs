//! Models in a row, over real connections: the second is asked where the first gives nothing.

use crate::endpoint::{Endpoint, quick};
use crate::request;
use common::ErrorCode;
use llm::{BreakerPolicy, BreakerState, Chain, ErrorKind, Limits, Model, OpenAiModel, RoleName, SharedModel};
use std::sync::Arc;
use std::time::{Duration, Instant};

fn policy() -> BreakerPolicy {
    BreakerPolicy { failures: 3, pause: Duration::from_millis(300), longest_pause: Duration::from_secs(60) }
}

/// A model at a port where nobody listens.
fn nobody() -> SharedModel {
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).unwrap();
    Arc::new(OpenAiModel::new(&format!("http://{free}/v1"), "dead", None, quick()).unwrap())
}

fn chain(first: SharedModel, second: SharedModel) -> Chain {
    Chain::of(first, policy()).then(second, policy())
}

/// Protects a job from its first endpoint, whatever is wrong with it: the second one answers within the
/// limits, and the answer says who gave it and why it was not the first.
#[tokio::test]
async fn the_second_answers_for_the_first() {
    use ErrorCode::{ModelAnswerUnusable, ModelRateLimited, ModelRefused, ModelTimeout, ModelUnavailable};
    let cases = [
        ("dead", ModelUnavailable),
        ("slow", ModelTimeout),
        ("stall", ModelTimeout),
        ("cut-json", ModelAnswerUnusable),
        ("html", ModelUnavailable),
        ("no-choices", ModelAnswerUnusable),
        ("empty", ModelAnswerUnusable),
        ("429-long-after", ModelRateLimited),
        ("quota", ModelRateLimited),
        ("401", ModelRefused),
        ("500", ModelUnavailable),
        ("redirect", ModelUnavailable),
    ];
    for (name, code) in cases {
        let (broken, works) = (Endpoint::start(), Endpoint::start());
        let first = if name == "dead" { nobody() } else { Arc::new(broken.model(name)) };
        let chain = chain(first, Arc::new(works.model("good")));
        let started = Instant::now();
        let reply = chain.complete(request(RoleName::Code, 0, 0, 0)).await.expect(name);
        assert!(started.elapsed() < Duration::from_secs(3), "{name} took {:?}", started.elapsed());
        assert_eq!((reply.model.as_str(), reply.text.as_str()), ("good", "hi"), "{name}");
        let passed: Vec<_> = reply.passed_over.iter().map(|passed| (passed.model.as_str(), passed.code)).collect();
        assert_eq!(passed, [(name, code)]);
        assert!(reply.passed_over[0].why.contains(&format!("'{name}'")), "{}", reply.passed_over[0].why);
        assert!(!reply.passed_over[0].why.contains("sk-"), "{}", reply.passed_over[0].why);
        assert_eq!(works.asked().len(), 1, "{name}");
    }
}

/// Protects money: a call that the first one answers reaches nobody else, and what a useless answer cost is
/// counted with the useful one.
#[tokio::test]
async fn nobody_is_asked_without_need() {
    let (first, second) = (Endpoint::start(), Endpoint::start());
    let chain = chain(Arc::new(first.model("good")), Arc::new(second.model("good")));
    let reply = chain.complete(request(RoleName::Code, 0, 0, 0)).await.unwrap();
    assert!(reply.passed_over.is_empty());
    assert_eq!((first.asked().len(), second.asked().len()), (1, 0));
    let chain = self::chain(Arc::new(first.model("null-content")), Arc::new(second.model("good")));
    let reply = chain.complete(request(RoleName::Code, 0, 0, 0)).await.unwrap();
    assert_eq!((reply.usage.prompt_tokens, reply.usage.completion_tokens), (5 + 11, 6 + 7));
}

/// Protects people who want another model: the second one answers first, and what is known of each endpoint holds in both
/// orders.
#[tokio::test]
async fn the_second_can_be_asked_first() {
    let (first, second) = (Endpoint::start(), Endpoint::start());
    let usual = chain(Arc::new(first.model("good")), Arc::new(second.model("500")));
    let turned = usual.second_first();
    assert_eq!(turned.links().map(|link| link.name()).collect::<Vec<_>>(), ["500", "good"]);
    for _ in 0..4 {
        let reply = turned.complete(request(RoleName::Code, 0, 0, 0)).await.unwrap();
        assert_eq!((reply.model.as_str(), reply.passed_over.len()), ("good", 1));
    }
    let states: Vec<_> = usual.links().map(|link| link.state().breaker).collect();
    assert!(matches!(states[..], [BreakerState::Closed, BreakerState::Open(_)]), "{states:?}");
    let alone = Chain::of(Arc::new(first.model("good")), policy()).second_first();
    assert_eq!(alone.links().count(), 1);
}

/// Protects jobs from paying the same waiting again and again: an endpoint that keeps failing is left alone,
/// tried once after a pause, and asked as before when that works.
#[tokio::test]
async fn a_failing_endpoint_is_left_alone_and_comes_back() {
    let (flaky, works) = (Endpoint::start(), Endpoint::start());
    // Its first nine requests fail: three calls with two repeats each.
    let chain = chain(Arc::new(flaky.model("500-nine")), Arc::new(works.model("good")));
    let ask = || async { chain.complete(request(RoleName::Code, 0, 0, 0)).await.unwrap() };
    for _ in 0..3 {
        assert_eq!(ask().await.model, "good");
    }
    let first = || chain.links().next().unwrap().state();
    assert!(matches!(first().breaker, BreakerState::Open(_)), "{:?}", first());
    assert_eq!(flaky.asked().len(), 9);
    let reply = ask().await;
    assert_eq!((reply.model.as_str(), flaky.asked().len()), ("good", 9), "it is left alone");
    assert!(reply.passed_over[0].why.contains("is not asked for"), "{}", reply.passed_over[0].why);
    tokio::time::sleep(Duration::from_millis(350)).await;
    assert_eq!(ask().await.model, "500-nine", "the probe is answered");
    let state = first();
    assert_eq!((state.breaker, state.calls, state.failures), (BreakerState::Closed, 4, 3));
    assert_eq!(state.usage.prompt_tokens, 11);
    assert!(state.last_latency.is_some() && state.last_answer_at.is_some());
    assert_eq!(state.last_error.unwrap().1.code, ErrorCode::ModelUnavailable);
}

/// Protects a probe from a stopped job: a probe that is dropped leaves the next one free to go.
#[tokio::test]
async fn a_dropped_probe_blocks_nobody() {
    let endpoint = Endpoint::start();
    let short = BreakerPolicy { longest_pause: Duration::from_millis(300), ..policy() };
    let chain = Chain::of(Arc::new(endpoint.model("429-then-slow")), short);
    chain.complete(request(RoleName::Code, 0, 0, 0)).await.unwrap_err();
    tokio::time::sleep(Duration::from_millis(350)).await;
    let call = chain.complete(request(RoleName::Code, 0, 0, 0));
    assert!(tokio::time::timeout(Duration::from_millis(50), call).await.is_err());
    assert_eq!(chain.links().next().unwrap().state().breaker, BreakerState::HalfOpen);
    let error = chain.complete(request(RoleName::Code, 0, 0, 0)).await.unwrap_err();
    assert_eq!((error.kind, error.left_alone), (ErrorKind::Timeout, None), "it was asked");
}

/// Protects a person's next step when nobody answers: one code, and a sentence about each model. An answer
/// that was paid for is what the caller is told of, so that it is stored.
#[tokio::test]
async fn all_failures_are_told() {
    let endpoint = Endpoint::start();
    let chain = chain(nobody(), Arc::new(endpoint.model("401")));
    let failure = chain.complete(request(RoleName::Code, 0, 0, 0)).await.unwrap_err().failure();
    assert_eq!(failure.code, ErrorCode::ModelRefused);
    assert!(failure.detail.contains("'dead' could not") && failure.detail.contains("'401' refused"), "{failure}");
    let chain = self::chain(Arc::new(endpoint.model("null-content")), Arc::new(endpoint.model("401")));
    let error = chain.complete(request(RoleName::Code, 0, 0, 0)).await.unwrap_err();
    assert_eq!((error.kind, error.usage.prompt_tokens), (ErrorKind::BadAnswer, 5));
}

/// Protects the person who has mended something: trying it out asks a model that is left alone, and an answer
/// brings it back.
#[tokio::test]
async fn trying_out_asks_in_any_case() {
    let endpoint = Endpoint::start();
    let chain = Chain::of(Arc::new(endpoint.model("401-once")), policy());
    chain.complete(request(RoleName::Code, 0, 0, 0)).await.unwrap_err();
    let error = chain.complete(request(RoleName::Code, 0, 0, 0)).await.unwrap_err();
    assert!(error.left_alone.is_some(), "a wrong key is enough: {error}");
    assert_eq!(chain.try_out(request(RoleName::Code, 0, 0, 0)).await.unwrap().text, "hi");
    assert_eq!(chain.complete(request(RoleName::Code, 0, 0, 0)).await.unwrap().text, "hi");
}

/// Protects endpoints from checks: however many ask how it is, it is asked once a minute, and a failed check
/// is told as long; a chain is fine when one of its models is.
#[tokio::test]
async fn health_is_asked_once_a_minute() {
    let endpoint = Endpoint::start();
    let at = |path: &str| -> SharedModel {
        let limits = Limits { answered_lately: Duration::ZERO, ..quick() };
        Arc::new(OpenAiModel::new(&endpoint.url.replace("/v1", path), "good", None, limits).unwrap())
    };
    let chain = Chain::of(at("/locked/v1"), policy());
    for _ in 0..5 {
        assert_eq!(chain.check().await.unwrap_err().kind, ErrorKind::Refused);
    }
    assert_eq!(endpoint.checks(), 1);
    assert_eq!(chain.links().next().unwrap().state().last_check.unwrap().1.unwrap().code, ErrorCode::ModelRefused);
    assert!(self::chain(at("/locked/v1"), at("/v1")).check().await.is_ok());
}
