use crate::Jobs;
use crate::feed::Told;
use crate::live::Piece;
use actix_web::{HttpResponse, get, web};
use common::JobId;
use edge::sse::{self, LastEventId};
use edge::{PathId, Principal, Problem, ProblemBody, Stop};
use futures::StreamExt;
use serde_json::{Value, json};

/// Follow a job as server-sent events, from its beginning or after `Last-Event-ID`.
///
/// Events are `job_queued`, `job_started`, `step_started`, `step_repeated`, `step_finished` and
/// `job_finished`, after which the stream ends. Each has a number (`id`) and the data `{at_ms, data}`.
///
/// Between them come events `live`, without a number: what goes on within the running step, told a few times a second at
/// most and kept nowhere. Their data is `{step_id, channel, replace, cut, text}`. `channel` is `code` (what a model is
/// writing), `stdout` or `stderr` (what running code prints). The text is added to what was told of that step and channel;
/// with `replace` it takes the place of it; with `cut` something before it is left out. Whoever comes late or connects again
/// is told the whole as it stands. Nothing depends on them: `step_finished` has the code and the ends of both streams.
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
    let told = jobs.follow(&principal.owner, id.0, last.0.unwrap_or(0)).await?;
    let events = told.map(|told| match told {
        Told::Event(event) => {
            let data: Value = serde_json::from_str(&event.data).unwrap_or(Value::Null);
            let data = json!({ "at_ms": event.at, "data": data });
            sse::Event { id: Some(event.number), name: event.kind.into(), data }
        }
        Told::Live(Piece { step, channel, replaces, cut, text }) => {
            let channel = channel.as_str();
            let data = json!({ "step_id": step, "channel": channel, "replace": replaces, "cut": cut, "text": text });
            sse::Event { id: None, name: "live".into(), data }
        }
    });
    Ok(sse::respond(events, stop.0))
}
