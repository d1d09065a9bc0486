//! The scenarios of the one-process program, unchanged, on services that are programs of their own: RabbitMQ, PostgreSQL,
//! Redis and an object store below them, Traefik with TLS in front.

#[path = "../it/access.rs"]
mod access;
mod away;
#[path = "../it/bad_input.rs"]
mod bad_input;
#[path = "../it/calls.rs"]
mod calls;
mod harness;
#[path = "../it/http.rs"]
mod http;
#[path = "../it/kill.rs"]
mod kill;
mod limits;
#[path = "../it/live.rs"]
mod live;
#[path = "../it/personal.rs"]
mod personal;
#[path = "../it/pictures.rs"]
mod pictures;
mod restore;
mod rolling;
#[path = "../it/scripted.rs"]
mod scripted;
#[path = "../it/site.rs"]
mod site;
mod trace;
#[path = "../it/tree.rs"]
mod tree;
