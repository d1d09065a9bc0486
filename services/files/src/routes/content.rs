//! `GET /api/v1/files/{id}/content` and `/thumbnail`: the pictures themselves.

use crate::Files;
use crate::catalogue::Picture;
use actix_web::body::SizedStream;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ContentType, ETag, EntityTag, Header, IfNoneMatch, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse, get, web};
use common::FileId;
use edge::{PathId, Principal, Problem, ProblemBody};
use futures::StreamExt;

/// The image as PNG, upright and without metadata.
#[utoipa::path(
    tag = "files",
    operation_id = "get_file_content",
    params(("id" = String, Path, description = "Id of the image")),
    responses(
        (status = 200, body = Vec<u8>, content_type = "image/png"),
        (status = 304, description = "The caller has it already"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json", description = "unauthorized"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json", description = "file_not_found"),
    )
)]
#[get("/api/v1/files/{id}/content")]
pub async fn content(
    caller: Principal,
    files: web::Data<Files>,
    id: PathId<FileId>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    serve(&files, &caller, id.0, &request, Picture::Image).await
}

/// A small version of the image as PNG, at most 320 pixels wide and high.
#[utoipa::path(
    tag = "files",
    operation_id = "get_file_thumbnail",
    params(("id" = String, Path, description = "Id of the image")),
    responses(
        (status = 200, body = Vec<u8>, content_type = "image/png"),
        (status = 304, description = "The caller has it already"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json", description = "unauthorized"),
        (status = 404, body = ProblemBody, content_type = "application/problem+json", description = "file_not_found"),
    )
)]
#[get("/api/v1/files/{id}/thumbnail")]
pub async fn thumbnail(
    caller: Principal,
    files: web::Data<Files>,
    id: PathId<FileId>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    serve(&files, &caller, id.0, &request, Picture::Thumbnail).await
}

async fn serve(
    files: &Files,
    caller: &Principal,
    id: FileId,
    request: &HttpRequest,
    which: Picture,
) -> Result<HttpResponse, Problem> {
    let row = files.row(&caller.owner, id).await?;
    let tag = EntityTag::new_strong(match which {
        Picture::Image => row.image_sha256.clone(),
        Picture::Thumbnail => format!("{}-thumbnail", row.image_sha256),
    });
    let known = is_known(request, &tag);
    let mut response = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    // The bytes behind an id never change, but only their owner may keep them.
    response.insert_header((CACHE_CONTROL, "private, max-age=31536000, immutable")).insert_header(ETag(tag));
    if known {
        return Ok(response.finish());
    }
    let (info, body) = files.open_picture(&row, which).await?;
    let body =
        body.map(|chunk| chunk.inspect_err(|error| tracing::warn!(%error, "picture broke off while it was sent")));
    Ok(response
        .insert_header(ContentType::png())
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .body(SizedStream::new(info.bytes, body)))
}

fn is_known(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(items)) => items.iter().any(|item| item.weak_eq(tag)),
        Err(_) => false,
    }
}
