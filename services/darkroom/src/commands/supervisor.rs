//! `darkroom supervisor`: makes rooms for a server that runs as another user, without any rights.

use crate::cli;
use crate::exit::Exit;
use common::execution::Start;
use runtime::Environment;
use sandbox::apart::{self, Door};
use sandbox::{Settings, Supervisor};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;

/// Ends only when it cannot begin: the supervisor's own program takes the place of this one.
pub async fn supervisor(options: cli::Supervisor, environment: Environment) -> Exit {
    let socket = options.socket.unwrap_or_else(|| PathBuf::from(&environment.settings.sandbox_supervisor));
    let Some(user) = user_id(&options.user) else {
        eprintln!("There is no user {} on this machine.", options.user);
        return Exit::Usage;
    };
    if !socket.is_absolute() {
        eprintln!("Where to wait is not said: give --socket or SANDBOX_SUPERVISOR an absolute path.");
        return Exit::Usage;
    }
    let door = Door { socket, user };
    let data = options.data.data.unwrap_or_else(|| environment.data_dir.clone());
    let mut settings = Settings::of(&environment, &data, Start::Warm);
    settings.jail.supervisor = Supervisor::Own(environment.supervisor.clone());
    match apart::prepare(&settings.jail, settings.max_timeout, &door).await {
        Ok(mut command) => {
            let error = command.exec();
            eprintln!("The supervisor does not start: {error}");
        }
        Err(error) => eprintln!("The supervisor cannot start: {}\n  -> {}", error.reason, error.fix),
    }
    Exit::NotReady
}

/// The id of a user, given as number or as name of a local account.
fn user_id(user: &str) -> Option<u32> {
    let number = user.parse().ok();
    number.or_else(|| id_in(&std::fs::read_to_string("/etc/passwd").ok()?, user))
}

fn id_in(passwd: &str, user: &str) -> Option<u32> {
    let mut accounts = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
    accounts.find(|fields| fields.first() == Some(&user))?.get(2)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the door: it opens for the very account that was named.
    #[test]
    fn users_are_found_by_name_and_number() {
        let passwd = "root:x:0:0::/root:/bin/sh\nroom:x:12:1::/:/bin/sh\ndarkroom:x:998:997:Darkroom:/:/bin/false\n";
        for (user, id) in [("darkroom", Some(998)), ("room", Some(12)), ("dark", None), ("", None)] {
            assert_eq!(id_in(passwd, user), id, "{user}");
        }
        assert_eq!(user_id("4711"), Some(4711));
    }
}
