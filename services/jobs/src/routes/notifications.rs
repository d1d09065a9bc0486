use crate::Jobs;
use crate::notify::{DeliveryList, NotificationPage, ReadNotifications, Unread};
use actix_web::{get, post, web};
use common::ErrorCode;
use edge::{JsonObject, Principal, Problem, page_size};
use serde::Deserialize;

/// What part of the list is wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Only what is not read.
    #[param(default = false)]
    unread: Option<bool>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Notifications per page, 1 to 100.
    #[param(default = 20, minimum = 1, maximum = 100)]
    limit: Option<u64>,
}

/// List what you were told of your jobs, newest first.
///
/// A job that has succeeded, failed or used up its budget gives one notification; one that you stopped gives none.
#[utoipa::path(
    tag = "notifications",
    operation_id = "list_notifications",
    params(ListQuery),
    responses((status = 200, body = NotificationPage))
)]
#[get("/api/v1/notifications")]
pub async fn list(
    principal: Principal,
    jobs: web::Data<Jobs>,
    query: web::Query<ListQuery>,
) -> Result<web::Json<NotificationPage>, Problem> {
    let wrong = |_| Problem::new(ErrorCode::BadRequest);
    let before = query.cursor.as_deref().map(str::parse).transpose().map_err(wrong)?;
    let only_unread = query.unread.unwrap_or(false);
    Ok(web::Json(jobs.notifications(&principal.owner, only_unread, before, page_size(query.limit, 20, 100)?).await?))
}

/// Take notifications as read: those named, or all.
#[utoipa::path(
    tag = "notifications",
    operation_id = "read_notifications",
    request_body = ReadNotifications,
    responses((status = 200, body = Unread))
)]
#[post("/api/v1/notifications/read")]
pub async fn read(
    principal: Principal,
    jobs: web::Data<Jobs>,
    body: JsonObject<ReadNotifications>,
) -> Result<web::Json<Unread>, Problem> {
    Ok(web::Json(jobs.read_notifications(&principal.owner, body.into_inner()).await?))
}

/// List the latest letters and webhooks, with how they are and why the last attempt failed.
#[utoipa::path(
    tag = "notifications",
    operation_id = "list_deliveries",
    responses((status = 200, body = DeliveryList))
)]
#[get("/api/v1/notifications/deliveries")]
pub async fn deliveries(principal: Principal, jobs: web::Data<Jobs>) -> Result<web::Json<DeliveryList>, Problem> {
    Ok(web::Json(jobs.deliveries(&principal.owner).await?))
}
