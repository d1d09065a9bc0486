//! The pages for people.

use crate::support::{problem, send, world};
use common::ErrorCode;

/// Protects work without a network: the pages load nothing from another host, and everything they load
/// is there.
#[actix_web::test]
async fn pages_load_only_from_this_server() {
    let world = world().await;
    for page in ["/docs", "/docs/errors"] {
        let response = send(world.get(page)).await;
        assert_eq!(response.status().as_u16(), 200, "{page}");
        let policy = response.headers()["content-security-policy"].to_str().expect("plain text").to_owned();
        assert!(policy.contains("script-src 'self';") && !policy.contains("http"), "{policy}");
        let html = response.text().await.expect("HTML");
        assert!(!html.contains("http://") && !html.contains("https://") && !html.contains("\"//"), "{page}: {html}");
        for part in html.split(['"']).filter(|part| part.starts_with('/')) {
            let loaded = send(world.get(part)).await;
            assert_eq!(loaded.status().as_u16(), 200, "{part}");
            assert!(!loaded.bytes().await.expect("bytes").is_empty(), "{part}");
        }
    }
    let start = send(world.get("/docs/start.js")).await.text().await.expect("a script");
    assert!(start.contains("validatorUrl: null") && !start.contains("http"), "{start}");
    let bundle = send(world.get("/docs/swagger-ui-bundle.js")).await;
    assert!(bundle.headers()["content-type"].to_str().is_ok_and(|text| text.starts_with("text/javascript")));
    assert!(bundle.text().await.expect("a script").contains("SwaggerUIBundle"));
}

/// Protects readers of problems: `type` points at an anchor that exists, for every code.
#[actix_web::test]
async fn every_code_has_its_anchor() {
    let world = world().await;
    let html = send(world.get("/docs/errors")).await.text().await.expect("HTML");
    for code in ErrorCode::ALL {
        assert!(html.contains(&format!("id=\"{code}\"")), "{code}");
    }
}

/// Protects the docs: a browser without credentials finds them, and only listed files.
#[actix_web::test]
async fn the_docs_are_found_and_nothing_else() {
    let world = world().await;
    let response = send(world.get("/docs/")).await;
    assert_eq!((response.status().as_u16(), response.headers()["location"].as_bytes()), (302, &b"/docs"[..]));
    for path in ["/docs/swagger-initializer.js", "/docs/..%2ftoken", "/docs/nothing", "/docs/a/b"] {
        problem(world.get(path), 404, "not_found").await;
    }
    problem(world.post("/docs"), 405, "method_not_allowed").await;
}

/// Protects clients: what the server is and accepts can be read before signing in.
#[actix_web::test]
async fn the_public_config_is_complete() {
    let world = world().await;
    let config: serde_json::Value = send(world.get("/api/v1/config")).await.json().await.expect("JSON");
    assert_eq!((&config["name"], &config["sign_in"]), (&"Darkroom".into(), &"local".into()));
    assert_eq!(config["media_types"].as_array().map(Vec::len), Some(6), "{config}");
    assert!(config["version"].is_string() && config["limits"]["max_upload_bytes"].is_u64(), "{config}");
    assert!(!config.to_string().contains(&world.token));
}
