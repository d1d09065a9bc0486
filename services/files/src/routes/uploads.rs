use crate::Files;
use actix_web::{HttpResponse, delete, get, web};
use common::FileId;
use common::picture::{PictureSource, Upload};
use edge::{Principal, Problem};
use serde::Deserialize;

/// What part of the list is wanted.
#[derive(Debug, Deserialize)]
pub struct Before {
    before: Option<FileId>,
}

/// A caller's uploads with the places of their bytes, for another service on behalf of that caller.
#[get("/internal/v1/uploads")]
pub async fn list(
    principal: Principal,
    files: web::Data<Files>,
    query: web::Query<Before>,
) -> Result<web::Json<Vec<Upload>>, Problem> {
    Ok(web::Json(files.uploads(&principal.caller(), query.before).await?))
}

/// Removes all of a caller's uploads, for another service on behalf of that caller.
#[delete("/internal/v1/uploads")]
pub async fn erase(principal: Principal, files: web::Data<Files>) -> Result<HttpResponse, Problem> {
    files.erase(&principal.caller()).await?;
    Ok(HttpResponse::NoContent().finish())
}
