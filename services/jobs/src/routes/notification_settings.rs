use crate::Jobs;
use crate::notify::{Code, DeliveryView, NewSecret, NotificationSettings, SettingsView, TestOf};
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, get, post, put, web};
use common::{ErrorCode, Failure};
use edge::{JsonObject, Principal, Problem, ProblemBody};

/// After how many seconds somebody who asked for too many codes or tests may ask again.
const AGAIN_AFTER_SECONDS: u32 = 600;

fn problem(failure: Failure) -> Problem {
    match failure.code {
        ErrorCode::TooBusy => Problem::from(failure).retry_after(AGAIN_AFTER_SECONDS),
        _ => failure.into(),
    }
}

/// Read where you are told that jobs have ended.
#[utoipa::path(
    tag = "notifications",
    operation_id = "get_notification_settings",
    responses((status = 200, body = SettingsView))
)]
#[get("/api/v1/notifications/settings")]
pub async fn get(principal: Principal, jobs: web::Data<Jobs>) -> Result<web::Json<SettingsView>, Problem> {
    Ok(web::Json(jobs.notification_settings(&principal.owner).await?))
}

/// Set where you are told that jobs have ended. What is left out is switched off.
///
/// A new e-mail address gets a code, and nothing else before that is entered. A new webhook gets a secret, which only
/// this answer shows.
#[utoipa::path(
    tag = "notifications",
    operation_id = "set_notification_settings",
    request_body = NotificationSettings,
    responses(
        (status = 200, body = SettingsView),
        (status = 409, description = "This server sends no mail", body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, description = "An address is not allowed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many codes", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[put("/api/v1/notifications/settings")]
pub async fn put(
    principal: Principal,
    jobs: web::Data<Jobs>,
    body: JsonObject<NotificationSettings>,
) -> Result<HttpResponse, Problem> {
    let set = jobs.set_notification_settings(&principal.owner, body.into_inner()).await.map_err(problem)?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(set))
}

/// Confirm the e-mail address by the code that was sent there.
#[utoipa::path(
    tag = "notifications",
    operation_id = "confirm_email",
    request_body = Code,
    responses(
        (status = 200, body = SettingsView),
        (status = 422, description = "It is not that code", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/api/v1/notifications/settings/confirm")]
pub async fn confirm(
    principal: Principal,
    jobs: web::Data<Jobs>,
    body: JsonObject<Code>,
) -> Result<web::Json<SettingsView>, Problem> {
    Ok(web::Json(jobs.confirm_email(&principal.owner, &body.code).await?))
}

/// Give the webhook another secret. Only this answer shows it; the old one is good for nothing any more.
#[utoipa::path(
    tag = "notifications",
    operation_id = "renew_webhook_secret",
    responses(
        (status = 200, body = NewSecret),
        (status = 409, description = "There is no webhook", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/api/v1/notifications/settings/secret")]
pub async fn secret(principal: Principal, jobs: web::Data<Jobs>) -> Result<HttpResponse, Problem> {
    let made = jobs.renew_secret(&principal.owner).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(made))
}

/// Send a try to a channel; the deliveries show what came of it.
#[utoipa::path(
    tag = "notifications",
    operation_id = "test_notification",
    request_body = TestOf,
    responses(
        (status = 202, body = DeliveryView),
        (status = 409, description = "The channel is not set or not confirmed", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "Too many tries", body = ProblemBody, content_type = "application/problem+json"),
    )
)]
#[post("/api/v1/notifications/settings/test")]
pub async fn test(
    principal: Principal,
    jobs: web::Data<Jobs>,
    body: JsonObject<TestOf>,
) -> Result<HttpResponse, Problem> {
    let made = jobs.test_channel(&principal.owner, body.channel).await.map_err(problem)?;
    Ok(HttpResponse::Accepted().json(made))
}
