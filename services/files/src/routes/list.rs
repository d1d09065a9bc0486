//! `GET /api/v1/files`

use crate::{FilePage, Files};
use actix_web::{get, web};
use common::ErrorCode;
use edge::{Principal, Problem, ProblemBody};
use serde::Deserialize;
use utoipa::IntoParams;

/// Items of a page when the caller does not say.
const DEFAULT_LIMIT: u32 = 20;
/// Most items of a page.
const MAX_LIMIT: u32 = 100;

/// Which page of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Items of a page, from 1 to 100; 20 if not given.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before; the first page if not given.
    cursor: Option<String>,
}

/// Lists your images, newest first.
#[utoipa::path(
    tag = "files",
    operation_id = "list_files",
    params(ListQuery),
    responses(
        (status = 200, body = FilePage),
        (status = 401, body = ProblemBody, content_type = "application/problem+json", description = "unauthorized"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "invalid_field"),
    )
)]
#[get("/api/v1/files")]
pub async fn list(
    caller: Principal,
    files: web::Data<Files>,
    query: web::Query<ListQuery>,
) -> Result<web::Json<FilePage>, Problem> {
    let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(Problem::with_detail(ErrorCode::InvalidField, format!("'limit' must be from 1 to {MAX_LIMIT}.")));
    }
    Ok(web::Json(files.page(&caller.owner, limit, query.cursor.as_deref()).await?))
}
