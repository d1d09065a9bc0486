//! The critic as the settings want it, within a larger program or as one of its own.

use crate::{Critic, Settings, routes, start, start_comparing};
use actix_web::web;
use edge::{Check, Health, Site};
use runtime::{Environment, Host, NotReady};
use tokio_util::sync::CancellationToken;

impl Critic {
    /// Opens the critic of this environment, proving that its tools find planted faults.
    ///
    /// # Errors
    /// A tool is missing or does not work.
    pub async fn open_in(environment: &Environment) -> Result<Self, NotReady> {
        let opened = Self::open(Settings::new(&environment.tools_env)).await;
        opened.map_err(|error| {
            let join = |texts: Vec<String>| texts.join("; ");
            let reasons = error.problems.iter().map(|p| format!("{}: {}", p.tool, p.reason)).collect();
            NotReady::new(
                format!("critic: {}", join(reasons)),
                join(error.problems.iter().map(|p| p.fix.clone()).collect()),
            )
        })
    }

    /// Whether code can be reviewed now.
    pub fn readiness(&self) -> Check {
        let critic = self.clone();
        Check::new("critic", move || {
            let critic = critic.clone();
            async move { critic.check().await }
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
    let critic = Critic::open_in(&host.environment).await?;
    let stop = CancellationToken::new();
    let blob = host.blob().await?;
    let running = start(&bus, critic.clone(), stop.clone()).await.map_err(|error| NotReady::bus(&error))?;
    let comparing = start_comparing(&bus, blob, stop.clone()).await.map_err(|error| NotReady::bus(&error))?;
    let health = Health::new(vec![
        critic.readiness(),
        runtime::service::bus_check(&bus),
        runtime::service::callers_check(&callers),
    ]);
    let data = web::Data::new(critic);
    let site = Site::new(callers).health(health).routes(move |cfg| {
        cfg.app_data(data.clone());
        routes(cfg);
    });
    host.serve(site, async || {
        stop.cancel();
        tokio::join!(running.finished(), comparing.finished());
        bus.close().await;
    })
    .await
}
