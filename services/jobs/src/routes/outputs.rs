use crate::{Jobs, LinkStyle};
use actix_web::{HttpResponse, get, web};
use common::{ErrorCode, JobId};
use edge::output::{Output, serve};
use edge::{Principal, Problem, ProblemBody, parse_id};

/// Read one output of a job. Served so that it cannot run as this site.
#[utoipa::path(
    tag = "jobs",
    params(("id" = String, Path), ("name" = String, Path, description = "Name of the output as the results list it")),
    responses(
        (status = 200, description = "The file, of the type that the list names", body = Vec<u8>, content_type = "*/*"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/api/v1/jobs/{id}/outputs/{name:.*}")]
pub async fn output(
    principal: Principal,
    jobs: web::Data<Jobs>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (id, name) = path.into_inner();
    let id: JobId = parse_id(&id, ErrorCode::JobNotFound)?;
    let report = jobs.report(&principal.owner, id, LinkStyle::BlobKey).await?;
    // The name is only compared with names the sandbox reported; it never becomes a path.
    let found = report
        .outputs
        .iter()
        .find(|output| output.name == name)
        .ok_or_else(|| Problem::new(ErrorCode::OutputNotFound))?;
    let content = jobs.content(&found.path).await?;
    let shown = Output { name: &found.name, media_type: &found.media_type, bytes: found.bytes, sha256: &found.sha256 };
    Ok(serve(shown, content))
}
