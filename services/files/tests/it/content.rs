//! What is served and handed on: upright, without metadata, small where asked.

use crate::samples::{SECRET, png, rotated_jpeg};
use crate::world::World;
use actix_web::test::TestRequest;
use common::picture::{PictureRef, PictureSource};
use common::topic::Topic;
use common::wire::{decode, sandbox_v1};
use common::{Caller, ErrorCode, FileId, OwnerId};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::time::Duration;

/// Protects privacy and analysis: a photo taken sideways is served upright and without its metadata.
#[actix_web::test]
async fn pictures_are_upright_and_bare() {
    let world = World::new().await;
    let upload = rotated_jpeg();
    assert!(upload.windows(SECRET.len()).any(|bytes| bytes == SECRET), "the sample carries a secret");
    let answer = world.upload("ann", "photo.jpg", &upload).await.json();
    assert_eq!((&answer["width"], &answer["height"]), (&20.into(), &40.into()));
    let base = format!("/api/v1/files/{}", answer["id"].as_str().expect("an id"));
    for path in ["content", "thumbnail"] {
        let served = world.get("ann", &format!("{base}/{path}")).await;
        assert!(!served.body.windows(SECRET.len()).any(|bytes| bytes == SECRET), "{path}");
        assert_eq!(chunk_kinds(&served.body), ["IHDR", "IDAT", "IEND"], "{path}");
        let image = image::load_from_memory(&served.body).expect("a PNG").to_rgb8();
        let ([top, _, _], [_, _, bottom]) = (image.get_pixel(10, 5).0, image.get_pixel(10, 35).0);
        assert!(top > 200 && bottom > 200, "{path}: red above blue");
    }
}

/// The kinds of the chunks of a PNG, neighbours of one kind once.
fn chunk_kinds(png: &[u8]) -> Vec<String> {
    let mut kinds = Vec::new();
    let mut at = 8;
    while at < png.len() {
        let length = u32::from_be_bytes(png[at..at + 4].try_into().expect("four bytes")) as usize;
        kinds.push(String::from_utf8_lossy(&png[at + 4..at + 8]).into_owned());
        at += 12 + length;
    }
    kinds.dedup();
    kinds
}

/// Protects the given photo: its upright size, and none of its metadata in what is served.
#[actix_web::test]
async fn the_given_rotated_photo_is_upright() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/uploads/exif_rotated.jpg");
    let Ok(bytes) = std::fs::read(path) else {
        eprintln!("SKIPPED the_given_rotated_photo_is_upright: ../shared/uploads is not here");
        return;
    };
    let stored = image::load_from_memory(&bytes).expect("a JPEG");
    let world = World::new().await;
    let answer = world.upload("ann", "exif_rotated.jpg", &bytes).await.json();
    assert_eq!((&answer["width"], &answer["height"]), (&stored.height().into(), &stored.width().into()));
    let served = world.get("ann", &format!("/api/v1/files/{}/content", answer["id"].as_str().expect("an id"))).await;
    assert_eq!(chunk_kinds(&served.body), ["IHDR", "IDAT", "IEND"]);
}

/// Protects browsers and caches: what is served is typed, cannot become a page, is kept only by its
/// owner, and is not sent again to who has it.
#[actix_web::test]
async fn pictures_are_served_safely() {
    let world = World::new().await;
    let id = world.uploaded("ann", "a.png", &png(30, 20)).await;
    let mut tags = Vec::new();
    for path in ["content", "thumbnail"] {
        let path = format!("/api/v1/files/{id}/{path}");
        let served = world.get("ann", &path).await;
        assert_eq!(served.status, 200);
        assert_eq!(served.header("content-type"), "image/png");
        assert_eq!(served.header("x-content-type-options"), "nosniff");
        assert!(served.header("content-security-policy").contains("sandbox"));
        assert_eq!(served.header("cache-control"), "private, max-age=31536000, immutable");
        let tag = served.header("etag").to_owned();
        let again =
            world.call("ann", TestRequest::get().uri(&path).insert_header(("if-none-match", tag.clone()))).await;
        assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
        let other = world.call("ann", TestRequest::get().uri(&path).insert_header(("if-none-match", "\"x\""))).await;
        assert_eq!(other.status, 200);
        tags.push(tag);
    }
    assert_ne!(tags[0], tags[1], "the two pictures are told apart");
}

/// Protects pages with many pictures: thumbnails fit 320 pixels, keep their shape, and never grow.
#[actix_web::test]
async fn thumbnails_fit() {
    let world = World::new().await;
    let cases = [((640, 200), (320, 100)), ((200, 640), (100, 320)), ((3000, 1500), (320, 160)), ((30, 20), (30, 20))];
    for (size, expected) in cases.into_iter().chain([((4000, 2), (320, 1)), ((1, 1), (1, 1)), ((320, 320), (320, 320))])
    {
        let id = world.uploaded("ann", "a.png", &png(size.0, size.1)).await;
        let served = world.get("ann", &format!("/api/v1/files/{id}/thumbnail")).await;
        let image = image::load_from_memory(&served.body).expect("a PNG");
        assert_eq!((image.width(), image.height()), expected, "{size:?}");
    }
}

/// Protects the workers: the reference jobs get names exactly the PNG that is served, with its hash.
#[actix_web::test]
async fn references_name_the_served_picture() {
    let world = World::new().await;
    let id: FileId = world.uploaded("ann", "photo.jpg", &rotated_jpeg()).await.parse().expect("an id");
    let (ann, bob) = (OwnerId::parse("ann").expect("owner"), OwnerId::parse("bob").expect("owner"));
    let reference = world.files.picture(&Caller::from(&ann), id).await.expect("a reference");
    let served = world.get("ann", &format!("/api/v1/files/{id}/content")).await.body;
    let key = blob::BlobKey::parse(&reference.blob_key).expect("a key");
    assert_eq!(world.store.get(&key, 1 << 20).await.expect("bytes"), served);
    assert_eq!(reference.sha256, hex::encode(Sha256::digest(&served)));
    assert_eq!((reference.file_id, reference.width, reference.height), (id, 20, 40));
    let refused = world.files.picture(&Caller::from(&bob), id).await.expect_err("someone else's");
    assert_eq!(refused.code, ErrorCode::FileNotFound);
}

/// Protects the speed of first jobs: an upload asks for a look that nobody waits for.
#[actix_web::test]
async fn an_upload_asks_for_a_look() {
    let world = World::new().await;
    let id: FileId = world.uploaded("ann", "a.png", &png(30, 20)).await.parse().expect("an id");
    let mut looks = world.bus.consume(Topic::SandboxLook, 1).await.expect("consume");
    let delivery = tokio::time::timeout(Duration::from_secs(5), looks.next()).await.expect("in time").expect("open");
    let look: sandbox_v1::Look = decode(&delivery.message().payload).expect("a look");
    assert_eq!((look.job_id.as_str(), look.step_id.as_str()), ("", ""));
    let picture = PictureRef::try_from(look.picture.expect("a picture")).expect("a reference");
    let ann = OwnerId::parse("ann").expect("owner");
    // Workers are not told the name.
    assert_eq!(picture.name, "");
    let known = world.files.picture(&Caller::from(&ann), id).await.expect("a reference");
    assert_eq!(PictureRef { name: "a.png".to_owned(), ..picture }, known);
}

/// Protects uploads from the bus: they succeed although no look can be asked for.
#[actix_web::test]
async fn a_closed_bus_fails_no_upload() {
    let world = World::new().await;
    world.bus.close().await;
    world.uploaded("ann", "a.png", &png(30, 20)).await;
}
