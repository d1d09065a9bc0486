//! What the proxy and the other services ask.

use crate::support::{client, open, problem, send};
use async_trait::async_trait;
use common::{OwnerId, Role, Scopes};
use edge::identity::{HEADER, JsonWebKeySet, KeySource, KeysUnavailable, Verifier};
use edge::testing::TestServer;
use edge::{Principal, ShellSettings, Site};
use gateway::{Gateway, Keyring, LocalToken};
use reqwest::RequestBuilder;
use shared::{MemoryState, SharedHandle};
use std::path::Path;
use std::sync::Arc;

/// One replica of a gateway that signs.
struct Replica {
    server: TestServer,
    gateway: Gateway,
    keyring: Arc<Keyring>,
    token: String,
}

impl Replica {
    async fn start(data: &Path, shared: &SharedHandle) -> Self {
        let token = LocalToken::open_or_create(data).expect("a token");
        let gateway = open(data, &token, shared.clone()).await;
        let (gateway, keyring) = gateway.signing().await.expect("keys");
        let site = gateway.mount(Site::new(gateway.authenticator()));
        let server = TestServer::start(site, ShellSettings::default());
        Self { server, gateway, keyring, token: token.reveal().to_owned() }
    }

    fn authorize(&self) -> RequestBuilder {
        client().get(self.server.url("/internal/authorize")).header("x-forwarded-method", "GET")
    }

    /// The proof it gives a request; `None` for a stranger.
    async fn proof(&self, request: RequestBuilder) -> Option<String> {
        let answer = send(request).await;
        assert_eq!(answer.status().as_u16(), 200);
        answer.headers().get(HEADER).map(|value| value.to_str().expect("text").to_owned())
    }
}

/// Asks a replica for the keys as services do.
struct Keys(String);

#[async_trait]
impl KeySource for Keys {
    async fn keys(&self) -> Result<JsonWebKeySet, KeysUnavailable> {
        Ok(send(client().get(&self.0)).await.json().await.expect("keys"))
    }
}

/// Protects everybody's objects behind the proxy: who carries the token or a session gets a proof that services believe,
/// whichever replica signed it and whichever told its keys, also after the key was renewed; strangers get none.
#[actix_web::test]
async fn known_callers_get_a_proof_that_services_believe() {
    let data = tempfile::tempdir().expect("a folder");
    let shared: SharedHandle = Arc::new(MemoryState::new());
    let (one, two) = (Replica::start(data.path(), &shared).await, Replica::start(data.path(), &shared).await);
    let service = Verifier::new(Keys(two.server.url("/internal/keys")));
    let owner = |told: Option<Principal>| told.map(|caller| (caller.owner, caller.role, caller.scopes));
    let local = Some((OwnerId::local(), Role::Owner, Scopes::all()));

    let first = one.proof(one.authorize().bearer_auth(&one.token)).await.expect("known");
    assert_eq!(owner(service.caller(&first).await.expect("told")), local);
    one.keyring.renew().await.expect("renewed");
    let second = one.proof(one.authorize().bearer_auth(&one.token)).await.expect("known");
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    for proof in [&first, &second] {
        assert_eq!(owner(service.caller(proof).await.expect("told")), local);
    }

    let link = one.gateway.signin_path().await.expect("a link");
    let opened = send(client().get(two.server.url(&link))).await;
    let cookie = opened.headers()["set-cookie"].to_str().expect("text").split(';').next().expect("a pair").to_owned();
    assert!(one.proof(one.authorize().header("cookie", &cookie)).await.is_some(), "a session of the other replica");

    for stranger in [one.authorize(), one.authorize().bearer_auth("wrong"), one.authorize().header(HEADER, &first)] {
        assert_eq!(one.proof(stranger).await, None);
    }
}

/// Protects against pages of other origins behind the proxy: what counts is the method and host of the request that the
/// proxy asks about, not of its question.
#[actix_web::test]
async fn changes_by_cookie_come_from_own_pages() {
    let data = tempfile::tempdir().expect("a folder");
    let replica = Replica::start(data.path(), &(Arc::new(MemoryState::new()) as SharedHandle)).await;
    let link = replica.gateway.signin_path().await.expect("a link");
    let opened = send(client().get(replica.server.url(&link))).await;
    let cookie = opened.headers()["set-cookie"].to_str().expect("text").split(';').next().expect("a pair").to_owned();
    let change = |host: Option<&str>, origin: &str| {
        let asked = client().get(replica.server.url("/internal/authorize")).header("cookie", &cookie);
        let asked = asked.header("x-forwarded-method", "POST");
        let asked = asked.header("origin", origin);
        match host {
            Some(host) => asked.header("x-forwarded-host", host),
            None => asked,
        }
    };
    assert!(replica.proof(change(Some("darkroom.example"), "https://darkroom.example")).await.is_some());
    let itself = replica.server.url("");
    for (host, origin) in [
        (Some("darkroom.example"), "https://evil.example"),
        (Some("darkroom.example"), itself.as_str()),
        (None, itself.as_str()),
    ] {
        problem(change(host, origin), 403, "forbidden").await;
    }
}

/// Protects one process: where nobody signs, nothing answers there.
#[actix_web::test]
async fn one_process_has_no_such_routes() {
    let world = crate::support::world().await;
    for path in ["/internal/authorize", "/internal/keys", "/internal/errors/502"] {
        problem(world.get(path).bearer_auth(&world.token), 404, "not_found").await;
    }
}

/// Protects callers whom the proxy has to answer itself: they read a problem of the usual form, with their own request
/// id, and when to come again; strangers too, and nothing else is said here.
#[actix_web::test]
async fn the_proxy_finds_its_words() {
    let data = tempfile::tempdir().expect("a folder");
    let replica = Replica::start(data.path(), &(Arc::new(MemoryState::new()) as SharedHandle)).await;
    for (status, code, retry) in [(502, "service_unreachable", None), (503, "not_ready", Some("5"))] {
        let url = replica.server.url(&format!("/internal/errors/{status}"));
        let answer = send(client().get(&url).header("x-request-id", "mine")).await;
        assert_eq!(answer.headers()["x-request-id"], "mine");
        assert_eq!(answer.headers().get("retry-after").map(|value| value.to_str().expect("text")), retry);
        problem(client().get(&url), status, code).await;
    }
    for other in ["200", "500", "99999", "x"] {
        problem(client().get(replica.server.url(&format!("/internal/errors/{other}"))), 404, "not_found").await;
    }
}
