use crate::Files;
use actix_web::{get, web};
use common::FileId;
use common::picture::{PictureRef, PictureSource};
use edge::{AnyCaller, PathId, Problem};

/// Where the picture of an upload stands, for another service on behalf of a caller: whoever may make jobs may make them
/// of their pictures, so no scope is asked for.
#[get("/internal/v1/pictures/{id}")]
pub async fn picture(
    caller: AnyCaller,
    files: web::Data<Files>,
    id: PathId<FileId>,
) -> Result<web::Json<PictureRef>, Problem> {
    Ok(web::Json(files.picture(&caller.0.caller(), id.0).await?))
}
