//! The sandbox against the real nsjail. Nothing here is skipped: where the jail cannot run, these fail.

mod apart;
mod bus;
mod docker;
mod ends;
mod environment;
mod files;
mod full_store;
mod hostile;
mod http;
mod life;
mod limits;
mod look;
mod plots;
mod prove;
mod streams;
mod support;
mod walls;
mod warm;
