//! The agent on the memory bus and a folder, with scripted models: what is asked, what is answered, and
//! what is never paid twice.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod actions;
mod critic;
mod faults;
mod http;
mod instead;
mod paid_once;
mod rig;
mod served;
mod stopping;
mod turns;
