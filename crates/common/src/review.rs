//! What the critic says of code before it runs.

use serde::{Deserialize, Serialize};

/// The critic's decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing to say.
    Pass,
    /// May run; the findings are shown.
    Warn,
    /// Must not run.
    Block,
}

impl Verdict {
    /// The stable text, as in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Block => "block",
        }
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Low,
    /// Likely a mistake or a risk.
    Medium,
    /// A fault or a danger.
    High,
}

/// How sure the tool is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// A guess.
    Low,
    /// Probably.
    Medium,
    /// Certain.
    High,
}

/// One finding about the code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Finding {
    /// Who found it: `ruff`, `bandit` or `policy`.
    pub tool: String,
    /// The tool's own rule code, for example `B602`, `F821`, `network-use`.
    pub rule: String,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// Line in the code, counted from 1.
    pub line: u32,
    /// Column in the line, counted from 1.
    pub column: u32,
    /// What is wrong, in a sentence.
    pub message: String,
    /// True when this finding alone blocks the code.
    pub blocks: bool,
}

/// The whole review. The shape of `darkroom review --json` and of `POST /api/v1/reviews`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Review {
    /// The decision.
    pub verdict: Verdict,
    /// What was found, worst first, at most 100.
    pub findings: Vec<Finding>,
}
