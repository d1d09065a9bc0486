use crate::{Jobs, ModelCallPage};
use actix_web::{get, web};
use edge::{Principal, Problem, ProblemBody, page_size};
use serde::Deserialize;

/// What part of the list is wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CallsQuery {
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Calls per page, 1 to 100.
    #[param(default = 20, minimum = 1, maximum = 100)]
    limit: Option<u64>,
}

/// List the model calls that were made for your jobs, newest first: who was asked, how long it took, what it cost, how it
/// ended; never what was said. They go with their jobs. Calls that tried a model out are not among them.
#[utoipa::path(
    tag = "models", operation_id = "list_model_calls", params(CallsQuery),
    responses(
        (status = 200, body = ModelCallPage),
        (status = 400, body = ProblemBody, content_type = "application/problem+json", description = "The cursor is none"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json", description = "invalid_field"),
    )
)]
#[get("/api/v1/models/calls")]
pub async fn calls(
    principal: Principal,
    jobs: web::Data<Jobs>,
    query: web::Query<CallsQuery>,
) -> Result<web::Json<ModelCallPage>, Problem> {
    Ok(web::Json(jobs.calls(&principal.owner, query.cursor.as_deref(), page_size(query.limit, 20, 100)?).await?))
}
