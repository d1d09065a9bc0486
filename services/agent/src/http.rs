//! The HTTP side: `GET /api/v1/models` and `POST /api/v1/models/{role}/try`.

use crate::Agent;
use crate::try_out::NotTried;
use actix_web::{get, post, web};
use chrono::{DateTime, Utc};
use common::job::{MAX_PROMPT_BYTES, Usage};
use common::{ErrorCode, Failure};
use edge::{JsonObject, Principal, Problem, ProblemBody};
use llm::{BreakerState, LinkState, Role, RoleName};
use serde::{Deserialize, Serialize};
use utoipa_actix_web::service_config::ServiceConfig;

/// Seconds after which a client may try again when others are trying models.
const RETRY_AFTER_SECONDS: u32 = 5;

/// Name of the built-in rules where a model's name stands.
const BUILTIN: &str = "builtin";

/// Who plays the roles, and how they are. Figures are those of the replica that answers, since its start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ModelRoles {
    /// The roles, in the order in which a job meets them.
    pub roles: Vec<ModelRole>,
}

/// A role.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ModelRole {
    /// `vision`, `code` or `reasoning`.
    pub role: String,
    /// Whoever plays it, in the order in which they are asked; `builtin` stands for the platform's own rules.
    pub chain: Vec<ModelState>,
}

/// A model, or the rules.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ModelState {
    /// Its name; `builtin` for the rules.
    pub model: String,
    /// Host and port of its endpoint; absent where there is none.
    pub host: Option<String>,
    /// What is known of it; absent for the rules, which always answer.
    pub seen: Option<ModelSeen>,
}

/// What is known of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ModelSeen {
    /// How the last call or check ended, whichever came later; absent before the first.
    pub healthy: Option<bool>,
    /// `closed`: it is asked; `open`: it is left alone after failures; `half_open`: the next call is a trial.
    pub breaker: ModelBreaker,
    /// Seconds until it is tried again, while the breaker is open.
    pub retry_in_seconds: Option<u64>,
    /// Calls made; repeats within a call are not counted.
    pub calls: u64,
    /// Those that brought no usable answer.
    pub failures: u64,
    /// Tokens of all calls, as far as the endpoint says.
    pub usage: Usage,
    /// How long the last answered call took, in milliseconds.
    pub last_latency_ms: Option<u64>,
    /// When it was answered.
    pub last_answer_at: Option<DateTime<Utc>>,
    /// The last failed call.
    pub last_error: Option<ModelFault>,
    /// When its endpoint was last checked, without a call. At most once a minute.
    pub last_check_at: Option<DateTime<Utc>>,
    /// Why that check failed, where it did.
    pub last_check_error: Option<Failure>,
}

/// Where a breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModelBreaker {
    /// The model is asked.
    Closed,
    /// It is left alone.
    Open,
    /// The next call decides.
    HalfOpen,
}

/// A failed call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ModelFault {
    /// When it failed.
    pub at: DateTime<Utc>,
    /// Why.
    pub error: Failure,
}

/// A question to try a role's models with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelTry {
    /// The question, at most 16,384 bytes. A vision model is shown a picture of three coloured bars with it.
    pub prompt: String,
}

/// What came of a try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ModelTried {
    /// The answer.
    pub text: String,
    /// True when it ended because it reached the most tokens allowed.
    pub cut_off: bool,
    /// Who answered.
    pub model: String,
    /// Time to the answer in milliseconds, that of models asked in vain included.
    pub latency_ms: u64,
    /// Tokens used.
    pub usage: Usage,
    /// Models that were asked before and gave no answer.
    pub passed_over: Vec<ModelPassedOver>,
}

/// A model that gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ModelPassedOver {
    /// Its name.
    pub model: String,
    /// Why, as a code.
    pub code: ErrorCode,
    /// Why, in a sentence.
    pub why: String,
}

/// Adds the routes of the agent. The app must hold a `web::Data<Agent>`.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_models).service(try_model);
}

/// Lists the three roles with the models that play them: where each is, whether it is asked or left alone, how its
/// last call and check ended, and what it has used since the start. Nothing is sent to any model. Addresses are told
/// as host and port, keys never.
#[utoipa::path(
    tag = "models", operation_id = "list_models",
    responses(
        (status = 200, body = ModelRoles, description = "The roles"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json", description = "No valid token"),
    )
)]
#[get("/api/v1/models")]
async fn list_models(_principal: Principal, agent: web::Data<Agent>) -> web::Json<ModelRoles> {
    let thinker = &agent.thinker;
    let roles = thinker.roles.all().into_iter().map(|(name, role)| {
        let mut chain: Vec<ModelState> = match role {
            Role::Builtin => Vec::new(),
            Role::Model(chain) => chain.links().map(|link| state(link.state())).collect(),
        };
        // Rules cannot sum up what a model's code found; there the code's own words stand in.
        let rules_stand_in = name == RoleName::Code && thinker.settings.rules_stand_in;
        if chain.is_empty() || rules_stand_in {
            chain.push(ModelState { model: BUILTIN.to_owned(), host: None, seen: None });
        }
        ModelRole { role: name.as_str().to_owned(), chain }
    });
    web::Json(ModelRoles { roles: roles.collect() })
}

fn state(link: LinkState) -> ModelState {
    let (breaker, retry_in_seconds) = match link.breaker {
        BreakerState::Closed => (ModelBreaker::Closed, None),
        BreakerState::Open(left) => (ModelBreaker::Open, Some(left.as_secs() + 1)),
        BreakerState::HalfOpen => (ModelBreaker::HalfOpen, None),
    };
    let (last_check_at, last_check_error) = link.last_check.clone().unzip();
    let seen = ModelSeen {
        healthy: healthy(&link),
        breaker,
        retry_in_seconds,
        calls: link.calls,
        failures: link.failures,
        usage: link.usage,
        last_latency_ms: link.last_latency.map(|latency| u64::try_from(latency.as_millis()).unwrap_or(u64::MAX)),
        last_answer_at: link.last_answer_at,
        last_error: link.last_error.map(|(at, error)| ModelFault { at, error }),
        last_check_at,
        last_check_error: last_check_error.flatten(),
    };
    ModelState { model: link.model, host: link.host, seen: Some(seen) }
}

/// What happened last decides.
fn healthy(link: &LinkState) -> Option<bool> {
    let answered = link.last_answer_at.map(|at| (at, true));
    let failed = link.last_error.as_ref().map(|(at, _)| (*at, false));
    let checked = link.last_check.as_ref().map(|(at, failure)| (*at, failure.is_none()));
    [answered, failed, checked].into_iter().flatten().max().map(|(_, fine)| fine)
}

/// Asks the models of a role, `vision`, `code` or `reasoning`, outside of any job: in the order, with the limits and
/// times of a real call, also those that are left alone after failures. It may cost what a call costs.
#[utoipa::path(
    tag = "models", operation_id = "try_model", request_body = ModelTry,
    params(("role" = String, Path, description = "`vision`, `code` or `reasoning`")),
    responses(
        (status = 200, body = ModelTried, description = "The answer, and who gave it"),
        (status = 400, body = ProblemBody, content_type = "application/problem+json", description = "The body is not the JSON that was expected"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json", description = "No valid token"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json", description = "There is no such role"),
        (status = 409, body = ProblemBody, content_type = "application/problem+json", description = "Rules play the role: there is no model to try"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "The prompt is empty or too long"),
        (status = 424, body = ProblemBody, content_type = "application/problem+json", description = "No model gave an answer; the code says why"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json", description = "Other models are being tried out"),
    )
)]
#[post("/api/v1/models/{role}/try")]
async fn try_model(
    _principal: Principal,
    agent: web::Data<Agent>,
    role: web::Path<String>,
    body: JsonObject<ModelTry>,
) -> Result<web::Json<ModelTried>, Problem> {
    let role = match role.as_str() {
        "vision" => RoleName::Vision,
        "reasoning" => RoleName::Reasoning,
        "code" => RoleName::Code,
        _ => {
            let detail = "There is no such role; there are 'vision', 'code' and 'reasoning'.";
            return Err(Problem::with_detail(ErrorCode::NotFound, detail));
        }
    };
    let prompt = body.prompt.trim();
    if prompt.is_empty() {
        return Err(Problem::with_detail(ErrorCode::InvalidField, "The field 'prompt' is empty."));
    }
    if prompt.len() > MAX_PROMPT_BYTES {
        let detail = format!("The prompt has {} bytes; at most {MAX_PROMPT_BYTES} are accepted.", prompt.len());
        return Err(Problem::with_detail(ErrorCode::PromptTooLong, detail));
    }
    let (reply, latency) = agent.try_out(role, prompt).await.map_err(|not_tried| {
        let problem = Problem::from(not_tried.failure());
        match not_tried {
            NotTried::Busy => problem.retry_after(RETRY_AFTER_SECONDS),
            NotTried::NoModel | NotTried::Failed(_) => problem,
        }
    })?;
    let passed_over = reply.passed_over.into_iter();
    Ok(web::Json(ModelTried {
        text: reply.text,
        cut_off: reply.cut_off,
        model: reply.model,
        latency_ms: u64::try_from(latency.as_millis()).unwrap_or(u64::MAX),
        usage: reply.usage,
        passed_over: passed_over
            .map(|passed| ModelPassedOver { model: passed.model, code: passed.code, why: passed.why })
            .collect(),
    }))
}
