//! What is asked of a model, and what it answers.

use crate::PassedOver;
use bytes::Bytes;
use common::job::Usage;
use common::{JobId, StepId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

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

/// The shape that an answer must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    /// Its name: letters, digits, `_` and `-` only, 64 at most.
    pub name: &'static str,
    /// A JSON schema of an object. Hosted models want every object closed (`additionalProperties: false`) and all
    /// of its properties required.
    pub schema: Value,
}

/// Something that a model may ask to be done in place of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// Its name: letters, digits, `_` and `-` only, 64 at most.
    pub name: &'static str,
    /// What it does, for the model.
    pub description: String,
    /// A JSON schema of its arguments: an object.
    pub parameters: Value,
}

/// A tool that the model asks for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// Its name as the model gives it: it may be none that was offered.
    pub name: String,
    /// Its arguments as the model wrote them: meant to be JSON, for [`crate::json::parse`].
    pub arguments: String,
}

impl fmt::Debug for ToolCall {
    /// Answers are not for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ToolCall({}, {} bytes)", self.name, self.arguments.len())
    }
}

/// What comes of an answer while the model writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard<'a> {
    /// An answer begins. What came before was lost, or another model is asked: forget it.
    Begins,
    /// The next piece of its text.
    Text(&'a str),
    /// The next piece of the arguments of a tool that it asks for.
    Arguments(&'a str),
}

/// Where text goes as it comes. It is called from the task that waits for the answer, so it must not block.
#[derive(Clone)]
pub struct OnText(Arc<dyn Fn(Heard<'_>) + Send + Sync>);

impl OnText {
    /// A listener.
    pub fn new(listener: impl Fn(Heard<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(listener))
    }

    /// Tells it what was heard.
    pub fn tell(&self, heard: Heard<'_>) {
        (self.0)(heard);
    }
}

impl fmt::Debug for OnText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnText")
    }
}

impl PartialEq for OnText {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for OnText {}

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
    /// The shape of the answer, sent to servers that can hold a model to it. Others are asked without it, so the
    /// messages must describe it too.
    pub schema: Option<Schema>,
    /// What the model may ask for, offered to servers that know tools. Others are asked without them, so the
    /// messages must describe them too ([`crate::tools::describe`]).
    pub tools: Vec<Tool>,
    /// Hears the text while the model writes it.
    pub on_text: Option<OnText>,
    /// Name of the prompt that the rules are; empty where they are none of the prompts. Only telemetry sees it.
    pub prompt: &'static str,
    /// Whose job it is; empty where it is nobody's. Only telemetry sees it.
    pub owner: String,
}

impl Request {
    /// A question that is answered with text, all at once.
    pub fn new(system: impl Into<String>, messages: Vec<Message>, max_tokens: u32, step: StepContext) -> Self {
        let system = system.into();
        let (schema, tools, on_text) = (None, Vec::new(), None);
        Self { system, messages, max_tokens, step, schema, tools, on_text, prompt: "", owner: String::new() }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("system_bytes", &self.system.len())
            .field("messages", &self.messages)
            .field("max_tokens", &self.max_tokens)
            .field("step", &self.step)
            .field("schema", &self.schema.as_ref().map(|schema| schema.name))
            .field("tools", &self.tools.iter().map(|tool| tool.name).collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// A model's answer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// What it said; empty only where it asks for tools instead.
    pub text: String,
    /// Tokens used; zero where the endpoint does not say.
    pub usage: Usage,
    /// Whether the endpoint said how many tokens it used. Nothing is estimated where it did not.
    #[serde(default)]
    pub counted: bool,
    /// The model that answered.
    pub model: String,
    /// True when the answer ended because it reached the most tokens allowed.
    #[serde(default)]
    pub cut_off: bool,
    /// Tools that the model asks for, in its order; only where some were offered.
    #[serde(default)]
    pub tool_calls: Vec<ToolCall>,
    /// Models that were asked before this one, and why they did not answer.
    #[serde(default)]
    pub passed_over: Vec<PassedOver>,
}

impl Reply {
    /// A whole answer in text, whose tokens were counted.
    pub fn new(model: impl Into<String>, text: impl Into<String>, usage: Usage) -> Self {
        Self {
            text: text.into(),
            usage,
            counted: true,
            model: model.into(),
            cut_off: false,
            tool_calls: Vec::new(),
            passed_over: Vec::new(),
        }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("text_bytes", &self.text.len())
            .field("usage", &self.usage)
            .field("counted", &self.counted)
            .field("model", &self.model)
            .field("cut_off", &self.cut_off)
            .field("tool_calls", &self.tool_calls.len())
            .field("passed_over", &self.passed_over)
            .finish()
    }
}
