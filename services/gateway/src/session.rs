//! One-time links and the sessions they open. They stand in the shared state, so that every replica knows them; that
//! may forget them, and then people sign in again.

use bytes::Bytes;
use rand::RngCore;
use shared::{Key, Purpose, SharedError, SharedHandle};
use std::time::Duration;

/// How long a link waits to be used.
pub(crate) const LINK_LIFE: Duration = Duration::from_secs(10 * 60);

/// How long a session lasts.
pub(crate) const SESSION_LIFE: Duration = Duration::from_secs(12 * 3600);

/// Links and sessions. What stands for them is only their hash: whoever reads the shared state cannot use one.
#[derive(Clone)]
pub(crate) struct Sessions {
    shared: SharedHandle,
    /// What tells this server's sessions apart from those of another with another token.
    server: Bytes,
}

impl Sessions {
    /// Those of the server of that mark.
    pub(crate) fn new(shared: SharedHandle, server: &str) -> Self {
        Self { shared, server: Bytes::copy_from_slice(server.as_bytes()) }
    }

    /// A new code that opens one session.
    pub(crate) async fn issue(&self) -> Result<String, SharedError> {
        self.insert(Purpose::SignInLink, LINK_LIFE).await
    }

    /// Uses a code up and opens a session; gives the session's id. `None` when the code is wrong, used or too old.
    pub(crate) async fn redeem(&self, code: &str) -> Result<Option<String>, SharedError> {
        match self.shared.take(&self.key(Purpose::SignInLink, code.as_bytes())).await? {
            Some(_) => self.insert(Purpose::Session, SESSION_LIFE).await.map(Some),
            None => Ok(None),
        }
    }

    /// Whether a session by this id is open.
    pub(crate) async fn is_open(&self, id: &[u8]) -> Result<bool, SharedError> {
        Ok(self.shared.get(&self.key(Purpose::Session, id)).await?.is_some())
    }

    /// Keeps a new random secret for a while.
    async fn insert(&self, purpose: Purpose, life: Duration) -> Result<String, SharedError> {
        let mut bytes = [0; 32];
        rand::rng().fill_bytes(&mut bytes);
        let secret = hex::encode(bytes);
        self.shared.put(&self.key(purpose, secret.as_bytes()), Bytes::from_static(b"open"), life).await?;
        Ok(secret)
    }

    fn key(&self, purpose: Purpose, secret: &[u8]) -> Key {
        Key::of(purpose, &[&self.server, secret])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::MemoryState;
    use std::sync::{Arc, Mutex};

    /// Protects sign-in: a link works once and not for ever, a session ends, another server's are its own.
    #[tokio::test]
    async fn links_work_once_and_everything_ends() {
        let now = Arc::new(Mutex::new(Duration::ZERO));
        let clock = now.clone();
        let shared: SharedHandle = Arc::new(MemoryState::with_clock(move || *clock.lock().unwrap()));
        let (sessions, replica) = (Sessions::new(shared.clone(), "a"), Sessions::new(shared.clone(), "a"));
        let other = Sessions::new(shared, "b");
        let code = sessions.issue().await.unwrap();
        assert_eq!(sessions.redeem("guess").await.unwrap(), None);
        assert_eq!(other.redeem(&code).await.unwrap(), None);
        let id = replica.redeem(&code).await.unwrap().expect("a fresh link");
        assert_eq!(sessions.redeem(&code).await.unwrap(), None);
        assert_ne!(id, code);
        assert!(sessions.is_open(id.as_bytes()).await.unwrap());
        assert!(!sessions.is_open(code.as_bytes()).await.unwrap() && !other.is_open(id.as_bytes()).await.unwrap());
        *now.lock().unwrap() += SESSION_LIFE;
        assert!(!sessions.is_open(id.as_bytes()).await.unwrap());

        let late = sessions.issue().await.unwrap();
        *now.lock().unwrap() += LINK_LIFE;
        assert_eq!(sessions.redeem(&late).await.unwrap(), None);
    }
}
