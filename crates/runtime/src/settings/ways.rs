//! How people sign in.

use super::Value;

/// Who tells who somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthMode {
    /// This installation.
    Local,
    /// Clerk.
    Clerk,
    /// An issuer of OpenID Connect.
    Oidc,
}

impl Value for AuthMode {
    const EXPECTED: &'static str = "'local', 'clerk' or 'oidc'";
    fn parse(text: &str) -> Option<Self> {
        match text {
            "local" => Some(Self::Local),
            "clerk" => Some(Self::Clerk),
            "oidc" => Some(Self::Oidc),
            _ => None,
        }
    }
}
