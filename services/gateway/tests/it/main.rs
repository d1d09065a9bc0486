//! The gateway as browsers and programs meet it: a real server, real sockets, a real token file.

mod docs;
mod document;
mod internal;
mod signin;
mod support;
mod token;
mod web;
