//! The sandbox service as a program of its own.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    runtime::service::main("sandbox", std::env::args(), sandbox::serve)
}
