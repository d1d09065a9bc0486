//! The jobs service on a real database, blob folder and bus, with stand-in workers.

mod harness;
mod http;
mod life;
