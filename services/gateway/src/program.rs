//! The gateway as the settings want it, within a larger program or as one of its own.

use crate::routes::OIDC_CALLBACK;
use crate::{
    Clerk, ClerkSettings, ConfigLimits, Gateway, LocalToken, Oidc, OidcSettings, Settings, Way, WayError, WebDsn,
};
use edge::{Health, Site};
use runtime::settings::AuthMode;
use runtime::{Environment, Host, NotReady};
use std::path::Path;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The API of all services, as the gateway tells it where each service is a program of its own. Made by
/// `darkroom api`; a test keeps it fresh.
const DOCUMENT: &str = include_str!("../openapi.json");

impl Settings {
    /// Those of these settings, for a server that people find at `base` where the settings say nothing else.
    ///
    /// # Errors
    /// They name no way to sign in that can be used, or no DSN for the web app.
    pub fn of(settings: &runtime::Settings, base: &str) -> Result<Self, NotReady> {
        let limits = ConfigLimits {
            max_upload_bytes: settings.max_upload_bytes.0,
            max_image_pixels: settings.max_image_pixels.0,
            max_job_seconds: settings.max_job_seconds.0,
            ..ConfigLimits::default()
        };
        Ok(Self {
            limits,
            user_limits: settings.user_limits(),
            way: way(settings, base)?,
            sentry_dsn: sentry_dsn(&settings.sentry_dsn_web)?,
            ..Self::default()
        })
    }
}

fn sentry_dsn(text: &str) -> Result<Option<WebDsn>, NotReady> {
    let dsn = Some(text).filter(|text| !text.is_empty()).map(WebDsn::parse).transpose();
    dsn.map_err(|error| NotReady::new(error.to_string(), "correct the setting, or leave it empty"))
}

/// How people sign in.
fn way(settings: &runtime::Settings, base: &str) -> Result<Way, NotReady> {
    let optional = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let way: Result<Way, WayError> = match settings.auth_mode {
        AuthMode::Local => Ok(Way::Local),
        AuthMode::Clerk => Clerk::new(ClerkSettings {
            publishable_key: settings.clerk_publishable_key.clone(),
            secret_key: optional(settings.clerk_secret_key.exposed()),
            authorized_parties: common::addresses(&settings.clerk_authorized_parties),
            issuer: optional(&settings.clerk_issuer),
            api_url: optional(&settings.clerk_api_url),
        })
        .map(|clerk| Way::Clerk(Arc::new(clerk)))
        .map_err(WayError::from),
        AuthMode::Oidc => Oidc::new(OidcSettings {
            issuer: settings.oidc_issuer.clone(),
            client_id: settings.oidc_client_id.clone(),
            client_secret: optional(settings.oidc_client_secret.exposed()),
            name: settings.oidc_name.clone(),
            redirect_uri: format!("{}{OIDC_CALLBACK}", public_url(settings, base)),
        })
        .map(|oidc| Way::Oidc(Arc::new(oidc)))
        .map_err(WayError::from),
    };
    way.map_err(|error| NotReady::new(error.to_string(), "correct the settings; .env.example says what each is"))
}

/// Where people find the server.
fn public_url(settings: &runtime::Settings, base: &str) -> String {
    let set = settings.public_url.trim_end_matches('/');
    if set.is_empty() { base.to_owned() } else { set.to_owned() }
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

/// The service as a program of its own, until it is asked to stop.
///
/// # Errors
/// Something it needs is missing.
pub async fn serve(host: Host) -> Result<(), NotReady> {
    let environment = &host.environment;
    let token = LocalToken::of(environment, &environment.data_dir)?;
    let db = database::connect(&host.database_url(), "gateway").await.map_err(|error| NotReady::storage(&error))?;
    let shared = host.shared().await?;
    let base = public_url(&environment.settings, &format!("http://{}", host.address()));
    let settings = Settings::of(&environment.settings, &base)?;
    let gateway = Gateway::open(settings, token, db, shared.clone()).await;
    let gateway = gateway.map_err(|error| NotReady::storage(&error))?;
    let (gateway, keyring) = gateway.signing().await.map_err(|error| NotReady::storage(&error))?;
    let stop = CancellationToken::new();
    let renewing = tokio::spawn(keyring.clone().keep_renewing(stop.clone()));
    let health = Health::new(vec![gateway.readiness(), runtime::service::shared_check(&shared)]);
    let site = gateway.mount(Site::new(gateway.authenticator()).health(health)).document(DOCUMENT);
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
