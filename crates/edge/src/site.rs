//! What a process serves: routes, checks, who may enter. Collected before any server runs.

use crate::health::{self, Health};
use crate::principal::Authenticator;
use crate::routes::{self, PublicRoute};
use actix_web::App;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::openapi::OpenApi;
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;

type Routes = Arc<dyn Fn(&mut ServiceConfig<'_>) + Send + Sync>;
type Finish = Arc<dyn Fn(OpenApi, &[PublicRoute]) -> OpenApi + Send + Sync>;

/// Everything one server answers with. Cheap to clone; each clone describes the same site.
#[derive(Clone)]
pub struct Site {
    routes: Vec<Routes>,
    finish: Finish,
    document: Option<&'static str>,
    public: Vec<PublicRoute>,
    pub(crate) health: Health,
    pub(crate) authenticator: Arc<dyn Authenticator>,
}

impl Site {
    /// A site with nothing but `/healthz`, `/readyz` and `/openapi.json`.
    pub fn new(authenticator: Arc<dyn Authenticator>) -> Self {
        let public = routes::PUBLIC.to_vec();
        Self {
            routes: Vec::new(),
            finish: Arc::new(|api, _| api),
            document: None,
            public,
            health: Health::default(),
            authenticator,
        }
    }

    /// Adds the routes of a service, app data included. Called once per worker, so shared state is made
    /// outside and cloned in. Handlers name their full path. Routes that do not belong in the API
    /// document go through [`ServiceConfig::map`].
    #[must_use]
    pub fn routes(mut self, routes: impl Fn(&mut ServiceConfig<'_>) + Send + Sync + 'static) -> Self {
        self.routes.push(Arc::new(routes));
        self
    }

    /// Adds routes that need no credentials.
    #[must_use]
    pub fn public(mut self, routes: &[PublicRoute]) -> Self {
        self.public.extend_from_slice(routes);
        self
    }

    /// The checks behind `/readyz`.
    #[must_use]
    pub fn health(mut self, health: Health) -> Self {
        self.health = health;
        self
    }

    /// The last touch on the API document: title, security schemes, common answers. It is told all
    /// public routes.
    #[must_use]
    pub fn finish(mut self, finish: impl Fn(OpenApi, &[PublicRoute]) -> OpenApi + Send + Sync + 'static) -> Self {
        self.finish = Arc::new(finish);
        self
    }

    /// The API document that `/openapi.json` answers with, where it is about more than this site: other services' routes
    /// as well.
    #[must_use]
    pub fn document(mut self, text: &'static str) -> Self {
        self.document = Some(text);
        self
    }

    pub(crate) fn told_document(&self) -> Option<&'static str> {
        self.document
    }

    /// All routes that need no credentials.
    pub fn public_routes(&self) -> &[PublicRoute] {
        &self.public
    }

    /// The API document of all routes.
    pub fn openapi(&self) -> OpenApi {
        (self.finish)(document(|cfg| self.configure(cfg)), &self.public)
    }

    /// Schema names that two services use for different shapes. In one document the later shape would
    /// silently replace the earlier, so this must stay empty.
    pub fn schema_clashes(&self) -> Vec<String> {
        let mut seen: BTreeMap<String, serde_json::Value> = BTreeMap::new();
        let mut clashes = Vec::new();
        for routes in &self.routes {
            let schemas = document(|cfg| routes(cfg)).components.map(|components| components.schemas);
            for (name, schema) in schemas.unwrap_or_default() {
                let shape = serde_json::to_value(&schema).unwrap_or_default();
                match seen.get(&name) {
                    Some(other) if *other != shape => clashes.push(name),
                    Some(_) => {}
                    None => drop(seen.insert(name, shape)),
                }
            }
        }
        clashes
    }

    pub(crate) fn configure(&self, cfg: &mut ServiceConfig<'_>) {
        health::routes(cfg, &self.health);
        for routes in &self.routes {
            routes(cfg);
        }
    }
}

fn document(routes: impl FnOnce(&mut ServiceConfig<'_>)) -> OpenApi {
    App::new().into_utoipa_app().configure(routes).split_for_parts().1
}
