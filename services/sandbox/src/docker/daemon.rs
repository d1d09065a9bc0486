//! The Docker daemon: what must be there, and what dead instances left with it.

use super::DockerSettings;
use super::body::OWNER_LABEL;
use crate::environment;
use crate::jail::JailUnavailable;
use bollard::models::{ContainerSummary, ContainerSummaryStateEnum, SystemInfo, SystemInfoCgroupVersionEnum};
use bollard::query_parameters::{ListContainersOptionsBuilder, RemoveContainerOptionsBuilder};
use bollard::{API_DEFAULT_VERSION, Docker};
use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use supervisor::owner;

/// Longest wait for any one answer of the daemon, in seconds.
const PATIENCE_SECONDS: u64 = 60;
/// Longest pause before a container is tried to be removed once more.
const REMOVE_PATIENCE: Duration = Duration::from_secs(4);
/// Label of the image that tells which lock file its packages came from.
const LOCK_LABEL: &str = "darkroom.requirements.sha256";
/// Age at which a container that does not run was surely left behind, whoever owned it.
const CUT_OFF: Duration = Duration::from_secs(600);

const RUNTIME: &str = "install it and name it in the daemon's daemon.json, for example {\"runtimes\": {\"runsc\": {\"path\": \
    \"/usr/bin/runsc\", \"runtimeArgs\": [\"--network=none\", \"--oci-seccomp\"]}}}, then restart the daemon; or set \
    SANDBOX_DOCKER_RUNTIME";
const BUILD: &str = "build it with 'deploy/sandbox/build-image.sh'";

/// The daemon, found to have what is needed.
#[derive(Debug)]
pub struct Daemon {
    /// The connection.
    pub docker: Docker,
    /// Id of the image.
    pub image: String,
    /// `v1` or `v2`.
    pub cgroup: &'static str,
    /// True when the daemon maps users: then the container's user is nobody on the host.
    pub maps_users: bool,
}

/// Connects and checks.
///
/// # Errors
/// Something is missing; the error says what and what to do.
pub async fn find(settings: &DockerSettings) -> Result<Daemon, JailUnavailable> {
    let socket = settings.socket.display();
    let start = "start the Docker daemon, or set SANDBOX_DOCKER_SOCKET to its socket";
    if !settings.socket.exists() {
        return Err(JailUnavailable::new(format!("there is no Docker socket at {socket}"), start));
    }
    let silent = |error: bollard::errors::Error| {
        let fix = format!("{start}; the service needs the right to use it (group 'docker')");
        JailUnavailable::new(format!("no Docker daemon answers at {socket} ({error})"), fix)
    };
    let path = settings.socket.to_string_lossy();
    let docker = Docker::connect_with_unix(&path, PATIENCE_SECONDS, API_DEFAULT_VERSION).map_err(silent)?;
    let docker = docker.negotiate_version().await.map_err(silent)?;
    let info = docker.info().await.map_err(silent)?;
    check(&info, settings)?;
    let image = docker.inspect_image(&settings.image).await.map_err(|error| match error {
        bollard::errors::Error::DockerResponseServerError { status_code: 404, .. } => {
            JailUnavailable::new(format!("the daemon has no image '{}'", settings.image), BUILD)
        }
        other => silent(other),
    })?;
    let labels = image.config.and_then(|config| config.labels).unwrap_or_default();
    if labels.get(LOCK_LABEL).map(String::as_str) != Some(environment::lock_sha256()) {
        let reason = format!("the image '{}' was not made from this version's list of packages", settings.image);
        return Err(JailUnavailable::new(reason, BUILD));
    }
    let options = info.security_options.unwrap_or_default();
    Ok(Daemon {
        docker,
        image: image.id.ok_or_else(|| JailUnavailable::new("the image has no id", BUILD))?,
        cgroup: if info.cgroup_version == Some(SystemInfoCgroupVersionEnum::_2) { "v2" } else { "v1" },
        maps_users: options.iter().any(|option| option.contains("name=userns") || option.contains("name=rootless")),
    })
}

/// What the daemon says of itself. Pure.
fn check(info: &SystemInfo, settings: &DockerSettings) -> Result<(), JailUnavailable> {
    let runtime = settings.runtime.as_str();
    if !info.runtimes.as_ref().is_some_and(|runtimes| runtimes.contains_key(runtime)) {
        return Err(JailUnavailable::new(format!("the Docker daemon has no runtime '{runtime}'"), RUNTIME));
    }
    let limits = [
        ("memory", info.memory_limit),
        ("swap", info.swap_limit),
        ("process", info.pids_limit),
        ("CPU", info.cpu_cfs_quota),
    ];
    for (what, has) in limits {
        if has != Some(true) {
            let fix = "give the daemon control groups that can limit it (on some kernels: swapaccount=1)";
            return Err(JailUnavailable::new(format!("the Docker daemon enforces no {what} limits"), fix));
        }
    }
    let options = info.security_options.as_deref().unwrap_or_default();
    if !options.iter().any(|option| option.contains("name=seccomp")) {
        return Err(JailUnavailable::new("the Docker daemon has no seccomp", "use a daemon and kernel built with it"));
    }
    Ok(())
}

/// Removes containers of instances that are gone. Those of a living one end with it: their input ends.
pub async fn sweep(docker: &Docker) {
    let filters = HashMap::from([("label", vec![OWNER_LABEL])]);
    let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
    let containers = match docker.list_containers(Some(options)).await {
        Ok(containers) => containers,
        Err(error) => return tracing::warn!(%error, "containers of dead instances could not be listed"),
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    for container in containers.iter().filter(|container| is_left_behind(container, now)) {
        remove(docker, container.id.as_deref().unwrap_or_default()).await;
    }
}

fn is_left_behind(container: &ContainerSummary, now: Duration) -> bool {
    let owner = container.labels.as_ref().and_then(|labels| labels.get(OWNER_LABEL));
    if owner.is_some_and(|owner| owner::is_dead(owner)) {
        return true;
    }
    // Owned from another pid namespace, where nobody can tell: what runs belongs to somebody.
    let idle = matches!(
        container.state,
        Some(ContainerSummaryStateEnum::CREATED | ContainerSummaryStateEnum::EXITED | ContainerSummaryStateEnum::DEAD)
    );
    let created = Duration::from_secs(container.created.and_then(|at| u64::try_from(at).ok()).unwrap_or(u64::MAX));
    idle && created.saturating_add(CUT_OFF) < now
}

/// Kills and removes a container; one that is gone is fine. A daemon that is at it already, or has too much to
/// do, is asked again a few times.
pub async fn remove(docker: &Docker, id: &str) {
    let mut pause = Duration::from_millis(250);
    loop {
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        match docker.remove_container(id, Some(options)).await {
            Ok(()) | Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => return,
            Err(error) if pause > REMOVE_PATIENCE => {
                return tracing::warn!(%error, "a container could not be removed; the next start tries again");
            }
            Err(_) => tokio::time::sleep(pause).await,
        }
        pause *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::super::DockerRuntime;
    use super::*;

    /// Protects operators: each thing a daemon can lack is named, with what to do.
    #[test]
    fn what_a_daemon_lacks_is_named() {
        let settings = DockerSettings { runtime: DockerRuntime::Runsc, ..DockerSettings::default() };
        let whole = SystemInfo {
            runtimes: Some(HashMap::from([("runsc".to_owned(), Default::default())])),
            memory_limit: Some(true),
            swap_limit: Some(true),
            pids_limit: Some(true),
            cpu_cfs_quota: Some(true),
            security_options: Some(vec!["name=seccomp,profile=default".to_owned()]),
            ..SystemInfo::default()
        };
        assert_eq!(check(&whole, &settings), Ok(()));
        let lacking = [
            (SystemInfo { runtimes: None, ..whole.clone() }, "runtime 'runsc'"),
            (SystemInfo { memory_limit: Some(false), ..whole.clone() }, "memory"),
            (SystemInfo { pids_limit: None, ..whole.clone() }, "process"),
            (SystemInfo { security_options: None, ..whole }, "seccomp"),
        ];
        for (info, word) in lacking {
            let reason = check(&info, &settings).unwrap_err().reason;
            assert!(reason.contains(word), "{reason}");
        }
    }

    /// Protects other instances: what runs, or is young, and is not surely of a dead one stays.
    #[test]
    fn only_what_is_left_behind_goes() {
        let now = Duration::from_secs(10_000);
        let container = |owner: &str, state, created| ContainerSummary {
            labels: Some(HashMap::from([(OWNER_LABEL.to_owned(), owner.to_owned())])),
            state: Some(state),
            created: Some(created),
            ..ContainerSummary::default()
        };
        let own = owner::Owner::new();
        let dead = own.name().replace(&format!("-{}-", std::process::id()), "-4194304-");
        let (created, running) = (ContainerSummaryStateEnum::CREATED, ContainerSummaryStateEnum::RUNNING);
        assert!(!is_left_behind(&container(own.name(), running, 0), now));
        assert!(!is_left_behind(&container(own.name(), created, 9_900), now));
        assert!(is_left_behind(&container(&dead, running, 9_999), now));
        assert!(is_left_behind(&container("darkroom-run-1-2-3-4", created, 0), now));
        assert!(!is_left_behind(&container("darkroom-run-1-2-3-4", running, 0), now));
    }
}
