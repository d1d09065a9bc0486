//! The project of Docker Compose that all scenarios run in, and what the services stand on.

use super::docker::{docker, inspect, printed, run};
use super::root;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Beside an installation that may be there. `deploy/airgap/try-containers.sh` takes it away by this name.
const NAME: &str = "darkroom-scenarios";
const ENGINES: [&str; 5] = ["postgres", "redis", "rabbitmq", "minio", "groups"];

/// What the engines know the services of one data folder by: letters and digits.
#[derive(Debug, Clone)]
pub struct Names(String);

/// The project, with its engines running. It outlives the tests: see [`NAME`].
#[derive(Debug)]
pub struct Project {
    folder: PathBuf,
    /// `docker-compose.yml` as it is meant with our settings.
    meant: Value,
    /// The settings, as they stand in its `.env`.
    settings: BTreeMap<String, String>,
    authority: Vec<u8>,
}

impl Project {
    /// The one of this process, brought up by whoever asks first.
    pub fn get() -> &'static Self {
        static PROJECT: OnceLock<Project> = OnceLock::new();
        PROJECT.get_or_init(Self::up)
    }

    fn up() -> Self {
        let daemon = run(&["version"]);
        let words = "there is no Docker daemon with Darkroom's images; 'make try-containers' has both";
        assert!(daemon.status.success(), "{words}: {}", String::from_utf8_lossy(&daemon.stderr));
        let folder = root().join("target/airgap/scenarios");
        std::fs::create_dir_all(&folder).expect("a folder");
        let file = folder.join("env");
        if file.exists() {
            // Of tests that were ended from outside: other passwords, and data that is no business of ours.
            compose(&folder, &["down", "--volumes", "--remove-orphans", "--timeout", "5"]);
            std::fs::remove_file(&file).expect("removed");
        }
        let made = Command::new(root().join("deploy/tools/make-env.sh")).arg(&file).output().expect("make-env.sh");
        printed(&made, "make-env.sh");
        let [https, http] = testkit::free_ports().expect("ports");
        let own = format!("\nHTTPS_PORT={https}\nHTTP_PORT={http}\nLOCAL_TOKEN={}\n", token());
        let text = std::fs::read_to_string(&file).expect("settings") + &own;
        std::fs::write(&file, &text).expect("settings");
        let lines = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='));
        let settings = lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();

        compose(&folder, &["up", "--exit-code-from", "certificates", "certificates"]);
        compose(&folder, &[["up", "--detach", "--wait"].as_slice(), &ENGINES].concat());
        let meant = compose(&folder, &["config", "--format", "json"]);
        let meant = serde_json::from_str(&meant).expect("JSON");
        let copy = folder.join("ca.pem");
        let from = format!("{}:/certificates/ca.pem", container("certificates"));
        docker(&["cp", &from, &copy.display().to_string()]);
        let authority = std::fs::read(copy).expect("the authority");
        Self { folder, meant, settings, authority }
    }

    fn setting(&self, name: &str) -> &str {
        self.settings.get(name).unwrap_or_else(|| panic!("{name} is not set"))
    }

    /// Where clients come in.
    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.setting("HTTPS_PORT"))
    }

    /// The local owner's token.
    pub fn token(&self) -> &str {
        self.setting("LOCAL_TOKEN")
    }

    /// The authority of Traefik's certificate, as PEM.
    pub fn authority(&self) -> &[u8] {
        &self.authority
    }

    /// As [`Project::authority`], for clients.
    pub fn certificate(&self) -> reqwest::Certificate {
        reqwest::Certificate::from_pem(&self.authority).expect("a certificate")
    }

    /// Names that nobody has yet, with a database.
    pub fn fresh_names(&self) -> Names {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("scene{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let command = "PGPASSWORD=$POSTGRES_PASSWORD exec createdb --host=127.0.0.1 --username=darkroom \"$1\"";
        docker(&["exec", &container("postgres"), "sh", "-c", command, "sh", &name]);
        Names(name)
    }

    /// Where the bucket of these names is found from this machine.
    pub fn store_url(&self, names: &Names) -> String {
        let address = super::docker::address(&inspect(&[container("minio")])[0]);
        format!("s3://darkroom:{}@{address}:9000/{}?tls=false", self.setting("MINIO_PASSWORD"), names.0)
    }

    /// Makes containers of these services anew, without starting them: as `docker-compose.yml` has them, but on what
    /// goes by these names, and with these variables and folders.
    pub fn create(&self, services: &[&str], names: &Names, variables: &[(&str, &str)]) {
        let changed: Map<String, Value> = services
            .iter()
            .filter(|service| **service != "traefik")
            .map(|service| ((*service).to_owned(), self.changes(service, names, variables)))
            .collect();
        let changes = self.folder.join("override.json");
        std::fs::write(&changes, json!({ "services": changed }).to_string()).expect("the changes");
        let create = ["--file", &changes.display().to_string(), "up", "--no-start", "--no-deps", "--force-recreate"];
        compose(&self.folder, &[create.as_slice(), services].concat());
    }

    /// What is different of a service. It gets no address that the file does not give it.
    fn changes(&self, service: &str, names: &Names, variables: &[(&str, &str)]) -> Value {
        let meant = self.meant["services"][service]["environment"].as_object().expect("an environment");
        let mut environment: BTreeMap<&str, String> = BTreeMap::new();
        for (name, value) in meant {
            let value = value.as_str().unwrap_or_default();
            let Names(own) = names;
            let moved = match name.as_str() {
                "BUS_URL" | "SHARED_URL" => format!("{value}?namespace={own}"),
                "DATABASE_URL" => format!("{}/{own}", value.strip_suffix("/darkroom").expect("a database")),
                "BLOB_URL" => value.replace("/darkroom?", &format!("/{own}?")),
                _ => continue,
            };
            assert_ne!(moved, value, "{name} would be everybody's");
            environment.insert(name, moved);
        }
        environment.extend(variables.iter().map(|(name, value)| (*name, value.replace('$', "$$"))));
        let scripts: BTreeSet<String> = variables.iter().filter_map(|(_, value)| script_folder(value)).collect();
        // The model writes beside its script how often it was asked.
        let volumes: Vec<Value> = match service {
            "agent" => scripts.iter().map(|at| json!({ "type": "bind", "source": at, "target": at })).collect(),
            _ => Vec::new(),
        };
        json!({ "environment": environment, "volumes": volumes })
    }
}

/// The folder of a scripted model, opened for the services' user; nothing for other values.
fn script_folder(value: &str) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let folder = Path::new(value.strip_prefix("scripted:")?).parent().expect("a folder");
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).expect("permissions");
    Some(folder.display().to_string())
}

/// Name of the container of a service.
pub fn container(service: &str) -> String {
    format!("{NAME}-{service}-1")
}

/// What `docker compose WORDS` prints.
fn compose(folder: &Path, words: &[&str]) -> String {
    let mut command = Command::new(root().join("deploy/tools/compose.sh"));
    // What stands in the environment goes before what stands in the file.
    let known = std::fs::read_to_string(folder.join("env")).expect("settings");
    let names = known.lines().filter_map(|line| line.trim_start_matches('#').split_once('='));
    for (name, _) in names {
        command.env_remove(name);
    }
    let done = command
        .args(["--project-name", NAME, "--env-file"])
        .arg(folder.join("env"))
        .args(["--file", "docker-compose.yml"])
        .args(words)
        .current_dir(root())
        .stdin(Stdio::null())
        .output()
        .expect("compose.sh");
    printed(&done, &format!("docker compose {}", words.join(" ")))
}

/// A token for the local owner: 64 hexadecimal digits.
fn token() -> String {
    use std::io::Read;
    let mut bytes = [0; 32];
    std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes)).expect("random bytes");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
