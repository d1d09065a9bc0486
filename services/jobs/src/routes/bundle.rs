use crate::Jobs;
use crate::bundle::file_name;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, ContentEncoding, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpResponse, get, web};
use common::JobId;
use edge::{PathId, Principal, Problem, ProblemBody};

/// Download everything of a job as one zip: report, code, review, what it printed, outputs, pictures.
///
/// Works while the job runs, with what is there. It is made while it is sent: its length is not known before.
#[utoipa::path(
    tag = "jobs",
    params(("id" = String, Path)),
    responses(
        (status = 200, description = "A zip", body = Vec<u8>, content_type = "application/zip"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[get("/api/v1/jobs/{id}/bundle")]
pub async fn bundle(principal: Principal, jobs: web::Data<Jobs>, id: PathId<JobId>) -> Result<HttpResponse, Problem> {
    let content = jobs.bundle(&principal.owner, id.0).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/zip")
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", file_name(id.0))))
        .insert_header((CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header(("cross-origin-resource-policy", "same-origin"))
        .insert_header((CACHE_CONTROL, "no-store"))
        // Packed already.
        .insert_header(ContentEncoding::Identity)
        .streaming(content))
}
