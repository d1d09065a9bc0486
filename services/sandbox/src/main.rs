//! The sandbox service as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::service::main("sandbox", std::env::args(), sandbox::serve)
}
