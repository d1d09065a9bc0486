//! As many runs as two cores can do: here, and with nsjail and Python started for each.

use super::Scale;
use super::measure::{millis, target};
use super::python::{PLOT, PRINT};
use super::server::Server;
use super::table::{Limit, Table};
use futures::stream::{self, StreamExt};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Runs at a time: one more than cores, so that no core waits for the client.
const AT_A_TIME: usize = 3;
/// A stall: much longer than anything a run of this kind does.
const STALL: Duration = Duration::from_secs(1);

/// Throughput, and stalls in many runs.
pub async fn measure(server: &Server, scale: Scale, table: &mut Table) {
    for (name, code, runs, peer_runs, least) in [("print(1)", PRINT, 2000, 200, 4.0), ("plot", PLOT, 120, 16, 9.0)] {
        server.at_rest().await;
        let ours = ours(server, code, scale.of(runs)).await.0;
        let peer = nsjail_per_run(code, scale.of(peer_runs));
        let note = format!("{ours:.1} against {peer:.1} a second with nsjail for each run");
        table.add(&format!("{name}, sustained, against nsjail"), ours / peer, "x", Limit::Least(least), note);
    }
    let runs = scale.of(20_000);
    let (rate, longest, stalls) = ours(server, PRINT, runs).await;
    let note = format!("in {runs} runs at {rate:.0} a second; the longest took {:.0} ms", millis(longest));
    table.add("stalls of a second or more", stalls, "runs", Limit::Most(0.0), note);
}

/// Runs a second, the longest run, and how many stalled.
async fn ours(server: &Server, code: &str, runs: usize) -> (f64, Duration, f64) {
    let begun = Instant::now();
    let times: Vec<Duration> =
        stream::iter(0..runs).map(|_| server.run(code)).buffer_unordered(AT_A_TIME).collect().await;
    let rate = per_second(runs, begun.elapsed());
    let stalls = times.iter().filter(|time| **time >= STALL).count();
    (rate, times.into_iter().max().unwrap_or_default(), f64::from(u32::try_from(stalls).unwrap_or(u32::MAX)))
}

fn per_second(runs: usize, took: Duration) -> f64 {
    f64::from(u32::try_from(runs).unwrap_or(u32::MAX)) / took.as_secs_f64()
}

/// Runs a second with a fresh nsjail and a fresh Python for each, without HTTP, limits or anything kept.
fn nsjail_per_run(code: &str, runs: usize) -> f64 {
    let (nsjail, python) = (target("tools/bin/nsjail"), target("python"));
    let cache = tempfile::tempdir().expect("a folder");
    // The font list is made once, as a sensible service would.
    jailed(&nsjail, &python, cache.path(), code);
    let (left, begun) = (AtomicUsize::new(runs), Instant::now());
    let worker = || {
        while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
            jailed(&nsjail, &python, cache.path(), code);
        }
    };
    std::thread::scope(|scope| (0..AT_A_TIME).for_each(|_| drop(scope.spawn(worker))));
    per_second(runs, begun.elapsed())
}

fn jailed(nsjail: &Path, python: &Path, cache: &Path, code: &str) {
    let mut command = Command::new(nsjail);
    command.args(["-Mo", "--really_quiet", "--disable_proc", "--time_limit", "60", "--nice_level", "0"]);
    command.args(["--rlimit_as", "hard", "--rlimit_fsize", "256", "--cwd", "/tmp", "-T", "/tmp", "-T", "/dev/shm"]);
    // The environment's interpreter is a link into its own folder or the system's.
    let home = python.join("bin/python3").canonicalize().expect("an interpreter");
    let home = home.parent().and_then(Path::parent).expect("its folder");
    for folder in ["/usr", "/lib", "/lib64", "/bin"].iter().map(Path::new).chain([python, home]) {
        if folder.exists() {
            command.arg("-R").arg(folder);
        }
    }
    command.arg("-B").arg(format!("{}:/cache", cache.display()));
    command.args(["-R", "/dev/null", "-R", "/dev/urandom"]);
    command.args([
        "-E",
        "MPLCONFIGDIR=/cache",
        "-E",
        "MPLBACKEND=Agg",
        "-E",
        "HOME=/tmp",
        "-E",
        "OPENBLAS_NUM_THREADS=2",
    ]);
    command.arg("--").arg(python.join("bin/python3")).args(["-c", code]);
    let output = command.stdin(Stdio::null()).stdout(Stdio::null()).output().expect("nsjail");
    assert!(output.status.success(), "nsjail runs the code: {}", String::from_utf8_lossy(&output.stderr));
}
