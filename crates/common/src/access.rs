//! What a caller may do: scopes and roles. Pure; who a caller is, the gateway decides.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The text names no scope, or no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a known scope or role")]
pub struct Unknown;

/// One thing that a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// See jobs, their results, and how the models are.
    JobsRead,
    /// Make, change and remove jobs; try a model.
    JobsWrite,
    /// See uploads.
    FilesRead,
    /// Upload and remove.
    FilesWrite,
    /// See direct executions and what the sandbox is.
    ExecutionsRead,
    /// Run code, and have code reviewed.
    ExecutionsWrite,
    /// Whatever a person does with their own account: only people have it, no API key can be given it.
    Account,
}

impl Scope {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::JobsRead,
        Self::JobsWrite,
        Self::FilesRead,
        Self::FilesWrite,
        Self::ExecutionsRead,
        Self::ExecutionsWrite,
        Self::Account,
    ];

    /// Its stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::JobsRead => "jobs:read",
            Self::JobsWrite => "jobs:write",
            Self::FilesRead => "files:read",
            Self::FilesWrite => "files:write",
            Self::ExecutionsRead => "executions:read",
            Self::ExecutionsWrite => "executions:write",
            Self::Account => "account",
        }
    }

    /// Whether an API key can have it.
    pub const fn is_for_keys(self) -> bool {
        !matches!(self, Self::Account)
    }

    /// What may be done with it as well: who writes may read.
    const fn includes(self) -> Option<Self> {
        match self {
            Self::JobsWrite => Some(Self::JobsRead),
            Self::FilesWrite => Some(Self::FilesRead),
            Self::ExecutionsWrite => Some(Self::ExecutionsRead),
            _ => None,
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        Self::ALL.iter().copied().find(|scope| scope.as_str() == text).ok_or(Unknown)
    }
}

/// A set of scopes. Its text is their names with spaces between them, as in OAuth (RFC 6749, 3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u8);

impl Scopes {
    /// Everything: what a person has who signed in.
    pub fn all() -> Self {
        Scope::ALL.iter().copied().collect()
    }

    /// Whether this may be done. Who may write may read.
    pub fn allows(self, wanted: Scope) -> bool {
        Scope::ALL
            .iter()
            .filter(|had| self.0 & had.bit() != 0)
            .any(|had| *had == wanted || had.includes() == Some(wanted))
    }

    /// Those that were given, in their order.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.iter().copied().filter(move |scope| self.0 & scope.bit() != 0)
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.iter().map(Scope::as_str).collect();
        f.write_str(&names.join(" "))
    }
}

impl FromStr for Scopes {
    type Err = Unknown;

    /// A scope that is not known makes the whole set unknown: half of what was meant is not what was meant.
    fn from_str(text: &str) -> Result<Self, Unknown> {
        text.split(' ').filter(|name| !name.is_empty()).map(str::parse).collect()
    }
}

/// What a person is to the installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs it: invites, changes and shuts out people.
    Owner,
    /// Works with it.
    Member,
}

impl Role {
    /// Its stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Member => "member",
        }
    }
}

impl FromStr for Role {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        [Self::Owner, Self::Member].into_iter().find(|role| role.as_str() == text).ok_or(Unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects read-only keys: reading never includes writing, one part never includes another, and nothing but the
    /// account itself includes the account.
    #[test]
    fn scopes_allow_what_they_say() {
        for had in Scope::ALL {
            let only: Scopes = [*had].into_iter().collect();
            for wanted in Scope::ALL {
                let reads_too = had.as_str().strip_suffix("write").zip(wanted.as_str().strip_suffix("read"));
                let expected = had == wanted || reads_too.is_some_and(|(had, wanted)| had == wanted);
                assert_eq!(only.allows(*wanted), expected, "{had} for {wanted}");
                assert!(Scopes::all().allows(*wanted) && !Scopes::default().allows(*wanted), "{wanted}");
            }
        }
    }

    /// Protects stored keys and signed proofs: sets survive as text, and a word nobody knows gives nothing.
    #[test]
    fn sets_survive_as_text() {
        for text in ["", "jobs:read", "jobs:write files:read", &Scopes::all().to_string()] {
            assert_eq!(text.parse::<Scopes>().map(|set| set.to_string()).as_deref(), Ok(text));
        }
        assert!(Scopes::default().is_empty() && !Scopes::all().is_empty());
        for text in ["jobs", "jobs:read admin", "JOBS:READ", "jobs:read,files:read"] {
            assert_eq!(text.parse::<Scopes>(), Err(Unknown), "{text}");
        }
        assert_eq!(
            ["owner", "member", "root"].map(str::parse::<Role>),
            [Ok(Role::Owner), Ok(Role::Member), Err(Unknown)]
        );
    }
}
