//! All of Darkroom in one process, on embedded defaults: the server `darkroom serve` and the command
//! line around it. The only crate that depends on several services.

pub mod api;
pub mod cli;
mod commands;
mod delivery;
mod exit;
mod printable;
mod progress;
pub mod system;

pub use exit::Exit;

use cli::{Arguments, Command};
use runtime::Environment;
use std::process::ExitCode;

/// Runs a command to its end and gives the exit code of the process.
pub fn main(arguments: Arguments) -> ExitCode {
    let environment = match Environment::read() {
        Ok(environment) => environment,
        Err(error) => {
            eprintln!("{error}");
            return Exit::NotReady.into();
        }
    };
    let filter = match arguments.command {
        // On the command line the answer is what counts; LOG still overrides.
        Command::Serve(_) => environment.settings.log.clone(),
        _ => environment.log_or("error"),
    };
    let telemetry = match runtime::telemetry::start(&environment.settings, &filter, "darkroom") {
        Ok(telemetry) => telemetry,
        Err(error) => {
            eprintln!("LOG or a setting of telemetry cannot be used: {error}");
            return Exit::Usage.into();
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("The operating system gives this program no threads: {error}");
            return Exit::NotReady.into();
        }
    };
    let exit = runtime.block_on(commands::run(arguments.command, environment));
    // Blocking work that is still going on (a file being written for a client that left) is not waited for.
    runtime.shutdown_background();
    telemetry.end();
    exit.into()
}
