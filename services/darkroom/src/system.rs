//! All services in one process, wired to the backends that the settings name.

use crate::environment::Environment;
use agent::{Agent, RoleName};
use blob::SharedStore;
use bus::SharedBus;
use common::execution::Start;
use common::picture::PictureSource;
use critic::Critic;
use edge::{Check, Health, Site};
use files::Files;
use gateway::{ConfigLimits, Gateway};
use jobs::Jobs;
use llm::{Limits, Role};
use runtime::Settings;
use runtime::settings::{SandboxIsolation, SandboxRuntime, Secret};
use sandbox::{DockerRuntime, DockerSettings, IsolationLevel, JailSettings, Sandbox, Supervisor};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The system cannot start. Each text says what is wrong; `fix` says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{reason}\n  -> {fix}")]
pub struct NotReady {
    /// What is wrong.
    pub reason: String,
    /// What to do about it.
    pub fix: String,
}

impl NotReady {
    /// Something that is wrong and what to do about it.
    pub fn new(reason: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { reason: reason.into(), fix: fix.into() }
    }

    /// A storage backend that cannot be opened, with the causes in one line.
    fn storage(error: &dyn std::error::Error) -> Self {
        let mut reason = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            reason = format!("{reason}: {cause}");
            source = cause.source();
        }
        Self::new(reason, "check the folder, its rights and the disk, or the URL in the settings")
    }
}

/// The services, opened and wired. Nothing moves before [`System::start`].
pub struct System {
    /// Uploads.
    pub files: Files,
    /// Jobs.
    pub jobs: Jobs,
    /// The critic.
    pub critic: Critic,
    /// The sandbox.
    pub sandbox: Sandbox,
    /// Where everything is kept.
    pub blob: SharedStore,
    agent: Arc<Agent>,
    bus: SharedBus,
}

/// The running services.
pub struct Running {
    stop: CancellationToken,
    bus: SharedBus,
    jobs: jobs::Running,
    agent: agent::Running,
    sandbox: sandbox::Running,
    room: Sandbox,
    critic: bus::Consumer,
}

/// How long work in hand may take to come to an end at a stop. What is not done by then is taken up
/// again at the next start.
const DRAIN: Duration = Duration::from_secs(10);

impl Running {
    /// Stops all services and waits until nothing is in hand any more.
    pub async fn stop(self) {
        self.stop.cancel();
        let drained = tokio::time::timeout(DRAIN, async {
            tokio::join!(self.sandbox.finished(), self.agent.finished(), self.critic.finished());
            self.jobs.finished().await;
        });
        if drained.await.is_err() {
            tracing::warn!("some work was cut off; it is taken up again at the next start");
        }
        self.room.close().await;
        self.bus.close().await;
    }
}

/// The sandbox alone. A program that runs code once starts it cold: keeping something ready costs more than
/// it gives there.
///
/// # Errors
/// The jail cannot be had.
pub async fn open_sandbox(
    environment: &Environment,
    data: &Path,
    blob: SharedStore,
    start: Start,
) -> Result<Sandbox, NotReady> {
    let settings = sandbox_settings(environment, data, start);
    Sandbox::open(settings, blob).await.map_err(|error| NotReady::new(format!("sandbox: {}", error.reason), error.fix))
}

/// The sandbox as the settings want it, with its work folder below the data folder.
pub fn sandbox_settings(environment: &Environment, data: &Path, start: Start) -> sandbox::Settings {
    let nsjail = environment.tools_env.join("bin/nsjail");
    let (supervisor, python) = (environment.supervisor.clone(), environment.python_env.clone());
    let jail = JailSettings::new(supervisor, nsjail, python, data.join("sandbox"));
    let wanted = &environment.settings;
    let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    let ready = small(wanted.sandbox_ready.0);
    let limits = sandbox::Limits {
        memory_bytes: wanted.sandbox_memory_mib.0 << 20,
        pids: small(wanted.sandbox_pids.0),
        cpu_percent: small(wanted.sandbox_cpu_percent.0),
        ..sandbox::Limits::default()
    };
    let jail = JailSettings { limits, ready: [ready, ready, small(wanted.sandbox_ready_vision.0)], ..jail };
    let mut settings = sandbox::Settings::new(if start == Start::Cold { jail.cold() } else { jail });
    settings.slots = wanted.sandbox_slots.as_usize();
    settings.queue = wanted.sandbox_queue.as_usize();
    settings.max_timeout = Duration::from_secs(wanted.sandbox_seconds.0);
    settings.isolation = isolation(wanted);
    if !wanted.sandbox_supervisor.is_empty() {
        settings.jail.supervisor = Supervisor::Apart(wanted.sandbox_supervisor.as_str().into());
    }
    settings
}

fn isolation(settings: &Settings) -> IsolationLevel {
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

/// The critic alone, as `darkroom review` needs it.
///
/// # Errors
/// A tool is missing or does not work.
pub async fn open_critic(environment: &Environment) -> Result<Critic, NotReady> {
    let opened = Critic::open(critic::Settings::new(&environment.tools_env)).await;
    opened.map_err(|error| {
        let join = |texts: Vec<String>| texts.join("; ");
        NotReady::new(
            format!("critic: {}", join(error.problems.iter().map(|p| format!("{}: {}", p.tool, p.reason)).collect())),
            join(error.problems.iter().map(|p| p.fix.clone()).collect()),
        )
    })
}

/// The blob store below the data folder, unless the settings name another.
///
/// # Errors
/// It cannot be opened.
pub async fn open_blob(settings: &Settings, data: &Path) -> Result<SharedStore, NotReady> {
    let url = or_default(settings.blob_url.exposed(), || format!("file://{}", data.join("blobs").display()));
    blob::connect(&url).await.map_err(|error| NotReady::storage(&error))
}

fn or_default(set: &str, default: impl FnOnce() -> String) -> String {
    if set.is_empty() { default() } else { set.to_owned() }
}

fn role(url: &str, name: &str, key: &Secret, what: &str, timeout: Duration) -> Result<Role, NotReady> {
    let limits = Limits { read_timeout: timeout, total_timeout: timeout, ..Limits::default() };
    llm::connect(url, name, key.value().cloned(), limits).map_err(|error| {
        NotReady::new(
            format!("{what} model: {error}"),
            format!("correct {what}_MODEL_URL, _NAME or _KEY in the settings"),
        )
    })
}

/// Who plays the three roles.
///
/// # Errors
/// A model's settings cannot be used.
pub fn open_roles(settings: &Settings) -> Result<[Role; 3], NotReady> {
    let timeout = Duration::from_secs(settings.model_timeout_seconds.0);
    Ok([
        role(&settings.vision_model_url, &settings.vision_model_name, &settings.vision_model_key, "VISION", timeout)?,
        role(
            &settings.reasoning_model_url,
            &settings.reasoning_model_name,
            &settings.reasoning_model_key,
            "REASONING",
            timeout,
        )?,
        role(&settings.code_model_url, &settings.code_model_name, &settings.code_model_key, "CODE", timeout)?,
    ])
}

impl System {
    /// Opens every service on the data folder, proving that the jail and the tools work.
    ///
    /// # Errors
    /// The first thing that is missing, with its fix.
    pub async fn open(environment: &Environment, data: &Path) -> Result<Self, NotReady> {
        let settings = &environment.settings;
        let [vision, reasoning, code] = open_roles(settings)?;
        let bus = bus::connect(settings.bus_url.exposed()).await.map_err(|error| {
            NotReady::new(error.to_string(), "start the broker, or correct BUS_URL in the settings")
        })?;
        let blob = open_blob(settings, data).await?;
        let database =
            or_default(settings.database_url.exposed(), || format!("sqlite://{}", data.join("db").display()));
        // The slow starts, each waiting for processes, go side by side.
        let (sandbox, critic, files_db, jobs_db) = tokio::join!(
            open_sandbox(environment, data, blob.clone(), Start::Warm),
            open_critic(environment),
            database::connect(&database, "files"),
            database::connect(&database, "jobs"),
        );
        let (sandbox, critic) = (sandbox?, critic?);
        let files_db = files_db.map_err(|error| NotReady::storage(&error))?;
        let jobs_db = jobs_db.map_err(|error| NotReady::storage(&error))?;
        let files_settings = files::Settings {
            max_upload_bytes: settings.max_upload_bytes.0,
            max_image_pixels: settings.max_image_pixels.0,
        };
        let files_deps = files::Deps { db: files_db, blob: blob.clone(), bus: bus.clone() };
        let files = Files::open(files_deps, files_settings).await.map_err(|error| NotReady::storage(&error))?;
        let jobs_settings =
            jobs::Settings { max_running: settings.max_running_jobs.0, max_job_seconds: settings.max_job_seconds.0 };
        let pictures: Arc<dyn PictureSource> = Arc::new(files.clone());
        let jobs_deps = jobs::Deps { db: jobs_db, blob: blob.clone(), bus: bus.clone(), pictures };
        let jobs = Jobs::open(jobs_deps, jobs_settings).await.map_err(|error| NotReady::storage(&error))?;
        let agent_deps = agent::Deps { bus: bus.clone(), blob: blob.clone(), vision, reasoning, code };
        let agent = Arc::new(Agent::new(agent_deps, agent::Settings::default()));
        Ok(Self { files, jobs, critic, sandbox, blob, agent, bus })
    }

    /// Starts the services: workers first, then jobs, which may send work at once.
    ///
    /// # Errors
    /// A service cannot start.
    pub async fn start(&self) -> Result<Running, NotReady> {
        let stop = CancellationToken::new();
        let failed = |error: &dyn std::error::Error| NotReady::storage(error);
        let sandbox = self.sandbox.start(self.bus.clone(), stop.clone()).await.map_err(|error| failed(&error))?;
        let critic =
            critic::start(&self.bus, self.critic.clone(), stop.clone()).await.map_err(|error| failed(&error))?;
        let agent = self.agent.start(stop.clone()).await.map_err(|error| failed(&error))?;
        let jobs = self.jobs.start(stop.clone()).await.map_err(|error| failed(&error))?;
        drop(self.files.start(stop.clone()));
        let room = self.sandbox.clone();
        Ok(Running { stop, bus: self.bus.clone(), jobs, agent, sandbox, room, critic })
    }

    /// Everything the server answers with.
    pub fn site(&self, gateway: &Gateway) -> Site {
        let site = Site::new(gateway.authenticator()).health(self.health());
        let (files, jobs) =
            (actix_web::web::Data::new(self.files.clone()), actix_web::web::Data::new(self.jobs.clone()));
        let (critic, sandbox) =
            (actix_web::web::Data::new(self.critic.clone()), actix_web::web::Data::new(self.sandbox.clone()));
        let site = site
            .routes(move |cfg| {
                cfg.app_data(files.clone());
                files::routes(cfg);
            })
            .routes(move |cfg| {
                cfg.app_data(jobs.clone());
                jobs::routes(cfg);
            })
            .routes(move |cfg| {
                cfg.app_data(critic.clone());
                critic::routes(cfg);
            })
            .routes(move |cfg| {
                cfg.app_data(sandbox.clone());
                sandbox::routes(cfg);
            });
        gateway.mount(site)
    }

    /// Who plays each role and whether it works.
    pub async fn models(&self) -> Vec<agent::RoleHealth> {
        self.agent.check().await
    }

    fn health(&self) -> Health {
        let (files, jobs, critic, sandbox, agent) =
            (self.files.clone(), self.jobs.clone(), self.critic.clone(), self.sandbox.clone(), self.agent.clone());
        Health::new(vec![
            Check::new("files", move || {
                let files = files.clone();
                async move {
                    files.check().await.map(|()| "Uploads can be stored.".to_owned()).map_err(|failure| failure.detail)
                }
            }),
            Check::new("jobs", move || {
                let jobs = jobs.clone();
                async move { jobs.check().await }
            }),
            Check::new("critic", move || {
                let critic = critic.clone();
                async move { critic.check().await }
            }),
            Check::new("sandbox", move || {
                let sandbox = sandbox.clone();
                async move {
                    sandbox.check().await?;
                    let tiers = sandbox.health().await.tiers;
                    let cold: Vec<_> =
                        tiers.iter().filter(|tier| tier.state == "down").map(|tier| &*tier.tier).collect();
                    Ok(match cold.as_slice() {
                        [] => "A probe ran in the jail.".to_owned(),
                        down => format!("A probe ran in the jail. Runs start cold for: {}.", down.join(", ")),
                    })
                }
            }),
            Check::new("models", move || {
                let agent = agent.clone();
                async move { models_check(&agent.check().await) }
            }),
        ])
    }
}

/// Only the model that writes code is needed: without the others the platform's own rules stand in.
fn models_check(roles: &[agent::RoleHealth]) -> Result<String, String> {
    let described: Vec<String> = roles
        .iter()
        .map(|health| {
            let state = health.failure.as_ref().map_or("ready".to_owned(), |failure| failure.detail.clone());
            format!("{:?}: {} ({state})", health.role, health.model)
        })
        .collect();
    let text = described.join("; ");
    let code_fails = roles.iter().any(|health| health.role == RoleName::Code && health.failure.is_some());
    if code_fails { Err(text) } else { Ok(text) }
}

/// What clients may know of the settings.
pub fn limits(settings: &Settings) -> ConfigLimits {
    ConfigLimits {
        max_upload_bytes: settings.max_upload_bytes.0,
        max_image_pixels: settings.max_image_pixels.0,
        max_job_seconds: settings.max_job_seconds.0,
        ..ConfigLimits::default()
    }
}

/// A blob store in a folder of its own, for commands that keep nothing.
///
/// # Errors
/// The folder cannot be used.
pub async fn open_blob_in(folder: &Path) -> Result<SharedStore, NotReady> {
    let url = format!("file://{}", folder.join("blobs").display());
    blob::connect(&url).await.map_err(|error| NotReady::storage(&error))
}
