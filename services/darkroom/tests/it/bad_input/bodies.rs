//! Bodies far larger than anything that is accepted, sent as a stream.

use super::Scene;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const TWO_GB: u64 = 2 << 30;
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends a head and then bytes, 2 GiB or without an end, until the server takes no more. The answer, and how
/// much had gone out when it came.
async fn flood(scene: &Scene, path: &str, kind: &str, chunked: bool, begin: &[u8]) -> (u16, Value, u64) {
    let (mut reading, mut writing) = tokio::io::split(scene.server.connect().await);
    let length = if chunked { "Transfer-Encoding: chunked".to_owned() } else { format!("Content-Length: {TWO_GB}") };
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {}\r\nContent-Type: {kind}\r\n{length}\r\n\r\n",
        scene.server.token
    );
    let sent = Arc::new(AtomicU64::new(0));
    // More than can be taken within the moment for which the server still listens.
    let most = if chunked { 32 * TWO_GB } else { TWO_GB };
    let (count, begin) = (sent.clone(), begin.to_vec());
    let sending = tokio::spawn(async move {
        let mut piece = begin;
        writing.write_all(head.as_bytes()).await?;
        while count.load(Ordering::Relaxed) < most {
            if chunked {
                writing.write_all(format!("{:x}\r\n", piece.len()).as_bytes()).await?;
            }
            writing.write_all(&piece).await?;
            if chunked {
                writing.write_all(b"\r\n").await?;
            }
            count.fetch_add(piece.len() as u64, Ordering::Relaxed);
            piece.resize(64 << 10, b'x');
            piece.fill(b'x');
        }
        std::io::Result::Ok(())
    });
    let mut answer = Vec::new();
    let answering = async {
        let mut piece = [0; 4096];
        while !answer.ends_with(b"}") {
            match reading.read(&mut piece).await {
                Ok(length) if length > 0 => answer.extend_from_slice(&piece[..length]),
                _ => break,
            }
        }
    };
    tokio::time::timeout(PATIENCE, answering).await.expect("an answer in time");
    let when_answered = sent.load(Ordering::Relaxed);
    // What is still on its way is taken for a moment, so that the answer arrives; then the server closes.
    let sending = tokio::time::timeout(PATIENCE, sending).await.expect("the server closes").expect("no panic");
    assert!(!chunked || sending.is_err(), "{path}: a body without end was taken");
    let text = String::from_utf8_lossy(&answer).into_owned();
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    let json = text.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
    let json = json.get(json.find('{').unwrap_or(0)..=json.rfind('}').unwrap_or(0)).unwrap_or_default();
    (status, serde_json::from_str(json).unwrap_or(Value::String(text)), when_answered)
}

/// A line of the process's status, in bytes.
fn memory(pid: u32, what: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("status");
    let line = status.lines().find_map(|line| line.strip_prefix(what)).expect("a line");
    line.trim_matches(|c: char| !c.is_ascii_digit()).parse::<u64>().expect("a number") << 10
}

/// Protects the server's memory and the caller's time: 2 GB are refused after a small part of them, announced
/// or not, wherever they are sent; little memory is used, and nothing is kept.
#[tokio::test(flavor = "multi_thread")]
async fn two_gigabytes_are_refused_early() {
    let scene = Scene::new(&[]);
    let before = scene.traces().await;
    let pids = scene.server.services();
    for pid in &pids {
        std::fs::write(format!("/proc/{pid}/clear_refs"), "5").expect("the peak counts from here");
    }
    let resident: u64 = pids.iter().map(|pid| memory(*pid, "VmRSS:")).sum();
    let form = "multipart/form-data; boundary=B";
    let part = [
        b"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\r\n".as_slice(),
        &std::fs::read(crate::harness::sample("table.png")).expect("a picture"),
    ]
    .concat();
    let rows = [
        ("/api/v1/executions", "application/json", b"{\"code\": \"".as_slice(), "payload_too_large"),
        ("/api/v1/jobs", "application/json", b"{\"prompt\": \"", "payload_too_large"),
        ("/api/v1/reviews", "application/json", b"{\"code\": \"", "payload_too_large"),
        ("/api/v1/files", form, &part, "file_too_large"),
    ];
    for (path, kind, begin, code) in rows {
        for chunked in [false, true] {
            let (status, problem, sent) = flood(&scene, path, kind, chunked, begin).await;
            let what = format!("{path}, chunked: {chunked}");
            assert_eq!((status, problem["code"].as_str()), (413, Some(code)), "{what}: {problem}");
            assert!(problem["detail"].as_str().is_some_and(|text| text.contains("larger than")), "{problem}");
            assert!(sent < 128 << 20, "{what}: {} MiB were taken", sent >> 20);
        }
    }
    let grown = pids.iter().map(|pid| memory(*pid, "VmHWM:")).sum::<u64>().saturating_sub(resident);
    assert!(grown < 300 << 20, "{} MiB more at the peak", grown >> 20);
    scene.is_as(&before, "floods").await;
}
