//! The agent: one turn of thinking, one typed action.
//!
//! It owns the prompts, the reading of models' answers and the decision what a turn is for. It consumes
//! `agent.think` and answers each command with one `jobs.step` event. It has no database and remembers
//! nothing between turns: all it needs is in the command or behind a blob key.
//!
//! Each role is a chain of models, of which one is asked where those before it give nothing; the event says who
//! answered and why it was not the first. `GET /api/v1/models` tells how they are.
//!
//! A model's answer is paid for, so none is asked for twice: the answer to each call and the event of
//! each step are stored before anything is built on them, and a command that comes again is answered
//! from there.

mod agent;
mod call;
mod criticise;
mod decide;
mod evidence;
mod gather;
mod handler;
mod health;
mod http;
mod keys;
mod links;
mod live;
mod notes;
mod offer;
mod outcome;
mod parse;
mod picture;
mod prices;
mod program;
mod prompt;
mod stops;
mod summary;
mod text;
mod think;
mod try_out;
mod turn;
mod write;

pub use agent::{Agent, Deps, Running, Settings};
pub use health::{ModelHealth, RoleHealth};
pub use http::routes;
pub use llm::{Role, RoleName};
pub use prices::Prices;
pub use program::{prices, roles, serve};
pub use prompt::version as prompt_version;
