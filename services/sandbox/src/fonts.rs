//! matplotlib's list of fonts, made once: every plot would otherwise spend longer on it than on drawing.

use crate::Sandbox;
use crate::jail::{Jail, JailError, Outcome, Task};
use common::execution::RunStatus;
use std::io;
use std::path::Path;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const BUILD: &str = "\
import os
os.environ['MPLCONFIGDIR'] = '/box/out'
try:
    import matplotlib.font_manager
except ImportError:
    pass
";

/// Makes the list in the background if it is not there yet. Runs that come before it is done work too,
/// only slower. It is made in the jail: even that is code of many hands.
pub fn prepare(sandbox: &Sandbox) {
    let Some(folder) = sandbox.0.room.fonts().map(Path::to_path_buf) else { return };
    if has_list(&folder) {
        return;
    }
    let sandbox = sandbox.clone();
    tokio::spawn(async move {
        let slot = sandbox.0.slots.take("fonts").await;
        let ran = sandbox.run_in(slot, task(), &CancellationToken::new()).await;
        if let Err(error) = keep(ran.map(|(outcome, _)| outcome), &folder) {
            tracing::warn!(%error, "no font list; plots take longer");
        }
    });
}

/// Makes the list if it is not there yet, and waits for it.
///
/// # Errors
/// The packages do not work, or the folder cannot be written.
pub async fn make(jail: &Jail) -> io::Result<()> {
    match jail.fonts().filter(|folder| !has_list(folder)) {
        Some(folder) => keep(jail.run(task(), &CancellationToken::new()).await.map(|(outcome, _)| outcome), folder),
        None => Ok(()),
    }
}

fn task() -> Task {
    Task { tier: None, ..Task::new(BUILD, Duration::from_secs(60)) }
}

fn has_list(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}

/// Puts what the run left in its place.
fn keep(ran: Result<Outcome, JailError>, folder: &Path) -> io::Result<()> {
    let outcome = ran.map_err(io::Error::other)?;
    if outcome.status != RunStatus::Ok {
        return Err(io::Error::other(String::from_utf8_lossy(&outcome.streams.stderr.bytes).into_owned()));
    }
    for file in
        outcome.harvest.files.iter().filter(|file| file.name.starts_with("fontlist") && !file.name.contains('/'))
    {
        // Named in one step, so that no run copies half a list.
        let draft = tempfile::NamedTempFile::new_in(folder.parent().unwrap_or(folder))?;
        std::fs::write(draft.path(), &file.bytes)?;
        std::fs::set_permissions(draft.path(), std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
        draft.persist(folder.join(&file.name)).map_err(|error| error.error)?;
    }
    Ok(())
}
