use crate::{Erasure, Jobs};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, ContentEncoding, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpResponse, delete, get, web};
use edge::{JsonObject, Principal, Problem, ProblemBody};

/// Download everything of yours as one zip: all jobs as their bundles have them, all uploads, notifications and settings.
///
/// It is made while it is sent: its length is not known before. A zip that was broken off has no end and does not open.
#[utoipa::path(
    tag = "data",
    operation_id = "export_data",
    responses((status = 200, description = "A zip", body = Vec<u8>, content_type = "application/zip"))
)]
#[get("/api/v1/me/export")]
pub async fn export(principal: Principal, jobs: web::Data<Jobs>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok()
        .content_type("application/zip")
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"darkroom-export.zip\""))
        .insert_header((CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header(("cross-origin-resource-policy", "same-origin"))
        .insert_header((CACHE_CONTROL, "no-store"))
        // Packed already.
        .insert_header(ContentEncoding::Identity)
        .streaming(jobs.export(principal.caller())))
}

/// Delete everything of yours for good: jobs with their results, uploads, notifications and settings.
///
/// Jobs that go on are stopped first. After an error something may be left: send it again. Outputs of direct executions go
/// by themselves within a day.
#[utoipa::path(
    tag = "data",
    operation_id = "erase_data",
    request_body = Erasure,
    responses(
        (status = 204, description = "Gone"),
        (status = 400, description = "No JSON", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "The word is missing", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[delete("/api/v1/me/data")]
pub async fn erase(
    principal: Principal,
    jobs: web::Data<Jobs>,
    body: JsonObject<Erasure>,
) -> Result<HttpResponse, Problem> {
    jobs.erase(&principal.caller(), &body).await?;
    Ok(HttpResponse::NoContent().finish())
}
