//! What others notice of runs that take all they can get.

use super::Scale;
use super::measure::{quantile, status_kib};
use super::python::PRINT;
use super::server::Server;
use super::table::{Limit, Table};
use serde_json::json;
use std::time::{Duration, Instant};

const HOG: &str = "import threading\n\ndef spin():\n    while True: sum(range(1000))\n\nfor _ in range(16): threading.Thread(target=spin).start()";
const FLOOD: &str = "import sys\nblock = 'x' * 65536\nfor _ in range(1600): sys.stdout.write(block)";

/// Small runs beside two that use every CPU they are allowed.
pub async fn fairness(server: &Server, scale: Scale, table: &mut Table) {
    server.at_rest().await;
    let idle = small_runs(server, scale.of(200)).await;
    let hogs = || server.execute(HOG, json!({ "timeout_seconds": 20.0 }));
    let work = async {
        // Until both hogs are at full speed.
        tokio::time::sleep(Duration::from_millis(700)).await;
        let begun = Instant::now();
        let beside = small_runs(server, scale.of(200)).await;
        assert!(begun.elapsed() < Duration::from_secs(18), "the hogs were gone before the small runs");
        beside
    };
    let (beside, _, _) = tokio::join!(work, hogs(), hogs());
    let (before, after) = (quantile(&idle, 0.95), quantile(&beside, 0.95));
    let note = format!("{after:.2} against {before:.2} ms idle");
    table.add("print(1) p95 beside two CPU hogs", after / before, "x", Limit::Most(3.0), note);
}

/// With pauses, as somebody who works with it: what is measured is the wait, not the refilling.
async fn small_runs(server: &Server, count: usize) -> Vec<Duration> {
    let mut times = Vec::new();
    for _ in 0..count {
        times.push(server.run(PRINT).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    times
}

/// The service itself while runs print a hundred megabytes each.
pub async fn flood(server: &Server, table: &mut Table) {
    server.at_rest().await;
    let floods = futures::future::join_all((0..8).map(|_| server.execute(FLOOD, json!({}))));
    let watch = async {
        let (mut times, mut most) = (Vec::new(), 0);
        for _ in 0..200 {
            let begun = Instant::now();
            server.get("/livez").await;
            times.push(begun.elapsed());
            most = most.max(status_kib(server.pid(), "VmRSS"));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        (times, most)
    };
    let (answers, (times, most)) = tokio::join!(floods, watch);
    let ended = answers
        .iter()
        .filter(|answer| answer.body["status"] == "ok" || answer.body["status"] == "output_limit")
        .count();
    let note = format!("{ended} of {} floods told as they ended", answers.len());
    table.add("/livez during eight floods, p99", quantile(&times, 0.99), "ms", Limit::Most(10.0), note);
    #[expect(clippy::cast_precision_loss, reason = "mebibytes")]
    let most = most as f64 / 1024.0;
    table.add("the service's memory during floods", most, "MiB", Limit::None, "resident, the most seen");
}
