//! `darkroom doctor`: exercises everything this machine needs and says how to fix what is missing.

use super::print_json;
use crate::cli;
use crate::exit::Exit;
use crate::system;
use agent::Agent;
use common::execution::{RunStatus, Start};
use critic::Critic;
use runtime::settings::SandboxIsolation;
use runtime::{Environment, NotReady};
use sandbox::{ExecutionRequest, Sandbox};
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// One thing that was tried.
#[derive(Debug, Serialize)]
struct Checked {
    name: String,
    ok: bool,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

impl Checked {
    fn good(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { name: name.into(), ok: true, detail: detail.into(), fix: None }
    }

    fn bad(name: impl Into<String>, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { name: name.into(), ok: false, detail: detail.into(), fix: Some(fix.into()) }
    }
}

#[derive(Debug, Serialize)]
struct Diagnosis {
    ready: bool,
    checks: Vec<Checked>,
}

/// Code that uses each package for real; importing alone would not load every library.
const PACKAGES: &str = r#"
import io, json
import numpy, pandas, matplotlib, seaborn, scipy, skimage, cv2, PIL, openpyxl
import matplotlib.pyplot as plt
frame = pandas.DataFrame({"a": numpy.arange(3)})
frame.to_excel(io.BytesIO())
plt.plot(frame["a"])
plt.savefig(io.BytesIO())
cv2.GaussianBlur(numpy.zeros((8, 8), numpy.uint8), (3, 3), 0)
import rapidocr
modules = [numpy, pandas, matplotlib, seaborn, scipy, skimage, cv2, PIL, openpyxl]
print(", ".join(f"{m.__name__} {m.__version__}" for m in modules))
"#;

/// Least free space that uploads, results and databases need to be of use.
const LEAST_FREE_BYTES: u64 = 1 << 30;

pub async fn doctor(options: cli::Doctor, environment: Environment) -> Exit {
    let mut checks = Vec::new();
    sandbox_checks(&environment, &mut checks).await;
    critic_check(&environment, &mut checks).await;
    models_check(&environment, &mut checks).await;
    checks.push(disk_check(&environment.data_dir));
    let ready = checks.iter().all(|check| check.ok);
    if options.json {
        print_json(&Diagnosis { ready, checks });
    } else {
        for check in &checks {
            println!("{} {}: {}", if check.ok { "ok  " } else { "FAIL" }, check.name, check.detail);
            if let Some(fix) = &check.fix {
                println!("       -> {fix}");
            }
        }
        println!("{}", if ready { "Everything is ready." } else { "Not ready: follow the arrows above." });
    }
    if ready { Exit::Success } else { Exit::NotReady }
}

async fn sandbox_checks(environment: &Environment, checks: &mut Vec<Checked>) {
    let opened = async {
        let folder = tempfile::tempdir()
            .map_err(|error| NotReady::new(error.to_string(), "make the temporary folder writable"))?;
        let blob = system::open_blob_in(folder.path()).await?;
        let sandbox = Sandbox::open_in(environment, folder.path(), blob, Start::Warm).await?;
        Ok::<_, NotReady>((folder, sandbox))
    };
    match opened.await {
        Err(error) => {
            let walls = match environment.settings.sandbox_isolation {
                SandboxIsolation::Jail => "nsjail",
                SandboxIsolation::Docker => "docker",
            };
            checks.push(Checked::bad(walls, error.reason, error.fix));
            let fix = format!("fix {walls} first");
            checks.push(Checked::bad("packages", "not tried: there is no sandbox to try them in", fix));
        }
        Ok((_folder, sandbox)) => {
            let isolation = sandbox.isolation().await;
            let detail = format!(
                "code runs; network refused, host files invisible, memory limit enforced; namespaces {}; cgroup {}; seccomp {}; {} MiB, {} % CPU, {} processes",
                isolation.namespaces.join(" "),
                isolation.cgroup,
                if isolation.seccomp { "on" } else { "off" },
                isolation.memory_bytes >> 20,
                isolation.cpu_percent,
                isolation.pids
            );
            checks.push(Checked::good(isolation.jail, detail));
            for probe in sandbox.prove().await {
                let detail = format!("{}: {} ({}, {} ms)", probe.name, probe.detail, probe.start, probe.took_ms);
                checks.push(if probe.ok {
                    Checked::good("probe", detail)
                } else {
                    Checked::bad(
                        "probe",
                        detail,
                        "see the log with LOG=info; nothing should be run here until it holds",
                    )
                });
            }
            for tier in sandbox.health().await.tiers {
                let detail = format!("{} tier: {}", tier.tier, tier.state);
                checks.push(match tier.trouble {
                    Some(trouble) => Checked::bad(
                        "warm start",
                        format!("{detail}: {trouble}"),
                        format!("runs start cold meanwhile; {}", tier.fix.unwrap_or_default()),
                    ),
                    None => Checked::good("warm start", detail),
                });
            }
            checks.push(packages_check(&sandbox).await);
            sandbox.close().await;
        }
    }
}

async fn packages_check(sandbox: &Sandbox) -> Checked {
    let fix = "remove the sandbox's Python environment (PYTHON_ENV) and set it up again: make setup; for containers, \
        build the image again: deploy/sandbox/build-image.sh";
    match sandbox.execute(ExecutionRequest::new(PACKAGES), CancellationToken::new(), None).await {
        Ok(run) if run.result.status == RunStatus::Ok => Checked::good("packages", run.result.stdout.trim()),
        Ok(run) => {
            let last = run.result.stderr.trim().lines().last().unwrap_or("no message").to_owned();
            Checked::bad("packages", format!("the sandbox's Python packages do not work: {last}"), fix)
        }
        Err(failure) => Checked::bad("packages", failure.detail, failure.advice),
    }
}

async fn critic_check(environment: &Environment, checks: &mut Vec<Checked>) {
    match Critic::open_in(environment).await {
        Ok(critic) => {
            let versions = critic.versions();
            checks.push(Checked::good("ruff", format!("{} finds planted faults", versions.ruff)));
            checks.push(Checked::good("bandit", format!("{} finds planted faults", versions.bandit)));
        }
        Err(error) => checks.push(Checked::bad("critic", error.reason, error.fix)),
    }
}

async fn models_check(environment: &Environment, checks: &mut Vec<Checked>) {
    let asked = async {
        let [vision, reasoning, code] = agent::roles(&environment.settings)?;
        let prices = agent::prices(&environment.settings)?;
        let folder = tempfile::tempdir()
            .map_err(|error| NotReady::new(error.to_string(), "make the temporary folder writable"))?;
        let blob = system::open_blob_in(folder.path()).await?;
        let deps = agent::Deps { bus: Arc::new(bus::MemoryBus::new()), blob, vision, reasoning, code, prices };
        Ok::<_, NotReady>(Agent::new(deps, agent::Settings::of(&environment.settings)).check().await)
    };
    match asked.await {
        Err(error) => checks.push(Checked::bad("models", error.reason, error.fix)),
        Ok(roles) => {
            for role in roles {
                if role.models.is_empty() {
                    checks.push(Checked::good("models", format!("{:?} is played by builtin", role.role)));
                }
                for (place, model) in role.models.into_iter().enumerate() {
                    let part = if place == 0 { "is played by" } else { "falls back to" };
                    let detail = format!("{:?} {part} {}", role.role, model.model);
                    checks.push(match model.failure {
                        None => Checked::good("models", detail),
                        Some(failure) => {
                            Checked::bad("models", format!("{detail}: {}", failure.detail), failure.advice)
                        }
                    });
                }
            }
        }
    }
}

fn disk_check(data: &Path) -> Checked {
    // Looking must not leave anything behind: a folder that is still to be made is tried where it will be.
    let there = data.ancestors().find(|folder| folder.is_dir()).unwrap_or(data);
    let tried = tempfile::tempfile_in(there).and_then(|_| free_bytes(there));
    match tried {
        Ok(free) if free >= LEAST_FREE_BYTES => {
            Checked::good("disk", format!("{} has {} GiB free", data.display(), free >> 30))
        }
        Ok(free) => Checked::bad(
            "disk",
            format!("{} has only {} MiB free", data.display(), free >> 20),
            "free some space, or choose another DATA_DIR",
        ),
        Err(error) => Checked::bad(
            "disk",
            format!("{} cannot be written: {error}", data.display()),
            "correct its rights, or choose another DATA_DIR",
        ),
    }
}

fn free_bytes(folder: &Path) -> std::io::Result<u64> {
    let stat = rustix::fs::statvfs(folder)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}
