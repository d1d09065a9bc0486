//! The agent as the settings want it, within a larger program or as one of its own.

use crate::{Agent, Deps, ModelHealth, Prices, Role, RoleHealth, RoleName, Settings, routes};
use actix_web::web;
use edge::{Check, Health, Site};
use llm::{BreakerPolicy, Limits};
use runtime::settings::{LangfuseContent, LastResort, Within};
use runtime::{Host, NotReady, Secret};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Where a model is, as the settings say it.
struct Address<'a> {
    url: &'a str,
    name: &'a str,
    key: &'a Secret,
}

impl Settings {
    /// The part of all settings that is about turns.
    pub fn of(settings: &runtime::Settings) -> Self {
        Self {
            tell_content: settings.langfuse_content == LangfuseContent::Text,
            rules_stand_in: settings.model_last_resort == LastResort::Builtin,
            vision_longest_side: u32::try_from(settings.vision_model_longest_side.0).unwrap_or(u32::MAX),
            context_tokens: u32::try_from(settings.model_context_tokens.0).unwrap_or(u32::MAX),
            ..Self::default()
        }
        .fitted()
    }
}

/// What the models cost, by the settings.
///
/// # Errors
/// The table cannot be read.
pub fn prices(settings: &runtime::Settings) -> Result<Prices, NotReady> {
    Prices::parse(&settings.model_prices).map_err(|entry| {
        NotReady::new(
            format!("MODEL_PRICES: '{entry}' is no price"),
            "write NAME=PROMPT/COMPLETION in US dollars per million tokens, with commas between models",
        )
    })
}

/// Who plays the three roles: vision, reasoning, code.
///
/// # Errors
/// A model's settings cannot be used.
pub fn roles(settings: &runtime::Settings) -> Result<[Role; 3], NotReady> {
    let all = settings.model_timeout_seconds.0;
    let vision = (
        Address { url: &settings.vision_model_url, name: &settings.vision_model_name, key: &settings.vision_model_key },
        Address {
            url: &settings.vision_model_fallback_url,
            name: &settings.vision_model_fallback_name,
            key: &settings.vision_model_fallback_key,
        },
    );
    let reasoning = (
        Address {
            url: &settings.reasoning_model_url,
            name: &settings.reasoning_model_name,
            key: &settings.reasoning_model_key,
        },
        Address {
            url: &settings.reasoning_model_fallback_url,
            name: &settings.reasoning_model_fallback_name,
            key: &settings.reasoning_model_fallback_key,
        },
    );
    let code = (
        Address { url: &settings.code_model_url, name: &settings.code_model_name, key: &settings.code_model_key },
        Address {
            url: &settings.code_model_fallback_url,
            name: &settings.code_model_fallback_name,
            key: &settings.code_model_fallback_key,
        },
    );
    let seconds = |own: Option<Within<5, 900>>| Duration::from_secs(own.map_or(all, |own| own.0));
    Ok([
        role("VISION", vision, seconds(settings.vision_model_timeout_seconds))?,
        role("REASONING", reasoning, seconds(settings.reasoning_model_timeout_seconds))?,
        role("CODE", code, seconds(settings.code_model_timeout_seconds))?,
    ])
}

fn role(what: &str, (first, fallback): (Address<'_>, Address<'_>), timeout: Duration) -> Result<Role, NotReady> {
    let limits = Limits { read_timeout: timeout, total_timeout: timeout, ..Limits::default() };
    let connect = |place: &Address<'_>, prefix: String| {
        llm::connect_model(place.url, place.name, place.key.value().cloned(), limits).map_err(|error| {
            let fix = format!("correct {prefix}_URL, _NAME or _KEY in the settings");
            NotReady::new(format!("{what} model: {error}"), fix)
        })
    };
    let first = connect(&first, format!("{what}_MODEL"))?;
    let second = if fallback.url.is_empty() { None } else { connect(&fallback, format!("{what}_MODEL_FALLBACK"))? };
    if first.is_none() && second.is_some() {
        return Err(NotReady::new(
            format!("{what} model: there is a fallback for the built-in rules, which always answer"),
            format!("set {what}_MODEL_URL, or remove {what}_MODEL_FALLBACK_URL"),
        ));
    }
    Ok(Role::of_all(first.into_iter().chain(second).collect(), BreakerPolicy::default()))
}

impl Agent {
    /// Whether models can be asked now.
    pub fn readiness(self: &Arc<Self>) -> Check {
        let agent = self.clone();
        Check::new("models", move || {
            let agent = agent.clone();
            async move { verdict(&agent.check().await, agent.thinker.settings.rules_stand_in) }
        })
    }
}

/// Only whoever writes code is needed: without the others a job goes on, and where the rules stand in, without
/// that one too.
fn verdict(roles: &[RoleHealth], rules_stand_in: bool) -> Result<String, String> {
    let described: Vec<String> = roles.iter().map(describe).collect();
    let text = described.join("; ");
    let code_fails = roles.iter().any(|health| health.role == RoleName::Code && !health.is_played());
    if code_fails && !rules_stand_in { Err(text) } else { Ok(text) }
}

fn describe(health: &RoleHealth) -> String {
    let model = |model: &ModelHealth| {
        let state = model.failure.as_ref().map_or("ready", |failure| failure.detail.as_str());
        format!("{} ({state})", model.model)
    };
    let models: Vec<String> = health.models.iter().map(model).collect();
    let played = if models.is_empty() { "builtin (ready)".to_owned() } else { models.join(", else ") };
    format!("{:?}: {played}", health.role)
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
    let prices = prices(&host.environment.settings)?;
    let deps = Deps { bus: bus.clone(), blob, vision, reasoning, code, prices };
    let agent = Arc::new(Agent::new(deps, Settings::of(&host.environment.settings)));
    let stop = CancellationToken::new();
    let running = agent.start(stop.clone()).await.map_err(|error| NotReady::bus(&error))?;
    let health = Health::new(vec![
        agent.readiness(),
        runtime::service::bus_check(&bus),
        runtime::service::callers_check(&callers),
    ]);
    let data = web::Data::from(agent);
    let site = Site::new(callers).health(health).routes(move |cfg| {
        cfg.app_data(data.clone());
        routes(cfg);
    });
    host.serve(site, async || {
        stop.cancel();
        running.finished().await;
        bus.close().await;
    })
    .await
}
