//! The gateway. It owns who may enter (people, their sessions and API keys), what was done about that (the audit), what
//! the server says about itself, the one API document with its pages, and the web app. It touches no other service's
//! tables.

mod callers;
mod clerk;
pub mod docs;
mod internal;
mod jwt;
mod keyring;
mod known;
mod links;
mod oidc;
pub mod openapi;
mod password;
mod program;
mod routes;
mod secret;
mod sentry;
mod store;
mod token;
mod way;
mod web;

pub use callers::Callers;
pub use clerk::{Clerk, ClerkError, ClerkSettings};
pub use keyring::{Keyring, KeyringError};
pub use links::LinkError;
pub use oidc::{Oidc, OidcError, OidcSettings};
pub use program::serve;
pub use routes::{ConfigLimits, SESSION_LIFE, SignIn, routes};
pub use sentry::{NotADsn, WebDsn};
pub use store::DbErr as StoreError;
pub use token::{LocalToken, TokenError};
pub use way::{Way, WayError};
pub use web::is_built as has_web_app;

use actix_web::web::Data;
use common::OwnerId;
use common::limits::Limits;
use database::DatabaseConnection;
use edge::{Check, PublicRoute, Site};
use links::Links;
use password::Passwords;
use shared::{Allowances, SharedHandle};
use std::sync::Arc;
use store::Store;

/// The gateway's routes that answer strangers. This is the whole list; every other route of the system asks for a
/// principal, apart from the shell's own [`edge::routes::PUBLIC`] and the files and pages of the web app, which are the
/// same for everybody.
pub const PUBLIC: &[PublicRoute] = &[
    PublicRoute::get("/"),
    PublicRoute::get("/signin"),
    PublicRoute::get("/api/v1/config"),
    PublicRoute { method: "POST", path: "/api/v1/auth/sign-in" },
    PublicRoute { method: "POST", path: "/api/v1/auth/join" },
    PublicRoute::get("/api/v1/auth/oidc/start"),
    PublicRoute::get("/api/v1/auth/oidc/callback"),
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
    /// How people sign in.
    pub way: Way,
    /// Limits that clients should know before they run into them.
    pub limits: ConfigLimits,
    /// What a person may do for whom nothing else is set.
    pub user_limits: Limits,
    /// Where the web app reports its errors, if anywhere.
    pub sentry_dsn: Option<WebDsn>,
}

impl Default for Settings {
    fn default() -> Self {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let limits = ConfigLimits::default();
        let (name, user_limits) = ("Darkroom".to_owned(), Limits::default());
        Self { name, version, way: Way::Local, limits, user_limits, sentry_dsn: None }
    }
}

/// There is no sign-in link for the first owner.
#[derive(Debug, thiserror::Error)]
pub enum NoLink {
    /// The database fails.
    #[error("the first owner cannot be looked up")]
    Store(#[source] StoreError),
    /// They may not enter any more.
    #[error("the first owner may not enter any more")]
    ShutOut,
    /// It cannot be made.
    #[error(transparent)]
    Link(#[from] LinkError),
}

/// The gateway service.
#[derive(Clone)]
pub struct Gateway {
    pub(crate) settings: Arc<Settings>,
    pub(crate) callers: Arc<Callers>,
    pub(crate) store: Store,
    pub(crate) links: Links,
    pub(crate) passwords: Passwords,
    pub(crate) shared: SharedHandle,
    pub(crate) keyring: Option<Arc<Keyring>>,
}

impl Gateway {
    /// A gateway on a database of its own, whose tables it brings up to date. It knows callers by the local token, API
    /// keys and sessions.
    ///
    /// # Errors
    /// The database fails.
    pub async fn open(
        settings: Settings,
        token: LocalToken,
        db: DatabaseConnection,
        shared: SharedHandle,
    ) -> Result<Self, StoreError> {
        let store = Store::open(db).await?;
        let links = Links::new(shared.clone(), &callers::mark(&token));
        let allowances = Allowances::new(shared.clone(), settings.user_limits);
        let callers = Arc::new(Callers::new(token, store.clone(), settings.way.clone(), allowances));
        let (settings, passwords) = (Arc::new(settings), Passwords::default());
        Ok(Self { settings, callers, store, links, passwords, shared, keyring: None })
    }

    /// As the gateway of services that are programs of their own: it signs who is asking, for the proxy.
    ///
    /// # Errors
    /// No key can be made or told.
    pub async fn signing(self) -> Result<(Self, Arc<Keyring>), KeyringError> {
        let keyring = Keyring::open(self.store.clone()).await?;
        Ok((Self { keyring: Some(keyring.clone()), ..self }, keyring))
    }

    /// What the shell asks about every caller.
    pub fn authenticator(&self) -> Arc<Callers> {
        self.callers.clone()
    }

    /// Whether people can be told apart now.
    pub fn readiness(&self) -> Check {
        let store = self.store.clone();
        Check::new("gateway", move || {
            let store = store.clone();
            async move {
                store.check().await.map(|()| "Callers can be told apart.".to_owned()).map_err(|error| {
                    tracing::error!(%error, "the gateway's database fails");
                    "The gateway's database does not take writes; check DATABASE_URL.".to_owned()
                })
            }
        })
    }

    /// A new one-time sign-in address for the first owner, as a path below the server's own: `/signin?code=…`. It works
    /// once, for ten minutes.
    ///
    /// # Errors
    /// The database or the shared state fails, or the first owner may not enter any more.
    pub async fn signin_path(&self) -> Result<String, NoLink> {
        let owner = self.store.user_of(&OwnerId::local()).await.map_err(NoLink::Store)?;
        let owner = owner.filter(|owner| owner.is_active).ok_or(NoLink::ShutOut)?;
        Ok(format!("/signin?code={}", self.links.issue(owner.id).await?))
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
