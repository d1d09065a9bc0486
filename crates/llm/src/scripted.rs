//! A model that answers from a file, for tests.
//!
//! ```json
//! {"answers": [
//!    {"role": "code", "text": "…", "delay_ms": 0, "repair": "…", "usage": {"prompt_tokens": 1, "completion_tokens": 2}},
//!    {"error": "unavailable"}],
//!  "repeat_last": true}
//! ```
//! Which answer is given depends on the request alone, so a script goes on correctly after a restart.
//! Where no answer names a role, the answer is the one at the position of the job's turn. Where one
//! does, each role has the answers that name it (and those that name none), and the position is the
//! turn of that role. A second call within one turn gets `repair` where there is one, else `text` again.
//! Every call that ends appends one line of JSON (`step_id`, `turn`, `role`, `call`, `outcome`) to
//! `FILE.calls`, so that tests can count what would have been paid.

use crate::{ConnectError, ErrorKind, Model, ModelError, Reply, Request};
use async_trait::async_trait;
use common::job::Usage;
use serde::Deserialize;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

const NAME: &str = "scripted";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    answers: Vec<Answer>,
    #[serde(default)]
    repeat_last: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    role: Option<crate::RoleName>,
    #[serde(default)]
    text: String,
    repair: Option<String>,
    #[serde(default)]
    delay_ms: u64,
    error: Option<ErrorKind>,
    #[serde(default)]
    cut_off: bool,
    usage: Option<Usage>,
}

impl Script {
    fn pick(&self, request: &Request) -> Option<&Answer> {
        let step = &request.step;
        let by_role = self.answers.iter().any(|answer| answer.role.is_some());
        let position = if by_role { step.role_turn } else { step.turn };
        let mine: Vec<_> =
            self.answers.iter().filter(|answer| answer.role.is_none_or(|role| role == step.role)).collect();
        let last = if self.repeat_last { mine.last().copied() } else { None };
        mine.get(position as usize).copied().or(last)
    }
}

/// See the module.
#[derive(Debug)]
pub struct ScriptedModel {
    file: PathBuf,
}

impl ScriptedModel {
    /// A model that answers from this file, which is read again for every call.
    ///
    /// # Errors
    /// The path is not absolute.
    pub fn new(file: &str) -> Result<Self, ConnectError> {
        let file = PathBuf::from(file);
        if !file.is_absolute() {
            return Err(ConnectError::BadUrl(
                "a script is named by its absolute path, as in scripted:/folder/file.json",
            ));
        }
        Ok(Self { file })
    }

    fn script(&self) -> Result<Script, ModelError> {
        let broken = |why: String| ModelError::new(ErrorKind::Unavailable, NAME, format!("script: {why}"));
        let text = std::fs::read_to_string(&self.file).map_err(|error| broken(error.to_string()))?;
        serde_json::from_str(&text).map_err(|error| broken(error.to_string()))
    }

    fn note_call(&self, request: &Request, outcome: &str) -> std::io::Result<()> {
        let step = &request.step;
        let line = serde_json::json!({
            "step_id": step.step_id, "turn": step.turn, "role": step.role, "call": step.call, "outcome": outcome,
        });
        let mut path = self.file.clone().into_os_string();
        path.push(".calls");
        let mut calls = std::fs::OpenOptions::new().create(true).append(true).open(Path::new(&path))?;
        // One write, so that lines of concurrent calls do not mix.
        calls.write_all(format!("{line}\n").as_bytes())
    }
}

#[async_trait]
impl Model for ScriptedModel {
    async fn complete(&self, request: Request) -> Result<Reply, ModelError> {
        let script = self.script()?;
        let Some(answer) = script.pick(&request) else {
            return Err(ModelError::new(ErrorKind::Unavailable, NAME, "the script has no more answers"));
        };
        tokio::time::sleep(Duration::from_millis(answer.delay_ms)).await;
        let outcome = if answer.error.is_some() { "error" } else { "text" };
        self.note_call(&request, outcome)
            .map_err(|error| ModelError::new(ErrorKind::Unavailable, NAME, format!("list of calls: {error}")))?;
        let usage = answer.usage.unwrap_or_default();
        if let Some(kind) = answer.error {
            return Err(ModelError { usage, ..ModelError::new(kind, NAME, "as the script says") });
        }
        let text = match &answer.repair {
            Some(repair) if request.step.call > 0 => repair.clone(),
            _ => answer.text.clone(),
        };
        if text.trim().is_empty() {
            return Err(ModelError { usage, ..ModelError::new(ErrorKind::BadAnswer, NAME, "no text") });
        }
        Ok(Reply { cut_off: answer.cut_off, counted: answer.usage.is_some(), ..Reply::new(NAME, text, usage) })
    }

    fn name(&self) -> &str {
        NAME
    }

    async fn check(&self) -> Result<(), ModelError> {
        self.script().map(drop)
    }
}
