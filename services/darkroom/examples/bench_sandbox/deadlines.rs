//! Time between a run's deadline and the moment when all of it is dead and told.

use super::Scale;
use super::measure::{millis, quantile};
use super::server::Server;
use super::table::{Limit, Table};
use serde_json::json;
use std::time::Duration;

const SPIN: &str = "import os\nfor _ in range(3): os.fork()\nwhile True: pass";
const LARGE: &str = "import time\nblock = bytearray(1536 << 20)\nfor at in range(0, len(block), 4096): block[at] = 1\nprint('resident', flush=True)\ntime.sleep(100)";

/// The answer comes when everything is dead, so the whole request less the time allowed is the most it took.
pub async fn measure(server: &Server, scale: Scale, table: &mut Table) {
    for (name, code, seconds, runs, most) in
        [("eight spinning processes", SPIN, 1.0, 20, 50.0), ("1.5 GiB resident", LARGE, 4.0, 8, 300.0)]
    {
        let (mut over, mut early) = (Vec::new(), Duration::ZERO);
        for _ in 0..scale.of(runs) {
            server.at_rest().await;
            let answer = server.execute(code, json!({ "timeout_seconds": seconds })).await;
            assert_eq!(answer.body["status"], "timeout", "{}", answer.body);
            if code == LARGE {
                assert_eq!(answer.body["stdout"], "resident\n", "{}", answer.body);
            }
            let allowed = Duration::from_secs_f64(seconds);
            over.push(answer.took.saturating_sub(allowed));
            early = early.max(allowed.saturating_sub(answer.took));
        }
        assert!(early.is_zero(), "a run ended before its time");
        let worst = over.iter().max().map(|time| millis(*time)).unwrap_or_default();
        let note = format!("p50 {:.1} ms", quantile(&over, 0.5));
        table.add(&format!("deadline to all dead, {name}, worst"), worst, "ms", Limit::Most(most), note);
    }
}
