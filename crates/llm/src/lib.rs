//! The seam to models. Each role of the agent (vision, reasoning, code) is played by what one URL
//! names; the rest of the system never learns which.
//!
//! # Contract of [`Model`]
//! - `complete` asks once and answers with text, or with an error whose kind says what to do next. It
//!   ends by itself: every wait has a limit. Dropping the future gives up the request.
//! - Whatever repeats is needed for a passing fault happens inside `complete`; a caller need not try
//!   again. Nothing is remembered between calls that would change an answer.
//! - Keys, prompts, pictures and whole answers never appear in logs or in `Debug`.
//! - `check` costs nothing: it asks for no completion.

pub mod builtin;
mod connect;
mod error;
mod limits;
mod openai;
mod request;
mod scripted;

pub use connect::{ConnectError, Role, connect};
pub use error::{ErrorKind, ModelError};
pub use limits::Limits;
pub use openai::OpenAiModel;
pub use request::{ImageType, Message, Part, Reply, Request, RoleName, Speaker, StepContext};
pub use scripted::ScriptedModel;

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

    /// Fine when the model answered lately or its endpoint can be reached now.
    ///
    /// # Errors
    /// The endpoint is down or refuses the credentials.
    async fn check(&self) -> Result<(), ModelError>;
}

/// A model shared by tasks.
pub type SharedModel = Arc<dyn Model>;
