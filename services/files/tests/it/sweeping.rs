//! The sweep: what it removes, and above all what it leaves.

use crate::samples::png;
use crate::world::World;
use blob::BlobKey;
use common::FileId;
use files::GRACE;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

async fn put(world: &World, key: &str) {
    let key = BlobKey::parse(key).expect("a key");
    world.store.put(&key, "x".into()).await.expect("put");
}

/// Protects files and strangers: only blobs of uploads without a row go, and never those of an upload
/// that may still be under way.
#[actix_web::test]
async fn only_abandoned_uploads_go() {
    let world = World::new().await;
    let kept = world.uploaded("ann", "a.png", &png(30, 20)).await;
    let young = FileId::new();
    // An id of the year 2020.
    let old = FileId(uuid::Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, 1_600_000_000, 0)));
    for key in [
        format!("files/bob/{young}/original"),
        format!("files/bob/{old}/original"),
        format!("files/bob/{old}/image.png"),
    ] {
        put(&world, &key).await;
    }
    let strangers = ["files/readme.txt", "files/bob/not-an-id/original", "jobs/local/1/out.png"];
    for key in strangers {
        put(&world, key).await;
    }
    assert_eq!(world.files.sweep(GRACE).await, Ok(1));
    let left = world.keys().await;
    let expected = [kept.as_str(), kept.as_str(), kept.as_str(), &young.to_string(), "not-an-id", "readme.txt"];
    assert_eq!(left.len(), expected.len(), "{left:?}");
    for (key, part) in left.iter().zip(expected) {
        assert!(key.contains(part), "{key} where {part} was expected");
    }
    assert_eq!(world.files.sweep(GRACE).await, Ok(0));
    assert_eq!(world.get("ann", &format!("/api/v1/files/{kept}/content")).await.status, 200);
}

/// Protects the disk over restarts: starting the service sweeps, and stopping it ends the sweeping.
#[actix_web::test]
async fn starting_sweeps_and_stopping_ends() {
    let world = World::new().await;
    let old = FileId(uuid::Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, 1_600_000_000, 0)));
    put(&world, &format!("files/bob/{old}/original")).await;
    let stop = CancellationToken::new();
    let sweeping = world.files.start(stop.clone());
    for _ in 0..500 {
        if world.keys().await.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(world.keys().await, [""; 0]);
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(5), sweeping).await.expect("in time").expect("ended well");
}
