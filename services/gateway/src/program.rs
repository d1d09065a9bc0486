//! The gateway as the settings want it, within a larger program or as one of its own.

use crate::{ConfigLimits, Gateway, Keyring, LocalToken, Settings};
use edge::{Check, Health, Site};
use runtime::{Environment, Host, NotReady};
use std::path::Path;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The API of all services, as the gateway tells it where each service is a program of its own. Made by
/// `darkroom api`; a test keeps it fresh.
const DOCUMENT: &str = include_str!("../openapi.json");

impl Settings {
    /// Those of these settings.
    pub fn of(settings: &runtime::Settings) -> Self {
        let limits = ConfigLimits {
            max_upload_bytes: settings.max_upload_bytes.0,
            max_image_pixels: settings.max_image_pixels.0,
            max_job_seconds: settings.max_job_seconds.0,
            ..ConfigLimits::default()
        };
        Self { limits, ..Self::default() }
    }
}

impl LocalToken {
    /// The token of the settings, else that of the data folder, made if there is none.
    ///
    /// # Errors
    /// It is not one, or the data folder cannot be used.
    pub fn of(environment: &Environment, data: &Path) -> Result<Self, NotReady> {
        let token = match environment.settings.local_token.exposed() {
            "" => Self::open_or_create(data),
            given => Self::given(given),
        };
        token.map_err(|error| NotReady::new(error.to_string(), "follow the message above"))
    }
}

fn readiness(keyring: &Arc<Keyring>) -> Check {
    let keyring = keyring.clone();
    Check::new("gateway", move || {
        let keyring = keyring.clone();
        async move {
            keyring.check().await.map(|()| "Callers can be told apart.".to_owned()).map_err(|error| {
                tracing::error!(%error, "the gateway's database fails");
                "The gateway's database does not take writes; check DATABASE_URL.".to_owned()
            })
        }
    })
}

/// The service as a program of its own, until it is asked to stop.
///
/// # Errors
/// Something it needs is missing.
pub async fn serve(host: Host) -> Result<(), NotReady> {
    let environment = &host.environment;
    let token = LocalToken::of(environment, &environment.data_dir)?;
    let db = database::connect(&host.database_url(), "gateway").await.map_err(|error| NotReady::storage(&error))?;
    let keyring = Keyring::open(db).await.map_err(|error| NotReady::storage(&error))?;
    let shared = host.shared().await?;
    let gateway = Gateway::new(Settings::of(&environment.settings), token, shared.clone());
    let gateway = gateway.with_keyring(keyring.clone());
    let stop = CancellationToken::new();
    let renewing = tokio::spawn(keyring.clone().keep_renewing(stop.clone()));
    let health = Health::new(vec![readiness(&keyring), runtime::service::shared_check(&shared)]);
    let site = gateway.mount(Site::new(gateway.authenticator()).health(health)).document(DOCUMENT);
    let base = match environment.settings.public_url.trim_end_matches('/') {
        "" => format!("http://{}", host.address()),
        set => set.to_owned(),
    };
    match gateway.signin_path().await {
        Ok(path) => println!("Sign in (once, within 10 minutes): {base}{path}"),
        Err(error) => tracing::error!(%error, "there is no sign-in link; the token works"),
    }
    host.serve(site, async || {
        stop.cancel();
        // Ended by a panic: nothing is left to wait for, and it is in the log.
        let _ended = renewing.await;
    })
    .await
}
