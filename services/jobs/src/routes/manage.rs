use crate::{JobView, Jobs, Retry};
use actix_web::{HttpResponse, delete, post, web};
use common::JobId;
use edge::{OptionalObject, PathId, Principal, Problem, ProblemBody};

/// Cancel a job: nothing of it runs a second later.
#[utoipa::path(
    tag = "jobs",
    params(("id" = String, Path)),
    responses(
        (status = 200, body = JobView),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It has already ended", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/api/v1/jobs/{id}/cancel")]
pub async fn cancel(
    principal: Principal,
    jobs: web::Data<Jobs>,
    id: PathId<JobId>,
) -> Result<web::Json<JobView>, Problem> {
    Ok(web::Json(jobs.cancel(&principal.owner, id.0).await?))
}

/// Retry a job that has ended: a new job with the same pictures, prompt and options, but for those that are named.
#[utoipa::path(
    tag = "jobs",
    params(("id" = String, Path)),
    request_body = Option<Retry>,
    responses(
        (status = 202, body = JobView),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It has not ended", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "An option is not allowed", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/api/v1/jobs/{id}/retry")]
pub async fn retry(
    principal: Principal,
    jobs: web::Data<Jobs>,
    id: PathId<JobId>,
    change: OptionalObject<Retry>,
) -> Result<HttpResponse, Problem> {
    let job = jobs.retry(principal.caller(), id.0, change.into_inner().unwrap_or_default()).await?;
    Ok(HttpResponse::Accepted().insert_header(("location", format!("/api/v1/jobs/{}", job.id))).json(job))
}

/// Delete a job that has ended, with its code, results and outputs.
#[utoipa::path(
    tag = "jobs",
    params(("id" = String, Path)),
    responses(
        (status = 204, description = "Gone"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It has not ended", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[delete("/api/v1/jobs/{id}")]
pub async fn delete(principal: Principal, jobs: web::Data<Jobs>, id: PathId<JobId>) -> Result<HttpResponse, Problem> {
    jobs.delete(&principal.owner, id.0).await?;
    Ok(HttpResponse::NoContent().finish())
}
