//! The commands, one file each.

mod api;
mod doctor;
mod exec;
mod review;
mod run;
mod serve;
mod supervisor;
mod token;

use crate::cli::Command;
use crate::exit::Exit;
use runtime::Environment;
use std::io::{Read, Write};
use std::path::Path;

/// Runs a command to its end.
pub async fn run(command: Command, environment: Environment) -> Exit {
    match command {
        Command::Serve(options) => serve::serve(options, environment).await,
        Command::Run(options) => run::run(options, environment).await,
        Command::Exec(options) => exec::exec(options, environment).await,
        Command::Review(options) => review::review(options, environment).await,
        Command::Supervisor(options) => supervisor::supervisor(options, environment).await,
        Command::Token(options) => token::token(&options, &environment),
        Command::Api => api::api(),
        Command::Doctor(options) => doctor::doctor(options, environment).await,
    }
}

/// The text of a file, or of standard input for `-`, at most `limit` bytes.
fn source_text(file: &Path, limit: u64) -> Result<String, String> {
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        std::io::stdin().take(limit + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|opened| opened.take(limit + 1).read_to_end(&mut bytes))
    };
    read.map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    if bytes.len() as u64 > limit {
        return Err(format!("{} has more than {limit} bytes, the most that is accepted.", file.display()));
    }
    String::from_utf8(bytes).map_err(|_| format!("{} is not UTF-8 text.", file.display()))
}

/// Text on standard output. Whoever reads may stop reading (`darkroom api | head`): what is left then is nobody's.
fn out(text: &str) {
    let mut output = std::io::stdout().lock();
    if let Err(error) = output.write_all(text.as_bytes()).and_then(|()| output.flush())
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        tracing::error!(%error, "standard output cannot be written");
    }
}

/// One JSON object on standard output.
fn print_json(value: &impl serde::Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => out(&format!("{text}\n")),
        Err(error) => tracing::error!(%error, "the answer could not be written as JSON"),
    }
}
