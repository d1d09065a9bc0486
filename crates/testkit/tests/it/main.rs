//! The servers that this crate starts, and how the repository configures them.

mod certs;
mod client;
mod crashes;
mod object_store;
mod traefik;
mod upstream;
