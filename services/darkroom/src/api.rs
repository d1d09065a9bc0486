//! The API of all services as one document, made without opening any of them.

use actix_web::http::header::HeaderMap;
use async_trait::async_trait;
use edge::{Authenticator, Principal, Problem, Site};
use std::sync::Arc;

/// Lets nobody in: the document is made, not served.
struct Nobody;

#[async_trait]
impl Authenticator for Nobody {
    async fn authenticate(&self, _: &HeaderMap, _: &str, _: &str) -> Result<Option<Principal>, Problem> {
        Ok(None)
    }
}

/// The routes of all services but the gateway, without what they work with.
fn site() -> Site {
    Site::new(Arc::new(Nobody))
        .routes(files::routes)
        .routes(jobs::routes)
        .routes(agent::routes)
        .routes(critic::routes)
        .routes(sandbox::routes)
}

/// The document as JSON text.
///
/// # Errors
/// It cannot be written as JSON.
pub fn document() -> Result<String, serde_json::Error> {
    let whole = gateway::describe(site(), &gateway::Settings::default().version);
    let mut text = serde_json::to_string_pretty(&whole.openapi())?;
    text.push('\n');
    Ok(text)
}
