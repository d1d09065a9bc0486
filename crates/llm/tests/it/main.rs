//! Tests of the backends from outside: a real HTTP server for each bad behaviour, real files for scripts.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod chain;
mod connect;
mod dialects;
mod endpoint;
mod learning;
mod llama;
mod misbehaviour;
mod scripted;
mod stream;
mod tool_calls;

use common::{JobId, StepId};
use llm::{Message, Request, RoleName, StepContext};

fn request(role: RoleName, turn: u32, role_turn: u32, call: u32) -> Request {
    let step = StepContext { job_id: JobId::new(), step_id: StepId::new(), role, turn, role_turn, call };
    Request::new("rules", vec![Message::user("question")], 64, step)
}
