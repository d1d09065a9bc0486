//! All services as programs of their own behind Traefik, on real engines: what teams run, on one machine.

mod engines;
mod replica;

pub use engines::{EngineUrls, Engines, fresh_urls};
pub use replica::Replica;

use crate::{Traefik, TraefikUpstreams};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// The services, in the order in which they start: those that others ask come first.
pub const SERVICES: [&str; 6] = ["gateway", "files", "jobs", "agent", "critic", "sandbox"];

/// Longest wait until every service says that it is ready.
const PATIENCE: Duration = Duration::from_secs(120);

/// How a stack is made.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Replicas of a service; one where nothing is said.
    pub replicas: BTreeMap<&'static str, usize>,
    /// Settings of all services, besides those that join them.
    pub variables: Vec<(String, String)>,
    /// Folder with the services' programs.
    pub programs: PathBuf,
    /// Folder with the Python environments `python` and `tools`.
    pub environments: PathBuf,
}

impl Plan {
    /// One replica of each, with the programs and Python environments of this repository.
    ///
    /// # Errors
    /// A program was not built: how to build it.
    pub fn new() -> Result<Self, String> {
        let programs = crate::programs_folder()?;
        if let Some(missing) = SERVICES.iter().find(|service| !programs.join(program_of(service)).is_file()) {
            return Err(format!(
                "{} is missing; build it: cargo build --release --workspace --bins",
                programs.join(program_of(missing)).display()
            ));
        }
        let environments = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
        Ok(Self { replicas: BTreeMap::new(), variables: Vec::new(), programs, environments })
    }

    /// As many replicas of a service.
    #[must_use]
    pub fn replicas(mut self, service: &'static str, count: usize) -> Self {
        self.replicas.insert(service, count);
        self
    }

    /// A setting for all services.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }
}

fn program_of(service: &str) -> String {
    format!("darkroom-{service}")
}

/// A running stack. Dropping it ends its services and Traefik; the engines are whoever's who started them.
#[derive(Debug)]
pub struct Stack {
    replicas: Vec<Replica>,
    traefik: Traefik,
    token: String,
    _folder: tempfile::TempDir,
}

impl Stack {
    /// Starts all services on these engines, waits until each is ready, and puts Traefik in front.
    ///
    /// # Errors
    /// One of them does not come up: why.
    pub fn start(plan: &Plan, engines: &EngineUrls) -> Result<Self, String> {
        let text = |error: io::Error| error.to_string();
        let folder = tempfile::Builder::new().prefix("stack-").tempdir().map_err(text)?;
        let token = crate::random_hex();
        let mut ports = crate::stable_ports(SERVICES.iter().map(|service| count(plan, service)).sum()).into_iter();
        let mut addresses: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let mut replicas: Vec<Replica> = Vec::new();
        for service in SERVICES {
            for number in 0..count(plan, service) {
                let port = ports.next().ok_or("no port is free")?;
                addresses.entry(service).or_default().push(format!("http://127.0.0.1:{port}"));
                let at = folder.path().join(format!("{service}-{number}"));
                replicas.push(Replica::new(service, number, plan.programs.join(program_of(service)), at, port));
            }
        }
        let all = |service: &str| addresses[service].join(",");
        let mut variables = engines.variables();
        variables.extend([
            ("GATEWAY_URL".to_owned(), all("gateway")),
            ("FILES_URL".to_owned(), all("files")),
            ("PYTHON_ENV".to_owned(), plan.environments.join("python").display().to_string()),
            ("TOOLS_ENV".to_owned(), plan.environments.join("tools").display().to_string()),
            ("PATH".to_owned(), "/usr/sbin:/usr/bin:/sbin:/bin".to_owned()),
        ]);
        variables.extend(plan.variables.iter().cloned());
        for replica in &mut replicas {
            replica.give(&variables).map_err(text)?;
            // Nobody else asks for it.
            if replica.service() == "gateway" {
                replica.set("LOCAL_TOKEN", &token);
            }
        }
        // At once: each waits by itself for what it needs of the others.
        for replica in &mut replicas {
            replica.begin().map_err(|error| format!("{}: {error}", replica.name()))?;
        }
        let upstreams = TraefikUpstreams {
            gateway: addresses["gateway"].clone(),
            files: addresses["files"].clone(),
            jobs: addresses["jobs"].clone(),
            agent: addresses["agent"].clone(),
            critic: addresses["critic"].clone(),
            sandbox: addresses["sandbox"].clone(),
        };
        wait(&replicas, Instant::now() + PATIENCE)?;
        // One trace from the edge on, where the services have a collector.
        let traced = plan.variables.iter().filter(|(name, _)| name.starts_with("OTEL_EXPORTER_"));
        let traced: Vec<_> = traced.map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let traefik = Traefik::start_with(&upstreams, &traced)?;
        Ok(Self { replicas, traefik, token, _folder: folder })
    }

    /// Where clients come in.
    pub fn url(&self) -> String {
        self.traefik.https_url()
    }

    /// The authority of its certificate, as a PEM file.
    pub fn ca_certificate(&self) -> PathBuf {
        self.traefik.ca_certificate()
    }

    /// The local owner's token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The proxy.
    pub fn traefik(&mut self) -> &mut Traefik {
        &mut self.traefik
    }

    /// All replicas of all services.
    pub fn replicas(&self) -> &[Replica] {
        &self.replicas
    }

    /// A replica of a service.
    ///
    /// # Panics
    /// There is none of that name and number.
    pub fn replica(&self, service: &str, number: usize) -> &Replica {
        let found = self.replicas.iter().find(|replica| replica.is(service, number));
        found.unwrap_or_else(|| panic!("there is no {service} {number}"))
    }

    /// As [`Stack::replica`], for whoever ends it or starts it again.
    ///
    /// # Panics
    /// There is none of that name and number.
    pub fn replica_mut(&mut self, service: &str, number: usize) -> &mut Replica {
        let found = self.replicas.iter_mut().find(|replica| replica.is(service, number));
        found.unwrap_or_else(|| panic!("there is no {service} {number}"))
    }

    /// Processes of all services.
    pub fn pids(&self) -> Vec<u32> {
        self.replicas.iter().filter_map(Replica::pid).collect()
    }

    /// SIGKILL to every service, all at once.
    pub fn kill(&mut self) {
        for replica in &mut self.replicas {
            replica.kill();
        }
    }

    /// Starts every service that does not run, and waits until all are ready.
    ///
    /// # Errors
    /// One does not come up: why.
    pub fn begin(&mut self) -> Result<(), String> {
        for replica in self.replicas.iter_mut().filter(|replica| !replica.runs()) {
            replica.begin().map_err(|error| format!("{}: {error}", replica.name()))?;
        }
        wait(&self.replicas, Instant::now() + PATIENCE)
    }

    /// SIGTERM to every service, and waits until all have ended: false where one did not end well.
    pub fn terminate(&mut self) -> bool {
        let asked: Vec<_> = self.replicas.iter().filter_map(Replica::ask_to_stop).collect();
        let until = Instant::now() + Duration::from_secs(30);
        while self.replicas.iter().any(Replica::runs) && Instant::now() < until {
            thread::sleep(Duration::from_millis(20));
        }
        asked.len() == self.replicas.len() && self.replicas.iter_mut().all(Replica::ended_well)
    }
}

/// Waits until all are ready. Of agents it is enough that they answer: whether models do is not the stack's matter.
fn wait(replicas: &[Replica], until: Instant) -> Result<(), String> {
    replicas.iter().try_for_each(|replica| match replica.service() {
        "agent" => replica.wait_until_up(until),
        _ => replica.wait_until_ready(until),
    })
}

fn count(plan: &Plan, service: &str) -> usize {
    plan.replicas.get(service).copied().unwrap_or(1)
}
