//! The critic service as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::service::main("critic", std::env::args(), critic::serve)
}
