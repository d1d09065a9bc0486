//! The same harness as that of the one-process program, for services that are programs of their own behind Traefik.

#[path = "../it/harness/client.rs"]
mod client;
#[path = "../it/harness/model.rs"]
mod model;
mod pictures;
#[path = "../it/harness/processes.rs"]
mod processes;
mod tls;

pub use client::Client;
pub use model::{Script, fenced};
pub use processes::{alive, descendants};
pub use tls::Line;

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;
use testkit::stack::{EngineUrls, Plan, Stack, fresh_urls};

/// Longest wait for anything that should happen.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Who tells of a job: every service, and Traefik in front of them.
pub const TELLERS: [&str; 7] = [
    "darkroom-gateway",
    "darkroom-files",
    "darkroom-jobs",
    "darkroom-agent",
    "darkroom-critic",
    "darkroom-sandbox",
    "darkroom-traefik",
];

/// Root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository's root")
}

/// One of the project's sample pictures.
pub fn sample(name: &str) -> PathBuf {
    root().join("services/darkroom/samples").join(name)
}

/// A running stack of services. Ended when dropped.
pub struct Server {
    stack: Stack,
    urls: EngineUrls,
    authority: reqwest::Certificate,
    client: Client,
}

impl Deref for Server {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// Where the engines keep what belongs to a data folder: a second start on it finds everything again.
fn urls_of(data: &Path) -> EngineUrls {
    static KNOWN: OnceLock<Mutex<BTreeMap<PathBuf, EngineUrls>>> = OnceLock::new();
    let mut known = KNOWN.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    known.entry(data.to_owned()).or_insert_with(|| fresh_urls().expect("the engines")).clone()
}

impl Server {
    /// Starts all services on what belongs to a data folder, and waits until they are ready.
    pub fn start(data: &Path, variables: &[(&str, &str)]) -> Self {
        Self::start_on(urls_of(data), variables)
    }

    /// Starts all services on these engines, and waits until they are ready.
    pub fn start_on(urls: EngineUrls, variables: &[(&str, &str)]) -> Self {
        let plan = Plan::new().expect("the programs").set("LOG", "error");
        let plan = variables.iter().fold(plan, |plan, (name, value)| plan.set(name, value));
        let stack = Stack::start(&plan, &urls).expect("a stack");
        let pem = std::fs::read(stack.ca_certificate()).expect("the authority");
        let authority = reqwest::Certificate::from_pem(&pem).expect("a certificate");
        let client = Client::new(stack.url(), stack.token().to_owned(), Some(authority.clone()));
        Self { stack, urls, authority, client }
    }

    /// Where the engines are.
    pub fn urls(&self) -> &EngineUrls {
        &self.urls
    }

    /// The processes of the services.
    pub fn services(&self) -> Vec<u32> {
        self.stack.pids()
    }

    /// All processes that services have started.
    pub fn descendants(&self) -> BTreeSet<u32> {
        self.services().into_iter().flat_map(descendants).collect()
    }

    /// Where the sandbox keeps what it works with.
    pub fn sandbox_folder(&self) -> PathBuf {
        self.stack.replica("sandbox", 0).data().join("sandbox")
    }

    /// What the first replica of a service has logged.
    pub fn log(&self, service: &str) -> String {
        self.stack.replica(service, 0).log()
    }

    /// Names of everything that is stored.
    pub async fn stored(&self) -> BTreeSet<String> {
        let store = blob::connect(&self.urls.blob).await.expect("the store");
        let mut all = BTreeSet::new();
        for root in ["files", "jobs", "looks", "executions"] {
            let keys = store.list(&blob::BlobKey::parse(root).expect("a key")).await.expect("a list");
            all.extend(keys.iter().map(ToString::to_string));
        }
        all
    }

    /// Status and checks of all services.
    pub async fn readiness(&self) -> (u16, Value) {
        let mut checks = Vec::new();
        for replica in self.stack.replicas() {
            let answer = self.stranger().get(format!("{}/readyz", replica.url())).send().await.expect("an answer");
            let answer: Value = answer.json().await.expect("JSON");
            checks.extend(answer["checks"].as_array().cloned().unwrap_or_default());
        }
        let ready = checks.iter().all(|check| check["ok"] == true);
        (if ready { 200 } else { 503 }, json!({ "ready": ready, "checks": checks }))
    }

    /// A connection to where clients come in.
    pub async fn connect(&self) -> Box<dyn Line> {
        tls::connect(&self.base, &std::fs::read(self.stack.ca_certificate()).expect("the authority")).await
    }

    /// SIGKILL to all services: no chance to tidy up.
    pub fn kill(&mut self) {
        self.stack.kill();
    }

    /// SIGTERM to all services, and how they ended.
    pub fn terminate(&mut self) -> Option<i32> {
        Some(i32::from(!self.stack.terminate()))
    }
}

/// Takes a picture through a stack; answers the report, with the outputs as files of the folder.
pub fn develop(picture: &Path, prompt: &str) -> (Value, tempfile::TempDir) {
    // One for all pictures; its services end with the process.
    static SERVER: OnceLock<(tempfile::TempDir, Server)> = OnceLock::new();
    let (_, server) = SERVER.get_or_init(|| {
        let data = tempfile::tempdir().expect("data");
        let server = Server::start(data.path(), &[]);
        (data, server)
    });
    // Connections belong to a runtime, and each test has its own.
    pictures::develop(
        Client::new(server.base.clone(), server.token.clone(), Some(server.authority.clone())),
        picture,
        prompt,
    )
}
