//! Looking at pictures.

use crate::bus::Line;
use common::topic::Topic;
use common::wire::jobs_v1::step_event::Outcome;
use common::wire::{common_v1, encode, sandbox_v1};
use common::{FileId, JobId, StepId};
use sha2::{Digest, Sha256};

async fn picture(line: &Line, code: &str) -> common_v1::Picture {
    let mut contents = line.room.execute(crate::support::request(code)).await.contents;
    // A figure brings its data along.
    let picture = contents.iter().position(|content| content.starts_with(b"\x89PNG")).unwrap_or(0);
    let bytes = contents.swap_remove(picture);
    let sha256 = hex::encode(Sha256::digest(&bytes));
    let blob_key = format!("files/{sha256}");
    line.room.blob.put(&blob_key.parse().expect("key"), bytes).await.expect("stored");
    common_v1::Picture { file_id: FileId::new().to_string(), blob_key, sha256, width: 640, height: 480 }
}

fn command(picture: common_v1::Picture) -> Vec<u8> {
    let look = sandbox_v1::Look {
        job_id: JobId::new().to_string(),
        step_id: StepId::new().to_string(),
        picture: Some(picture),
    };
    encode(&look).expect("encoded")
}

const BARS: &str = "import matplotlib.pyplot as plt
plt.bar(['north', 'south', 'east'], [3, 5, 2]); plt.title('Sales by region'); plt.ylabel('units')";

/// Protects the first step of every job: a picture is looked at in the jail once, and the evidence is kept
/// by its content.
#[tokio::test]
async fn a_picture_is_looked_at_once() {
    let mut line = Line::new().await;
    let picture = picture(&line, BARS).await;
    for _ in 0..2 {
        line.send(Topic::SandboxLook, command(picture.clone())).await;
    }
    let mut seen = Vec::new();
    for _ in 0..2 {
        match line.answer().await.1.outcome {
            Some(Outcome::Looked(one)) => seen.push(one),
            other => panic!("not seen: {other:?}"),
        }
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!((seen[0].kind.as_str(), seen[0].title.as_str()), ("bar", "Sales by region"));
    assert!(seen[0].evidence_key.starts_with(&format!("looks/{}-v", picture.sha256)));
    let key = seen[0].evidence_key.parse().expect("key");
    assert!(line.room.blob.head(&key).await.expect("stored").bytes > 100);

    // From the store, without running anything: the picture itself is not needed any more.
    line.room.blob.delete(&picture.blob_key.parse().expect("key")).await.expect("deleted");
    line.send(Topic::SandboxLook, command(picture)).await;
    assert!(matches!(line.answer().await.1.outcome, Some(Outcome::Looked(one)) if one == seen[0]));
}

/// Protects jobs from pictures that break the look: they are told, and a look ahead of time tells nobody.
#[tokio::test]
async fn what_is_no_picture_is_told() {
    let mut line = Line::new().await;
    let broken = picture(&line, "open('/box/out/x', 'wb').write(b'not a picture')").await;
    let ahead = sandbox_v1::Look { picture: Some(broken.clone()), ..Default::default() };
    line.send(Topic::SandboxLook, encode(&ahead).expect("encoded")).await;
    line.send(Topic::SandboxLook, command(broken)).await;
    let (_, event) = line.answer().await;
    assert!(matches!(event.outcome, Some(Outcome::Failure(failure)) if failure.code == "look_failed"));
    line.nothing_more().await;
}

/// Protects the evidence: the look script passes its own tests (kinds, axis fits, table cells) with the
/// packages of the lock file.
#[test]
fn the_look_script_passes_its_tests() {
    let python = crate::support::root().join("target/python/bin/python3");
    let mut command = std::process::Command::new(python);
    command
        .args(["-m", "unittest", "discover", "-s", "tests"])
        .env("PYTHONPATH", ".")
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let done = command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/python")).output().expect("python3 runs");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && said.contains("\nOK"), "{said}");
    assert!(!said.contains("Ran 0 tests"), "{said}");
}
