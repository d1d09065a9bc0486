//! The HTTP side: one handler a file. Expects `web::Data<Files>` in the app.

mod content;
mod form;
mod list;
mod one;
mod picture;
mod upload;
mod uploads;

use utoipa_actix_web::service_config::ServiceConfig;

/// All routes of this service, below `/api/v1/files`. The app must hold `web::Data<Files>`.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(upload::upload)
        .service(list::list)
        .service(one::read)
        .service(one::delete)
        .service(content::content)
        .service(content::thumbnail);
}

/// What other services ask, never reachable through the proxy.
pub fn internal_routes(cfg: &mut ServiceConfig) {
    cfg.map(|cfg| cfg.service(picture::picture).service(uploads::list).service(uploads::erase));
}
