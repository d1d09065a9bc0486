//! Everything of a job in one zip.

use crate::harness::{Process, straight};
use blob::BlobKey;
use common::topic::Topic;
use common::wire::{agent_v1, common_v1};
use common::{FileId, OwnerId};
use futures::TryStreamExt;
use jobs_v1::step_event::Outcome;
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::Path;

use common::wire::jobs_v1;

/// Outputs whose names attack, each with its content, and the path under which it must arrive.
const OUTPUTS: &[(&str, &str, &str)] = &[
    ("values.csv", "a,b\n1,2\n", "outputs/values.csv"),
    ("deep/er/notes.txt", "hello", "outputs/deep/er/notes.txt"),
    ("../../escape.txt", "out", "outputs/__/__/escape.txt"),
    ("<b>\u{202e}gnp.exe", "x", "outputs/_b__gnp.exe"),
    ("VALUES.csv", "other", "outputs/VALUES_2.csv"),
];

fn key(index: usize) -> String {
    format!("jobs/out/{index}")
}

fn answers(topic: Topic, think: &agent_v1::Think) -> Option<Outcome> {
    let mut outcome = straight(topic, think)?;
    if let Outcome::Ran(ran) = &mut outcome {
        let output = |(index, (name, content, _)): (usize, &(&str, &str, &str))| common_v1::Output {
            name: (*name).into(),
            media_type: "text/plain".into(),
            bytes: content.len() as u64,
            sha256: "0".repeat(64),
            blob_key: key(index),
        };
        ran.outputs = OUTPUTS.iter().enumerate().map(output).collect();
    }
    Some(outcome)
}

async fn store(folder: &Path, name: &str, content: &[u8]) {
    let blob = blob::connect(&format!("file://{}/blobs", folder.display())).await.expect("blobs");
    blob.put(&BlobKey::parse(name).expect("a key"), content.to_vec().into()).await.expect("put");
}

fn unpacked(zip: Vec<u8>) -> BTreeMap<String, Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).expect("a whole zip");
    let mut files = BTreeMap::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).expect("a file");
        let mut content = Vec::new();
        file.read_to_end(&mut content).expect("its content, with the right check sum");
        let name = file.name().expect("a name").into_owned();
        let inside = file.enclosed_name().is_some_and(|path| path.to_str() == Some(&name));
        assert!(inside, "{name} leaves its folder");
        files.insert(name, content);
    }
    files
}

/// Protects whoever takes a result along: the bundle has everything, byte for byte, under names that stay within their
/// folder; a picture that was deleted since does not spoil it.
#[actix_web::test]
async fn a_bundle_has_everything() {
    let folder = tempfile::tempdir().expect("folder");
    let file = FileId::new();
    let process = Process::start(folder.path(), file, 4, answers).await;
    for (index, (_, content, _)) in OUTPUTS.iter().enumerate() {
        store(folder.path(), &key(index), content.as_bytes()).await;
    }
    store(folder.path(), "files/x/image.png", b"picture").await;
    let id = process.create(file).await;
    process.until_final(id).await;
    let bundle = async || -> Vec<u8> {
        let stream = process.jobs.bundle(&OwnerId::local(), id).await.expect("a bundle");
        stream.try_collect::<Vec<_>>().await.expect("all of it").concat()
    };
    let files = unpacked(bundle().await);
    let at = |path: &str| files.get(&format!("darkroom-{id}/{path}")).map(Vec::as_slice);
    for (_, content, path) in OUTPUTS {
        assert_eq!(at(path), Some(content.as_bytes()), "{path} of {:?}", files.keys());
    }
    assert_eq!(at("code.py"), Some(&b"print(5)"[..]));
    assert_eq!(at("stdout.txt"), Some(&b"5 bars"[..]));
    assert_eq!(at("stderr.txt"), Some(&b""[..]));
    assert_eq!(at("pictures/image.png"), Some(&b"picture"[..]));
    let json = |path: &str| -> serde_json::Value { serde_json::from_slice(at(path).expect(path)).expect("JSON") };
    assert_eq!((&json("report.json")["state"], &json("review.json")["verdict"]), (&"succeeded".into(), &"pass".into()));
    assert!(json("report.json")["outputs"][0]["path"].as_str().is_some_and(|path| path.starts_with("/api/v1/jobs/")));
    assert_eq!(files.len(), OUTPUTS.len() + 6);

    let blob = blob::connect(&format!("file://{}/blobs", folder.path().display())).await.expect("blobs");
    blob.delete(&BlobKey::parse("files/x/image.png").expect("a key")).await.expect("delete");
    assert_eq!(unpacked(bundle().await).len(), files.len() - 1);
    process.end().await;
}

/// Protects against half results that look whole: where an output cannot be read, the stream breaks instead of ending.
#[actix_web::test]
async fn a_broken_bundle_does_not_end_well() {
    let folder = tempfile::tempdir().expect("folder");
    let file = FileId::new();
    let process = Process::start(folder.path(), file, 4, answers).await;
    let id = process.create(file).await;
    process.until_final(id).await;
    let stream = process.jobs.bundle(&OwnerId::local(), id).await.expect("a bundle");
    assert!(stream.try_collect::<Vec<_>>().await.is_err());
    process.end().await;
}

/// Protects memory: of a large output only pieces are held, and the first leaves before the last is read.
#[actix_web::test]
async fn a_large_output_goes_out_in_pieces() {
    let folder = tempfile::tempdir().expect("folder");
    let file = FileId::new();
    let process = Process::start(folder.path(), file, 4, answers).await;
    // Text that does not pack well, so that what is written is about what is read.
    let large: Vec<u8> = (0u64..1 << 20).flat_map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes()).collect();
    for (index, (_, content, _)) in OUTPUTS.iter().enumerate() {
        let content = if index == 0 { large.as_slice() } else { content.as_bytes() };
        store(folder.path(), &key(index), content).await;
    }
    let id = process.create(file).await;
    process.until_final(id).await;
    let stream = process.jobs.bundle(&OwnerId::local(), id).await.expect("a bundle");
    let pieces: Vec<_> = stream.try_collect().await.expect("all of it");
    let longest = pieces.iter().map(bytes::Bytes::len).max().unwrap_or_default();
    assert!(longest < 1 << 20, "a piece has {longest} bytes");
    let files = unpacked(pieces.concat());
    assert!(files.values().any(|content| *content == large));
    process.end().await;
}
