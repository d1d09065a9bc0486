//! What streams hold in memory.

use super::{fresh, key, mebibytes, server};
use futures::TryStreamExt;
use std::process::Command;

/// Size of the streamed object in MiB.
const MIB: usize = 64;
/// More memory than that would mean that objects are held whole, in KiB.
const MOST_KIB: u64 = 40 * 1024;

/// Most memory this process has had, in KiB.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Protects small machines: an object that is streamed in and out is never in memory as a whole. The peak of a process
/// tells of all its tests, so this one runs in a process of its own.
#[test]
fn streams_need_little_memory() {
    let this = std::env::current_exe().expect("this program");
    let output = Command::new(this)
        .args(["--exact", "s3::memory::streams_in_and_out", "--nocapture", "--test-threads=1"])
        .env("BLOB_TEST_MEASURES_MEMORY", "1")
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    eprintln!("{said}");
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

/// Measures, where it is alone in its process; elsewhere only that what goes in comes out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_in_and_out() {
    let Some(server) = server("memory of streams").await else { return };
    let store = fresh(&server).await;
    // Whatever is made with the first call is there.
    store.put_stream(&key("warm"), mebibytes(1), u64::MAX).await.expect("put");
    let before = peak_kib();
    store.put_stream(&key("big"), mebibytes(MIB), u64::MAX).await.expect("put");
    let put = peak_kib();
    let (_, body) = store.get_stream(&key("big")).await.expect("get");
    let read = body.try_fold(0, |sum, chunk| async move { Ok(sum + chunk.len()) }).await.expect("read");
    assert_eq!(read, MIB << 20);
    let got = peak_kib();
    eprintln!("a put of {MIB} MiB took {} KiB of memory, the get {} KiB more", put - before, got - put);
    if std::env::var_os("BLOB_TEST_MEASURES_MEMORY").is_some() {
        assert!(got - before < MOST_KIB, "{} KiB", got - before);
    }
}
