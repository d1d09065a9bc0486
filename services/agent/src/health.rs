//! How the models are: asked without paying for an answer, and never more than once a minute each.

use crate::agent::Roles;
use common::Failure;
use llm::{BreakerState, CHECK_EVERY, Chain, Role, RoleName};
use observe::table::MODEL_BREAKER;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Longest time that is added to the pause between checks, so that replicas do not ask together.
const JITTER: Duration = Duration::from_secs(15);

/// Time between two words about the breakers.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// Longest time before the first check.
const FIRST: Duration = Duration::from_secs(2);

/// How a role is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleHealth {
    /// The role.
    pub role: RoleName,
    /// Its models in the order in which they are asked; none where rules play it.
    pub models: Vec<ModelHealth>,
}

/// How a model is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelHealth {
    /// Its name.
    pub model: String,
    /// Why it cannot be asked now; absent when it can.
    pub failure: Option<Failure>,
}

impl RoleHealth {
    /// True when somebody can play the role now.
    pub fn is_played(&self) -> bool {
        self.models.is_empty() || self.models.iter().any(|model| model.failure.is_none())
    }
}

/// Asks every role how it is doing. The built-in rules are always ready.
pub async fn of(roles: &Roles) -> Vec<RoleHealth> {
    let [first, second, third] = roles.all().map(|(name, role)| role_health(name, role));
    let (first, second, third) = tokio::join!(first, second, third);
    vec![first, second, third]
}

async fn role_health(role: RoleName, played: &Role) -> RoleHealth {
    let mut models = Vec::new();
    if let Role::Model(chain) = played {
        for link in chain.links() {
            let failure = link.check().await.err().map(|error| {
                tracing::warn!(llm.role = role.as_str(), llm.error = %error, "a model is not ready");
                error.failure()
            });
            models.push(ModelHealth { model: link.name().to_owned(), failure });
        }
    }
    RoleHealth { role, models }
}

/// Looks after the endpoints until the stop: each is asked for its list of models, which costs nothing.
pub fn watch(roles: &Roles, stop: &CancellationToken) -> JoinSet<()> {
    let mut checks = JoinSet::new();
    checks.spawn(tell(roles.clone(), stop.clone()));
    for (name, role) in roles.all() {
        let Role::Model(chain) = role else { continue };
        for (index, link) in chain.links().enumerate() {
            if link.host().is_some() {
                checks.spawn(look_after(name, chain.clone(), index, stop.clone()));
            }
        }
    }
    checks
}

/// Tells now and then where the breakers stand, until the stop.
async fn tell(roles: Roles, stop: CancellationToken) {
    loop {
        for (name, role) in roles.all() {
            let Role::Model(chain) = role else { continue };
            for link in chain.links() {
                let stands = match link.state().breaker {
                    BreakerState::Closed => 0.0,
                    BreakerState::HalfOpen => 1.0,
                    BreakerState::Open(_) => 2.0,
                };
                let model = link.name().to_owned();
                observe::gauge!(MODEL_BREAKER, "role" => name.as_str(), "model" => model).set(stands);
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(TELL_EVERY) => {}
        }
    }
}

async fn look_after(role: RoleName, chain: Arc<Chain>, index: usize, stop: CancellationToken) {
    let mut pause = FIRST.mul_f64(rand::random::<f64>());
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        let Some(link) = chain.links().nth(index) else { return };
        if let Err(error) = link.check().await {
            tracing::warn!(llm.role = role.as_str(), llm.error = %error, "a model is not ready");
        }
        pause = CHECK_EVERY + JITTER.mul_f64(rand::random::<f64>());
    }
}
