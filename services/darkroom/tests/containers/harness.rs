//! The same harness once more, for the containers of `docker-compose.yml`.
//!
//! What the services stand on is brought up once and stays, because a RabbitMQ takes longer to start than most scenarios
//! take; each data folder has a database, a bucket, and names of its own in RabbitMQ and Redis, so nobody finds what is
//! somebody else's. The services and Traefik are made anew at each start, as `docker compose up` would make them.

#[path = "../it/harness/client.rs"]
mod client;
mod docker;
#[path = "../it/harness/model.rs"]
mod model;
#[path = "../stack/harness/pictures.rs"]
mod pictures;
#[path = "../it/harness/processes.rs"]
mod processes;
mod project;
mod services;
#[path = "../stack/harness/tls.rs"]
mod tls;
mod turn;

pub use client::Client;
pub use model::{Script, fenced};
pub use processes::{alive, descendants};
pub use tls::Line;

use project::{Names, Project};
use serde_json::{Value, json};
use services::Services;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;
use turn::Turn;

/// Longest wait for anything that should happen.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository's root")
}

/// One of the project's sample pictures.
pub fn sample(name: &str) -> PathBuf {
    root().join("services/darkroom/samples").join(name)
}

/// Services that run, each in its container. Taken away when dropped.
pub struct Server {
    services: Services,
    names: Names,
    client: Client,
    // Dropped last: who comes next finds no containers of ours.
    _turn: Option<Turn>,
}

impl Deref for Server {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// Where the engines keep what belongs to a data folder: a second start on it finds everything again.
fn names_of(data: &Path) -> Names {
    static KNOWN: OnceLock<Mutex<BTreeMap<PathBuf, Names>>> = OnceLock::new();
    let mut known = KNOWN.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    known.entry(data.to_owned()).or_insert_with(|| Project::get().fresh_names()).clone()
}

/// Services for all pictures: those of `develop`, until a scenario wants services of its own.
static PICTURES: Mutex<Option<Server>> = Mutex::new(None);

impl Server {
    /// Starts all services on what belongs to a data folder, and waits until they are ready. Waits before until no other
    /// scenario has the containers.
    pub fn start(data: &Path, variables: &[(&str, &str)]) -> Self {
        let turn = turn::take();
        drop(PICTURES.lock().unwrap_or_else(PoisonError::into_inner).take());
        Self { _turn: Some(turn), ..Self::begin(names_of(data), variables) }
    }

    fn begin(names: Names, variables: &[(&str, &str)]) -> Self {
        let project = Project::get();
        let services = Services::start(project, &names, variables);
        let client = Client::new(project.url(), project.token().to_owned(), Some(project.certificate()));
        Self { services, names, client, _turn: None }
    }

    /// The processes of the services, as the machine sees them.
    pub fn services(&self) -> Vec<u32> {
        self.services.pids()
    }

    /// All processes that services have started.
    pub fn descendants(&self) -> BTreeSet<u32> {
        self.services().into_iter().flat_map(descendants).collect()
    }

    /// Where the sandbox keeps what it works with: memory of its container, seen through its first process.
    pub fn sandbox_folder(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root/var/lib/darkroom/sandbox", self.services.first_process("sandbox")))
    }

    /// Names of everything that is stored.
    pub async fn stored(&self) -> BTreeSet<String> {
        let store = blob::connect(&Project::get().store_url(&self.names)).await.expect("the store");
        let mut all = BTreeSet::new();
        for root in ["files", "jobs", "looks", "executions"] {
            let keys = store.list(&blob::BlobKey::parse(root).expect("a key")).await.expect("a list");
            all.extend(keys.iter().map(ToString::to_string));
        }
        all
    }

    /// Status and checks of all services, asked behind Traefik's back.
    pub async fn readiness(&self) -> (u16, Value) {
        let mut checks = Vec::new();
        for url in self.services.urls() {
            let answer = reqwest::get(format!("{url}/readyz")).await.expect("an answer");
            let answer: Value = answer.json().await.expect("JSON");
            checks.extend(answer["checks"].as_array().cloned().unwrap_or_default());
        }
        let ready = checks.iter().all(|check| check["ok"] == true);
        (if ready { 200 } else { 503 }, json!({ "ready": ready, "checks": checks }))
    }

    /// A connection to where clients come in.
    pub async fn connect(&self) -> Box<dyn Line> {
        tls::connect(&self.base, Project::get().authority()).await
    }

    /// SIGKILL to all services: no chance to tidy up.
    pub fn kill(&mut self) {
        self.services.kill();
    }

    /// SIGTERM to all services, and how they ended.
    pub fn terminate(&mut self) -> Option<i32> {
        self.services.stop()
    }
}

/// Takes a picture through the services; answers the report, with the outputs as files of the folder.
pub fn develop(picture: &Path, prompt: &str) -> (Value, tempfile::TempDir) {
    let _turn = turn::take();
    let mut kept = PICTURES.lock().unwrap_or_else(PoisonError::into_inner);
    let server = kept.get_or_insert_with(|| Server::begin(Project::get().fresh_names(), &[]));
    // Connections belong to a runtime, and each test has its own.
    let authority = Some(Project::get().certificate());
    pictures::develop(Client::new(server.base.clone(), server.token.clone(), authority), picture, prompt)
}
