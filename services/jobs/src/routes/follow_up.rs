use crate::{Calibration, JobView, Jobs, Refinement};
use actix_web::{HttpResponse, patch, post, web};
use common::JobId;
use edge::{JsonObject, PathId, Principal, Problem, ProblemBody};

/// Go on from a job that has ended, with something changed: a new job with the same pictures that knows the code so far.
#[utoipa::path(
    tag = "jobs",
    params(("id" = String, Path)),
    request_body = Refinement,
    responses(
        (status = 202, description = "Accepted: the new job", body = JobView),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It has not ended", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is not allowed", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/api/v1/jobs/{id}/refine")]
pub async fn refine(
    principal: Principal,
    jobs: web::Data<Jobs>,
    id: PathId<JobId>,
    body: JsonObject<Refinement>,
) -> Result<HttpResponse, Problem> {
    accepted(jobs.refine(principal.caller(), id.0, body.into_inner()).await?)
}

/// Correct the axes of a job that has ended: a new job reads the numbers again by them. No model is asked.
#[utoipa::path(
    tag = "jobs",
    params(("id" = String, Path)),
    request_body = Calibration,
    responses(
        (status = 202, description = "Accepted: the new job", body = JobView),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "It has not ended", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The points make no axis", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[patch("/api/v1/jobs/{id}/calibration")]
pub async fn calibrate(
    principal: Principal,
    jobs: web::Data<Jobs>,
    id: PathId<JobId>,
    body: JsonObject<Calibration>,
) -> Result<HttpResponse, Problem> {
    accepted(jobs.calibrate(principal.caller(), id.0, body.into_inner()).await?)
}

fn accepted(job: JobView) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Accepted().insert_header(("location", format!("/api/v1/jobs/{}", job.id))).json(job))
}
