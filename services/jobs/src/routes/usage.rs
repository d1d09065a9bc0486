use crate::Jobs;
use crate::usage::UsageView;
use actix_web::{HttpRequest, get, web};
use edge::{Principal, Problem};

/// Read what you used, and what is left: today's tokens and money, your jobs, and what may be done in a minute, an hour
/// or a day. Days are those of UTC.
#[utoipa::path(tag = "jobs", operation_id = "read_usage", responses((status = 200, body = UsageView)))]
#[get("/api/v1/usage")]
pub async fn usage(
    principal: Principal,
    request: HttpRequest,
    jobs: web::Data<Jobs>,
) -> Result<web::Json<UsageView>, Problem> {
    let meters = edge::allowance::meters(&request, &principal).await;
    Ok(web::Json(jobs.usage(&principal.caller(), meters).await?))
}
