//! The jobs service as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::service::main("jobs", std::env::args(), jobs::serve)
}
