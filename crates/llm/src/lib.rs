//! The seam to models. Each role of the agent (vision, reasoning, code) is played by what one URL
//! names; the rest of the system never learns which.
//!
//! # Contract of [`Model`]
//! - `complete` asks once and answers with text, or with an error whose kind says what to do next. It
//!   ends by itself: every wait has a limit. Dropping the future gives up the request.
//! - Whatever repeats is needed for a passing fault happens inside `complete`; a caller need not try
//!   again. What a server refuses to know (a schema, tools, a stream) is left out, and left out at once from
//!   then on; nothing else is remembered between calls.
//! - A [`Chain`] is what a role gets: each of its models stands behind a breaker, so that one which keeps
//!   failing is left alone for a while, and the next one is asked at once.
//! - Keys, prompts, pictures and whole answers never appear in logs or in `Debug`.
//! - `check` costs nothing: it asks for no completion.

mod breaker;
pub mod builtin;
mod chain;
mod connect;
mod error;
pub mod json;
mod limits;
mod link;
mod openai;
mod request;
mod scripted;
mod told;
pub mod tools;

pub use breaker::{Breaker, BreakerPolicy, BreakerState, Pass, Sign};
pub use chain::Chain;
pub use connect::{ConnectError, Role, connect, connect_model};
pub use error::{ErrorKind, ModelError, PassedOver};
pub use limits::Limits;
pub use link::{CHECK_EVERY, Link, LinkState};
pub use openai::OpenAiModel;
pub use request::{
    Heard, ImageType, Message, OnText, Part, Reply, Request, RoleName, Schema, Speaker, StepContext, Tool, ToolCall,
};
pub use scripted::ScriptedModel;
pub use told::Telling;

use async_trait::async_trait;
use std::sync::Arc;

/// A model that answers a request with text. See the crate's contract.
#[async_trait]
pub trait Model: Send + Sync + 'static {
    /// Asks the model.
    ///
    /// # Errors
    /// See [`ErrorKind`].
    async fn complete(&self, request: Request) -> Result<Reply, ModelError>;

    /// The model's name, as people know it.
    fn name(&self) -> &str;

    /// Host and port of its endpoint, never more of the address; absent where there is no endpoint.
    fn host(&self) -> Option<&str> {
        None
    }

    /// Fine when the model answered lately or its endpoint can be reached now.
    ///
    /// # Errors
    /// The endpoint is down or refuses the credentials.
    async fn check(&self) -> Result<(), ModelError>;
}

/// A model shared by tasks.
pub type SharedModel = Arc<dyn Model>;
