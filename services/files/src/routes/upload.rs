//! `POST /api/v1/files`

use super::form;
use crate::told;
use crate::{FileView, Files};
use actix_multipart::Multipart;
use actix_web::http::header::{CONTENT_LENGTH, LOCATION};
use actix_web::{HttpRequest, HttpResponse, post, web};
use common::ErrorCode;
use edge::{Allowance, Principal, Problem, ProblemBody};
use utoipa::ToSchema;

/// What a form may take beside the image, in bytes.
const FORM_BYTES: u64 = 128 * 1024;
/// Seconds after which a busy server may be asked again.
const BUSY_SECONDS: u32 = 30;

/// The form of an upload.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form for the API document; it is read as a stream")]
struct UploadForm {
    /// The image: PNG, JPEG, WebP, GIF, BMP or TIFF.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Uploads an image.
///
/// The bytes decide what it is, not its name or declared type. It is turned upright and its metadata is
/// dropped before anyone sees it; of an animation or a multi-page file only the first picture is used.
#[utoipa::path(
    tag = "files",
    operation_id = "upload_file",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = 201, body = FileView, description = "The image was taken in"),
        (status = 400, body = ProblemBody, content_type = "application/problem+json", description = "empty_file, missing_file or bad_request"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json", description = "unauthorized"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "file_too_large or too_many_pixels"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "unsupported_media_type"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "undecodable_image"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json", description = "too_busy or limit_reached"),
        (status = 507, body = ProblemBody, content_type = "application/problem+json", description = "storage_unavailable"),
    )
)]
#[post("/api/v1/files")]
pub async fn upload(
    caller: Principal,
    files: web::Data<Files>,
    request: HttpRequest,
    body: Multipart,
) -> Result<HttpResponse, Problem> {
    let uploaded = take_in(&caller, &files, &request, body).await;
    told::uploaded(&uploaded);
    let file = uploaded?;
    let address = format!("/api/v1/files/{}", file.id);
    Ok(HttpResponse::Created().insert_header((LOCATION, address)).json(file))
}

async fn take_in(
    caller: &Principal,
    files: &Files,
    request: &HttpRequest,
    body: Multipart,
) -> Result<FileView, Problem> {
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > files.settings().max_upload_bytes.saturating_add(FORM_BYTES)) {
        return Err(files.too_large().into());
    }
    let received = form::receive(files, &caller.owner, body).await?;
    if let Err(problem) = edge::allowance::spend(request, caller, Allowance::UploadBytes, received.bytes).await {
        received.blobs.discard().await;
        return Err(problem);
    }
    files.complete(received, caller.trace.clone()).await.map_err(|failure| match failure.code {
        ErrorCode::TooBusy => Problem::from(failure).retry_after(BUSY_SECONDS),
        _ => failure.into(),
    })
}
