//! What is asked of a model, and what it answers.

use crate::PassedOver;
use bytes::Bytes;
use common::job::Usage;
use common::{JobId, StepId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The part a model plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleName {
    /// Says what a picture shows.
    Vision,
    /// Sums up.
    Reasoning,
    /// Writes code.
    Code,
}

impl RoleName {
    /// The stable text, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vision => "vision",
            Self::Reasoning => "reasoning",
            Self::Code => "code",
        }
    }
}

/// Which step a request belongs to. A real endpoint never sees it; the log and scripts do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepContext {
    /// The job.
    pub job_id: JobId,
    /// The step of the job.
    pub step_id: StepId,
    /// The part that is asked.
    pub role: RoleName,
    /// Turns of thinking that came before in this job, whatever the role.
    pub turn: u32,
    /// Turns of thinking of this role that came before in this job.
    pub role_turn: u32,
    /// Calls that came before within this turn.
    pub call: u32,
}

/// Who says a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// The platform, on behalf of the person.
    User,
    /// The model, earlier.
    Assistant,
}

/// Encoding of a picture in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageType {
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
}

impl ImageType {
    /// The media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
        }
    }
}

/// A piece of a message.
#[derive(Clone, PartialEq, Eq)]
pub enum Part {
    /// Text.
    Text(String),
    /// A picture.
    Image {
        /// Its encoding.
        kind: ImageType,
        /// Its bytes.
        bytes: Bytes,
    },
}

impl fmt::Debug for Part {
    /// Sizes only: prompts and pictures are not for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Image { kind, bytes } => write!(f, "Image({}, {} bytes)", kind.media_type(), bytes.len()),
        }
    }
}

/// One message of the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Who says it.
    pub speaker: Speaker,
    /// Its pieces, in order.
    pub parts: Vec<Part>,
}

impl Message {
    /// A message of the platform with only text.
    pub fn user(text: impl Into<String>) -> Self {
        Self { speaker: Speaker::User, parts: vec![Part::Text(text.into())] }
    }

    /// Bytes of its texts.
    pub fn text_bytes(&self) -> usize {
        let bytes = |part: &Part| match part {
            Part::Text(text) => text.len(),
            Part::Image { .. } => 0,
        };
        self.parts.iter().map(bytes).sum()
    }

    /// An earlier answer of the model.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self { speaker: Speaker::Assistant, parts: vec![Part::Text(text.into())] }
    }
}

/// One question to a model.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The platform's rules for the model.
    pub system: String,
    /// The conversation, oldest first.
    pub messages: Vec<Message>,
    /// Most tokens the answer may have.
    pub max_tokens: u32,
    /// Where it belongs.
    pub step: StepContext,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("system_bytes", &self.system.len())
            .field("messages", &self.messages)
            .field("max_tokens", &self.max_tokens)
            .field("step", &self.step)
            .finish()
    }
}

/// A model's answer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// What it said; never empty.
    pub text: String,
    /// Tokens used; zero where the endpoint does not say.
    pub usage: Usage,
    /// The model that answered.
    pub model: String,
    /// True when the answer ended because it reached the most tokens allowed.
    #[serde(default)]
    pub cut_off: bool,
    /// Models that were asked before this one, and why they did not answer.
    #[serde(default)]
    pub passed_over: Vec<PassedOver>,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("text_bytes", &self.text.len())
            .field("usage", &self.usage)
            .field("model", &self.model)
            .field("cut_off", &self.cut_off)
            .field("passed_over", &self.passed_over)
            .finish()
    }
}
