use crate::Files;
use actix_web::{get, web};
use common::FileId;
use common::picture::{PictureRef, PictureSource};
use edge::{PathId, Principal, Problem};

/// Where the picture of an upload stands, for another service on behalf of a caller.
#[get("/internal/v1/pictures/{id}")]
pub async fn picture(
    principal: Principal,
    files: web::Data<Files>,
    id: PathId<FileId>,
) -> Result<web::Json<PictureRef>, Problem> {
    Ok(web::Json(files.picture(&principal.caller(), id.0).await?))
}
