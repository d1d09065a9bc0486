//! The sandbox as the settings want it, within a larger program or as one of its own.

use crate::{
    DockerRuntime, DockerSettings, IsolationLevel, JailSettings, Limits, Sandbox, Settings, Supervisor, routes,
};
use actix_web::web;
use blob::SharedStore;
use common::execution::Start;
use edge::{Check, Health, Site};
use runtime::settings::{SandboxIsolation, SandboxRuntime};
use runtime::{Environment, Host, NotReady};
use std::path::Path;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

impl Settings {
    /// Those of this environment, with the work folder below the data folder. A program that runs code once starts it
    /// cold: keeping something ready costs more than it gives there.
    pub fn of(environment: &Environment, data: &Path, start: Start) -> Self {
        let nsjail = environment.tools_env.join("bin/nsjail");
        let (supervisor, python) = (environment.supervisor.clone(), environment.python_env.clone());
        let jail = JailSettings::new(supervisor, nsjail, python, data.join("sandbox"));
        let wanted = &environment.settings;
        let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let ready = small(wanted.sandbox_ready.0);
        let limits = Limits {
            memory_bytes: wanted.sandbox_memory_mib.0 << 20,
            pids: small(wanted.sandbox_pids.0),
            cpu_percent: small(wanted.sandbox_cpu_percent.0),
            ..Limits::default()
        };
        let jail = JailSettings { limits, ready: [ready, ready, small(wanted.sandbox_ready_vision.0)], ..jail };
        let mut settings = Self::new(if start == Start::Cold { jail.cold() } else { jail });
        settings.slots = wanted.sandbox_slots.as_usize();
        settings.queue = wanted.sandbox_queue.as_usize();
        settings.max_timeout = Duration::from_secs(wanted.sandbox_seconds.0);
        settings.isolation = isolation(wanted);
        if !wanted.sandbox_supervisor.is_empty() {
            settings.jail.supervisor = Supervisor::Apart(wanted.sandbox_supervisor.as_str().into());
        }
        settings
    }
}

fn isolation(settings: &runtime::Settings) -> IsolationLevel {
    match settings.sandbox_isolation {
        SandboxIsolation::Jail => IsolationLevel::Jail,
        SandboxIsolation::Docker => IsolationLevel::Docker(DockerSettings {
            socket: settings.sandbox_docker_socket.as_str().into(),
            image: settings.sandbox_docker_image.clone(),
            runtime: match settings.sandbox_docker_runtime {
                SandboxRuntime::Runc => DockerRuntime::Runc,
                SandboxRuntime::Runsc => DockerRuntime::Runsc,
            },
        }),
    }
}

impl Sandbox {
    /// Opens the sandbox of this environment, proving that its walls hold.
    ///
    /// # Errors
    /// The jail cannot be had.
    pub async fn open_in(
        environment: &Environment,
        data: &Path,
        blob: SharedStore,
        start: Start,
    ) -> Result<Self, NotReady> {
        let opened = Self::open(Settings::of(environment, data, start), blob).await;
        opened.map_err(|error| NotReady::new(format!("sandbox: {}", error.reason), error.fix))
    }

    /// Whether code can be run now.
    pub fn readiness(&self) -> Check {
        let sandbox = self.clone();
        Check::new("sandbox", move || {
            let sandbox = sandbox.clone();
            async move {
                sandbox.check().await?;
                let tiers = sandbox.health().await.tiers;
                let cold: Vec<_> = tiers.iter().filter(|tier| tier.state == "down").map(|tier| &*tier.tier).collect();
                Ok(match cold.as_slice() {
                    [] => "A probe ran in the jail.".to_owned(),
                    down => format!("A probe ran in the jail. Runs start cold for: {}.", down.join(", ")),
                })
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
    let sandbox = Sandbox::open_in(&host.environment, &host.environment.data_dir, blob, Start::Warm).await?;
    let stop = CancellationToken::new();
    let running = sandbox.start(bus.clone(), stop.clone()).await.map_err(|error| NotReady::bus(&error))?;
    let health = Health::new(vec![
        sandbox.readiness(),
        runtime::service::bus_check(&bus),
        runtime::service::callers_check(&callers),
    ]);
    let data = web::Data::new(sandbox.clone());
    let site = Site::new(callers).health(health).routes(move |cfg| {
        cfg.app_data(data.clone());
        routes(cfg);
    });
    host.serve(site, async || {
        stop.cancel();
        running.finished().await;
        sandbox.close().await;
        bus.close().await;
    })
    .await
}
