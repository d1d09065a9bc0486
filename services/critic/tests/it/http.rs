//! `POST /api/v1/reviews`.

use crate::critic;
use actix_web::dev::Service;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{App, HttpMessage, test, web};
use common::OwnerId;
use common::review::{Review, Verdict};
use critic::Critic;
use edge::{Principal, ProblemBody};
use utoipa_actix_web::AppExt;

const JSON: &str = "application/json";

async fn post(critic: &Critic, known: bool, content_type: &str, body: Vec<u8>) -> (StatusCode, Vec<u8>) {
    let app =
        App::new().into_utoipa_app().app_data(web::Data::new(critic.clone())).configure(critic::routes).into_app();
    let app = test::init_service(app).await;
    let request = test::TestRequest::post().uri("/api/v1/reviews").insert_header((CONTENT_TYPE, content_type));
    let request = request.set_payload(body).to_request();
    if known {
        request.extensions_mut().insert(Principal::local(OwnerId::local()));
    }
    let response = app.call(request).await.expect("an answer");
    let status = response.status();
    (status, test::read_body(response).await.to_vec())
}

fn body(code: &str) -> Vec<u8> {
    serde_json::to_vec(&serde_json::json!({ "code": code })).expect("JSON")
}

/// Protects programs that rely on the shape: verdict and findings, also for code that cannot be read.
#[actix_web::test]
async fn reviews_are_answered() {
    let critic = critic().await;
    let huge = "é".repeat(1024 * 1024);
    let cases = [
        ("print(1)\n", Verdict::Pass, None),
        ("import os\nprint(1)\n", Verdict::Warn, Some("F401")),
        ("import os\nos.system('x')\n", Verdict::Block, Some("other-program")),
        ("", Verdict::Block, Some("empty-code")),
        (huge.as_str(), Verdict::Block, Some("code-too-long")),
    ];
    for (code, verdict, rule) in cases {
        let (status, answer) = post(&critic, true, "application/json; charset=utf-8", body(code)).await;
        assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&answer));
        let review: Review = serde_json::from_slice(&answer).expect("a review");
        assert_eq!(review.verdict, verdict, "{:?}", review.findings);
        assert_eq!(review.findings.first().map(|finding| finding.rule.as_str()), rule);
    }
}

/// Protects clients and the server: whoever is unknown and whatever is no request gets a problem with
/// its code, before any tool is asked.
#[actix_web::test]
async fn bad_requests_get_problems() {
    let critic = critic().await;
    let cases = [
        (false, JSON, body("print(1)"), 401, "unauthorized"),
        (true, "text/plain", body("print(1)"), 415, "unsupported_media_type"),
        (true, JSON, b"{".to_vec(), 400, "invalid_json"),
        (true, JSON, b"{}".to_vec(), 400, "invalid_json"),
        (true, JSON, br#"{"code": 3}"#.to_vec(), 400, "invalid_json"),
        (true, JSON, br#"{"code": "x", "extra": 1}"#.to_vec(), 400, "invalid_json"),
        (true, JSON, b"{\"code\": \"\xff\"}".to_vec(), 400, "invalid_json"),
        (true, JSON, body(&"x".repeat(9 * 1024 * 1024)), 413, "payload_too_large"),
    ];
    for (known, content_type, body, status, code) in cases {
        let (got, answer) = post(&critic, known, content_type, body).await;
        let problem: ProblemBody = serde_json::from_slice(&answer).expect("a problem");
        assert_eq!((got.as_u16(), problem.code.as_str()), (status, code));
    }
}

/// Protects the API document: the route is in it with its request, its answer and its problems.
#[actix_web::test]
async fn the_route_is_documented() {
    let (_, api) = App::new().into_utoipa_app().configure(critic::routes).split_for_parts();
    let document = serde_json::to_value(&api).expect("JSON");
    let operation = &document["paths"]["/api/v1/reviews"]["post"];
    let answers: Vec<&str> = operation["responses"].as_object().expect("answers").keys().map(String::as_str).collect();
    assert_eq!(answers, ["200", "400", "401", "413", "415", "503"]);
    assert!(document["components"]["schemas"]["Finding"].is_object());
}
