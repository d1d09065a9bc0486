//! The gateway. It owns who may enter (today: the local token and one-time sign-in links), what the
//! server says about itself, the one API document with its pages, and the web app. It touches no other
//! service's tables.

pub mod docs;
mod internal;
mod keyring;
mod local;
pub mod openapi;
mod program;
mod routes;
mod session;
mod token;
mod web;

pub use keyring::{Keyring, KeyringError};
pub use local::LocalAuth;
pub use program::serve;
pub use routes::{ConfigLimits, routes};
pub use token::{LocalToken, TokenError};
pub use web::is_built as has_web_app;

use actix_web::web::Data;
use edge::{PublicRoute, Site};
use shared::{SharedError, SharedHandle};
use std::sync::Arc;

/// The gateway's routes that answer strangers. This is the whole list; every other route of the system asks for a
/// principal, apart from the shell's own [`edge::routes::PUBLIC`] and the files and pages of the web app, which are the
/// same for everybody.
pub const PUBLIC: &[PublicRoute] = &[
    PublicRoute::get("/"),
    PublicRoute::get("/signin"),
    PublicRoute::get("/api/v1/config"),
    PublicRoute::get("/docs"),
    PublicRoute::get("/docs/"),
    PublicRoute::get("/docs/errors"),
    PublicRoute::get("/docs/{file}"),
];

/// What the server tells about itself.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What this server is called.
    pub name: String,
    /// The version of the program.
    pub version: String,
    /// Limits that clients should know before they run into them.
    pub limits: ConfigLimits,
}

impl Default for Settings {
    fn default() -> Self {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Self { name: "Darkroom".to_owned(), version, limits: ConfigLimits::default() }
    }
}

/// The gateway service.
#[derive(Debug, Clone)]
pub struct Gateway {
    pub(crate) settings: Arc<Settings>,
    pub(crate) auth: Arc<LocalAuth>,
    pub(crate) keyring: Option<Arc<Keyring>>,
}

impl Gateway {
    /// A gateway that knows callers by the local token, or by sessions that stand in the shared state.
    pub fn new(settings: Settings, token: LocalToken, shared: SharedHandle) -> Self {
        Self { settings: Arc::new(settings), auth: Arc::new(LocalAuth::new(token, shared)), keyring: None }
    }

    /// As the gateway of services that are programs of their own: it signs who is asking, for the proxy.
    #[must_use]
    pub fn with_keyring(self, keyring: Arc<Keyring>) -> Self {
        Self { keyring: Some(keyring), ..self }
    }

    /// What the shell asks about every caller.
    pub fn authenticator(&self) -> Arc<LocalAuth> {
        self.auth.clone()
    }

    /// A new one-time sign-in address, as a path below the server's own: `/signin?code=…`. It works
    /// once, for ten minutes.
    ///
    /// # Errors
    /// The shared state fails.
    pub async fn signin_path(&self) -> Result<String, SharedError> {
        Ok(format!("/signin?code={}", self.auth.issue_link().await?))
    }

    /// Adds the gateway's routes with what they work with, after those of all others: the web app's pages are what is
    /// left.
    pub fn mount(&self, site: Site) -> Site {
        let data = Data::new(self.clone());
        let signs = self.keyring.is_some();
        let site = if signs { site.public(internal::PUBLIC) } else { site };
        describe(site, &self.settings.version).routes(move |cfg| {
            cfg.app_data(data.clone());
            if signs {
                cfg.map(|cfg| cfg.configure(internal::routes));
            }
            cfg.map(|cfg| cfg.configure(web::mount));
        })
    }
}

/// Adds the gateway's routes, its public list and the last touch on the API document.
pub fn describe(site: Site, version: &str) -> Site {
    let version = version.to_owned();
    site.public(PUBLIC)
        .public(&web::public())
        .routes(routes)
        .finish(move |api, public| openapi::finish(api, public, &version))
}
