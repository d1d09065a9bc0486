//! The servers that this crate starts, and how the repository configures them.

mod body;
mod certs;
mod client;
mod crashes;
mod object_store;
mod traefik;
mod traefik_errors;
mod traefik_retries;
mod upstream;
mod world;
