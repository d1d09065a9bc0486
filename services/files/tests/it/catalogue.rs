//! Listing, reading and removing, each for its owner alone.

use crate::samples::png;
use crate::world::World;
use common::ErrorCode;

/// Protects owners from each other (someone else's object answers 404): unknown, foreign and malformed
/// ids get the same answer on every route, and lists hold only one's own.
#[actix_web::test]
async fn others_files_do_not_exist() {
    let world = World::new().await;
    let id = world.uploaded("ann", "a.png", &png(30, 20)).await;
    let unknown = common::FileId::new().to_string();
    let mut bodies = std::collections::BTreeSet::new();
    for id in [id.as_str(), &unknown, "not-an-id", "%2e%2e", "1"] {
        for suffix in ["", "/content", "/thumbnail"] {
            let answer = world.get("bob", &format!("/api/v1/files/{id}{suffix}")).await;
            answer.assert_problem(ErrorCode::FileNotFound, id);
            bodies.insert(answer.text());
        }
        let answer = world.delete("bob", &format!("/api/v1/files/{id}")).await;
        answer.assert_problem(ErrorCode::FileNotFound, id);
        bodies.insert(answer.text());
    }
    assert_eq!(bodies.len(), 1, "the answers do not tell the cases apart: {bodies:?}");
    assert_eq!(world.get("bob", "/api/v1/files").await.json()["items"], serde_json::json!([]));
    assert_eq!(world.get("ann", &format!("/api/v1/files/{id}/content")).await.status, 200);
}

/// Protects people who page through their list: newest first, each file once, also while new ones come
/// and others go.
#[actix_web::test]
async fn paging_is_stable() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(world.uploaded("ann", &format!("{n}.png"), &png(3, 2)).await);
    }
    world.uploaded("bob", "other.png", &png(3, 2)).await;
    ids.reverse();
    let mut seen = Vec::new();
    let mut path = "/api/v1/files?limit=2".to_owned();
    loop {
        let page = world.get("ann", &path).await.json();
        let items = page["items"].as_array().expect("items").clone();
        assert!(!items.is_empty() && items.len() <= 2, "{page}");
        seen.extend(items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/api/v1/files?limit=2&cursor={cursor}");
        // The list changes in between: one comes at the top, one already seen goes.
        world.uploaded("ann", "new.png", &png(3, 2)).await;
        world.delete("ann", &format!("/api/v1/files/{}", seen[0])).await;
    }
    assert_eq!(seen, ids);
    let exact = world.get("bob", "/api/v1/files?limit=1").await.json();
    assert_eq!((exact["items"].as_array().map(Vec::len), &exact["next_cursor"]), (Some(1), &serde_json::Value::Null));
}

/// Protects lists from senseless questions: each gets a problem, none an empty page.
#[actix_web::test]
async fn senseless_pages_are_refused() {
    let world = World::new().await;
    for query in ["limit=0", "limit=101", "cursor=x", "cursor="] {
        let answer = world.get("ann", &format!("/api/v1/files?{query}")).await;
        answer.assert_problem(ErrorCode::InvalidField, query);
    }
    for query in ["limit=-1", "limit=many", "limit=99999999999"] {
        world.get("ann", &format!("/api/v1/files?{query}")).await.assert_problem(ErrorCode::BadRequest, query);
    }
}

/// Protects privacy: a removed file is gone at once, with all its bytes, and only it.
#[actix_web::test]
async fn removed_files_leave_no_bytes() {
    let world = World::new().await;
    let gone = world.uploaded("ann", "a.png", &png(30, 20)).await;
    let kept = world.uploaded("ann", "b.png", &png(30, 20)).await;
    assert_eq!(world.keys().await.len(), 6);
    let answer = world.delete("ann", &format!("/api/v1/files/{gone}")).await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (204, 0));
    let names = ["image.png", "original", "thumbnail.png"];
    assert_eq!(world.keys().await, names.map(|name| format!("files/ann/{kept}/{name}")));
    world.delete("ann", &format!("/api/v1/files/{gone}")).await.assert_problem(ErrorCode::FileNotFound, "again");
    assert_eq!(world.get("ann", &format!("/api/v1/files/{kept}/content")).await.status, 200);
}

/// Protects readiness: it says yes when files can be stored.
#[actix_web::test]
async fn the_check_passes_on_a_working_store() {
    let world = World::new().await;
    assert_eq!(world.files.check().await, Ok(()));
    assert_eq!(world.keys().await, [""; 0]);
}
