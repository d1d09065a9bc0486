//! The routes: status codes, shapes, and other people's jobs.

use crate::harness::{Process, straight};
use actix_web::dev::Service as _;
use actix_web::http::StatusCode;
use actix_web::{App, HttpMessage, test, web};
use common::{FileId, OwnerId};
use edge::Principal;
use serde_json::{Value, json};
use utoipa_actix_web::AppExt;

/// Answers status and JSON of one request as the given owner.
pub async fn ask(process: &Process, owner: &str, request: test::TestRequest) -> (StatusCode, Value) {
    let principal = Principal::local(OwnerId::parse(owner).expect("owner"));
    let app = App::new()
        .wrap_fn(move |request, service| {
            request.extensions_mut().insert(principal.clone());
            service.call(request)
        })
        .into_utoipa_app()
        .app_data(web::Data::new(process.jobs.clone()))
        .configure(jobs::routes)
        .into_app();
    let app = test::init_service(app).await;
    let response = test::call_service(&app, request.to_request()).await;
    let status = response.status();
    let body = test::read_body(response).await;
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

/// Protects other people's jobs: every route answers 404 for them, exactly as for a job that never was.
#[actix_web::test]
async fn someone_elses_job_does_not_exist() {
    let folder = tempfile::tempdir().expect("folder");
    let file = FileId::new();
    let process = Process::start(folder.path(), file, 4, straight).await;
    let id = process.create(file).await;
    process.until_final(id).await;
    let own = ask(&process, "local", test::TestRequest::get().uri(&format!("/api/v1/jobs/{id}"))).await;
    assert_eq!((own.0, own.1["state"].as_str()), (StatusCode::OK, Some("succeeded")));
    let get = |uri: String| test::TestRequest::get().uri(&uri);
    let post = |uri: String| test::TestRequest::post().uri(&uri);
    for target in [id.to_string(), common::JobId::new().to_string(), "nonsense".to_owned()] {
        let requests = [
            get(format!("/api/v1/jobs/{target}")),
            get(format!("/api/v1/jobs/{target}/results")),
            get(format!("/api/v1/jobs/{target}/events")),
            get(format!("/api/v1/jobs/{target}/outputs/values.csv")),
            get(format!("/api/v1/jobs/{target}/bundle")),
            post(format!("/api/v1/jobs/{target}/cancel")),
            post(format!("/api/v1/jobs/{target}/retry")),
            test::TestRequest::delete().uri(&format!("/api/v1/jobs/{target}")),
        ];
        for request in requests {
            let (status, problem) = ask(&process, "stranger", request).await;
            assert_eq!((status, problem["code"].as_str()), (StatusCode::NOT_FOUND, Some("job_not_found")));
        }
    }
    let (_, page) = ask(&process, "stranger", get("/api/v1/jobs".into())).await;
    assert_eq!(page["items"], json!([]));
    process.end().await;
}

/// Protects API callers: creating answers 202 with a place to look, and each bad request its own code.
#[actix_web::test]
async fn creating_answers_with_codes() {
    let folder = tempfile::tempdir().expect("folder");
    let file = FileId::new();
    let process = Process::start(folder.path(), file, 4, straight).await;
    let rows = [
        (json!({ "file_ids": [file] }), 202, None),
        (json!({ "file_ids": [file], "prompt": "count", "options": { "max_repairs": 0 } }), 202, None),
        (json!({ "file_ids": [FileId::new()] }), 404, Some("file_not_found")),
        (json!({ "file_ids": [] }), 422, Some("invalid_field")),
        (json!({ "file_ids": [file], "prompt": "x".repeat(100_000) }), 422, Some("prompt_too_long")),
        (json!({ "file_ids": [file], "options": { "run_timeout_seconds": 0 } }), 422, Some("invalid_field")),
    ];
    for (body, status, code) in rows {
        let request = test::TestRequest::post().uri("/api/v1/jobs").set_json(&body);
        let (got, answer) = ask(&process, "local", request).await;
        assert_eq!((got.as_u16(), answer["code"].as_str()), (status, code), "{answer}");
    }
    process.end().await;
}

/// Protects lists: pages follow each other without gaps or repeats, newest first, and filter by state.
#[actix_web::test]
async fn lists_are_paged() {
    let folder = tempfile::tempdir().expect("folder");
    let file = FileId::new();
    let process = Process::start(folder.path(), file, 4, straight).await;
    let mut made = Vec::new();
    for _ in 0..5 {
        let id = process.create(file).await;
        process.until_final(id).await;
        made.push(id.to_string());
    }
    let mut seen = Vec::new();
    let mut uri = "/api/v1/jobs?limit=2&state=succeeded".to_owned();
    loop {
        let (status, page) = ask(&process, "local", test::TestRequest::get().uri(&uri)).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        seen.extend(
            page["items"].as_array().expect("items").iter().map(|job| job["id"].as_str().unwrap_or("").to_owned()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        uri = format!("/api/v1/jobs?limit=2&state=succeeded&cursor={cursor}");
    }
    made.reverse();
    assert_eq!(seen, made);
    let (_, none) = ask(&process, "local", test::TestRequest::get().uri("/api/v1/jobs?state=failed")).await;
    assert_eq!(none["items"], json!([]));
    process.end().await;
}

/// Protects whoever looks for an old job: all words must be there, in the prompt, the name of the picture or what was found,
/// whatever their case; marks of patterns are letters; other people's jobs are never found; pages go on as without a search.
#[actix_web::test]
async fn lists_are_searched() {
    let folder = tempfile::tempdir().expect("folder");
    let file = FileId::new();
    let process = Process::start(folder.path(), file, 4, straight).await;
    let mut made = Vec::new();
    for prompt in ["Sales of 2019", "ÜBER alles, 100% of it", "sales again"] {
        let body = json!({ "file_ids": [file], "prompt": prompt });
        let (_, job) = ask(&process, "local", test::TestRequest::post().uri("/api/v1/jobs").set_json(&body)).await;
        let id = job["id"].as_str().expect("an id").to_owned();
        process.until_final(id.parse().expect("a job's id")).await;
        made.push(id);
    }
    let found = |answer: &Value| -> Vec<usize> {
        let ids = answer["items"].as_array().expect("items").iter().map(|job| job["id"].as_str().unwrap_or(""));
        ids.map(|id| made.iter().position(|one| one == id).expect("one of these")).collect()
    };
    let get = |query: &str| test::TestRequest::get().uri(&format!("/api/v1/jobs?{query}"));
    let rows: [(&str, &[usize]); 10] = [
        ("q=sales", &[2, 0]),
        ("q=SALES%20AGAIN", &[2]),
        ("q=%C3%BCber", &[1]),
        ("q=100%25", &[2, 1, 0]),
        ("q=99%25", &[]),
        ("q=summer_100", &[2, 1, 0]),
        ("q=summer-100", &[]),
        ("q=sales&state=failed", &[]),
        ("q=%20%20", &[2, 1, 0]),
        ("q=%00sales", &[2, 0]),
    ];
    for (query, expected) in rows {
        let (status, answer) = ask(&process, "local", get(query)).await;
        assert_eq!((status, found(&answer).as_slice()), (StatusCode::OK, expected), "{query}");
    }
    let (_, first) = ask(&process, "local", get("q=sales&limit=1")).await;
    let cursor = first["next_cursor"].as_str().expect("a second page");
    let (_, second) = ask(&process, "local", get(&format!("q=sales&limit=1&cursor={cursor}"))).await;
    assert_eq!((found(&first), found(&second), &second["next_cursor"]), (vec![2], vec![0], &Value::Null));
    let (_, none) = ask(&process, "stranger", get("q=sales")).await;
    assert_eq!(none["items"], json!([]));
    let (status, problem) = ask(&process, "local", get(&format!("q={}", "x".repeat(201)))).await;
    assert_eq!((status.as_u16(), problem["code"].as_str()), (422, Some("invalid_field")));
    process.end().await;
}
