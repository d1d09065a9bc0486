//! A Docker daemon of the tests' own, with the image that the deployment scripts build.

use crate::support::root;
use sandbox::{DockerRuntime, DockerSettings};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub const IMAGE: &str = "darkroom-sandbox";
const PATIENCE: Duration = Duration::from_secs(60);

/// A running daemon; dropping it ends it and whatever it runs. Its images are kept for the next one, so
/// one at a time uses them.
pub struct Daemon {
    process: Child,
    folder: tempfile::TempDir,
    _only: File,
}

impl Daemon {
    /// Starts it, with the image in it.
    ///
    /// # Errors
    /// Why it cannot be had on this machine. That is for the test to say loudly, and to skip.
    pub fn start(runtime: DockerRuntime) -> Result<Self, String> {
        for program in ["unshare", "dockerd", "docker", runtime.as_str()] {
            if find(program).is_none() {
                return Err(format!("there is no {program}; Debian: apt-get install docker.io runsc"));
            }
        }
        if !rustix::process::geteuid().is_root() {
            return Err("dockerd needs root".to_owned());
        }
        let kept = root().join("target/tmp/docker");
        std::fs::create_dir_all(&kept).expect("a folder");
        let only = File::create(kept.join("lock")).expect("a lock");
        only.lock().expect("alone");
        // Sockets have short paths.
        let folder = tempfile::Builder::new().prefix("dockerd-").tempdir_in("/tmp").expect("a folder");
        let at = |name: &str| folder.path().join(name);
        let runsc = find("runsc").unwrap_or_default();
        let runtimes = serde_json::json!({ "runtimes": { "runsc": {
            "path": runsc, "runtimeArgs": ["--platform=ptrace", "--network=none", "--oci-seccomp"]
        } } });
        std::fs::write(at("daemon.json"), runtimes.to_string()).expect("written");
        let log = File::create(kept.join("dockerd.log")).expect("a log");
        // With mounts of its own: other tests count the machine's, and none of its is left behind.
        let process = Command::new("unshare")
            .args(["--mount", "--propagation", "private", "--", "dockerd"])
            .args(["--bridge", "none", "--iptables=false", "--ip6tables=false"])
            .arg("--config-file")
            .arg(at("daemon.json"))
            .arg("--data-root")
            .arg(kept.join("data"))
            .arg("--exec-root")
            .arg(at("exec"))
            .arg("--pidfile")
            .arg(at("pid"))
            .arg("--host")
            .arg(format!("unix://{}", at("docker.sock").display()))
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .map_err(|error| error.to_string())?;
        let mut daemon = Self { process, folder, _only: only };
        daemon.wait_until_it_answers(&kept.join("dockerd.log"))?;
        daemon.build_image();
        Ok(daemon)
    }

    fn wait_until_it_answers(&mut self, log: &Path) -> Result<(), String> {
        let begin = Instant::now();
        while !self.docker(&["version"]).1 {
            if self.process.try_wait().expect("a process").is_some() || begin.elapsed() > PATIENCE {
                let log = std::fs::read_to_string(log).unwrap_or_default();
                return Err(format!("dockerd does not come up here: {}", common::wire::tail(&log, 2000)));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// With the script that operators use.
    fn build_image(&self) {
        let lock = root().join("services/sandbox/python/requirements.lock");
        let lock = Command::new("sha256sum").arg(lock).output().expect("sha256sum").stdout;
        let wanted = String::from_utf8_lossy(&lock).chars().take(64).collect::<String>();
        let format = "{{index .Config.Labels \"darkroom.requirements.sha256\"}}";
        if self.docker(&["image", "inspect", "--format", format, IMAGE]).0.trim() == wanted {
            return;
        }
        let built = Command::new(root().join("deploy/sandbox/build-image.sh"))
            .arg(IMAGE)
            .env("DOCKER_HOST", self.host())
            .stdout(Stdio::null())
            .status();
        assert!(built.expect("the script").success(), "the image cannot be built");
    }

    fn host(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("docker.sock")
    }

    /// What the docker command says, and whether it worked.
    pub fn docker(&self, arguments: &[&str]) -> (String, bool) {
        let output = Command::new("docker").env("DOCKER_HOST", self.host()).args(arguments).output().expect("docker");
        (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.success())
    }

    /// Settings that use it.
    pub fn settings(&self, runtime: DockerRuntime) -> DockerSettings {
        DockerSettings { socket: self.socket(), image: IMAGE.to_owned(), runtime }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let pid = i32::try_from(self.process.id()).ok().and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            // Asked to end, it ends its containers and its containerd.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = self.process.wait();
    }
}

fn find(program: &str) -> Option<PathBuf> {
    let folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
    folders.iter().map(|folder| Path::new(folder).join(program)).find(|path| path.is_file())
}
