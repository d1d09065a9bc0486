//! The program `darkroom`: everything in one process, and the command line.

use clap::Parser;
use darkroom::cli::Arguments;
use std::process::ExitCode;

fn main() -> ExitCode {
    darkroom::main(Arguments::parse())
}
