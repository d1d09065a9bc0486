//! `darkroom token`: prints the local token of a data folder.

use crate::cli::DataDir;
use crate::exit::Exit;
use gateway::LocalToken;
use runtime::Environment;

pub fn token(options: &DataDir, environment: &Environment) -> Exit {
    let data = options.data.as_ref().unwrap_or(&environment.data_dir);
    match LocalToken::read(data) {
        Ok(token) => {
            println!("{}", token.reveal());
            Exit::Success
        }
        Err(error) => {
            eprintln!("{error}");
            Exit::NotReady
        }
    }
}
