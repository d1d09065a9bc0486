//! The files service as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::service::main("files", std::env::args(), files::serve)
}
