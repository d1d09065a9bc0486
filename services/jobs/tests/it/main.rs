//! The jobs service on SQLite, a blob folder and the in-process bus, with stand-in workers.

mod bundle;
mod calls;
mod harness;
mod http;
mod life;
mod limits;
mod notify;
mod personal;
mod repeats;

/// Where what belongs to a folder is kept.
fn database_url(folder: &std::path::Path) -> String {
    format!("sqlite://{}", folder.display())
}
