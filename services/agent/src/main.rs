//! The agent service as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::service::main("agent", std::env::args(), agent::serve)
}
