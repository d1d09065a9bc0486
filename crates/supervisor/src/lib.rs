//! The supervisor: a small process with the rights that making rooms needs, and nothing else.
//!
//! It owns nsjail, the zygotes, the control groups, the rooms and their deadlines. A service asks it over
//! a unix socket to run a bundle of files it does not read itself, gets the run's streams as descriptors,
//! and at the end what it left and used. It knows no HTTP, no bus, no store and no secret; the frames in
//! [`frames`] are all it parses. When the service is gone it ends, and with it everything it started.
//!
//! A service starts it with the rights it has itself, or connects to one that the operator started, see [`listen`].
//!
//! ```text
//! service ──frames──► supervisor ──► nsjail ─► maker ─► zygote      (one of each per import tier)
//!                                               └─► rooms: first process + the child that runs the code
//! ```

pub mod bundle;
pub mod cgroup;
pub mod config;
pub mod frames;
pub mod harvest;
mod host;
mod inside;
pub mod listen;
pub mod names;
mod nsjail;
pub mod owner;
pub mod refusal;
mod seccomp;
pub mod socket;
mod supervise;

pub use inside::ZYGOTE_LIBRARY;

use config::Config;
use refusal::Refusal;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::process::ExitCode;

/// Tells two builds apart: a service and a supervisor of different builds do not work together.
pub const BUILD: u64 = parse_hex(env!("SOURCES_FINGERPRINT"));

const fn parse_hex(text: &str) -> u64 {
    match u64::from_str_radix(text, 16) {
        Ok(number) => number,
        Err(_) => 0,
    }
}

/// The program: `supervise` with a [`Config`] and the service's socket as standard input, `listen` with a
/// [`listen::Door`] and a [`Config`], or, inside nsjail only, `maker`.
pub fn run(arguments: &[String], service: impl FnOnce() -> std::io::Result<OwnedFd>) -> ExitCode {
    let ended = match arguments.split_first() {
        Some((word, rest)) if word == "supervise" => supervise(rest, service),
        Some((word, rest)) if word == "listen" => wait_for_services(rest),
        Some((word, rest)) if word == "maker" => make_rooms(rest),
        _ => Err("this program is started by the sandbox service; it is of no use by itself".to_owned()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn supervise(arguments: &[String], service: impl FnOnce() -> std::io::Result<OwnedFd>) -> Result<(), String> {
    let service = service().map_err(|error| format!("no socket of a service: {error}"))?;
    let prepared = Config::parse(arguments)
        .map_err(|error| Refusal::new(error.to_string(), "start it through the sandbox service"))
        .and_then(supervise::Supervisor::open);
    match prepared {
        Ok(supervisor) => supervisor.serve(service).map_err(|error| error.to_string()),
        Err(refusal) => {
            let told = frames::Told::Refused(refusal.as_text());
            socket::send(&service, &told.encode(), &[]).map_err(|error| error.to_string())?;
            Err(refusal.to_string())
        }
    }
}

fn wait_for_services(arguments: &[String]) -> Result<(), String> {
    let (door, config) = listen::Door::parse(arguments).ok_or("the door's command line is wrong")?;
    listen::listen(&door, config).map_err(|error| format!("{}: {error}", door.socket.display()))
}

fn make_rooms(arguments: &[String]) -> Result<(), String> {
    let plan = inside::maker::Plan::parse(arguments).ok_or("the maker's command line is wrong")?;
    inside::maker::run_maker(&plan).map_err(|error| format!("maker: {error}"))
}

/// One line for the operator. The service passes standard error on to its log.
fn complain(what: &str) {
    // Nobody reads it once the service is gone. That must not end us: there is still something to clear away.
    let _unread = writeln!(std::io::stderr(), "supervisor: {what}");
}
