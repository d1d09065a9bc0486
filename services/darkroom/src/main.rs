//! The program `darkroom`: everything in one process, and the command line.

use clap::Parser;
use darkroom::cli::Arguments;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    darkroom::main(Arguments::parse())
}
