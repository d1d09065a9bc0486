//! The services of one start, each in its container, and Traefik in front of them.

use super::docker::{address, docker, inspect, run};
use super::project::{Names, Project, container};
use super::{PATIENCE, processes};
use std::future::Future;
use std::time::{Duration, Instant};

const SERVICES: [&str; 6] = ["gateway", "files", "jobs", "agent", "critic", "sandbox"];
const PROGRAM: &str = "/opt/darkroom/bin/service";

/// Containers that were started. Removed when dropped.
pub struct Services {
    found: Vec<Found>,
    traefik: String,
}

/// A service's container.
struct Found {
    service: &'static str,
    /// Its id: of this container and no later one of the same name.
    id: String,
    /// Docker's init, the service's parent.
    first_process: u32,
    url: String,
}

impl Services {
    /// Starts all at once: each waits by itself for what it needs of the others. (That they come up one after another
    /// as the file says is tried by `deploy/airgap/try.sh`.) Traefik comes last, as it counts who is there when it starts.
    pub fn start(project: &Project, names: &Names, variables: &[(&str, &str)]) -> Self {
        let everybody: Vec<&str> = SERVICES.into_iter().chain(["traefik"]).collect();
        let containers: Vec<String> = everybody.iter().map(|service| container(service)).collect();
        // Some may be there, ended, and of another start.
        remove(&containers);
        project.create(&everybody, names, variables);
        start(&containers[..SERVICES.len()]);
        let known = inspect(&containers);
        let text =
            |at: usize, pointer: &str| known[at].pointer(pointer).and_then(|id| id.as_str()).expect("text").to_owned();
        let found: Vec<Found> = SERVICES
            .into_iter()
            .enumerate()
            .map(|(at, service)| Found {
                service,
                id: text(at, "/Id"),
                first_process: known[at]["State"]["Pid"]
                    .as_u64()
                    .and_then(|pid| pid.try_into().ok())
                    .expect("a process"),
                url: format!("http://{}:8080", address(&known[at])),
            })
            .collect();
        let started = Self { found, traefik: text(SERVICES.len(), "/Id") };
        let until = Instant::now() + PATIENCE;
        for found in &started.found {
            // Of agents it is enough that they answer: whether models do is not ours to say.
            let path = if found.service == "agent" { "/healthz" } else { "/readyz" };
            let client = reqwest::Client::new();
            wait(found.service, &client, &format!("{}{path}", found.url), until);
        }
        start(&containers[SERVICES.len()..]);
        let client = reqwest::Client::builder().tls_certs_only([project.certificate()]).build().expect("a client");
        wait("traefik", &client, &format!("{}/healthz", project.url()), until);
        started
    }

    /// The services' own processes, as this machine sees them.
    pub fn pids(&self) -> Vec<u32> {
        let is_service = |pid: &u32| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            line.split(|byte| *byte == 0).next() == Some(PROGRAM.as_bytes())
        };
        let inside = self.found.iter().flat_map(|found| processes::descendants(found.first_process));
        inside.filter(is_service).collect()
    }

    /// The first process of a service's container.
    pub fn first_process(&self, service: &str) -> u32 {
        self.found.iter().find(|found| found.service == service).expect("a service").first_process
    }

    /// Where each service listens.
    pub fn urls(&self) -> impl Iterator<Item = &str> {
        self.found.iter().map(|found| found.url.as_str())
    }

    /// SIGKILL to everything in the services' containers.
    pub fn kill(&self) {
        docker(&self.words(&["kill"]));
    }

    /// SIGTERM to the services; the worst of their exit codes. Who does not end in time is killed, and that is its code.
    pub fn stop(&self) -> Option<i32> {
        docker(&self.words(&["stop", "-t", "30"]));
        let ids: Vec<String> = self.found.iter().map(|found| found.id.clone()).collect();
        let codes = inspect(&ids).into_iter().map(|known| known["State"]["ExitCode"].as_i64());
        codes.map(|code| code.and_then(|code| i32::try_from(code).ok())).max().flatten()
    }

    fn words<'a>(&'a self, words: &[&'a str]) -> Vec<&'a str> {
        words.iter().copied().chain(self.found.iter().map(|found| found.id.as_str())).collect()
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        let ids: Vec<String> = self.found.iter().map(|found| found.id.clone()).chain([self.traefik.clone()]).collect();
        remove(&ids);
    }
}

/// Takes containers away that may be there.
fn remove(containers: &[String]) {
    let words: Vec<&str> = ["rm", "--force"].into_iter().chain(containers.iter().map(String::as_str)).collect();
    // One that is gone is no failure of this; what else it says shows at the next start.
    let _gone = run(&words);
}

fn start(containers: &[String]) {
    docker(&["start"].into_iter().chain(containers.iter().map(String::as_str)).collect::<Vec<_>>());
}

/// Asks until the answer is 200.
fn wait(service: &str, client: &reqwest::Client, url: &str, until: Instant) {
    let asking = async {
        loop {
            let answer = client.get(url).timeout(Duration::from_secs(10)).send().await;
            let said = match answer {
                Ok(answer) if answer.status().as_u16() == 200 => return Ok(()),
                Ok(answer) => format!("{}: {}", answer.status(), answer.text().await.unwrap_or_default()),
                Err(error) => format!("{error:?}"),
            };
            if Instant::now() > until {
                return Err(said);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    if let Err(said) = apart(asking) {
        let log = run(&["logs", "--tail", "50", &container(service)]);
        let (out, err) = (String::from_utf8_lossy(&log.stdout), String::from_utf8_lossy(&log.stderr));
        panic!("{service} does not come up: {said}\n{out}{err}");
    }
}

/// Runs something to its end on a thread of its own: the caller's may belong to a runtime already.
fn apart<T: Send>(work: impl Future<Output = T> + Send) -> T {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(work)
        });
        thread.join().expect("no panic")
    })
}
