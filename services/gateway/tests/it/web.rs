//! The web app as browsers load it.

use crate::support::{World, client, problem, send, world, world_with};
use gateway::{Settings, WebDsn};
use reqwest::{RequestBuilder, Response};
use std::collections::BTreeSet;

/// What a browser sends when a person goes to an address.
const PAGE: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// Whether there is an app to try. Where tests decide about a change there must be one.
fn is_built() -> bool {
    if gateway::has_web_app() {
        return true;
    }
    assert!(std::env::var_os("CI").is_none(), "frontend/dist was not there when this was built: 'make web' first");
    eprintln!("SKIPPED: the web app was not built ('make web'), so what serves it was not tried");
    false
}

fn page(world: &World, path: &str) -> RequestBuilder {
    world.get(path).header("accept", PAGE)
}

fn header(response: &Response, name: &str) -> String {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// Addresses of this server that the page names.
fn named(html: &str) -> BTreeSet<&str> {
    html.split(['"', '\'']).filter(|part| part.starts_with('/') && part.contains('.')).collect()
}

/// Protects the front door: a browser without credentials gets the app, or one page that says how to build it.
#[actix_web::test]
async fn the_front_door_has_a_page() {
    let world = world().await;
    let response = send(page(&world, "/")).await;
    assert_eq!(response.status().as_u16(), 200);
    assert!(header(&response, "content-type").starts_with("text/html"));
    assert_eq!(header(&response, "cache-control"), "no-cache");
    let html = response.text().await.expect("HTML");
    assert_eq!(!gateway::has_web_app(), html.contains("make web") && html.contains("/docs"), "{html}");
}

/// Protects people's errors and their pages: the app is told where it reports, and its page may reach that origin and no
/// other; without the setting it may reach nothing but this server.
#[actix_web::test]
async fn pages_report_to_one_origin() {
    const DSN: &str = "https://public@o1.ingest.sentry.example/42";
    let told = async |world: &World| {
        let config: serde_json::Value = send(world.get("/api/v1/config")).await.json().await.expect("JSON");
        config["sentry_dsn"].clone()
    };
    let reached = async |world: &World| {
        let policy = header(&send(page(world, "/")).await, "content-security-policy");
        let part =
            policy.split(';').map(str::trim).find_map(|part| part.strip_prefix("connect-src ")).map(str::to_owned);
        (part, policy.matches("://").count())
    };
    let quiet = world().await;
    assert!(told(&quiet).await.is_null());
    let settings = Settings { sentry_dsn: Some(WebDsn::parse(DSN).expect("a DSN")), ..Settings::default() };
    let reporting = world_with(settings).await;
    assert_eq!(told(&reporting).await, DSN);
    if is_built() {
        assert_eq!(reached(&quiet).await, (Some("'self'".to_owned()), 0));
        let both = "'self' https://o1.ingest.sentry.example".to_owned();
        assert_eq!(reached(&reporting).await, (Some(both), 1));
    }
}

/// Protects the origin: the app's page runs nothing but this server's own scripts, loads nothing from elsewhere, and
/// stands in nobody's frame; all it names is there, typed, and asked for by strangers too.
#[actix_web::test]
async fn the_page_and_all_it_names_are_served_strictly() {
    if !is_built() {
        return;
    }
    let world = world().await;
    let response = send(page(&world, "/")).await;
    let policy = header(&response, "content-security-policy");
    for part in
        ["default-src 'self'", "script-src 'self';", "frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'"]
    {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe-eval") && !policy.contains("http"), "{policy}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(header(&response, name), value, "{name}");
    }
    let html = response.text().await.expect("HTML");
    assert!(!html.contains("http://") && !html.contains("https://") && !html.contains("\"//"), "{html}");
    let named = named(&html);
    assert!(named.iter().any(|path| path.ends_with(".js")), "the page names no script: {html}");
    for path in named {
        let file = send(world.get(path)).await;
        let media_type = header(&file, "content-type");
        assert_eq!(file.status().as_u16(), 200, "{path}");
        assert!(!media_type.is_empty() && !media_type.starts_with("text/html"), "{path}: {media_type}");
        let keep = if path.starts_with("/assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
        assert_eq!(header(&file, "cache-control"), keep, "{path}");
    }
}

/// Protects bookmarks and reloads: any address that may be a page of the app is answered with it; what stands below
/// `/api` and programs that did not ask for a page get problems as before.
#[actix_web::test]
async fn pages_are_told_from_what_is_not_there() {
    let world = world().await;
    for path in ["/api/v1/nothing", "/api/nothing", "/internal/authorize", "/metrics", "/docs/a/b", "/assets/gone.js"] {
        problem(page(&world, path), 404, "not_found").await;
    }
    problem(world.get("/jobs/7"), 404, "not_found").await;
    problem(world.get("/jobs/7").header("accept", "*/*"), 404, "not_found").await;
    problem(world.post("/jobs/7").header("accept", PAGE), 404, "not_found").await;
    problem(page(&world, "/api/v1/change"), 401, "unauthorized").await;
    problem(page(&world, "/api/v1/change").bearer_auth(&world.token), 405, "method_not_allowed").await;
    if !is_built() {
        problem(page(&world, "/jobs/7"), 404, "not_found").await;
        return;
    }
    let front = send(page(&world, "/")).await.text().await.expect("HTML");
    for path in ["/jobs", "/jobs/7", "/models", "/never/heard/of", "/%2e%2e/token", "/index.html"] {
        let response = send(page(&world, path)).await;
        assert_eq!(response.status().as_u16(), 200, "{path}");
        assert!(header(&response, "content-security-policy").contains("script-src 'self'"), "{path}");
        assert_eq!(response.text().await.expect("HTML"), front, "{path}");
    }
    let head = send(client().head(world.server.url("/jobs/7")).header("accept", PAGE)).await;
    assert_eq!((head.status().as_u16(), head.text().await.expect("nothing").len()), (200, 0));
}

/// Protects slow lines: files go out packed where the browser can unpack them, are never mixed up in caches, and are not
/// sent again while they are the same.
#[actix_web::test]
async fn files_are_packed_and_validated() {
    if !is_built() {
        return;
    }
    let world = world().await;
    let html = send(page(&world, "/")).await.text().await.expect("HTML");
    let script =
        *named(&html).iter().find(|path| path.starts_with("/assets/") && path.ends_with(".js")).expect("a script");
    let plain = send(world.get(script)).await;
    let packed = send(world.get(script).header("accept-encoding", "gzip, br")).await;
    assert_eq!(header(&packed, "content-encoding"), "gzip");
    for response in [&plain, &packed] {
        assert_eq!(header(response, "vary").to_lowercase(), "accept-encoding");
    }
    let (tag, packed_tag) = (header(&plain, "etag"), header(&packed, "etag"));
    assert_ne!(tag, packed_tag);
    let (plain, packed) = (plain.bytes().await.expect("bytes"), packed.bytes().await.expect("bytes"));
    assert!(packed.starts_with(&[0x1f, 0x8b]) && packed.len() * 2 < plain.len(), "{} of {}", packed.len(), plain.len());
    for (path, encoding, tag) in [(script, "gzip", packed_tag.as_str()), (script, "identity", tag.as_str())] {
        let again = || world.get(path).header("accept-encoding", encoding);
        let known = send(again().header("if-none-match", format!("\"other\", {tag}"))).await;
        assert_eq!((known.status().as_u16(), header(&known, "etag").as_str()), (304, tag));
        assert!(known.bytes().await.expect("nothing").is_empty());
        assert_eq!(send(again().header("if-none-match", "\"other\"")).await.status().as_u16(), 200);
    }
}

/// Protects against results' own pages: a frame for them has no origin of this server and reaches no address.
#[actix_web::test]
async fn frames_have_walls_of_their_own() {
    if !is_built() {
        return;
    }
    let world = world().await;
    let response = send(page(&world, "/frames/chart.html")).await;
    assert_eq!(response.status().as_u16(), 200, "the app draws charts in no frame of its own");
    let policy = header(&response, "content-security-policy");
    for part in ["sandbox allow-scripts;", "default-src 'none'", "connect-src 'none'", "frame-ancestors 'self'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("allow-same-origin") && policy.contains("script-src 'self';"), "{policy}");
    assert_eq!(header(&response, "x-frame-options"), "SAMEORIGIN");
    problem(page(&world, "/frames/gone.html"), 404, "not_found").await;
}
