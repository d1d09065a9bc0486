use crate::Jobs;
use actix_web::{HttpResponse, get, web};
use common::JobId;
use edge::sse::{self, LastEventId};
use edge::{PathId, Principal, Problem, ProblemBody, Stop};
use futures::StreamExt;
use serde_json::{Value, json};

/// Follow a job as server-sent events, from its beginning or after `Last-Event-ID`.
///
/// Events are `job_queued`, `job_started`, `step_started`, `step_repeated`, `step_finished` and
/// `job_finished`, after which the stream ends.
#[utoipa::path(
    tag = "jobs",
    params(("id" = String, Path), ("Last-Event-ID" = Option<u64>, Header, description = "Number of the last event seen")),
    responses(
        (status = 200, description = "text/event-stream", content_type = "text/event-stream", body = String),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/api/v1/jobs/{id}/events")]
pub async fn events(
    principal: Principal,
    jobs: web::Data<Jobs>,
    id: PathId<JobId>,
    last: LastEventId,
    stop: Stop,
) -> Result<HttpResponse, Problem> {
    let stored = jobs.events(&principal.owner, id.0, last.0.unwrap_or(0)).await?;
    let events = stored.map(|event| {
        let data: Value = serde_json::from_str(&event.data).unwrap_or(Value::Null);
        sse::Event { id: event.number, name: event.kind.into(), data: json!({ "at_ms": event.at, "data": data }) }
    });
    Ok(sse::respond(events, stop.0))
}
