//! People: invited, joining, signing in and out, shut out.

use crate::support::{World, problem, send, world};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery";

/// A signed-in browser.
pub struct Browser<'a> {
    world: &'a World,
    cookie: String,
}

impl Browser<'_> {
    /// A request as this server's own pages make it.
    pub fn asks(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.world.request(method, path).header("cookie", &self.cookie);
        request.header("sec-fetch-site", "same-origin")
    }
}

/// Sends; gives status, the cookie that was set, and the JSON of the answer.
pub async fn told(request: RequestBuilder) -> (u16, Option<String>, Value) {
    let answer = send(request).await;
    let cookie = answer.headers().get("set-cookie").map(|value| value.to_str().expect("text").to_owned());
    let pair = cookie.and_then(|cookie| cookie.split(';').next().map(str::to_owned));
    let status = answer.status().as_u16();
    let text = answer.text().await.expect("a body");
    (status, pair, serde_json::from_str(&text).unwrap_or(Value::Null))
}

impl World {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        crate::support::client().request(method, self.server.url(path))
    }

    /// A request of the first owner, by token.
    pub fn owner(&self, method: Method, path: &str) -> RequestBuilder {
        self.request(method, path).bearer_auth(&self.token)
    }

    /// Invites and joins; gives the browser and the person's id.
    pub async fn join(&self, email: &str, role: &str) -> (Browser<'_>, String) {
        let (status, _, made) =
            told(self.owner(Method::POST, "/api/v1/invitations").json(&json!({ "role": role }))).await;
        assert_eq!(status, 201, "{made}");
        let body = json!({ "code": made["code"], "name": "Ann", "email": email, "password": PASSWORD });
        let (status, cookie, me) = told(self.request(Method::POST, "/api/v1/auth/join").json(&body)).await;
        assert_eq!(status, 201, "{me}");
        let id = me["user"]["id"].as_str().expect("an id").to_owned();
        (Browser { world: self, cookie: cookie.expect("a cookie") }, id)
    }

    async fn sign_in_as(&self, email: &str, password: &str) -> (u16, Option<String>, Value) {
        let body = json!({ "email": email, "password": password });
        told(self.request(Method::POST, "/api/v1/auth/sign-in").json(&body)).await
    }
}

/// Protects who is here: an invitation lets one person in, once, as what it says; they sign in with what they chose, see
/// their own things, and are out when they say so.
#[actix_web::test]
async fn an_invited_person_joins_and_signs_in() {
    let world = world().await;
    let wanted = json!({ "role": "member", "email": "Ann@Example.org" });
    let (status, _, made) = told(world.owner(Method::POST, "/api/v1/invitations").json(&wanted)).await;
    assert_eq!((status, made["role"].as_str(), made["email"].as_str()), (201, Some("member"), Some("ann@example.org")));
    assert_eq!(made["path"], format!("/join#code={}", made["code"].as_str().expect("a code")));
    let join = |code: &Value, email: &str, password: &str| {
        let body = json!({ "code": code, "name": " Ann Lee ", "email": email, "password": password });
        world.request(Method::POST, "/api/v1/auth/join").json(&body)
    };
    problem(join(&json!("guess"), "ann@example.org", PASSWORD), 404, "invitation_not_found").await;
    problem(join(&made["code"], "bob@example.org", PASSWORD), 404, "invitation_not_found").await;
    problem(join(&made["code"], "ann@example.org", "too short"), 422, "invalid_field").await;
    let (status, cookie, me) = told(join(&made["code"], "ANN@example.org", PASSWORD)).await;
    assert_eq!((status, me["role"].as_str(), me["user"]["name"].as_str()), (201, Some("member"), Some("Ann Lee")));
    assert_eq!(me["owner"], me["user"]["id"], "objects of their own");
    problem(join(&made["code"], "ann@example.org", PASSWORD), 404, "invitation_not_found").await;

    let browser = Browser { world: &world, cookie: cookie.expect("a cookie") };
    let (_, _, told_me) = told(browser.asks(Method::GET, "/api/v1/me")).await;
    assert_eq!(told_me["user"]["email"], "ann@example.org");
    let (status, other, _) = world.sign_in_as(" Ann@Example.org", PASSWORD).await;
    assert_eq!(status, 200);
    for (email, password) in [("ann@example.org", "correct horse batterY"), ("bob@example.org", PASSWORD), ("ann", "")]
    {
        let (status, cookie, body) = world.sign_in_as(email, password).await;
        assert_eq!((status, cookie, body["code"].as_str()), (401, None, Some("sign_in_refused")), "{email}");
    }
    for path in ["/api/v1/users", "/api/v1/invitations", "/api/v1/audit"] {
        problem(browser.asks(Method::GET, path), 403, "owner_only").await;
    }
    assert_eq!(told(browser.asks(Method::POST, "/api/v1/auth/sign-out")).await.0, 204);
    problem(browser.asks(Method::GET, "/api/v1/me"), 401, "unauthorized").await;
    let other = Browser { world: &world, cookie: other.expect("a cookie") };
    assert_eq!(told(other.asks(Method::GET, "/api/v1/me")).await.0, 200, "another browser stays");

    let taken = json!({ "role": "member" });
    let (_, _, again) = told(world.owner(Method::POST, "/api/v1/invitations").json(&taken)).await;
    problem(join(&again["code"], "ann@example.org", PASSWORD), 409, "email_taken").await;
    let (_, _, waiting) = told(world.owner(Method::GET, "/api/v1/invitations")).await;
    assert_eq!(waiting.as_array().map(Vec::len), Some(1), "what failed used nothing up: {waiting}");
    let id = waiting[0]["id"].as_str().expect("an id");
    let path = format!("/api/v1/invitations/{id}");
    assert_eq!(told(world.owner(Method::DELETE, &path)).await.0, 204);
    problem(world.owner(Method::DELETE, &path), 404, "invitation_not_found").await;
    problem(join(&again["code"], "bob@example.org", PASSWORD), 404, "invitation_not_found").await;
}

/// Protects accounts that others got hold of: a new password ends all other sessions at once; sessions are listed, and
/// each is ended at once; nobody ends another's.
#[actix_web::test]
async fn sessions_end_at_once() {
    let world = world().await;
    let (ann, _) = world.join("ann@example.org", "member").await;
    let (bob, _) = world.join("bob@example.org", "member").await;
    let (_, second, _) = world.sign_in_as("ann@example.org", PASSWORD).await;
    let second = Browser { world: &world, cookie: second.expect("a cookie") };
    let (_, _, sessions) = told(ann.asks(Method::GET, "/api/v1/me/sessions")).await;
    let current: Vec<_> = sessions.as_array().expect("sessions").iter().map(|one| one["current"] == true).collect();
    assert_eq!(current, [false, true], "{sessions}");
    assert!(!sessions.to_string().contains(ann.cookie.split_once('=').expect("a pair").1), "no secret is told");

    let path = format!("/api/v1/me/sessions/{}", sessions[0]["id"].as_str().expect("an id"));
    problem(bob.asks(Method::DELETE, &path), 404, "session_not_found").await;
    assert_eq!(told(second.asks(Method::GET, "/api/v1/me")).await.0, 200);
    assert_eq!(told(ann.asks(Method::DELETE, &path)).await.0, 204);
    problem(second.asks(Method::GET, "/api/v1/me"), 401, "unauthorized").await;

    let (_, third, _) = world.sign_in_as("ann@example.org", PASSWORD).await;
    let third = Browser { world: &world, cookie: third.expect("a cookie") };
    assert_eq!(told(third.asks(Method::GET, "/api/v1/me")).await.0, 200);
    let set = |current: Value, new: &str| {
        ann.asks(Method::POST, "/api/v1/me/password").json(&json!({ "current": current, "new": new }))
    };
    problem(set(json!("wrong"), "another long password"), 401, "sign_in_refused").await;
    problem(set(Value::Null, "another long password"), 401, "sign_in_refused").await;
    problem(set(json!(PASSWORD), "short"), 422, "invalid_field").await;
    assert_eq!(told(set(json!(PASSWORD), "another long password")).await.0, 204);
    problem(third.asks(Method::GET, "/api/v1/me"), 401, "unauthorized").await;
    assert_eq!(told(ann.asks(Method::GET, "/api/v1/me")).await.0, 200, "the one in use stays");
    assert_eq!(world.sign_in_as("ann@example.org", PASSWORD).await.0, 401);
    let (status, fourth, _) = world.sign_in_as("ann@example.org", "another long password").await;
    assert_eq!(status, 200);
    let fourth = Browser { world: &world, cookie: fourth.expect("a cookie") };
    assert_eq!(told(ann.asks(Method::DELETE, "/api/v1/me/sessions")).await.0, 204);
    problem(fourth.asks(Method::GET, "/api/v1/me"), 401, "unauthorized").await;
    assert_eq!(told(bob.asks(Method::GET, "/api/v1/me")).await.0, 200, "nobody else is touched");
}

/// Protects installations: whoever is shut out is out at once, with sessions and keys, and comes back without them;
/// somebody always remains who may let people in.
#[actix_web::test]
async fn owners_govern_and_one_remains() {
    let world = world().await;
    let (ann, id) = world.join("ann@example.org", "member").await;
    let key = json!({ "name": "script", "scopes": ["jobs:write"] });
    let (_, _, key) = told(ann.asks(Method::POST, "/api/v1/keys").json(&key)).await;
    let by_key = || world.get("/api/v1/me").bearer_auth(key["key"].as_str().expect("a key"));
    assert_eq!(told(by_key()).await.0, 200);
    let (_, _, users) = told(world.owner(Method::GET, "/api/v1/users")).await;
    let first = users[0]["id"].as_str().expect("an id").to_owned();
    assert_eq!((users[0]["role"].as_str(), users[1]["id"].as_str()), (Some("owner"), Some(id.as_str())));
    let change = |id: &str, what: Value| world.owner(Method::PATCH, &format!("/api/v1/users/{id}")).json(&what);

    problem(change(&first, json!({ "role": "member" })), 409, "last_owner").await;
    problem(change(&first, json!({ "active": false })), 409, "last_owner").await;
    problem(change("00000000-0000-7000-8000-000000000000", json!({})), 404, "user_not_found").await;
    problem(change("nobody", json!({})), 404, "user_not_found").await;

    assert_eq!(told(change(&id, json!({ "active": false }))).await.2["active"], false);
    problem(ann.asks(Method::GET, "/api/v1/me"), 401, "unauthorized").await;
    problem(by_key(), 401, "unauthorized").await;
    assert_eq!(world.sign_in_as("ann@example.org", PASSWORD).await.0, 401);
    problem(world.owner(Method::POST, &format!("/api/v1/users/{id}/link")), 404, "user_not_found").await;
    assert_eq!(told(change(&id, json!({ "active": true, "role": "owner" }))).await.0, 200);
    problem(ann.asks(Method::GET, "/api/v1/me"), 401, "unauthorized").await;
    problem(by_key(), 401, "unauthorized").await;
    let (status, cookie, me) = world.sign_in_as("ann@example.org", PASSWORD).await;
    assert_eq!((status, me["role"].as_str()), (200, Some("owner")));

    let ann = Browser { world: &world, cookie: cookie.expect("a cookie") };
    let demote = ann.asks(Method::PATCH, &format!("/api/v1/users/{first}")).json(&json!({ "active": false }));
    assert_eq!(told(demote).await.0, 200);
    problem(world.owner(Method::GET, "/api/v1/me"), 401, "unauthorized").await;
    assert!(world.gateway.signin_path().await.is_err(), "no link for whoever may not enter");
    let last = ann.asks(Method::PATCH, &format!("/api/v1/users/{id}")).json(&json!({ "role": "member" }));
    problem(last, 409, "last_owner").await;
}

/// Protects people who lost their password, and the first owner, who has none: a one-time link lets them set one.
#[actix_web::test]
async fn a_link_lets_a_password_be_set() {
    let world = world().await;
    let browser = Browser { world: &world, cookie: world.sign_in().await };
    let profile = json!({ "name": "Olga", "email": "olga@example.org" });
    assert_eq!(told(browser.asks(Method::PATCH, "/api/v1/me").json(&profile)).await.2["user"]["name"], "Olga");
    let set = json!({ "new": "a password of hers" });
    assert_eq!(told(browser.asks(Method::POST, "/api/v1/me/password").json(&set)).await.0, 204);
    let (status, _, me) = world.sign_in_as("olga@example.org", "a password of hers").await;
    assert_eq!((status, me["owner"].as_str(), me["role"].as_str()), (200, Some("local"), Some("owner")));

    let (_, id) = world.join("ann@example.org", "member").await;
    let (status, _, link) = told(world.owner(Method::POST, &format!("/api/v1/users/{id}/link"))).await;
    assert_eq!(status, 201, "{link}");
    let (status, cookie, _) = told(world.get(link["path"].as_str().expect("a path"))).await;
    assert_eq!(status, 303);
    let ann = Browser { world: &world, cookie: cookie.expect("a cookie") };
    let set = json!({ "new": "another long password" });
    assert_eq!(told(ann.asks(Method::POST, "/api/v1/me/password").json(&set)).await.0, 204);
    assert_eq!(world.sign_in_as("ann@example.org", "another long password").await.0, 200);
    let taken = ann.asks(Method::PATCH, "/api/v1/me").json(&json!({ "email": "olga@example.org" }));
    problem(taken, 409, "email_taken").await;
}

/// Protects passwords from being guessed: after some tries for one address further ones wait, the right one too, and are
/// told for how long; others are not touched. So it is for one place, whoever is meant.
#[actix_web::test]
async fn tries_are_limited() {
    let world = world().await;
    world.join("ann@example.org", "member").await;
    world.join("bob@example.org", "member").await;
    // Too long to be one, so that no time goes by with hashing.
    let guess = "x".repeat(1025);
    let mut statuses = Vec::new();
    let refused = loop {
        let password = if statuses.len() < 9 { &guess } else { PASSWORD };
        let body = json!({ "email": "ann@example.org", "password": password });
        let answer = send(world.request(Method::POST, "/api/v1/auth/sign-in").json(&body)).await;
        if answer.status().as_u16() == 429 {
            break answer;
        }
        statuses.push(answer.status().as_u16());
        assert!(statuses.len() < 40, "no end: {statuses:?}");
    };
    assert!(statuses.len() >= 10 && statuses[..9].iter().all(|status| *status == 401), "{statuses:?}");
    let seconds: u64 = refused.headers()["retry-after"].to_str().expect("text").parse().expect("a number");
    assert!((1..=31).contains(&seconds), "{seconds}");
    let body: Value = refused.json().await.expect("JSON");
    assert_eq!(body["code"], "too_many_tries");
    assert_eq!(world.sign_in_as("bob@example.org", PASSWORD).await.0, 200);
    for number in 0.. {
        if world.sign_in_as(&format!("{number}@example.org"), &guess).await.0 == 429 {
            break;
        }
        assert!(number < 60, "no end");
    }
}

/// Protects who must answer for an installation: what was done is told, newest first and page by page, without secrets.
#[actix_web::test]
async fn the_audit_tells_what_was_done() {
    let world = world().await;
    let (ann, id) = world.join("ann@example.org", "owner").await;
    let (_, _, key) =
        told(ann.asks(Method::POST, "/api/v1/keys").json(&json!({ "name": "k", "scopes": ["files:read"] }))).await;
    world.sign_in_as("ann@example.org", "not the password").await;
    let (_, _, page) = told(ann.asks(Method::GET, "/api/v1/audit?limit=2")).await;
    let actions = |page: &Value| -> Vec<String> {
        let lines = page["lines"].as_array().expect("lines").iter();
        lines.map(|line| line["action"].as_str().expect("an action").to_owned()).collect()
    };
    assert_eq!(actions(&page), ["session.refused", "key.made"], "{page}");
    assert_eq!((page["lines"][0]["object"].as_str(), page["lines"][1]["actor"].as_str()), (Some(&*id), Some(&*id)));
    assert_eq!(page["lines"][0]["address"], "127.0.0.1");
    let path = format!("/api/v1/audit?before={}", page["next"].as_str().expect("more"));
    let (_, _, rest) = told(ann.asks(Method::GET, &path)).await;
    assert_eq!(
        (actions(&rest), &rest["next"]),
        (vec!["user.joined".to_owned(), "invitation.made".to_owned()], &Value::Null)
    );
    let whole = format!("{page}{rest}");
    let secret = key["key"].as_str().expect("a key").rsplit('_').next().expect("a secret");
    assert!(!whole.contains(secret) && !whole.contains("password"), "{whole}");
    problem(ann.asks(Method::GET, "/api/v1/audit?limit=0"), 422, "invalid_field").await;
}

/// Protects whoever leaves: what says who they were is gone from every row but the audit's, which has ids alone; they are
/// out at once, their address is free, and the last owner cannot leave.
#[actix_web::test]
async fn a_closed_account_says_nothing_of_its_person() {
    let world = world().await;
    let (ann, id) = world.join("ann@example.org", "member").await;
    let wanted = json!({ "name": "ann's script", "scopes": ["jobs:read"] });
    let (_, _, made) = told(ann.asks(Method::POST, "/api/v1/keys").json(&wanted)).await;
    assert_eq!(told(ann.asks(Method::DELETE, "/api/v1/me")).await.0, 204);
    problem(ann.asks(Method::GET, "/api/v1/me"), 401, "unauthorized").await;
    problem(world.get("/api/v1/me").bearer_auth(made["key"].as_str().expect("a key")), 401, "unauthorized").await;
    let (status, cookie, _) = world.sign_in_as("ann@example.org", PASSWORD).await;
    assert_eq!((status, cookie), (401, None));
    for path in ["/api/v1/users", "/api/v1/audit"] {
        let (_, _, rows) = told(world.owner(Method::GET, path)).await;
        let text = rows.to_string();
        assert!(text.contains(&id) && !text.contains("example.org") && !text.contains("Ann"), "{path}: {text}");
    }
    world.join("ann@example.org", "member").await;
    problem(world.owner(Method::DELETE, "/api/v1/me"), 409, "last_owner").await;
    assert_eq!(told(world.owner(Method::GET, "/api/v1/me")).await.0, 200);
}
