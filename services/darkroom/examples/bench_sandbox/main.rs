//! `make bench-sandbox`: the sandbox over HTTP against bare Python, against nsjail started for each run, and
//! against its own limits, all in the same run on the same machine. It prints a table and never fails on a slow day.
//!
//! `bench_sandbox [QUICK] [PART…]`: with `quick` a tenth of the runs; parts are `latency`, `sustained`, `slots`,
//! `deadlines`, `look`, `fairness`, `flood` and `residue`. Without any, all.

mod deadlines;
mod latency;
#[path = "../shared/measure.rs"]
mod measure;
mod neighbours;
#[path = "../shared/python.rs"]
mod python;
mod residue;
mod server;
mod slots;
mod sustained;
mod table;

use server::Server;
use table::Table;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    quick: bool,
}

impl Scale {
    /// So many runs, or a tenth of them.
    pub fn of(self, runs: usize) -> usize {
        if self.quick { (runs / 10).max(3) } else { runs }
    }
}

// One thread: what is measured is the server, not the hops inside the client.
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let scale = Scale { quick: words.iter().any(|word| word == "quick") };
    let parts: Vec<&str> = words.iter().map(String::as_str).filter(|word| *word != "quick").collect();
    let wanted = |part: &str| parts.is_empty() || parts.contains(&part);
    let server = Server::start().await;
    let mut table = Table::default();
    if wanted("slots") {
        slots::measure(&server, &mut table).await;
    }
    if wanted("latency") {
        latency::measure(&server, scale, &mut table).await;
    }
    if wanted("sustained") {
        sustained::measure(&server, scale, &mut table).await;
    }
    if wanted("deadlines") {
        deadlines::measure(&server, scale, &mut table).await;
    }
    if wanted("look") {
        latency::look(&server, scale, &mut table).await;
    }
    if wanted("fairness") {
        neighbours::fairness(&server, scale, &mut table).await;
    }
    if wanted("flood") {
        neighbours::flood(&server, &mut table).await;
    }
    if wanted("residue") {
        residue::measure(&server, scale, &mut table).await;
    }
    println!("\n{table}");
}
