//! All services in one process, wired to the backends that the settings name.

use agent::Agent;
use blob::SharedStore;
use bus::SharedBus;
use common::execution::Start;
use common::picture::PictureSource;
use critic::Critic;
use edge::{Health, Site};
use files::Files;
use gateway::Gateway;
use jobs::Jobs;
use runtime::{Environment, NotReady, parts};
use sandbox::Sandbox;
use shared::{Allowances, SharedHandle};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

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
    allowances: actix_web::web::Data<Allowances>,
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
    comparing: bus::Consumer,
}

/// How long work in hand may take to come to an end at a stop. What is not done by then is taken up
/// again at the next start.
const DRAIN: Duration = Duration::from_secs(10);

impl Running {
    /// Stops all services and waits until nothing is in hand any more.
    pub async fn stop(self) {
        self.stop.cancel();
        let drained = tokio::time::timeout(DRAIN, async {
            tokio::join!(
                self.sandbox.finished(),
                self.agent.finished(),
                self.critic.finished(),
                self.comparing.finished()
            );
            self.jobs.finished().await;
        });
        if drained.await.is_err() {
            tracing::warn!("some work was cut off; it is taken up again at the next start");
        }
        self.room.close().await;
        self.bus.close().await;
    }
}

impl System {
    /// Opens every service on the data folder, proving that the jail and the tools work. They share this state with the
    /// gateway: what it counts they tell.
    ///
    /// # Errors
    /// The first thing that is missing, with its fix.
    pub async fn open(environment: &Environment, data: &Path, shared: SharedHandle) -> Result<Self, NotReady> {
        let settings = &environment.settings;
        let [vision, reasoning, code] = agent::roles(settings)?;
        let prices = agent::prices(settings)?;
        let bus = parts::bus(settings).await?;
        let blob = parts::blob(settings, data).await?;
        let database = parts::database_url(settings, data);
        // The slow starts, each waiting for processes, go side by side.
        let (sandbox, critic, files_db, jobs_db) = tokio::join!(
            Sandbox::open_in(environment, data, blob.clone(), Start::Warm),
            Critic::open_in(environment),
            database::connect(&database, "files"),
            database::connect(&database, "jobs"),
        );
        let (sandbox, critic) = (sandbox?, critic?);
        let files_db = files_db.map_err(|error| NotReady::storage(&error))?;
        let jobs_db = jobs_db.map_err(|error| NotReady::storage(&error))?;
        let files_deps = files::Deps { db: files_db, blob: blob.clone(), bus: bus.clone() };
        let files =
            Files::open(files_deps, files::Settings::of(settings)).await.map_err(|error| NotReady::storage(&error))?;
        let pictures: Arc<dyn PictureSource> = Arc::new(files.clone());
        let allowances = actix_web::web::Data::new(Allowances::new(shared.clone(), settings.user_limits()));
        let jobs_deps = jobs::Deps { db: jobs_db, blob: blob.clone(), bus: bus.clone(), shared, pictures };
        let jobs = Jobs::open(jobs_deps, jobs::Settings::of(settings)).await.map_err(|error| error.not_ready())?;
        let agent_deps = agent::Deps { bus: bus.clone(), blob: blob.clone(), vision, reasoning, code, prices };
        let agent = Arc::new(Agent::new(agent_deps, agent::Settings::of(settings)));
        Ok(Self { files, jobs, critic, sandbox, blob, agent, bus, allowances })
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
        let comparing = critic::start_comparing(&self.bus, self.blob.clone(), stop.clone())
            .await
            .map_err(|error| failed(&error))?;
        let agent = self.agent.start(stop.clone()).await.map_err(|error| failed(&error))?;
        let jobs = self.jobs.start(stop.clone()).await.map_err(|error| failed(&error))?;
        drop(self.files.start(stop.clone()));
        let room = self.sandbox.clone();
        Ok(Running { stop, bus: self.bus.clone(), jobs, agent, sandbox, room, critic, comparing })
    }

    /// Everything the server answers with.
    pub fn site(&self, gateway: &Gateway) -> Site {
        let site = Site::new(gateway.authenticator()).health(self.health(gateway));
        let (files, jobs) =
            (actix_web::web::Data::new(self.files.clone()), actix_web::web::Data::new(self.jobs.clone()));
        let (critic, sandbox) =
            (actix_web::web::Data::new(self.critic.clone()), actix_web::web::Data::new(self.sandbox.clone()));
        let agent = actix_web::web::Data::from(self.agent.clone());
        let allowances = self.allowances.clone();
        let site = site
            .routes(move |cfg| {
                cfg.app_data(files.clone()).app_data(allowances.clone());
                files::routes(cfg);
            })
            .routes(move |cfg| {
                cfg.app_data(jobs.clone());
                jobs::routes(cfg);
            })
            .routes(move |cfg| {
                cfg.app_data(agent.clone());
                agent::routes(cfg);
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

    fn health(&self, gateway: &Gateway) -> Health {
        Health::new(vec![
            gateway.readiness(),
            self.files.readiness(),
            self.jobs.readiness(),
            self.critic.readiness(),
            self.sandbox.readiness(),
            self.agent.readiness(),
        ])
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
