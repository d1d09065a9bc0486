//! Trials of the whole stack: `chaos` torments it, `bench` measures it. See each.

mod bench;
#[path = "../shared/caller.rs"]
mod caller;
mod chaos;
mod faults;
#[path = "../shared/measure.rs"]
mod measure;
mod verdict;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let sound = match std::env::args().nth(1).as_deref() {
        Some("chaos") => chaos::run().await,
        Some("bench") => {
            bench::run().await;
            true
        }
        _ => {
            eprintln!("Say 'chaos' or 'bench'.");
            false
        }
    };
    if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
