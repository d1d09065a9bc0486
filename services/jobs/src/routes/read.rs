use crate::{JobPage, JobView, Jobs, LinkStyle, Wanted};
use actix_web::{get, web};
use common::job::{JobReport, JobState};
use common::{ErrorCode, JobId};
use edge::{PathId, Principal, Problem, ProblemBody, page_size, parse_id};
use serde::Deserialize;

/// What part of the list is wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Only jobs in this state.
    #[param(inline)]
    state: Option<JobState>,
    /// Only jobs with all these words in prompt, summary, title, kind, names of pictures or id, whatever their case. At
    /// most 200 characters.
    #[param(max_length = 200)]
    q: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Jobs per page, 1 to 100.
    #[param(default = 20, minimum = 1, maximum = 100)]
    limit: Option<u64>,
}

/// List jobs, newest first.
#[utoipa::path(tag = "jobs", params(ListQuery), responses((status = 200, body = JobPage)))]
#[get("/api/v1/jobs")]
pub async fn list(
    principal: Principal,
    jobs: web::Data<Jobs>,
    query: web::Query<ListQuery>,
) -> Result<web::Json<JobPage>, Problem> {
    let before = query.cursor.as_deref().map(|text| parse_id::<JobId>(text, ErrorCode::BadRequest)).transpose()?;
    let wanted = Wanted::new(query.state, query.q.as_deref().unwrap_or_default(), before)?;
    Ok(web::Json(jobs.list(&principal.owner, &wanted, page_size(query.limit, 20, 100)?).await?))
}

/// Read a job.
#[utoipa::path(
    tag = "jobs",
    params(("id" = String, Path)),
    responses((status = 200, body = JobView), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
#[get("/api/v1/jobs/{id}")]
pub async fn get(
    principal: Principal,
    jobs: web::Data<Jobs>,
    id: PathId<JobId>,
) -> Result<web::Json<JobView>, Problem> {
    Ok(web::Json(jobs.get(&principal.owner, id.0).await?))
}

/// Read the results of a job: summary, code, review, run, outputs with links. Works while it runs.
#[utoipa::path(
    tag = "jobs",
    params(("id" = String, Path)),
    responses((status = 200, body = JobReport), (status = 404, body = ProblemBody, content_type = "application/problem+json"))
)]
#[get("/api/v1/jobs/{id}/results")]
pub async fn results(
    principal: Principal,
    jobs: web::Data<Jobs>,
    id: PathId<JobId>,
) -> Result<web::Json<JobReport>, Problem> {
    Ok(web::Json(jobs.report(&principal.owner, id.0, LinkStyle::Http).await?))
}
