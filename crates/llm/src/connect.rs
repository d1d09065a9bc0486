//! From a URL to a model.

use crate::{BreakerPolicy, Chain, Limits, OpenAiModel, ScriptedModel, SharedModel};
use secrecy::SecretString;
use std::fmt;
use std::sync::Arc;

/// Who plays a role.
#[derive(Clone)]
pub enum Role {
    /// The platform's own rules: no model, no key, no network.
    Builtin,
    /// A model, or several in the order in which they are asked.
    Model(Arc<Chain>),
}

impl Role {
    /// The role is played by this one model.
    pub fn of(model: SharedModel) -> Self {
        Self::Model(Arc::new(Chain::of(model, BreakerPolicy::default())))
    }

    /// The role is played by these models, asked in this order; by rules where there is none.
    pub fn of_all(models: Vec<SharedModel>, policy: BreakerPolicy) -> Self {
        let mut models = models.into_iter();
        let Some(first) = models.next() else { return Self::Builtin };
        Self::Model(Arc::new(models.fold(Chain::of(first, policy), |chain, model| chain.then(model, policy))))
    }

    /// Name of who plays the role.
    pub fn name(&self) -> &str {
        match self {
            Self::Builtin => "builtin",
            Self::Model(chain) => crate::Model::name(&**chain),
        }
    }
}

impl fmt::Debug for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Role").field(&self.name()).finish()
    }
}

/// The settings of a role cannot be used. Texts name no key and no part of a URL but its scheme.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No backend for this scheme.
    #[error("'{0}' is not a model URL this build knows; use builtin:, https://HOST/v1 or http://HOST/v1")]
    UnknownScheme(String),
    /// The URL cannot be used as the base of an endpoint.
    #[error("the model URL cannot be used: {0}")]
    BadUrl(&'static str),
    /// An endpoint serves many models; the name says which.
    #[error("the model's name is missing; an endpoint needs to know which model to ask")]
    MissingName,
    /// The key cannot travel in a header.
    #[error("the model's key has characters that cannot be sent; check it for line breaks")]
    BadKey,
    /// The HTTP client cannot be made.
    #[error("the HTTP client for the model cannot be made")]
    Client(#[source] reqwest::Error),
}

/// Prepares whoever the URL's scheme names: `builtin:`, `http(s)://HOST/…/v1` for any
/// OpenAI-compatible endpoint, or `scripted:/absolute/file.json` for tests. Nothing is sent yet.
///
/// # Errors
/// See [`ConnectError`].
pub fn connect(url: &str, name: &str, key: Option<SecretString>, limits: Limits) -> Result<Role, ConnectError> {
    Ok(connect_model(url, name, key, limits)?.map_or(Role::Builtin, Role::of))
}

/// The same for one model among several; nothing where the URL names the rules.
///
/// # Errors
/// See [`ConnectError`].
pub fn connect_model(
    url: &str,
    name: &str,
    key: Option<SecretString>,
    limits: Limits,
) -> Result<Option<SharedModel>, ConnectError> {
    let scheme = url.split(':').next().unwrap_or_default();
    match scheme {
        "builtin" if url == "builtin:" => Ok(None),
        "http" | "https" => Ok(Some(Arc::new(OpenAiModel::new(url, name, key, limits)?))),
        "scripted" => Ok(Some(Arc::new(ScriptedModel::new(&url["scripted:".len().min(url.len())..])?))),
        other => Err(ConnectError::UnknownScheme(other.chars().take(40).collect())),
    }
}
