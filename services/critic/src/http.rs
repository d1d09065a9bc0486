//! The HTTP side: `POST /api/v1/reviews`.

use crate::Critic;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, post, web};
use common::ErrorCode;
use common::execution::MAX_EXECUTION_CODE_BYTES;
use common::review::Review;
use edge::{JsonObject, Principal, Problem, ProblemBody};
use serde::{Deserialize, Serialize};
use utoipa_actix_web::service_config::ServiceConfig;

/// Largest request body in bytes: the longest code in JSON, where a character can take six bytes, and
/// some more, so that code which is too long gets a review that says so.
const MAX_BODY_BYTES: usize = 8 * MAX_EXECUTION_CODE_BYTES;

/// Seconds after which a client may try again when a tool failed.
const RETRY_AFTER_SECONDS: u32 = 2;

/// Code to review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewRequest {
    /// Python source text.
    pub code: String,
}

/// Adds the routes of the critic. The app must hold a `web::Data<Critic>`.
pub fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(create_review);
}

/// Reviews Python code as it would be before a run in the sandbox: ruff, bandit and the policy. The code
/// is not run. Code that cannot be read at all is answered with a review that blocks it.
#[utoipa::path(
    tag = "reviews", operation_id = "create_review", request_body = ReviewRequest,
    responses(
        (status = 200, body = Review, description = "What was found, worst first, and the verdict"),
        (status = 400, body = ProblemBody, content_type = "application/problem+json", description = "The body is not the JSON that was expected"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json", description = "No valid token"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json", description = "The body is too large"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json", description = "The body is not declared as JSON"),
        (status = 503, body = ProblemBody, content_type = "application/problem+json", description = "A tool of the review failed"),
    )
)]
#[post("/api/v1/reviews")]
async fn create_review(
    _principal: Principal,
    critic: web::Data<Critic>,
    request: HttpRequest,
    body: web::Payload,
) -> Result<web::Json<Review>, Problem> {
    let request = read(&request, body).await?;
    let review = critic.review(&request.code).await.map_err(|failure| {
        let retryable = failure.code == ErrorCode::NotReady;
        let problem = Problem::from(failure);
        if retryable { problem.retry_after(RETRY_AFTER_SECONDS) } else { problem }
    })?;
    Ok(web::Json(review))
}

/// Reads the body itself, because the limit for JSON in general is below that for code.
async fn read(request: &HttpRequest, body: web::Payload) -> Result<ReviewRequest, Problem> {
    let declared = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = declared.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        let detail = "The request body must be sent with 'Content-Type: application/json'.";
        return Err(Problem::with_detail(ErrorCode::UnsupportedMediaType, detail));
    }
    let bytes = match body.to_bytes_limited(MAX_BODY_BYTES).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => return Err(Problem::with_detail(ErrorCode::BadRequest, "The request body was cut off.")),
        Err(_) => {
            let detail = format!("The request body is larger than the {MAX_BODY_BYTES} bytes accepted here.");
            return Err(Problem::with_detail(ErrorCode::PayloadTooLarge, detail));
        }
    };
    let read = serde_json::from_slice(&bytes).map(JsonObject::into_inner);
    read.map_err(|error| edge::validate::invalid_json(&error))
}
