//! The keys that the gateway signs identities with. Each replica has one of its own, which never leaves its memory; the
//! public halves of all of them stand in the gateway's database, so that any replica can tell them.

use crate::store::{DbErr, Store};
use edge::Principal;
use edge::identity::{JsonWebKeySet, LIFE, Signer, SigningError};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Age at which a key gives way to a new one.
const RENEW_AFTER: Duration = Duration::from_secs(60 * 60);

/// How long a public key stands. Longer than a key is used and what it signed is good for: a database that is away for
/// a while at the moment of a renewal costs nobody their identity.
const STANDS: Duration = Duration::from_secs(3 * 60 * 60);

/// Pause before a renewal that failed is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(30);

/// The keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The database fails.
    #[error("the gateway's keys cannot be stored or read")]
    Store(#[source] DbErr),
    /// No key can be made.
    #[error(transparent)]
    Signing(#[from] SigningError),
}

/// The key of this replica, and what is known of the others'.
#[derive(Debug)]
pub struct Keyring {
    store: Store,
    signer: RwLock<Arc<Signer>>,
}

impl Keyring {
    /// Makes a key and tells the others its public half.
    ///
    /// # Errors
    /// See [`KeyringError`].
    pub(crate) async fn open(store: Store) -> Result<Arc<Self>, KeyringError> {
        let signer = publish_new(&store).await?;
        Ok(Arc::new(Self { store, signer: RwLock::new(Arc::new(signer)) }))
    }

    /// The proof that a caller is this one, with these rights.
    ///
    /// # Errors
    /// It cannot be signed.
    pub fn sign(&self, caller: &Principal) -> Result<String, SigningError> {
        self.signer.read().unwrap_or_else(PoisonError::into_inner).clone().sign(caller)
    }

    /// The public keys of all replicas.
    ///
    /// # Errors
    /// The database fails.
    pub async fn public_keys(&self) -> Result<JsonWebKeySet, KeyringError> {
        let keys = self.store.standing_keys(database::now()).await.map_err(KeyringError::Store)?;
        Ok(JsonWebKeySet { keys })
    }

    /// A new key in place of the one in use, whose public half stands until nothing it signed is good any more.
    ///
    /// # Errors
    /// See [`KeyringError`]; then the key in use stays.
    pub async fn renew(&self) -> Result<(), KeyringError> {
        // Told before it is used: who sees a signature finds its key.
        let signer = Arc::new(publish_new(&self.store).await?);
        *self.signer.write().unwrap_or_else(PoisonError::into_inner) = signer;
        Ok(())
    }

    /// Renews the key now and then, until stopped.
    pub async fn keep_renewing(self: Arc<Self>, stop: CancellationToken) {
        let mut pause = RENEW_AFTER;
        while stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_some() {
            pause = match self.renew().await {
                Ok(()) => RENEW_AFTER,
                Err(error) => {
                    tracing::error!(%error, "the gateway's key was not renewed; the one before goes on");
                    TRY_AGAIN
                }
            };
        }
    }
}

async fn publish_new(store: &Store) -> Result<Signer, KeyringError> {
    const { assert!(STANDS.as_secs() > RENEW_AFTER.as_secs() + LIFE.as_secs()) };
    let signer = Signer::generate()?;
    store.publish_key(signer.public(), database::now(), STANDS).await.map_err(KeyringError::Store)?;
    Ok(signer)
}
