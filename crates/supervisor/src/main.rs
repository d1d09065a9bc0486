//! The supervisor's program; see the library.

use std::os::fd::AsFd;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    supervisor::run(&arguments, || std::io::stdin().as_fd().try_clone_to_owned())
}
