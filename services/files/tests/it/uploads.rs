//! What is taken in, what is refused, and with which words.

use crate::samples::{animated_gif, encoded, picture, png};
use crate::world::{World, form, form_body, part, raw_form};
use actix_web::test::TestRequest;
use common::ErrorCode;
use files::Settings;
use image::ImageFormat;
use sha2::{Digest, Sha256};
use std::path::Path;

/// Protects the promise of the issue: every given file gets the status it is expected to get, and a
/// refused one leaves nothing behind.
#[actix_web::test]
async fn the_given_uploads_get_their_status() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/uploads");
    let Ok(expected) = std::fs::read(folder.join("expected.json")) else {
        eprintln!("SKIPPED the_given_uploads_get_their_status: ../shared/uploads is not here");
        return;
    };
    let expected: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&expected).expect("JSON");
    for (name, row) in &expected {
        let world = World::new().await;
        let bytes = std::fs::read(folder.join(name)).expect("a file");
        let answer = world.upload("ann", name, &bytes).await;
        assert_eq!(Some(u64::from(answer.status.as_u16())), row["expect"].as_u64(), "{name}: {}", answer.text());
        if answer.status == 201 {
            let id = answer.json()["id"].as_str().expect("an id").to_owned();
            let content = world.get("ann", &format!("/api/v1/files/{id}/content")).await;
            let image = image::load_from_memory(&content.body).expect("a PNG");
            assert_eq!(answer.json()["width"], image.width(), "{name}");
            assert_eq!(answer.json()["height"], image.height(), "{name}");
        } else {
            world.assert_empty("ann", name).await;
        }
    }
    assert!(expected.len() >= 19, "the table has shrunk");
}

/// Protects clients: the answer has the documented fields with true values, whatever was declared.
#[actix_web::test]
async fn an_upload_answers_what_it_is() {
    let world = World::new().await;
    let cases = [
        (ImageFormat::Png, "image/png"),
        (ImageFormat::Jpeg, "image/jpeg"),
        (ImageFormat::WebP, "image/webp"),
        (ImageFormat::Gif, "image/gif"),
        (ImageFormat::Bmp, "image/bmp"),
        (ImageFormat::Tiff, "image/tiff"),
    ];
    for (format, media_type) in cases {
        let bytes = encoded(&picture(30, 20), format);
        let answer = world.upload("ann", "../../x/My chart.txt", &bytes).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        let view = answer.json();
        assert_eq!(view["name"], "My chart.txt");
        assert_eq!(view["media_type"], media_type);
        assert_eq!(view["bytes"], bytes.len());
        assert_eq!((&view["width"], &view["height"]), (&30.into(), &20.into()));
        assert_eq!(view["sha256"], hex::encode(Sha256::digest(&bytes)));
        assert_eq!(view["notes"], serde_json::json!([]));
        assert!(view["created_at"].as_str().expect("a time").ends_with('Z'));
        let address = format!("/api/v1/files/{}", view["id"].as_str().expect("an id"));
        assert_eq!(answer.header("location"), address);
        assert_eq!(world.get("ann", &address).await.json(), view);
    }
}

/// Protects honesty: of an animation the first frame is used, and the answer says so.
#[actix_web::test]
async fn animations_say_what_is_used() {
    let world = World::new().await;
    let answer = world.upload("ann", "a.gif", &animated_gif()).await;
    let note = answer.json()["notes"][0].as_str().expect("a note").to_owned();
    assert!(note.contains("first frame"), "{note}");
    let path = format!("/api/v1/files/{}/content", answer.json()["id"].as_str().expect("an id"));
    let image = image::load_from_memory(&world.get("ann", &path).await.body).expect("a PNG").to_rgb8();
    assert_eq!(image.get_pixel(5, 5).0, [255, 0, 0]);
}

/// Protects people with a wrong file or a broken client: each mistake has its own code and leaves nothing.
#[actix_web::test]
async fn wrong_forms_are_told_apart() {
    let world = World::new().await;
    let image = png(30, 20);
    let whole = form_body(&[part("file", Some("a.png"), &image)]);
    let upload = |kind: &'static str| TestRequest::post().uri("/api/v1/files").insert_header(("content-type", kind));
    let two = [part("file", Some("a.png"), &image), part("file", Some("b.png"), &image)];
    let large_other = [part("note", None, &[b'x'; 100_000]), part("file", Some("a.png"), &image)];
    let cases = [
        ("no form", upload("application/json").set_payload("{}"), ErrorCode::MissingFile),
        ("no boundary", upload("multipart/form-data").set_payload(whole.clone()), ErrorCode::MissingFile),
        ("no body type", TestRequest::post().uri("/api/v1/files"), ErrorCode::MissingFile),
        ("no part", form(&[]), ErrorCode::MissingFile),
        ("another part", form(&[part("image", Some("a.png"), &image)]), ErrorCode::MissingFile),
        ("empty", form(&[part("file", Some("a.png"), b"")]), ErrorCode::EmptyFile),
        ("text", form(&[part("file", None, b"hello")]), ErrorCode::UnsupportedMediaType),
        ("pdf", form(&[part("file", Some("a.png"), b"%PDF-1.7\n...")]), ErrorCode::UnsupportedMediaType),
        ("two files", form(&two), ErrorCode::BadRequest),
        ("a large other part", form(&large_other), ErrorCode::PayloadTooLarge),
        ("garbage", raw_form(b"not a form at all".to_vec()), ErrorCode::BadRequest),
    ];
    for (why, request, code) in cases {
        world.call("ann", request).await.assert_problem(code, why);
    }
    let refused = world.call("ann", form(&[part("file", Some("a.png"), b"%PDF-1.7\n")])).await;
    assert!(refused.text().contains("PNG, JPEG, WebP, GIF, BMP or TIFF"), "{}", refused.text());
    world.assert_empty("ann", "nothing of all this is kept").await;
}

/// Protects against half uploads: a body cut anywhere, also behind the image, leaves nothing.
#[actix_web::test]
async fn cut_bodies_leave_nothing() {
    let world = World::new().await;
    let whole = form_body(&[part("file", Some("a.png"), &png(30, 20))]);
    let end_of_image = whole.len() - format!("\r\n--{}--\r\n", crate::world::BOUNDARY).len();
    for length in [50, 200, end_of_image - 10, end_of_image, end_of_image + 5, whole.len() - 6] {
        let answer = world.call("ann", raw_form(whole[..length].to_vec())).await;
        assert_eq!(answer.status, 400, "cut at {length} of {}: {}", whole.len(), answer.text());
        world.assert_empty("ann", &format!("cut at {length}")).await;
    }
}

/// Protects other parts of a form: small ones beside the image do no harm.
#[actix_web::test]
async fn other_parts_are_passed_over() {
    let world = World::new().await;
    let parts = [part("comment", None, b"hi"), part("file", Some("a.png"), &png(30, 20)), part("more", None, b"x")];
    assert_eq!(world.call("ann", form(&parts)).await.status, 201);
}

/// Protects the disk: the byte limit is exact, and an upload over it leaves nothing.
#[actix_web::test]
async fn the_byte_limit_is_exact() {
    let image = png(30, 20);
    let limit = |max_upload_bytes| Settings { max_upload_bytes, ..Settings::default() };
    let world = World::with(limit(image.len() as u64), |store| store).await;
    assert_eq!(world.upload("ann", "a.png", &image).await.status, 201);
    let world = World::with(limit(image.len() as u64 - 1), |store| store).await;
    world.upload("ann", "a.png", &image).await.assert_problem(ErrorCode::FileTooLarge, "one byte over");
    world.assert_empty("ann", "one byte over").await;
}

/// Protects memory: the pixel limit of the settings holds, and the answer says both numbers.
#[actix_web::test]
async fn the_pixel_limit_is_told() {
    let settings = Settings { max_image_pixels: 500_000, ..Settings::default() };
    let world = World::with(settings, |store| store).await;
    let answer = world.upload("ann", "a.png", &png(1000, 700)).await;
    answer.assert_problem(ErrorCode::TooManyPixels, "700,000 pixels");
    assert!(answer.text().contains("1000 x 700") && answer.text().contains("0.5 megapixels"), "{}", answer.text());
    world.assert_empty("ann", "too many pixels").await;
}

/// Protects the command line: an image from memory goes the same way as one over HTTP.
#[actix_web::test]
async fn ingest_is_an_upload() {
    let world = World::new().await;
    let owner = common::OwnerId::local();
    let bytes = png(30, 20);
    let view = world.files.ingest(&owner, "dir/a.png", bytes.clone().into()).await.expect("taken in");
    let read = world.get("local", &format!("/api/v1/files/{}", view.id)).await.json();
    assert_eq!(read, serde_json::to_value(&view).expect("JSON"));
    let refused = world.files.ingest(&owner, "a.pdf", "%PDF-1.7".into()).await.expect_err("no image");
    assert_eq!(refused.code, ErrorCode::UnsupportedMediaType);
}
