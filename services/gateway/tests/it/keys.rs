//! API keys, and what stays after a restart.

use crate::people::told;
use crate::support::{World, problem, send, site, world};
use edge::ShellSettings;
use edge::testing::TestServer;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

impl World {
    async fn key(&self, scopes: &[&str]) -> Value {
        let wanted = json!({ "name": "a script", "scopes": scopes, "days": 30 });
        let (status, _, made) = told(self.owner(Method::POST, "/api/v1/keys").json(&wanted)).await;
        assert_eq!(status, 201, "{made}");
        made
    }
}

fn by(request: RequestBuilder, made: &Value) -> RequestBuilder {
    request.bearer_auth(made["key"].as_str().expect("a key"))
}

/// Protects what a key was not made for: it does what its scopes say and nothing else, above all nothing about the
/// account; what is missing is named. Listed are keys without their secret; a revoked one is refused at once.
#[actix_web::test]
async fn a_key_does_what_its_scopes_say() {
    let world = world().await;
    let (reads, writes, other) =
        (world.key(&["jobs:read"]).await, world.key(&["jobs:write"]).await, world.key(&["files:write"]).await);
    let change = || world.post("/api/v1/change");
    assert_eq!(send(by(change(), &writes)).await.status().as_u16(), 204);
    for key in [&reads, &other] {
        problem(by(change(), key), 403, "missing_scope").await;
    }
    let refused = send(by(change(), &reads)).await;
    let challenge = refused.headers()["www-authenticate"].to_str().expect("text").to_owned();
    assert!(challenge.contains("insufficient_scope") && challenge.contains("jobs:write"), "{challenge}");
    let body: Value = refused.json().await.expect("JSON");
    assert!(body["detail"].as_str().is_some_and(|detail| detail.contains("'jobs:write'")), "{body}");

    let (_, _, me) = told(by(world.get("/api/v1/me"), &reads)).await;
    assert_eq!((me["owner"].as_str(), &me["scopes"]), (Some("local"), &json!(["jobs:read"])));
    let id = reads["id"].as_str().expect("an id");
    let account = [
        (Method::GET, "/api/v1/keys".to_owned()),
        (Method::POST, "/api/v1/keys".to_owned()),
        (Method::DELETE, format!("/api/v1/keys/{id}")),
        (Method::PATCH, "/api/v1/me".to_owned()),
        (Method::POST, "/api/v1/me/password".to_owned()),
        (Method::GET, "/api/v1/me/sessions".to_owned()),
        (Method::GET, "/api/v1/users".to_owned()),
        (Method::GET, "/api/v1/audit".to_owned()),
        (Method::POST, "/api/v1/auth/sign-out".to_owned()),
    ];
    for (method, path) in account {
        problem(by(world.request(method, &path), &writes), 403, "missing_scope").await;
    }

    let (_, _, listed) = told(world.owner(Method::GET, "/api/v1/keys")).await;
    assert_eq!(listed.as_array().map(Vec::len), Some(3));
    let secret = reads["key"].as_str().expect("a key").rsplit('_').next().expect("a secret");
    assert!(!listed.to_string().contains(secret), "{listed}");
    assert!(listed[2]["last_used_at"].is_string() && listed[2]["ends_at"].is_string(), "{listed}");
    let path = format!("/api/v1/keys/{id}");
    assert_eq!(told(world.owner(Method::DELETE, &path)).await.0, 204);
    problem(by(world.get("/api/v1/me"), &reads), 401, "unauthorized").await;
    problem(world.owner(Method::DELETE, &path), 404, "key_not_found").await;
    assert_eq!(told(by(world.get("/api/v1/me"), &writes)).await.0, 200);
}

/// Protects against keys that are almost right.
#[actix_web::test]
async fn nearly_a_key_is_none() {
    let world = world().await;
    let made = world.key(&["jobs:read"]).await;
    let key = made["key"].as_str().expect("a key");
    let last = if key.ends_with('0') { "1" } else { "0" };
    let (start, secret) = key.rsplit_once('_').expect("a secret");
    let other = world.key(&["jobs:read"]).await;
    let other = other["key"].as_str().expect("a key").rsplit_once('_').expect("a secret").1.to_owned();
    let wrong = [
        format!("{}{last}", &key[..key.len() - 1]),
        key.to_uppercase(),
        format!("{start}_"),
        format!("{start}_{other}"),
        secret.to_owned(),
        format!("{key} {key}"),
    ];
    for shown in wrong {
        problem(world.get("/api/v1/me").bearer_auth(&shown), 401, "unauthorized").await;
    }
    let twice = world.get("/api/v1/me").bearer_auth(key).header("authorization", format!("Bearer {key}"));
    problem(twice, 401, "unauthorized").await;
    let rows = [json!({ "name": "x", "scopes": [] }), json!({ "name": "x", "scopes": ["account"] })];
    let rows = rows.into_iter().chain([json!({ "name": "", "scopes": ["jobs:read"] })]);
    for body in rows.chain([json!({ "name": "x", "scopes": ["jobs:read"], "days": 0 })]) {
        problem(world.owner(Method::POST, "/api/v1/keys").json(&body), 422, "invalid_field").await;
    }
}

/// Protects people from restarts: sessions and keys go on, at a gateway that was started anew and at another replica.
#[actix_web::test]
async fn sessions_and_keys_survive_a_restart() {
    let world = world().await;
    let (cookie, made) = (world.sign_in().await, world.key(&["jobs:read"]).await);
    let again = world.again().await;
    let server = TestServer::start(site(&again), ShellSettings::default());
    let ask = || crate::support::client().get(server.url("/api/v1/me"));
    assert_eq!(send(ask().header("cookie", &cookie)).await.status().as_u16(), 200);
    assert_eq!(send(by(ask(), &made)).await.status().as_u16(), 200);
    let (_, _, users) = told(world.owner(Method::GET, "/api/v1/users")).await;
    assert_eq!(users.as_array().map(Vec::len), Some(1), "the first owner is made once: {users}");
}
