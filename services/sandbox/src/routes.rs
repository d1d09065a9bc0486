//! Direct runs over HTTP.

mod events;
mod keep;

pub use events::text;

use crate::Sandbox;
use crate::environment;
use crate::execute::ExecutionRequest;
use crate::jail::{Asked, Live};
use crate::slots::Turn;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, get, post, web};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use blob::{BlobError, ErrorKind};
use bytes::{Bytes, BytesMut};
use common::execution::{ExecutionResult, OutputFile};
use common::{ErrorCode, ExecutionId, Failure, OwnerId};
use edge::output::{Output, serve};
use edge::{Principal, Problem, ProblemBody, parse_id};
use futures::StreamExt;
use keep::Keys;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// Largest request body: inputs come in base64, so about 24 MB of them.
const MAX_BODY_BYTES: usize = 32 << 20;
/// Largest list of outputs, in bytes.
const MAX_LIST_BYTES: u64 = 1 << 20;
/// What a caller that finds no free slot is told to wait.
const RETRY_AFTER_SECONDS: u32 = 5;

/// Code to run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExecutionBody {
    /// Python code. Inputs stand under `/box/in`; what it leaves in `/box/out` comes back.
    #[schema(example = "print(1)")]
    pub code: String,
    /// Input files.
    #[serde(default)]
    pub inputs: Vec<InputBody>,
    /// Longest wall time in seconds, from 0.1 to the operator's limit (usually 120), which it is if absent.
    #[schema(example = 20.0)]
    pub timeout_seconds: Option<f64>,
    /// Memory in MiB, from 32 to the operator's limit (usually 2048), which it is if absent.
    pub memory_mib: Option<u64>,
    /// Processes and threads, from 4 to the operator's limit (usually 128), which it is if absent.
    pub pids: Option<u32>,
    /// CPUs, from 0.1 to the operator's limit (usually 2), which it is if absent.
    pub cpus: Option<f64>,
}

/// An input file.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InputBody {
    /// Plain file name.
    #[schema(example = "data.csv")]
    pub name: String,
    /// Content in base64.
    #[schema(example = "YSxiCjEsMgo=")]
    pub content_base64: String,
}

/// A finished run. The `path` of each output is its link.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ExecutionAnswer {
    /// Id of the run; its outputs are kept under it for a while.
    pub id: ExecutionId,
    /// The result.
    #[serde(flatten)]
    pub result: ExecutionResult,
}

/// Mounts the handlers. The caller adds `web::Data<Sandbox>`.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(run_code).service(environment::read_environment).service(read_output).service(read_health);
}

/// Run Python code in the sandbox. The answer comes when it has ended; with `Accept: text/event-stream` what
/// it prints comes as it is printed (`output` events: `stream`, `ms`, `text`), and the answer last (`result`,
/// or `problem`). A caller that goes away ends its run; nothing of it is kept.
#[utoipa::path(
    tag = "executions", operation_id = "run_code", request_body = ExecutionBody,
    responses(
        (status = 200, description = "It ran; `status` says how it ended", body = ExecutionAnswer),
        (status = 413, description = "The inputs are too large", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is not allowed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "No free slot, or as many runs as may be; try again later", body = ProblemBody, content_type = "application/problem+json"),
        (status = 507, description = "It ran, but what it left cannot be kept; nothing of it is", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "The jail does not work now, or the run broke off", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/api/v1/executions")]
async fn run_code(
    principal: Principal,
    sandbox: web::Data<Sandbox>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    if request.content_type() != "application/json" {
        let detail = "The request body must be sent with 'Content-Type: application/json'.";
        return Err(Problem::with_detail(ErrorCode::UnsupportedMediaType, detail));
    }
    let body = read(&request, payload).await?;
    let body: ExecutionBody =
        serde_json::from_slice(&body).map_err(|error| edge::validate::invalid_json_bytes(&body, &error))?;
    let asked = ExecutionRequest { owner: principal.owner.to_string(), ..asked(body)? };
    // Nonsense, and a caller too many, are refused with their own status before any stream begins.
    let turn = sandbox.line_up(&asked).map_err(problem)?;
    if wants_events(&request) {
        let sandbox = sandbox.get_ref().clone();
        return Ok(edge::sse::respond(events::of(sandbox, principal.owner, turn, asked), CancellationToken::new()));
    }
    // A caller that goes away drops this future, and with it the run.
    let answer = run_and_store(&sandbox, &principal.owner, turn, asked, None).await?;
    Ok(HttpResponse::Ok().json(answer))
}

fn wants_events(request: &HttpRequest) -> bool {
    let accept = request.headers().get("accept").and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.split(',').any(|kind| kind.trim().starts_with("text/event-stream"))
}

/// Runs to the end and keeps the outputs.
pub(crate) async fn run_and_store(
    sandbox: &Sandbox,
    owner: &OwnerId,
    turn: Turn,
    asked: ExecutionRequest,
    live: Option<Live>,
) -> Result<ExecutionAnswer, Problem> {
    let execution = sandbox.execute_in(turn, asked, CancellationToken::new(), live).await.map_err(problem)?;
    let id = ExecutionId::new();
    let result = keep::store(sandbox, owner, id, execution).await.map_err(|error| blob_problem(&error))?;
    Ok(ExecutionAnswer { id, result })
}

/// What the sandbox is made of and how it is: the isolation in force, how each import tier is, and what the
/// last proof of the walls found.
#[utoipa::path(
    tag = "executions", operation_id = "read_sandbox_health",
    responses((status = 200, body = crate::health::SandboxHealth))
)]
#[get("/api/v1/executions/health")]
async fn read_health(_principal: Principal, sandbox: web::Data<Sandbox>) -> web::Json<crate::health::SandboxHealth> {
    web::Json(sandbox.health().await)
}

/// Read one output of a run. Served so that it cannot run as this site; kept for a day.
#[utoipa::path(
    tag = "executions", operation_id = "read_execution_output",
    params(("id" = String, Path), ("name" = String, Path, description = "Name of the output as the answer lists it")),
    responses(
        (status = 200, description = "The file, of the type that the list names", body = Vec<u8>, content_type = "*/*"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/api/v1/executions/{id}/outputs/{name:.*}")]
async fn read_output(
    principal: Principal,
    sandbox: web::Data<Sandbox>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (id, name) = path.into_inner();
    let id: ExecutionId = parse_id(&id, ErrorCode::OutputNotFound)?;
    let missing = |_| Problem::new(ErrorCode::OutputNotFound);
    let keys = Keys::of(&principal.owner, id).map_err(missing)?;
    let list = sandbox.0.blob.get(&keys.list, MAX_LIST_BYTES).await.map_err(|error| blob_problem(&error))?;
    let list: Vec<OutputFile> =
        serde_json::from_slice(&list).map_err(|error| Problem::internal("list of outputs", &error))?;
    // The name is only compared with names that were listed.
    let found =
        list.iter().find(|output| output.name == name).ok_or_else(|| Problem::new(ErrorCode::OutputNotFound))?;
    let key = keys.output(&found.name).map_err(missing)?;
    let (_, content) = sandbox.0.blob.get_stream(&key).await.map_err(|error| blob_problem(&error))?;
    let shown = Output { name: &found.name, media_type: &found.media_type, bytes: found.bytes, sha256: &found.sha256 };
    Ok(serve(shown, content))
}

async fn read(request: &HttpRequest, mut payload: web::Payload) -> Result<Bytes, Problem> {
    let too_large = || {
        let detail = format!("The request body is larger than the {MAX_BODY_BYTES} bytes accepted here.");
        Problem::with_detail(ErrorCode::PayloadTooLarge, detail)
    };
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > MAX_BODY_BYTES as u64) {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| Problem::with_detail(ErrorCode::BadRequest, "The request body was cut off."))?;
        if body.len() + chunk.len() > MAX_BODY_BYTES {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn asked(body: ExecutionBody) -> Result<ExecutionRequest, Problem> {
    let invalid = |detail: String| Problem::with_detail(ErrorCode::InvalidField, detail);
    let mut inputs = Vec::with_capacity(body.inputs.len());
    for input in body.inputs {
        let content = BASE64_STANDARD.decode(&input.content_base64);
        let content = content.map_err(|_| invalid(format!("The content of input {:?} is not base64.", input.name)))?;
        inputs.push((input.name, Bytes::from(content)));
    }
    let timeout = body.timeout_seconds.map(Duration::try_from_secs_f64).transpose();
    let timeout = timeout.map_err(|_| invalid("The field 'timeout_seconds' is not a number of seconds.".into()))?;
    let percent = body.cpus.map(|cpus| cpus * 100.0);
    if percent.is_some_and(|percent| !(0.0..=1_000_000.0).contains(&percent)) {
        return Err(invalid("The field 'cpus' is not a number of CPUs.".into()));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "its range was checked above")]
    let cpu_percent = percent.map(|percent| percent.round() as u32);
    let memory_bytes = body.memory_mib.map(|mib| mib.saturating_mul(1 << 20));
    let asked = Asked { memory_bytes, pids: body.pids, cpu_percent };
    Ok(ExecutionRequest { inputs, timeout, asked, ..ExecutionRequest::new(body.code) })
}

fn problem(failure: Failure) -> Problem {
    let busy = failure.code == ErrorCode::TooBusy;
    let problem = Problem::from(failure);
    if busy { problem.retry_after(RETRY_AFTER_SECONDS) } else { problem }
}

fn blob_problem(error: &BlobError) -> Problem {
    match error.kind {
        ErrorKind::NotFound => Problem::new(ErrorCode::OutputNotFound),
        _ => {
            tracing::error!(%error, cause = ?error.source, "outputs of a direct run");
            Problem::new(ErrorCode::StorageUnavailable)
        }
    }
}
