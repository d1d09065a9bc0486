//! The files service as the settings want it, within a larger program or as one of its own.

use crate::{Deps, Files, Settings, internal_routes, routes};
use actix_web::web;
use edge::{Check, Health, Site};
use runtime::{Host, NotReady};
use tokio_util::sync::CancellationToken;

impl Settings {
    /// Those of these settings.
    pub fn of(settings: &runtime::Settings) -> Self {
        Self {
            max_upload_bytes: settings.max_upload_bytes.0,
            max_image_pixels: settings.max_image_pixels.0,
            retention_days: settings.retention_days.map(|days| days.0),
        }
    }
}

impl Files {
    /// Whether uploads can be stored now.
    pub fn readiness(&self) -> Check {
        let files = self.clone();
        Check::new("files", move || {
            let files = files.clone();
            async move {
                files.check().await.map(|()| "Uploads can be stored.".to_owned()).map_err(|failure| failure.detail)
            }
        })
    }
}

/// The service as a program of its own, until it is asked to stop.
///
/// # Errors
/// Something it needs is missing.
pub async fn serve(host: Host) -> Result<(), NotReady> {
    let callers = host.callers()?;
    let bus = host.bus().await?;
    let blob = host.blob().await?;
    let db = database::connect(&host.database_url(), "files").await.map_err(|error| NotReady::storage(&error))?;
    let settings = Settings::of(&host.environment.settings);
    let files = Files::open(Deps { db, blob, bus: bus.clone() }, settings);
    let files = files.await.map_err(|error| NotReady::storage(&error))?;
    let stop = CancellationToken::new();
    let sweeping = files.start(stop.clone());
    let health = Health::new(vec![
        files.readiness(),
        runtime::service::bus_check(&bus),
        runtime::service::callers_check(&callers),
    ]);
    let data = web::Data::new(files);
    let allowances = web::Data::new(host.allowances()?);
    let site = Site::new(callers).health(health).routes(move |cfg| {
        cfg.app_data(data.clone()).app_data(allowances.clone());
        routes(cfg);
        internal_routes(cfg);
    });
    host.serve(site, async || {
        stop.cancel();
        // Ended by a panic: nothing is left to wait for, and it is in the log.
        let _ended = sweeping.await;
        bus.close().await;
    })
    .await
}
