//! Pieces for tests of anything that answers HTTP: a real server on a port of its own, and a caller
//! whose token is its owner's name.

use crate::principal::{Authenticator, Principal};
use crate::problem::Problem;
use crate::routes::{self, PublicRoute};
use crate::shell::{ServeError, ShellSettings, serve};
use crate::site::Site;
use actix_web::http::Method;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use async_trait::async_trait;
use common::OwnerId;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use utoipa::openapi::OpenApi;
use utoipa_actix_web::service_config::ServiceConfig;

/// Lets in whoever sends `Authorization: Bearer OWNER`, as that owner.
#[derive(Debug, Clone, Copy, Default)]
pub struct OwnerToken;

#[async_trait]
impl Authenticator for OwnerToken {
    async fn authenticate(&self, headers: &HeaderMap, _: &str, _: &str) -> Result<Option<Principal>, Problem> {
        let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let owner = header.and_then(|text| text.strip_prefix("Bearer ")).and_then(|text| OwnerId::parse(text).ok());
        Ok(owner.map(Principal::local))
    }
}

/// A running server. Dropping it stops the server.
pub struct TestServer {
    address: SocketAddr,
    stop: CancellationToken,
    running: Option<JoinHandle<Result<(), ServeError>>>,
}

impl TestServer {
    /// Serves these routes to callers known by [`OwnerToken`].
    ///
    /// # Panics
    /// No free port.
    pub fn routes(routes: impl Fn(&mut ServiceConfig<'_>) + Send + Sync + 'static) -> Self {
        Self::start(Site::new(Arc::new(OwnerToken)).routes(routes), ShellSettings::default())
    }

    /// Serves a site.
    ///
    /// # Panics
    /// No free port.
    pub fn start(site: Site, settings: ShellSettings) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("a bound address");
        let stop = CancellationToken::new();
        let running = Some(tokio::spawn(serve(listener, settings, site, stop.clone())));
        Self { address, stop, running }
    }

    /// The full address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Stops the server and waits until it ended.
    ///
    /// # Errors
    /// The server failed.
    pub async fn stop(mut self) -> Result<(), ServeError> {
        self.stop.cancel();
        match self.running.take() {
            Some(running) => running.await.unwrap_or_else(|error| Err(ServeError::Io(error.into()))),
            None => Ok(()),
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Every operation of an API document with its parameters filled in, as method and path.
pub fn operations(api: &OpenApi) -> Vec<(Method, String)> {
    let mut found = Vec::new();
    for (path, item) in &api.paths.paths {
        for method in routes::methods(item) {
            found.push((method, fill(path)));
        }
    }
    found
}

/// Every operation that must refuse a caller without credentials.
pub fn protected_operations(api: &OpenApi, public: &[PublicRoute]) -> Vec<(Method, String)> {
    let listed = |method: &Method, path: &str| {
        public.iter().any(|route| route.method == method.as_str() && fill(route.path) == path)
    };
    operations(api).into_iter().filter(|(method, path)| !listed(method, path)).collect()
}

/// Replaces each `{parameter}` by an id that names nothing.
fn fill(path: &str) -> String {
    let parts = path.split('/').map(|part| match part.starts_with('{') {
        true => "00000000-0000-7000-8000-000000000000",
        false => part,
    });
    parts.collect::<Vec<_>>().join("/")
}
