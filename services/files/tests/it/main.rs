//! The files service over HTTP, on a folder, SQLite and the in-process bus.

mod catalogue;
mod content;
mod erasing;
mod faults;
mod hang_up;
mod samples;
mod sweeping;
mod uploads;
mod world;

/// Where what belongs to a folder is kept.
fn database_url(folder: &std::path::Path) -> String {
    format!("sqlite://{}/db", folder.display())
}
