//! A gateway on a port of its own.

use actix_web::{HttpResponse, post};
use edge::testing::TestServer;
use edge::{Principal, ShellSettings, Site};
use gateway::{Gateway, LocalToken, Settings, Way};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;
use shared::{MemoryState, SharedHandle};
use std::path::Path;
use std::sync::Arc;

/// A running gateway with one extra route that changes something.
pub struct World {
    pub server: TestServer,
    pub gateway: Gateway,
    pub token: String,
    data: tempfile::TempDir,
}

#[utoipa::path(tag = "jobs", responses((status = 204)))]
#[post("/api/v1/change")]
async fn change(_who: Principal) -> HttpResponse {
    HttpResponse::NoContent().finish()
}

pub fn site(gateway: &Gateway) -> Site {
    let site = Site::new(gateway.authenticator()).routes(|cfg| {
        cfg.service(change);
    });
    gateway.mount(site)
}

/// A gateway on that folder's database.
pub async fn open(data: &Path, token: &LocalToken, shared: SharedHandle) -> Gateway {
    let url = crate::database_url(data);
    let db = database::connect(&url, "gateway").await.expect("a database");
    Gateway::open(Settings::default(), token.clone(), db, shared).await.expect("a gateway")
}

pub async fn world() -> World {
    world_of(Way::Local).await
}

/// A gateway at which people sign in that way.
pub async fn world_of(way: Way) -> World {
    world_with(Settings { way, ..Settings::default() }).await
}

/// A gateway with these settings.
pub async fn world_with(settings: Settings) -> World {
    let data = tempfile::tempdir().expect("a folder");
    let token = LocalToken::open_or_create(data.path()).expect("a token");
    let db = database::connect(&crate::database_url(data.path()), "gateway").await.expect("a database");
    let shared = Arc::new(MemoryState::new());
    let gateway = Gateway::open(settings, token.clone(), db, shared).await.expect("a gateway");
    let server = TestServer::start(site(&gateway), ShellSettings::default());
    World { server, gateway, token: token.reveal().to_owned(), data }
}

impl World {
    /// Another gateway on the same rows, as after a restart.
    pub async fn again(&self) -> Gateway {
        let token = LocalToken::read(self.data.path()).expect("the token");
        open(self.data.path(), &token, Arc::new(MemoryState::new())).await
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        client().get(self.server.url(path))
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        client().post(self.server.url(path))
    }

    /// Signs in by a one-time link; gives the cookie as a browser would send it.
    pub async fn sign_in(&self) -> String {
        let response = send(self.get(&self.gateway.signin_path().await.expect("a link"))).await;
        let cookie = response.headers()["set-cookie"].to_str().expect("plain text");
        cookie.split(';').next().expect("name and value").to_owned()
    }
}

pub fn client() -> Client {
    Client::builder().redirect(Policy::none()).build().expect("a client")
}

pub async fn send(request: RequestBuilder) -> Response {
    request.send().await.expect("an answer")
}

/// Sends, and checks status and code of the problem that comes back.
pub async fn problem(request: RequestBuilder, status: u16, code: &str) {
    let response = send(request).await;
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    assert_eq!(response.status().as_u16(), status);
    let body: Value = response.json().await.expect("JSON");
    assert_eq!(body["code"], code, "{body}");
}
