//! `GET` and `DELETE /api/v1/files/{id}`

use crate::{FileView, Files};
use actix_web::{HttpResponse, delete, get, web};
use common::FileId;
use edge::{PathId, Principal, Problem, ProblemBody};

/// Reads what is known about an image.
#[utoipa::path(
    tag = "files",
    operation_id = "get_file",
    params(("id" = String, Path, description = "Id of the image")),
    responses(
        (status = 200, body = FileView),
        (status = 401, body = ProblemBody, content_type = "application/problem+json", description = "unauthorized"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json", description = "file_not_found"),
    )
)]
#[get("/api/v1/files/{id}")]
pub async fn read(
    caller: Principal,
    files: web::Data<Files>,
    id: PathId<FileId>,
) -> Result<web::Json<FileView>, Problem> {
    Ok(web::Json(files.file(&caller.owner, id.0).await?))
}

/// Removes an image and everything stored of it. Results of jobs that used it stay.
#[utoipa::path(
    tag = "files",
    operation_id = "delete_file",
    params(("id" = String, Path, description = "Id of the image")),
    responses(
        (status = 204, description = "The image is gone"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json", description = "unauthorized"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json", description = "file_not_found"),
    )
)]
#[delete("/api/v1/files/{id}")]
pub async fn delete(caller: Principal, files: web::Data<Files>, id: PathId<FileId>) -> Result<HttpResponse, Problem> {
    files.delete(&caller.owner, id.0).await?;
    Ok(HttpResponse::NoContent().finish())
}
