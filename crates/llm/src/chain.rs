//! The models of one role in the order in which they are asked: the second where the first gives nothing.

use crate::breaker::BreakerPolicy;
use crate::link::Link;
use crate::{ErrorKind, Model, ModelError, Reply, Request, SharedModel};
use async_trait::async_trait;
use common::job::Usage;
use std::fmt;
use std::sync::Arc;

/// See the module. It is a model itself: [`Reply::model`] says who answered, [`Reply::passed_over`] why the
/// ones before did not. A call ends within the sum of its models' time limits.
pub struct Chain {
    first: Arc<Link>,
    others: Vec<Arc<Link>>,
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.links().map(Link::name)).finish()
    }
}

impl Chain {
    /// A chain of one.
    pub fn of(model: SharedModel, policy: BreakerPolicy) -> Self {
        Self { first: Arc::new(Link::new(model, policy)), others: Vec::new() }
    }

    /// The same with another one, asked last.
    #[must_use]
    pub fn then(mut self, model: SharedModel, policy: BreakerPolicy) -> Self {
        self.others.push(Arc::new(Link::new(model, policy)));
        self
    }

    /// The same models, known by the same breakers, of which the second is asked first, and the first after it.
    #[must_use]
    pub fn second_first(&self) -> Self {
        match self.others.split_first() {
            Some((second, rest)) => {
                let others = std::iter::once(&self.first).chain(rest).cloned().collect();
                Self { first: second.clone(), others }
            }
            None => Self { first: self.first.clone(), others: Vec::new() },
        }
    }

    /// Its models, in order.
    pub fn links(&self) -> impl Iterator<Item = &Link> {
        std::iter::once(&*self.first).chain(self.others.iter().map(|link| &**link))
    }

    /// Asks as for a job, but also models that are left alone: a person wants to know how they are.
    ///
    /// # Errors
    /// See [`Model::complete`].
    pub async fn try_out(&self, request: Request) -> Result<Reply, ModelError> {
        self.ask(request, true).await
    }

    async fn ask(&self, request: Request, anyway: bool) -> Result<Reply, ModelError> {
        let mut failed: Vec<ModelError> = Vec::new();
        for link in self.links() {
            match link.ask(request.clone(), anyway).await {
                Ok(mut reply) => {
                    // What a useless answer cost belongs to the call that brought the useful one.
                    reply.usage.add(spent(&failed));
                    reply.passed_over = failed.iter().map(ModelError::passed_over).collect();
                    return Ok(reply);
                }
                Err(error) => {
                    tracing::warn!(llm.role = request.step.role.as_str(), llm.error = %error, "a model gave no answer");
                    failed.push(error);
                }
            }
        }
        Err(outcome(failed))
    }
}

fn spent(failed: &[ModelError]) -> Usage {
    let mut usage = Usage::default();
    failed.iter().for_each(|error| usage.add(error.usage));
    usage
}

/// One error for all. An answer that was paid for comes first, so that whoever stores what was paid for sees
/// it; else the last error stands for all.
fn outcome(mut failed: Vec<ModelError>) -> ModelError {
    let usage = spent(&failed);
    let paid = |error: &ModelError| error.kind == ErrorKind::BadAnswer && error.left_alone.is_none();
    let chosen = failed.iter().rposition(paid).unwrap_or(failed.len().saturating_sub(1));
    if chosen >= failed.len() {
        // A chain has at least one model, so there is an error; this only keeps the function total.
        return ModelError::new(ErrorKind::Unavailable, "none", "a chain without models");
    }
    let error = failed.remove(chosen);
    ModelError { usage, passed_over: failed.iter().map(ModelError::passed_over).collect(), ..error }
}

#[async_trait]
impl Model for Chain {
    async fn complete(&self, request: Request) -> Result<Reply, ModelError> {
        self.ask(request, false).await
    }

    fn name(&self) -> &str {
        self.first.name()
    }

    fn host(&self) -> Option<&str> {
        self.first.host()
    }

    /// Fine when one of them is.
    async fn check(&self) -> Result<(), ModelError> {
        let mut failed = Vec::new();
        for link in self.links() {
            match link.check().await {
                Ok(()) => return Ok(()),
                Err(error) => failed.push(error),
            }
        }
        Err(outcome(failed))
    }
}
