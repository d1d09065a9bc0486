//! The gateway service as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::service::main("gateway", std::env::args(), gateway::serve)
}
