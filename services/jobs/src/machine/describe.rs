//! What the history of a job tells of a step. Pure.

use super::{By, Thought};
use crate::doc::Run;
use serde_json::{Value, json};

/// A turn as the history tells it.
pub fn describe(thought: &Thought, by: &By) -> Value {
    let action = match thought {
        Thought::VisionNotes(text) => json!({ "action": "vision_notes", "text": text }),
        Thought::WriteCode { code, explanation, .. } => {
            json!({ "action": "write_code", "code": code, "explanation": explanation })
        }
        Thought::LookCloser { picture, area, question } => {
            json!({ "action": "look_closer", "picture": picture, "area": area, "question": question })
        }
        Thought::Critique(critique) => json!({ "action": "critique", "differences": critique.differences }),
        Thought::Finish(summary) => json!({ "action": "finish", "summary": summary }),
        Thought::Unusable(reason) => json!({ "action": "unusable", "reason": reason }),
    };
    let mut detail = action;
    detail["usage"] = json!(by.usage);
    detail["model"] = json!(by.model);
    if !by.notes.is_empty() {
        detail["notes"] = json!(by.notes);
    }
    detail
}

/// A run as the history tells it.
pub fn describe_run(run: &Run) -> Value {
    let outputs: Vec<Value> = run
        .outputs
        .iter()
        .map(|output| json!({ "name": output.name, "media_type": output.media_type, "bytes": output.bytes }))
        .collect();
    json!({
        "status": run.status, "exit_code": run.exit_code, "duration_ms": run.duration_ms,
        "stdout": run.stdout_tail, "stderr": run.stderr_tail, "outputs": outputs,
    })
}
