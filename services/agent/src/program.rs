//! The agent as the settings want it, within a larger program or as one of its own.

use crate::{Agent, Deps, Role, RoleHealth, RoleName, Settings};
use edge::{Check, Health, Site};
use llm::Limits;
use runtime::{Host, NotReady, Secret};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Who plays the three roles: vision, reasoning, code.
///
/// # Errors
/// A model's settings cannot be used.
pub fn roles(settings: &runtime::Settings) -> Result<[Role; 3], NotReady> {
    let timeout = Duration::from_secs(settings.model_timeout_seconds.0);
    Ok([
        role(&settings.vision_model_url, &settings.vision_model_name, &settings.vision_model_key, "VISION", timeout)?,
        role(
            &settings.reasoning_model_url,
            &settings.reasoning_model_name,
            &settings.reasoning_model_key,
            "REASONING",
            timeout,
        )?,
        role(&settings.code_model_url, &settings.code_model_name, &settings.code_model_key, "CODE", timeout)?,
    ])
}

fn role(url: &str, name: &str, key: &Secret, what: &str, timeout: Duration) -> Result<Role, NotReady> {
    let limits = Limits { read_timeout: timeout, total_timeout: timeout, ..Limits::default() };
    llm::connect(url, name, key.value().cloned(), limits).map_err(|error| {
        NotReady::new(
            format!("{what} model: {error}"),
            format!("correct {what}_MODEL_URL, _NAME or _KEY in the settings"),
        )
    })
}

impl Agent {
    /// Whether models can be asked now.
    pub fn readiness(self: &Arc<Self>) -> Check {
        let agent = self.clone();
        Check::new("models", move || {
            let agent = agent.clone();
            async move { verdict(&agent.check().await) }
        })
    }
}

/// Only the model that writes code is needed: without the others the platform's own rules stand in.
fn verdict(roles: &[RoleHealth]) -> Result<String, String> {
    let described: Vec<String> = roles
        .iter()
        .map(|health| {
            let state = health.failure.as_ref().map_or("ready".to_owned(), |failure| failure.detail.clone());
            format!("{:?}: {} ({state})", health.role, health.model)
        })
        .collect();
    let text = described.join("; ");
    let code_fails = roles.iter().any(|health| health.role == RoleName::Code && health.failure.is_some());
    if code_fails { Err(text) } else { Ok(text) }
}

/// The service as a program of its own, until it is asked to stop.
///
/// # Errors
/// Something it needs is missing.
pub async fn serve(host: Host) -> Result<(), NotReady> {
    let callers = host.callers()?;
    let [vision, reasoning, code] = roles(&host.environment.settings)?;
    let bus = host.bus().await?;
    let blob = host.blob().await?;
    let agent = Arc::new(Agent::new(Deps { bus: bus.clone(), blob, vision, reasoning, code }, Settings::default()));
    let stop = CancellationToken::new();
    let running = agent.start(stop.clone()).await.map_err(|error| NotReady::bus(&error))?;
    let health = Health::new(vec![
        agent.readiness(),
        runtime::service::bus_check(&bus),
        runtime::service::callers_check(&callers),
    ]);
    host.serve(Site::new(callers).health(health), async || {
        stop.cancel();
        running.finished().await;
        bus.close().await;
    })
    .await
}
