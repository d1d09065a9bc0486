//! Asking the models of a role outside of any job, because a person wants to know whether they work.

use crate::Agent;
use common::{ErrorCode, Failure, JobId, StepId};
use llm::{Chain, ImageType, Message, ModelError, Part, Reply, Request, Role, RoleName, Speaker, StepContext};
use std::time::{Duration, Instant};

/// The picture that vision models are shown: three bars, red, green and blue, each taller than the one before.
const SAMPLE: &[u8] = include_bytes!("../samples/three_bars.png");

const SYSTEM: &str = "You are being tried out by the person who runs you. Answer briefly, in plain text.";

/// Why a try came to no answer.
#[derive(Debug)]
pub enum NotTried {
    /// Rules play the role: there is no model to ask.
    NoModel,
    /// As many are being tried as may be.
    Busy,
    /// No model gave an answer.
    Failed(Box<ModelError>),
}

impl NotTried {
    /// What a person is told.
    pub fn failure(&self) -> Failure {
        match self {
            Self::NoModel => Failure::new(ErrorCode::NoModel),
            Self::Busy => Failure::with_detail(ErrorCode::TooBusy, "Other models are being tried out right now."),
            Self::Failed(error) => error.failure(),
        }
    }
}

impl Agent {
    /// Asks the models of a role as a job would: the same order, limits and times. Models that are left alone are
    /// asked too, and an answer brings them back.
    ///
    /// # Errors
    /// See [`NotTried`].
    pub async fn try_out(&self, role: RoleName, prompt: &str) -> Result<(Reply, Duration), NotTried> {
        let Role::Model(chain) = self.thinker.roles.get(role) else { return Err(NotTried::NoModel) };
        let Ok(_place) = self.tries.try_acquire() else { return Err(NotTried::Busy) };
        let started = Instant::now();
        let reply = ask(chain, self.request(role, prompt)).await?;
        Ok((reply, started.elapsed()))
    }

    fn request(&self, role: RoleName, prompt: &str) -> Request {
        let settings = &self.thinker.settings;
        let max_tokens = match role {
            RoleName::Vision => settings.vision_max_tokens,
            RoleName::Reasoning => settings.summary_max_tokens,
            RoleName::Code => settings.code_max_tokens,
        };
        let mut parts = vec![Part::Text(prompt.to_owned())];
        if role == RoleName::Vision {
            parts.push(Part::Image { kind: ImageType::Png, bytes: SAMPLE.into() });
        }
        // Of no job: ids of its own, so that nothing could be mistaken for a step.
        let (job_id, step_id) = (JobId::new(), StepId::new());
        let step = StepContext { job_id, step_id, role, turn: 0, role_turn: 0, call: 0 };
        Request::new(SYSTEM, vec![Message { speaker: Speaker::User, parts }], max_tokens, step)
    }
}

async fn ask(chain: &Chain, request: Request) -> Result<Reply, NotTried> {
    chain.try_out(request).await.map_err(|error| NotTried::Failed(Box::new(error)))
}
