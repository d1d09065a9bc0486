//! How people sign in, as the settings say.

use crate::clerk::{Clerk, ClerkError};
use crate::oidc::{Oidc, OidcError};
use crate::routes::SignIn;
use std::fmt;
use std::sync::Arc;

/// How people sign in.
#[derive(Clone, Default)]
pub enum Way {
    /// With e-mail address and password, known here.
    #[default]
    Local,
    /// By session tokens of Clerk.
    Clerk(Arc<Clerk>),
    /// By an issuer of OpenID Connect.
    Oidc(Arc<Oidc>),
}

/// The settings name no way.
#[derive(Debug, thiserror::Error)]
pub enum WayError {
    /// Clerk's do not.
    #[error(transparent)]
    Clerk(#[from] ClerkError),
    /// The issuer's do not.
    #[error(transparent)]
    Oidc(#[from] OidcError),
}

impl Way {
    /// Its name.
    pub fn name(&self) -> SignIn {
        match self {
            Self::Local => SignIn::Local,
            Self::Clerk(_) => SignIn::Clerk,
            Self::Oidc(_) => SignIn::Oidc,
        }
    }

    /// Clerk, where that is it.
    pub(crate) fn clerk(&self) -> Option<&Arc<Clerk>> {
        match self {
            Self::Clerk(clerk) => Some(clerk),
            _ => None,
        }
    }

    /// The issuer, where that is it.
    pub(crate) fn oidc(&self) -> Option<&Arc<Oidc>> {
        match self {
            Self::Oidc(oidc) => Some(oidc),
            _ => None,
        }
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.name(), f)
    }
}
