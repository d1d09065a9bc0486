//! The HTTP side that all services share: problem+json answers, who is asking, health, limits, and
//! the shell around every server (request ids, panics to problems, graceful stop).
//!
//! A process gathers what it serves in a [`Site`] and hands it with a bound listener to [`serve`].
//! Handlers name their full path (`#[get("/api/v1/jobs/{id}")]`): two actix scopes with the same
//! prefix would hide each other's routes.

pub mod allowance;
pub mod health;
pub mod identity;
mod json;
mod middleware;
pub mod output;
pub mod principal;
pub mod problem;
pub mod request_id;
pub mod routes;
pub mod scrape;
pub mod shell;
pub mod site;
pub mod sse;
pub mod testing;
mod traced;
pub mod validate;

pub use health::{Check, Health};
pub use json::{JsonObject, OptionalObject, page_size};
pub use middleware::is_head;
pub use principal::{AnyCaller, Authenticator, Principal};
pub use problem::{Problem, ProblemBody};
pub use request_id::RequestId;
pub use routes::{Needs, PublicRoute};
pub use shared::{Allowance, Meter};
pub use shell::{ServeError, ShellSettings, Stop, serve};
pub use site::Site;
pub use validate::{PathId, parse_id};
