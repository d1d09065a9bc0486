//! The jobs service as the settings want it, within a larger program or as one of its own.

use crate::pictures::RemotePictures;
use crate::{Deps, Jobs, MailSettings, NotifySettings, Rules, Settings, StartError, routes};
use actix_web::web;
use edge::{Check, Health, Site};
use runtime::settings::WebhookSchemes;
use runtime::{Host, NotReady};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

impl Settings {
    /// Those of these settings.
    pub fn of(settings: &runtime::Settings) -> Self {
        let notify = NotifySettings {
            mail: MailSettings { url: settings.smtp_url.exposed().to_owned(), from: settings.mail_from.clone() },
            rules: Rules::new(settings.webhook_schemes == WebhookSchemes::HttpToo, &settings.webhook_hosts),
            public_url: settings.public_url.clone(),
            lease: None,
        };
        Self {
            max_running: settings.max_running_jobs.0,
            max_job_seconds: settings.max_job_seconds.0,
            limits: settings.user_limits(),
            notify,
            retention_days: settings.retention_days.map(|days| days.0),
        }
    }
}

impl StartError {
    /// What the operator is told.
    pub fn not_ready(&self) -> NotReady {
        match self {
            Self::Notify(error) => NotReady::new(error.to_string(), "correct SMTP_URL and MAIL_FROM in the settings"),
            Self::Store(_) | Self::Bus(_) => NotReady::storage(self),
        }
    }
}

impl Jobs {
    /// Whether jobs can be stored now.
    pub fn readiness(&self) -> Check {
        let jobs = self.clone();
        Check::new("jobs", move || {
            let jobs = jobs.clone();
            async move { jobs.check().await }
        })
    }
}

/// The service as a program of its own, until it is asked to stop.
///
/// # Errors
/// Something it needs is missing.
pub async fn serve(host: Host) -> Result<(), NotReady> {
    let callers = host.callers()?;
    let settings = &host.environment.settings;
    if settings.files_url.is_empty() {
        let fix = "set FILES_URL to the files service's address within your network, such as http://files:8080";
        return Err(NotReady::new("FILES_URL is not set, so no picture could be found", fix));
    }
    let pictures =
        RemotePictures::at(&settings.files_url).map_err(|error| NotReady::new(error.to_string(), "see the log"))?;
    let bus = host.bus().await?;
    let blob = host.blob().await?;
    let db = database::connect(&host.database_url(), "jobs").await.map_err(|error| NotReady::storage(&error))?;
    let shared = host.shared_if_there()?;
    let deps = Deps { db, blob, bus: bus.clone(), shared, pictures: Arc::new(pictures) };
    let jobs = Jobs::open(deps, Settings::of(settings)).await.map_err(|error| error.not_ready())?;
    let stop = CancellationToken::new();
    let running = jobs.start(stop.clone()).await.map_err(|error| NotReady::storage(&error))?;
    let health = Health::new(vec![
        jobs.readiness(),
        runtime::service::bus_check(&bus),
        runtime::service::callers_check(&callers),
    ]);
    let data = web::Data::new(jobs);
    let allowances = web::Data::new(host.allowances()?);
    let site = Site::new(callers).health(health).routes(move |cfg| {
        cfg.app_data(data.clone()).app_data(allowances.clone());
        routes(cfg);
    });
    host.serve(site, async || {
        stop.cancel();
        running.finished().await;
        bus.close().await;
    })
    .await
}
