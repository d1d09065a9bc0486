//! A full disk under the folder that keeps files: a small memory file system of the server's own.

use crate::bad_input::{EXECUTIONS, assert_problem};
use crate::harness::{PROGRAM, Server, clean, files_below, sample};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

const SIZE: usize = 6 << 20;

/// A command that becomes the program with a small disk at the folder, or `None` where nothing can be mounted.
fn on_small_disk(folder: &Path) -> Option<Command> {
    std::fs::create_dir_all(folder).expect("a folder");
    let mount = format!("mount -t tmpfs -o size={SIZE} tmpfs \"$0\" && exec \"$@\"");
    let alone = || {
        let mut command = clean("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-c", &mount]).arg(folder);
        command
    };
    let tried = alone().arg("true").output();
    match tried {
        Ok(tried) if tried.status.success() => {
            let mut command = alone();
            command.arg(PROGRAM);
            Some(command)
        }
        other => {
            eprintln!("SKIPPED full disk: no file system can be mounted here: {other:?}");
            None
        }
    }
}

/// A run that leaves files of these sizes.
fn leaving(sizes: &[usize]) -> Value {
    let lines = sizes.iter().enumerate();
    let code: String =
        lines.map(|(n, size)| format!("open('/box/out/{n}.bin', 'wb').write(b'x' * {size})\n")).collect();
    json!({ "code": format!("{code}print('ran')") })
}

async fn assert_full(
    server: &Server,
    what: &str,
    answer: (u16, Value),
    kept: &std::collections::BTreeSet<PathBuf>,
    folder: &Path,
) {
    assert_problem(what, &answer, (507, "storage_unavailable", "cannot store"));
    assert_eq!(&files_below(folder), kept, "{what}: something of it is left");
    let (status, answer) = server.post(EXECUTIONS, &json!({ "code": "print(1)" })).await;
    assert_eq!((status, &answer["stdout"]), (200, &json!("1\n")), "{what}: what needs no disk works: {answer}");
}

/// Protects people on a full disk: whoever's files cannot be kept is told so, nothing half is left, what needs no
/// disk works on, nothing that was kept is lost, and with room again everything works.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_and_survived() {
    let data = tempfile::tempdir().expect("data");
    let Some(command) = on_small_disk(&data.path().join("blobs")) else { return };
    let server = Server::start_as(command, data.path(), &[("SANDBOX_READY", "0"), ("SANDBOX_READY_VISION", "0")]);
    // The folder as the server sees it.
    let seen = Path::new("/proc").join(server.pid().to_string()).join("root");
    let folder = seen.join(data.path().strip_prefix("/").expect("absolute")).join("blobs");
    let picture = server.upload(&sample("table.png")).await;
    let (status, first) = server.post(EXECUTIONS, &leaving(&[1 << 20])).await;
    assert_eq!(status, 200, "{first}");
    let kept = files_below(&folder);

    // The first file fits, the second does not.
    let answer = server.post(EXECUTIONS, &leaving(&[3 << 20, 3 << 20])).await;
    assert_full(&server, "two files", answer, &kept, &folder).await;

    let ballast = folder.join("ballast");
    let filled = std::fs::write(&ballast, vec![0; SIZE]).expect_err("full");
    assert_eq!(filled.kind(), std::io::ErrorKind::StorageFull);
    let kept = files_below(&folder);
    let answer = server.post(EXECUTIONS, &leaving(&[1])).await;
    assert_full(&server, "one byte", answer, &kept, &folder).await;
    let stream = server.request(reqwest::Method::POST, EXECUTIONS).header("accept", "text/event-stream");
    let text = stream.json(&leaving(&[9])).send().await.expect("a stream").text().await.expect("its end");
    let last = serde_json::from_str(text.rsplit("data:").next().unwrap_or_default()).expect("JSON");
    assert_full(&server, "followed", (507, last), &kept, &folder).await;
    let upload = server.upload_bytes("a.png", std::fs::read(sample("seeds.png")).expect("a picture")).await;
    assert_full(&server, "an upload", upload, &kept, &folder).await;
    let (status, ready) = server.get("/readyz").await;
    assert_eq!(status, 503, "{ready}");

    std::fs::remove_file(&ballast).expect("room again");
    let link = first["outputs"][0]["path"].as_str().expect("a link");
    let bytes = server.request(reqwest::Method::GET, link).send().await.expect("kept").bytes().await.expect("whole");
    assert_eq!(bytes, vec![b'x'; 1 << 20], "what was kept before is as it was");
    let (status, again) = server.post(EXECUTIONS, &leaving(&[1 << 20])).await;
    assert_eq!((status, again["outputs"].as_array().map(Vec::len)), (200, Some(1)), "{again}");
    let response = server.request(reqwest::Method::GET, &format!("/api/v1/files/{picture}/content")).send().await;
    assert_eq!(response.expect("an answer").status().as_u16(), 200, "the upload of before is there");
    let (status, file) = server.upload_bytes("a.png", std::fs::read(sample("seeds.png")).expect("a picture")).await;
    assert_eq!(status, 201, "{file}");
}
