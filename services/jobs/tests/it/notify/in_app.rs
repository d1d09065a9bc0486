//! Notifications in the app.

use super::{get, no_model, send, settings, started};
use crate::harness::straight;
use crate::http::ask;
use actix_web::test::TestRequest;
use common::topic::Topic;
use common::{FileId, OwnerId};
use serde_json::json;

/// Protects people from not hearing and from hearing twice: each end is told once, although every answer comes twice, with
/// the reason and all that can be done; what they stopped themselves is not told.
#[actix_web::test]
async fn every_end_is_told_once() {
    let (folder, file) = (tempfile::tempdir().expect("folder"), FileId::new());
    let process = started(folder.path(), file, settings(None), no_model).await;
    let failed = process.create(file).await;
    process.until_final(failed).await;
    let page = get(&process, "").await;
    assert_eq!((page["unread"].as_u64(), page["items"].as_array().map(Vec::len)), (Some(1), Some(1)), "{page}");
    let told = &page["items"][0];
    assert_eq!((&told["kind"], &told["job_id"]), (&json!("job_failed"), &json!(failed)));
    assert_eq!((&told["code"], &told["title"]), (&json!("model_unavailable"), &json!("Your job has failed.")));
    assert!(told["text"].as_str().is_some_and(|text| text.contains("The model is away")), "{told}");
    let options: Vec<_> =
        told["options"].as_array().expect("options").iter().map(|one| one["option"].clone()).collect();
    assert_eq!(json!(options), json!(["other_model", "retry", "raise_limit", "edit_code", "hint"]));
    process.end().await;

    // The same tables, by another process: nothing is told again, and a success is told without options.
    let process = started(folder.path(), file, settings(None), straight).await;
    let good = process.create(file).await;
    process.until_final(good).await;
    let page = get(&process, "?limit=1").await;
    assert_eq!((page["unread"].as_u64(), &page["items"][0]["kind"]), (Some(2), &json!("job_succeeded")), "{page}");
    assert_eq!(page["items"][0]["options"], json!([]));
    let next = get(&process, &format!("?cursor={}", page["next_cursor"].as_str().expect("a cursor"))).await;
    assert_eq!((&next["items"][0]["job_id"], &next["next_cursor"]), (&json!(failed), &json!(null)));
    process.end().await;

    let process = started(folder.path(), file, settings(None), |topic, think: &_| match topic {
        Topic::AgentThink => None,
        _ => straight(topic, think),
    })
    .await;
    let stopped = process.create(file).await;
    process.jobs.cancel(&OwnerId::local(), stopped).await.expect("stopped");
    assert_eq!(get(&process, "").await["unread"].as_u64(), Some(2), "who stops a job knows it");
    process.end().await;
}

/// Protects other people's notifications, and those one has not seen: reading takes only one's own and only those named;
/// with the job goes what was told of it.
#[actix_web::test]
async fn reading_takes_what_is_named_and_ones_own() {
    let (folder, file) = (tempfile::tempdir().expect("folder"), FileId::new());
    let process = started(folder.path(), file, settings(None), straight).await;
    for _ in 0..3 {
        let id = process.create(file).await;
        process.until_final(id).await;
    }
    let items = get(&process, "").await["items"].clone();
    let first = json!({ "ids": [items[0]["id"]] });
    let strangers = ask(&process, "stranger", TestRequest::get().uri("/api/v1/notifications")).await.1;
    assert_eq!((strangers["items"].clone(), strangers["unread"].as_u64()), (json!([]), Some(0)));
    let read = TestRequest::post().uri("/api/v1/notifications/read");
    assert_eq!(ask(&process, "stranger", read.set_json(&first)).await.1, json!({ "unread": 0 }));
    assert_eq!(get(&process, "").await["unread"].as_u64(), Some(3), "a stranger read nothing");
    assert_eq!(send(&process, TestRequest::post(), "/read", first.clone()).await, (200, json!({ "unread": 2 })));
    let unread = get(&process, "?unread=true").await["items"].clone();
    assert_eq!(unread, json!([items[1], items[2]]));
    let id = items[1]["job_id"].as_str().and_then(|id| id.parse().ok()).expect("a job");
    process.jobs.delete(&OwnerId::local(), id).await.expect("deleted");
    assert_eq!(get(&process, "?unread=true").await["items"], json!([items[2]]));
    assert_eq!(send(&process, TestRequest::post(), "/read", json!({})).await, (200, json!({ "unread": 0 })));
    let (status, problem) = ask(&process, "local", TestRequest::get().uri("/api/v1/notifications?cursor=x")).await;
    assert_eq!((status.as_u16(), &problem["code"]), (400, &json!("bad_request")));
    process.end().await;
}
