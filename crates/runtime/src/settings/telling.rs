//! What a program says about itself, and how much of it.

use super::Value;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// What Langfuse is told of questions and answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LangfuseContent {
    /// Nothing.
    None,
    /// Their text.
    Text,
}

/// A share of a whole, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share(pub f64);

impl Value for LangfuseContent {
    const EXPECTED: &'static str = "'none' or 'text'";
    fn parse(text: &str) -> Option<Self> {
        match text {
            "none" => Some(Self::None),
            "text" => Some(Self::Text),
            _ => None,
        }
    }
}

impl Value for Share {
    const EXPECTED: &'static str = "a number from 0 to 1";
    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|share| (0.0..=1.0).contains(share)).map(Self)
    }
}

impl Value for LogFormat {
    const EXPECTED: &'static str = "'text' or 'json'";
    fn parse(text: &str) -> Option<Self> {
        match text {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}
