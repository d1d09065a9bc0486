use crate::{JobView, Jobs, NewJob};
use actix_web::{HttpRequest, HttpResponse, post, web};
use edge::{JsonObject, Principal, Problem, ProblemBody};

/// Create a job: the pictures are looked at, code is written, reviewed and run.
///
/// Send the same `Idempotency-Key` again to repeat a request safely: it gives the same job.
#[utoipa::path(
    tag = "jobs",
    request_body = NewJob,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeated request give the same job, 1 to 255 characters")),
    responses(
        (status = 202, description = "Accepted", body = JobView),
        (status = 404, description = "A file does not exist", body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, description = "The key was used for another request", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "A field is not allowed", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/api/v1/jobs")]
pub async fn create(
    principal: Principal,
    request: HttpRequest,
    jobs: web::Data<Jobs>,
    body: JsonObject<NewJob>,
) -> Result<HttpResponse, Problem> {
    // A value that is not text is refused like an empty one.
    let key = request.headers().get("idempotency-key").map(|value| value.to_str().unwrap_or_default().to_owned());
    let job = jobs.create(principal.caller(), body.into_inner(), key).await?;
    Ok(HttpResponse::Accepted().insert_header(("location", format!("/api/v1/jobs/{}", job.id))).json(job))
}
