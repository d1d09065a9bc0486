//! Models that answer from a script.

use serde_json::{Value, json};

/// A file with a script for the scripted model, and how often it was asked.
pub struct Script {
    folder: tempfile::TempDir,
}

impl Script {
    /// A model that answers these texts in turn, each after the pause; the last one again and again. Each call counts as
    /// 100 tokens sent and 20 received.
    pub fn new(answers: &[&str], delay_ms: u64) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let answers: Vec<Value> = answers.iter().map(|text| json!({ "text": text, "delay_ms": delay_ms, "usage": { "prompt_tokens": 100, "completion_tokens": 20 } })).collect();
        let script = json!({ "answers": answers, "repeat_last": true });
        std::fs::write(folder.path().join("script.json"), script.to_string()).expect("script");
        Self { folder }
    }

    /// The URL for `CODE_MODEL_URL`.
    pub fn url(&self) -> String {
        format!("scripted:{}", self.folder.path().join("script.json").display())
    }

    /// The steps that asked, in order, once for each call.
    pub fn calls(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.path().join("script.json.calls")).unwrap_or_default();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"));
        lines.map(|call| call["step_id"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// Code as a model would answer it.
pub fn fenced(code: &str) -> String {
    format!("Here is the code.\n\n```python\n{code}\n```\n")
}
