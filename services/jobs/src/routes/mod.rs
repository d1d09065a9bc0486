//! HTTP handlers of the jobs service, one file per kind of request.

mod bundle;
mod calls;
mod create;
mod events;
mod follow_up;
mod manage;
mod me;
mod notification_settings;
mod notifications;
mod outputs;
mod read;
mod usage;

use utoipa_actix_web::service_config::ServiceConfig;

/// Mounts the handlers. The caller adds `web::Data<Jobs>`.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(create::create)
        .service(usage::usage)
        .service(read::list)
        .service(read::get)
        .service(read::results)
        .service(events::events)
        .service(outputs::output)
        .service(bundle::bundle)
        .service(calls::calls)
        .service(manage::cancel)
        .service(manage::retry)
        .service(follow_up::refine)
        .service(follow_up::calibrate)
        .service(manage::delete)
        .service(me::export)
        .service(me::erase)
        .service(notifications::list)
        .service(notifications::read)
        .service(notifications::deliveries)
        .service(notification_settings::get)
        .service(notification_settings::put)
        .service(notification_settings::confirm)
        .service(notification_settings::secret)
        .service(notification_settings::test);
}
