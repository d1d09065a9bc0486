//! One-time links. They stand in the shared state, so that every replica knows them; that may forget them, and then a new
//! one is made.

use crate::secret;
use bytes::Bytes;
use common::UserId;
use shared::{Key, Purpose, SharedError, SharedHandle};
use std::time::Duration;

/// How long a link waits to be used.
pub(crate) const LINK_LIFE: Duration = Duration::from_secs(10 * 60);

/// A link cannot be made or looked up.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The shared state fails.
    #[error(transparent)]
    Shared(#[from] SharedError),
    /// There is nothing to make it of.
    #[error(transparent)]
    NoRandomness(#[from] secret::NoRandomness),
}

/// Links. What stands for them is only their hash: whoever reads the shared state cannot use one.
#[derive(Clone)]
pub(crate) struct Links {
    shared: SharedHandle,
    /// What tells this server's links apart from those of another with another token.
    server: Bytes,
}

impl Links {
    /// Those of the server of that mark.
    pub(crate) fn new(shared: SharedHandle, server: &str) -> Self {
        Self { shared, server: Bytes::copy_from_slice(server.as_bytes()) }
    }

    /// A new code that signs this person in, once.
    pub(crate) async fn issue(&self, user: UserId) -> Result<String, LinkError> {
        let code = secret::random()?;
        self.shared.put(&self.key(&code), Bytes::from(user.to_string()), LINK_LIFE).await?;
        Ok(code)
    }

    /// Uses a code up. `None` when it is wrong, used or too old.
    pub(crate) async fn redeem(&self, code: &str) -> Result<Option<UserId>, SharedError> {
        let found = self.shared.take(&self.key(code)).await?;
        Ok(found.and_then(|user| std::str::from_utf8(&user).ok()?.parse().ok()))
    }

    fn key(&self, code: &str) -> Key {
        Key::of(Purpose::SignInLink, &[&self.server, code.as_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::MemoryState;
    use std::sync::{Arc, Mutex};

    /// Protects sign-in: a link works once and not for ever, for its person, and at its own server only.
    #[tokio::test]
    async fn links_work_once_and_end() {
        let now = Arc::new(Mutex::new(Duration::ZERO));
        let clock = now.clone();
        let shared: SharedHandle = Arc::new(MemoryState::with_clock(move || *clock.lock().unwrap()));
        let (links, replica) = (Links::new(shared.clone(), "a"), Links::new(shared.clone(), "a"));
        let other = Links::new(shared, "b");
        let user = UserId::new();
        let code = links.issue(user).await.unwrap();
        assert_eq!(links.redeem("guess").await.unwrap(), None);
        assert_eq!(other.redeem(&code).await.unwrap(), None);
        assert_eq!(replica.redeem(&code).await.unwrap(), Some(user));
        assert_eq!(links.redeem(&code).await.unwrap(), None);

        let late = links.issue(user).await.unwrap();
        *now.lock().unwrap() += LINK_LIFE;
        assert_eq!(links.redeem(&late).await.unwrap(), None);
    }
}
