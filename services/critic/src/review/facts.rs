//! What a resident worker tells about one source, as it comes over the pipe.

use common::review::{Confidence, Severity};
use serde::Deserialize;
use std::collections::HashMap;

/// What the worker says of one source.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reading {
    /// It was read.
    Read(Box<Facts>),
    /// Python refuses to compile it.
    Syntax(SyntaxFault),
    /// It declares an encoding other than UTF-8; its name.
    Encoding(String),
    /// It is too large or too deep to be read; why.
    Complex(String),
    /// The worker itself is at fault.
    Error(String),
}

/// Where and why Python refuses the source.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct SyntaxFault {
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) message: String,
}

/// The facts about one source.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct Facts {
    pub(super) imports: Vec<Import>,
    pub(super) uses: Vec<Use>,
    pub(super) calls: Vec<Call>,
    pub(super) bandit: Vec<Issue>,
    pub(super) bandit_broken: Vec<String>,
}

/// One imported module, or one name from it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Import {
    pub(super) module: String,
    pub(super) name: Option<String>,
    /// The code catches it when the import fails.
    pub(super) guarded: bool,
    pub(super) line: u32,
    pub(super) column: u32,
}

/// One use of a dotted name that starts at an import, or of a built-in of interest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Use {
    pub(super) name: String,
    pub(super) called: bool,
    pub(super) line: u32,
    pub(super) column: u32,
}

/// One call whose last name is watched.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Call {
    /// Dotted names it may stand for; empty when unknown.
    pub(super) names: Vec<String>,
    /// Its last name as written.
    pub(super) last: String,
    /// What stands before the last dot, where that is a text or a path.
    pub(super) receiver: Option<Text>,
    /// The first positional arguments, as far as they are texts.
    pub(super) arguments: Vec<Option<Text>>,
    /// The named arguments that are texts.
    pub(super) keywords: HashMap<String, Text>,
    pub(super) line: u32,
    pub(super) column: u32,
}

/// A text known before the run, or its beginning.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Text {
    pub(super) text: String,
    /// False when only the beginning is known.
    pub(super) exact: bool,
}

/// One finding of bandit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Issue {
    pub(super) rule: String,
    pub(super) severity: Severity,
    pub(super) confidence: Confidence,
    pub(super) message: String,
    pub(super) line: u32,
    pub(super) column: u32,
}

/// What a worker says of itself when it is ready.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Hello {
    /// Major and minor version of its Python.
    pub(super) python: (u32, u32),
    /// Version of bandit.
    pub(super) bandit: String,
    /// Top-level modules of the standard library.
    pub(super) stdlib: Vec<String>,
}
