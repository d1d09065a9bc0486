//! Typed ids: a job id cannot be passed where a file id is meant.

use crate::TraceContext;
use crate::limits::Limits;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// The text was not an id. Handlers answer it as "no such thing", never as an internal error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid id")]
pub struct InvalidId;

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String, format = Uuid)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id. Version 7: ids made later sort later, which keeps database pages warm.
            #[expect(clippy::new_without_default, reason = "each call gives another id, a default would suggest one value")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::parse_str(text).map(Self).map_err(|_| InvalidId)
            }
        }
    )+};
}

typed_ids!(
    /// One uploaded image.
    FileId,
    /// One job: pictures, a prompt, and what became of them.
    JobId,
    /// One step of a job. The same id on a repeated command means the same work.
    StepId,
    /// One run of code asked for directly, without a job.
    ExecutionId,
    /// One message on the bus. Consumers drop repeats by it.
    MessageId,
    /// One person who may sign in.
    UserId,
    /// One signed-in browser. Not the secret that it shows.
    SessionId,
    /// One API key. Not the key itself.
    KeyId,
    /// One invitation. Not its code.
    InvitationId,
);

/// Who owns an object. Opaque: the gateway decides what it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OwnerId(String);

impl OwnerId {
    /// The owner of everything made by the command line and by the local token.
    pub fn local() -> Self {
        Self("local".to_owned())
    }

    /// An owner by its identifier.
    ///
    /// # Errors
    /// Anything but 1 to 64 characters of `a-z A-Z 0-9 _ -`: the identifier becomes part of blob keys.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if (1..=64).contains(&text.len()) && text.chars().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidId)
        }
    }

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OwnerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Proof of who is asking, as the gateway signed it. It goes along with a question from one service to the next, and
/// shows itself in no log and no debug print.
#[derive(Clone, PartialEq, Eq)]
pub struct Pass(String);

impl Pass {
    /// The proof as it came.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The proof as text: for whoever sends it on, and nobody else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pass(…)")
    }
}

/// Who is asking one service, as it tells another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Whose objects the caller sees and makes.
    pub owner: OwnerId,
    /// The proof for services elsewhere; within one process there is none, and none is needed.
    pub pass: Option<Pass>,
    /// What the caller may do, where it is not the operator's default.
    pub limits: Limits,
    /// The trace of the request that made this necessary; none when it was no request.
    pub trace: Option<TraceContext>,
}

impl From<&OwnerId> for Caller {
    fn from(owner: &OwnerId) -> Self {
        Self { owner: owner.clone(), pass: None, limits: Limits::default(), trace: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects blob keys: an owner can never smuggle a path separator or an empty segment into one.
    #[test]
    fn owner_ids_are_plain() {
        let cases = [("local", true), ("org_2aB-9", true), ("", false), ("a/b", false), ("..", false), ("é", false)];
        for (text, accepted) in cases {
            assert_eq!(OwnerId::parse(text).is_ok(), accepted, "{text:?}");
        }
        assert!(OwnerId::parse(&"a".repeat(65)).is_err());
    }

    /// Protects id handling at the edge: text that is no id is told apart, not turned into some id.
    #[test]
    fn ids_round_trip_and_refuse_other_text() {
        let id = JobId::new();
        assert_eq!(id.to_string().parse::<JobId>(), Ok(id));
        assert_eq!("../../etc".parse::<JobId>(), Err(InvalidId));
    }
}
