//! The shell as a client meets it: real servers, real sockets.

mod answers;
mod entry;
mod log;
mod ready;
mod stop;
mod streams;
mod support;
