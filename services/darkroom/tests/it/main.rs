//! The program as people and programs use it: the real binary, jail, critic and models' seam.

mod access;
mod apart;
mod bad_input;
mod calls;
mod clerk;
mod command_line;
mod contract;
mod document;
mod engines;
mod full_disk;
mod harness;
mod hopeless;
mod http;
mod injection;
mod kill;
mod live;
mod new_kinds;
mod personal;
mod pictures;
mod refusals;
mod rounds;
mod scripted;
mod site;
mod tokens;
