//! `make stack`: all services as programs of their own behind Traefik, on real engines, until it is asked to stop.
//! Everything stands in one temporary folder and is gone afterwards.

use std::process::ExitCode;
use testkit::stack::{Engines, Plan, Stack};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        eprintln!("Signals cannot be handled here.");
        return ExitCode::FAILURE;
    };
    let starting = tokio::task::spawn_blocking(|| -> Result<(Engines, Stack), String> {
        eprintln!("Starting RabbitMQ, PostgreSQL, Redis and an object store ...");
        let engines = Engines::start()?;
        eprintln!("Starting the services ...");
        let stack = Stack::start(&Plan::new()?, &engines.urls("stack"))?;
        Ok((engines, stack))
    });
    let (engines, mut stack) = match starting.await {
        Ok(Ok(started)) => started,
        Ok(Err(why)) => {
            eprintln!("The stack does not start: {why}");
            return ExitCode::FAILURE;
        }
        Err(error) => {
            eprintln!("The stack does not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("Darkroom is ready at {}", stack.url());
    println!("  Certificate authority: {}", stack.ca_certificate().display());
    println!("  Token for programs: {}", stack.token());
    for replica in stack.replicas() {
        println!("  {}: {} (pid {})", replica.name(), replica.url(), replica.pid().unwrap_or_default());
    }
    println!("Stop with Ctrl-C; nothing of it is kept.");
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    let ended = tokio::task::spawn_blocking(move || {
        let well = stack.terminate();
        drop((stack, engines));
        well
    });
    match ended.await {
        Ok(true) => ExitCode::SUCCESS,
        _ => {
            eprintln!("Not every service ended by itself.");
            ExitCode::FAILURE
        }
    }
}
