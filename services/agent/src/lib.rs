//! The agent: one turn of thinking, one typed action.
//!
//! It owns the prompts, the reading of models' answers and the decision what a turn is for. It consumes
//! `agent.think` and answers each command with one `jobs.step` event. It has no database and remembers
//! nothing between turns: all it needs is in the command or behind a blob key.
//!
//! A model's answer is paid for, so none is asked for twice: the answer to each call and the event of
//! each step are stored before anything is built on them, and a command that comes again is answered
//! from there.

mod agent;
mod call;
mod decide;
mod evidence;
mod gather;
mod handler;
mod keys;
mod outcome;
mod parse;
mod picture;
mod program;
mod prompt;
mod stops;
mod summary;
mod text;
mod think;
mod turn;

pub use agent::{Agent, Deps, RoleHealth, Running, Settings};
pub use llm::{Role, RoleName};
pub use program::{roles, serve};
pub use prompt::version as prompt_version;
