//! The scenarios of the one-process program, unchanged, on the containers of `docker-compose.yml`, through Traefik with
//! TLS. Not part of `cargo test`: it takes images and a Docker daemon, which `make try-containers` has.
//!
//! The same scenarios as in `tests/stack`; none is left out. What `tests/it` has beyond them is of the one program alone:
//! its command line, its embedded engines, what its start finds missing, a disk of its own that is full.

#[path = "../it/bad_input.rs"]
mod bad_input;
mod harness;
#[path = "../it/http.rs"]
mod http;
#[path = "../it/kill.rs"]
mod kill;
#[path = "../it/pictures.rs"]
mod pictures;
#[path = "../it/scripted.rs"]
mod scripted;
#[path = "../it/site.rs"]
mod site;
