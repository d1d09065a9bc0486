//! A supervisor apart from the service: this side prepares its place and proves that the jail holds; then its own
//! small program takes over and waits for a service that needs no rights, see [`Supervisor::Apart`].

use crate::JailUnavailable;
use crate::fonts;
use crate::jail::Jail;
use crate::jail::link::Start;
use crate::probe;
use crate::settings::{JailSettings, Supervisor};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
pub use supervisor::listen::Door;
use supervisor::listen::within_reach;

/// Prepares everything, and answers the command that waits at the door.
///
/// # Errors
/// Something is missing or does not hold, or the service's user could change what rooms see.
pub async fn prepare(settings: &JailSettings, max_timeout: Duration, door: &Door) -> Result<Command, JailUnavailable> {
    let Supervisor::Own(program) = settings.supervisor.clone() else {
        return Err(JailUnavailable::new("a supervisor cannot be served by another", "name its program"));
    };
    let (prepared, user, socket) = (settings.clone(), door.user, door.socket.clone());
    let start = tokio::task::spawn_blocking(move || {
        let start = Start::prepare(&program, &prepared, max_timeout)?;
        let place = socket.parent().unwrap_or(&socket).to_path_buf();
        std::fs::create_dir_all(&place).map_err(|error| JailUnavailable::io(&place.display().to_string(), &error))?;
        let interpreter = start.config.python.join("bin/python3");
        let python = start.config.python.as_path();
        kept_from(user, &[&place, &start.config.work, python, &interpreter, &start.config.nsjail, &start.program])?;
        Ok(start)
    });
    let start = start.await.map_err(|error| JailUnavailable::new(error.to_string(), "report this"))??;
    // Nothing waits for a service that it cannot serve.
    let jail = Jail::open(settings, max_timeout).await?;
    probe::exercise(&jail).await?;
    if let Err(error) = fonts::make(&jail).await {
        tracing::warn!(%error, "no font list; plots take longer");
    }
    jail.close().await;
    let mut command = Command::new(&start.program);
    command.arg("listen").args(door.arguments()).args(start.config.arguments()).env_clear().current_dir("/");
    Ok(command)
}

/// Refuses places that a user could change. Root and ourselves can change everything anyway. Blocks.
fn kept_from(user: u32, places: &[&Path]) -> Result<(), JailUnavailable> {
    if user == 0 || user == rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    for place in places {
        match within_reach(place, user) {
            Ok(None) => {}
            Ok(Some(folder)) => {
                return Err(JailUnavailable::new(
                    format!("user {user} could change {}, and with it what the supervisor trusts", folder.display()),
                    "give that folder to root, or choose another: --socket, --data for the supervisor's own, PYTHON_ENV \
                     and TOOLS_ENV for the rest",
                ));
            }
            Err(error) => return Err(JailUnavailable::io(&place.display().to_string(), &error)),
        }
    }
    Ok(())
}
