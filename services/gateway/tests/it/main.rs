//! The gateway as browsers and programs meet it: a real server, real sockets, a real token file.

mod docs;
mod document;
mod internal;
mod keys;
mod oidc;
mod people;
mod signin;
mod support;
mod token;
mod web;

/// A place for the gateway's tables below a folder.
fn database_url(folder: &std::path::Path) -> String {
    format!("sqlite://{}", folder.join("db").display())
}
