//! The jail inside a container that has no privilege: what `deploy/docker/README.md` says.

use super::daemon::Daemon;
use crate::support::{root, supervisor};
use std::path::{Path, PathBuf};

/// Controllers that have a hierarchy of their own on v1.
const CONTROLLERS: [&str; 4] = ["memory", "pids", "cpu", "cpuacct"];
/// The user inside, and the owner of its groups.
const USER: u32 = 1000;

/// Groups that the container may write. Removed when dropped.
struct Delegated {
    name: String,
}

impl Delegated {
    fn make() -> Self {
        let made = Self { name: format!("darkroom-container-{}", std::process::id()) };
        for folder in CONTROLLERS.map(|controller| made.folder(controller)) {
            std::fs::create_dir_all(&folder).expect("a group");
            for place in [folder.clone(), folder.join("tasks"), folder.join("cgroup.procs")] {
                std::os::unix::fs::chown(place, Some(USER), Some(USER)).expect("its owner");
            }
        }
        made
    }

    fn folder(&self, controller: &str) -> PathBuf {
        Path::new("/sys/fs/cgroup").join(controller).join(&self.name)
    }

    /// Groups that are left below it.
    fn left(&self) -> usize {
        let below = |controller| std::fs::read_dir(self.folder(controller)).into_iter().flatten().flatten();
        CONTROLLERS.into_iter().flat_map(below).filter(|entry| entry.path().is_dir()).count()
    }
}

impl Drop for Delegated {
    fn drop(&mut self) {
        for folder in CONTROLLERS.map(|controller| self.folder(controller)) {
            // The same folder for several controllers, or something left: the test has said so.
            let _left = std::fs::remove_dir(folder);
        }
    }
}

/// Protects operators who run it in a container: no privilege, no capability, no root, and every wall proved inside,
/// warm and cold; nothing is left in the groups afterwards. Without groups it refuses and says where the options are.
pub fn holds(daemon: &Daemon) {
    if !Path::new("/sys/fs/cgroup/memory").is_dir() {
        return eprintln!("SKIPPED: the jail in a container is tried on cgroup v1 only; this machine has v2");
    }
    let groups = Delegated::make();
    let target = root().join("target");
    let interpreter = target.join("python/bin/python3").canonicalize().expect("Python");
    let prefix = interpreter.parent().and_then(Path::parent).expect("its prefix").display().to_string();
    let (target, profile) =
        (target.display().to_string(), root().join("deploy/docker/seccomp.json").display().to_string());
    let program = supervisor().with_file_name("darkroom").display().to_string();
    let see = |path: &str| format!("--volume={path}:{path}:ro");
    let mut options = vec!["run".to_owned(), "--rm".into(), "--network=none".into(), "--entrypoint=".into()];
    options.extend([see("/usr"), see(&target), "--tmpfs=/tmp:exec,mode=1777".into(), "--workdir=/tmp".into()]);
    if !prefix.starts_with("/usr") {
        options.push(see(&prefix));
    }
    options.extend(["--env=HOME=/tmp".into(), "--env=DATA_DIR=/tmp/data".into(), "--env=LOG=error".into()]);
    options.extend([format!("--env=PYTHON_ENV={target}/python"), format!("--env=TOOLS_ENV={target}/tools")]);
    let plain = options.clone();
    options.extend([
        format!("--user={USER}:{USER}"),
        "--cap-drop=ALL".into(),
        "--security-opt=no-new-privileges".into(),
    ]);
    options.extend([format!("--security-opt=seccomp={profile}"), "--security-opt=systempaths=unconfined".into()]);
    for controller in CONTROLLERS {
        options.push(format!("--volume={}:/sys/fs/cgroup/{controller}", groups.folder(controller).display()));
    }
    let run = |options: &[String], command: &[&str]| {
        let words = options.iter().map(String::as_str).chain([super::daemon::IMAGE, &program]);
        daemon.docker(&words.chain(command.iter().copied()).collect::<Vec<_>>())
    };
    let (said, ready) = run(&options, &["doctor", "--json"]);
    assert!(ready, "{said}");
    let found: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    let checks = found["checks"].as_array().expect("checks");
    let serving = checks.iter().filter(|check| check["name"] == "warm start").count();
    let probes = checks.iter().filter(|check| check["name"] == "probe").count();
    assert!(serving == 3 && probes >= 7, "{said}");
    assert_eq!(groups.left(), 0, "groups are left behind");
    // The same without its options, as most people will try it first.
    let (said, ready) = run(&plain, &["doctor", "--json"]);
    assert!(!ready && said.contains("Read-only file system") && said.contains("deploy/docker/README.md"), "{said}");
}
