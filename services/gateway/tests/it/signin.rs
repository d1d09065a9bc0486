//! One-time links and session cookies.

use crate::people::told;
use crate::support::{client, problem, send, world, world_with};
use common::limits::Limits;
use gateway::Settings;
use reqwest::Method;
use serde_json::{Value, json};

/// Protects sign-in: a link works once, opens a session by an HttpOnly, SameSite=Strict cookie, and leads
/// to the web app, or to the docs where there is none; wrong and used links are refused.
#[actix_web::test]
async fn a_link_works_once() {
    let world = world().await;
    let path = world.gateway.signin_path().await.expect("a link");
    let response = send(world.get(&path)).await;
    let next = if gateway::has_web_app() { "/" } else { "/docs" };
    assert_eq!((response.status().as_u16(), &response.headers()["location"]), (303, &next.parse().expect("a value")));
    let cookie = response.headers()["set-cookie"].to_str().expect("plain text").to_owned();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=604800"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert!(!cookie.contains("Secure"), "a plain connection would never send it again");
    let over_tls = world.gateway.signin_path().await.expect("a link");
    let response = send(world.get(&over_tls).header("x-forwarded-proto", "https")).await;
    assert!(response.headers()["set-cookie"].to_str().expect("plain text").contains("Secure"));
    problem(world.get(&path), 401, "unauthorized").await;
    problem(world.get("/signin?code=guess"), 401, "unauthorized").await;
    problem(world.get("/signin"), 400, "bad_request").await;

    let pair = cookie.split(';').next().expect("name and value");
    assert_eq!(send(world.get("/api/v1/me").header("cookie", pair)).await.status().as_u16(), 200);
    problem(world.get("/api/v1/me").header("cookie", format!("{pair}0")), 401, "unauthorized").await;
}

/// Protects the page at the door from asking who is there where nobody can be: the server says whether a session's cookie
/// came along, whatever it is worth, and whoever else's cookie it may be.
#[actix_web::test]
async fn the_page_is_told_whether_it_has_a_session() {
    let world = world().await;
    let cookie = world.sign_in().await;
    let name = cookie.split('=').next().expect("a name");
    for (sent, expected) in [
        (String::new(), false),
        ("other=1".to_owned(), false),
        (cookie.clone(), true),
        (format!("other=1; {cookie}"), true),
        (format!("{name}=of-yesterday"), true),
    ] {
        let request = world.get("/api/v1/config");
        let request = if sent.is_empty() { request } else { request.header("cookie", &sent) };
        assert_eq!(told(request).await.2["has_session"], expected, "{sent}");
    }
}

/// Protects the link from programs that only look whether it is alive.
#[actix_web::test]
async fn head_does_not_use_a_link_up() {
    let world = world().await;
    let path = world.gateway.signin_path().await.expect("a link");
    let looked = send(client().head(world.server.url(&path))).await;
    assert!(looked.status().is_redirection() && !looked.headers().contains_key("set-cookie"));
    assert_eq!(send(world.get(&path)).await.status().as_u16(), 303);
}

/// Protects against pages of other origins: a change by cookie is done only for this server's own pages.
/// The bearer token needs no such proof.
#[actix_web::test]
async fn changes_by_cookie_come_from_own_pages() {
    let world = world().await;
    let cookie = world.sign_in().await;
    let change = || world.post("/api/v1/change").header("cookie", &cookie);
    let own = world.server.url("");
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "http://127.0.0.1:1"),
        ("origin", "null"),
    ] {
        problem(change().header(name, value), 403, "forbidden").await;
    }
    problem(change(), 403, "forbidden").await;
    assert_eq!(send(change().header("sec-fetch-site", "same-origin")).await.status().as_u16(), 204);
    assert_eq!(send(change().header("origin", &own)).await.status().as_u16(), 204);
    assert_eq!(send(world.post("/api/v1/change").bearer_auth(&world.token)).await.status().as_u16(), 204);
    // A stranger's cross-site request is a stranger's request.
    problem(world.post("/api/v1/change").header("origin", "http://evil.example"), 401, "unauthorized").await;
}

/// Protects invariant 6 (two all-in-ones in one process): the session of one server opens nothing at
/// another, and browsers keep their cookies apart.
#[actix_web::test]
async fn sessions_belong_to_one_server() {
    let (first, second) = (world().await, world().await);
    let (one, two) = (first.sign_in().await, second.sign_in().await);
    assert_ne!(one.split('=').next(), two.split('=').next());
    problem(second.get("/api/v1/me").header("cookie", &one), 401, "unauthorized").await;
    let both = format!("{one}; {two}");
    for world in [&first, &second] {
        assert_eq!(send(world.get("/api/v1/me").header("cookie", &both)).await.status().as_u16(), 200);
    }
}

/// Protects everybody from one who asks without end: so many requests a minute are answered, the next is refused with the
/// time to wait, and who cannot be known is told that, not this.
#[actix_web::test]
async fn requests_are_counted_for_each_person() {
    let user_limits = Limits { requests_per_minute: Some(3), ..Limits::default() };
    let world = world_with(Settings { user_limits, ..Settings::default() }).await;
    for _ in 0..3 {
        assert_eq!(send(world.get("/api/v1/me").bearer_auth(&world.token)).await.status(), 200);
    }
    let refused = send(world.get("/api/v1/me").bearer_auth(&world.token)).await;
    assert_eq!(refused.status(), 429);
    let wait: u32 = refused.headers()["retry-after"].to_str().expect("text").parse().expect("seconds");
    assert!((1..=20).contains(&wait), "{wait}");
    assert_eq!(send(world.get("/api/v1/me")).await.status(), 401);
}

/// Protects the limit of runs, which is counted where replicas count together: however the path is spelled, only what asks
/// for a run, and only where the caller may ask. There is no sandbox here, so what is let through finds nobody.
#[actix_web::test]
async fn runs_are_counted_at_the_door() {
    let user_limits = Limits { runs_per_hour: Some(3), ..Limits::default() };
    let world = world_with(Settings { user_limits, ..Settings::default() }).await;
    let wanted = json!({ "name": "a reader", "scopes": ["executions:read"] });
    let (_, _, made) = told(world.owner(Method::POST, "/api/v1/keys").json(&wanted)).await;
    let reader = |path| world.post(path).bearer_auth(made["key"].as_str().expect("a key"));
    let code = json!({ "code": "pass" });
    for path in ["/api/v1/executions", "/api/v1/%65xecutions", "/api/v1/executions?code=1"] {
        assert_eq!(send(reader(path).json(&code)).await.status(), 404, "{path}");
        assert_eq!(send(world.owner(Method::GET, path)).await.status(), 404, "{path}");
        assert_eq!(send(world.owner(Method::POST, path).json(&code)).await.status(), 404, "{path}");
    }
    for path in ["/api/v1/executions", "/api/v1/execution%73?"] {
        problem(world.owner(Method::POST, path).json(&code), 429, "limit_reached").await;
    }
    assert_eq!(send(world.owner(Method::POST, "/api/v1/executions/x").json(&code)).await.status(), 404);
}

/// Protects what an owner allows one person, and what a person allows one of their keys: it goes before the default at
/// once, is told, stands in the audit, and is gone when it is taken back; a key that is used up stops its own program alone.
#[actix_web::test]
async fn people_and_keys_have_limits_of_their_own() {
    let user_limits = Limits { requests_per_minute: Some(1_000), runs_per_hour: Some(5), ..Limits::default() };
    let world = world_with(Settings { user_limits, ..Settings::default() }).await;
    let (_, _, users) = told(world.owner(Method::GET, "/api/v1/users")).await;
    let path = format!("/api/v1/users/{}", users[0]["id"].as_str().expect("an id"));
    assert_eq!(users[0]["limits"], json!({}));
    let change = |limits: Value| world.owner(Method::PATCH, &path).json(&json!({ "limits": limits }));
    let (status, _, changed) = told(change(json!({ "requests_per_minute": 40, "open_jobs": 2 }))).await;
    assert_eq!((status, &changed["limits"]), (200, &json!({ "requests_per_minute": 40, "open_jobs": 2 })), "{changed}");
    problem(change(json!({ "requests_per_hour": 1 })), 400, "invalid_json").await;
    let (_, _, audit) = told(world.owner(Method::GET, "/api/v1/audit?limit=1")).await;
    assert_eq!(audit["lines"][0]["detail"]["limits"]["open_jobs"], 2, "{audit}");

    let wanted = json!({ "name": "a script", "scopes": ["jobs:read"], "requests_per_minute": 3 });
    let (_, _, made) = told(world.owner(Method::POST, "/api/v1/keys").json(&wanted)).await;
    assert_eq!(made["requests_per_minute"], 3, "{made}");
    let key = made["key"].as_str().expect("a key");
    for _ in 0..3 {
        assert_eq!(send(world.get("/api/v1/me").bearer_auth(key)).await.status(), 200);
    }
    let refused = send(world.get("/api/v1/me").bearer_auth(key)).await;
    assert!(refused.status() == 429 && refused.headers().contains_key("retry-after"), "{refused:?}");
    let mut more = 0;
    while send(world.owner(Method::GET, "/api/v1/me")).await.status() == 200 {
        more += 1;
        assert!(more <= 40, "the person's own limit holds");
    }
    assert!(more > 20, "the key's requests beyond its own limit cost the person nothing: {more}");
    let zero = json!({ "name": "x", "scopes": ["jobs:read"], "requests_per_minute": 0 });
    tokio::time::sleep(std::time::Duration::from_millis(4600)).await;
    problem(world.owner(Method::POST, "/api/v1/keys").json(&zero), 422, "invalid_field").await;
    assert_eq!(told(change(json!({}))).await.2["limits"], json!({}));
    assert_eq!(told(change(json!({}))).await.0, 200, "the default again");
}
