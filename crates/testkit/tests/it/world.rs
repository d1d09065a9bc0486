//! Traefik in front of small servers, one or two in the place of each service.

use crate::client::{Answer, ask};
use crate::upstream::Upstream;
use std::time::{Duration, Instant};
use testkit::{Traefik, TraefikUpstreams};

/// What one test has.
pub struct World {
    pub traefik: Traefik,
    pub gateways: [Upstream; 2],
    pub files: [Upstream; 2],
    /// Jobs, agent, critic, sandbox.
    pub services: Vec<Upstream>,
}

/// Traefik in front of two gateways, two files services and one of each other service; none where it is not installed.
pub fn world(what: &str, variables: &[(&str, &str)]) -> Option<World> {
    let gateways = [Upstream::start("gateway"), Upstream::start("gateway")];
    let files = [Upstream::start("files"), Upstream::start("files")];
    let services: Vec<Upstream> = ["jobs", "agent", "critic", "sandbox"].into_iter().map(Upstream::start).collect();
    let urls = |replicas: &[Upstream]| replicas.iter().map(Upstream::url).collect();
    let upstreams = TraefikUpstreams {
        gateway: urls(&gateways),
        files: urls(&files),
        jobs: vec![services[0].url()],
        agent: vec![services[1].url()],
        critic: vec![services[2].url()],
        sandbox: vec![services[3].url()],
    };
    match Traefik::start_with(&upstreams, variables) {
        Ok(traefik) => Some(World { traefik, gateways, files, services }),
        Err(why) if why.contains("not installed") => {
            eprintln!("SKIPPED: {what} is not tried: {why}");
            None
        }
        Err(why) => panic!("{why}"),
    }
}

impl World {
    /// GET without headers.
    pub fn get(&self, path: &str) -> Answer {
        ask(&self.traefik, &format!("GET {path}"), &[], b"")
    }
}

/// Lines of all requests that these have seen.
pub fn lines(upstreams: &[Upstream]) -> Vec<String> {
    upstreams.iter().flat_map(Upstream::seen).map(|seen| seen.line).collect()
}

/// Whether Traefik says this so many times within some seconds.
pub fn said_in_time(world: &World, text: &str, times: usize) -> bool {
    let until = Instant::now() + Duration::from_secs(20);
    while Instant::now() < until {
        if world.traefik.log().matches(text).count() >= times {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}
