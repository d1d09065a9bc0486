//! What an owner wants gone, and what is older than it is kept.

use crate::samples::png;
use crate::world::World;
use blob::BlobKey;
use common::picture::PictureSource;
use common::{Caller, OwnerId};
use files::Settings;
use std::time::Duration;

fn caller(name: &str) -> Caller {
    Caller { owner: OwnerId::parse(name).expect("an owner"), pass: None, limits: Default::default(), trace: None }
}

/// Stores a look at each picture that is there, as the sandbox would; their number.
async fn looked_at(world: &World) -> usize {
    let mut looks = 0;
    for name in ["ann", "bob"] {
        for item in world.get(name, "/api/v1/files").await.json()["items"].as_array().expect("items") {
            let key = format!("looks/{}-1.json", item["sha256"].as_str().expect("a digest"));
            world.store.put(&BlobKey::parse(&key).expect("a key"), "{}".into()).await.expect("put");
            looks += 1;
        }
    }
    looks
}

async fn looks(world: &World) -> usize {
    world.store.list(&BlobKey::parse("looks").expect("a key")).await.expect("a list").len()
}

/// Protects whoever leaves, and whoever stays: every row and byte of one person goes, with what was seen in their pictures
/// unless somebody else has the same picture; repeated, it does nothing more.
#[actix_web::test]
async fn everything_of_one_owner_goes() {
    let world = World::new().await;
    for (name, width) in [("ann", 30), ("ann", 31), ("bob", 30)] {
        world.uploaded(name, "a.png", &png(width, 20)).await;
    }
    assert_eq!(looked_at(&world).await, 3);
    assert_eq!(looks(&world).await, 2, "the same picture is looked at once");
    let uploads = world.files.uploads(&caller("ann"), None).await.expect("told");
    assert_eq!(uploads.len(), 2, "{uploads:?}");
    let after = world.files.uploads(&caller("ann"), Some(uploads[0].file_id)).await.expect("told");
    assert_eq!(after, uploads[1..], "a page goes on after the one before");
    for upload in &uploads {
        let key = BlobKey::parse(&upload.original_key).expect("a key");
        assert!(world.store.get(&key, 1 << 20).await.is_ok(), "{upload:?}");
    }

    for _ in 0..2 {
        world.files.erase(&caller("ann")).await.expect("gone");
        assert_eq!(world.get("ann", "/api/v1/files").await.json()["items"], serde_json::json!([]));
        let left = world.keys().await;
        assert!(left.len() == 3 && left.iter().all(|key| key.starts_with("files/bob/")), "{left:?}");
        assert_eq!(looks(&world).await, 1, "bob's picture is the same as one of ann's");
    }
    world.files.erase(&caller("bob")).await.expect("gone");
    world.assert_empty("bob", "all are gone").await;
    assert_eq!(looks(&world).await, 0);
}

/// Protects what people keep, and operators who must not keep it: an upload goes when it is old, not before, and where
/// nothing is said none goes.
#[actix_web::test]
async fn old_uploads_go() {
    for (retention_days, left) in [(None, 1), (Some(1), 1), (Some(0), 0)] {
        let world = World::with(Settings { retention_days, ..Settings::default() }, |store| store).await;
        world.uploaded("ann", "a.png", &png(30, 20)).await;
        // So that it is older than no time at all.
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert_eq!(world.files.remove_old().await, Ok(1 - left), "{retention_days:?}");
        let items = world.get("ann", "/api/v1/files").await.json()["items"].as_array().map(Vec::len);
        assert_eq!((items, world.keys().await.len()), (Some(left), 3 * left), "{retention_days:?}");
    }
}
