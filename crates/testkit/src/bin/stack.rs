//! `make stack`: all services as programs of their own behind Traefik, on real engines, until it is asked to stop.
//! Everything stands in one temporary folder and is gone afterwards. Arguments are settings of all services, such as
//! `CODE_MODEL_URL=http://127.0.0.1:9000/v1`; SIGUSR1 kills all services without a warning and starts them again.

use std::process::ExitCode;
use testkit::stack::{Engines, Plan, Stack};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> ExitCode {
    let [Ok(mut interrupt), Ok(mut terminate), Ok(mut crash)] =
        [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::user_defined1()].map(signal)
    else {
        eprintln!("Signals cannot be handled here.");
        return ExitCode::FAILURE;
    };
    let mut settings = Vec::new();
    for argument in std::env::args().skip(1) {
        let Some((name, value)) = argument.split_once('=') else {
            eprintln!("'{argument}' is not NAME=value, a setting of all services.");
            return ExitCode::FAILURE;
        };
        settings.push((name.to_owned(), value.to_owned()));
    }
    let starting = tokio::task::spawn_blocking(move || -> Result<(Engines, Stack), String> {
        eprintln!("Starting RabbitMQ, PostgreSQL, Redis and an object store ...");
        let engines = Engines::start()?;
        eprintln!("Starting the services ...");
        let plan = settings.iter().fold(Plan::new()?, |plan, (name, value)| plan.set(name, value));
        let stack = Stack::start(&plan, &engines.urls("stack"))?;
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
    loop {
        tokio::select! {
            _ = interrupt.recv() => break,
            _ = terminate.recv() => break,
            _ = crash.recv() => {}
        }
        stack.kill();
        let beginning = tokio::task::spawn_blocking(move || {
            let begun = stack.begin();
            (stack, begun)
        });
        let begun;
        (stack, begun) = match beginning.await {
            Ok(again) => again,
            Err(error) => {
                eprintln!("The services do not start again: {error}");
                return ExitCode::FAILURE;
            }
        };
        if let Err(why) = begun {
            eprintln!("The services do not start again: {why}");
            return ExitCode::FAILURE;
        }
        println!("Killed, and ready again.");
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
