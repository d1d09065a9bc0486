//! Every route at once: who may enter, and whether the API document is sound.

use crate::harness::Server;
use serde_json::Value;

/// Routes that answer without a token.
const PUBLIC: &[&str] = &[
    "/healthz",
    "/readyz",
    "/openapi.json",
    "/signin",
    "/docs",
    "/docs/errors",
    "/api/v1/config",
    "/api/v1/auth/sign-in",
    "/api/v1/auth/join",
    "/api/v1/auth/oidc/start",
    "/api/v1/auth/oidc/callback",
    "/",
];

/// Protects invariant 5: every documented operation refuses callers without a token, before it looks at
/// anything else; only the listed ones are public.
#[tokio::test(flavor = "multi_thread")]
async fn every_route_asks_who_is_there() {
    let data = tempfile::tempdir().expect("data");
    let server = Server::start(data.path(), &[]);
    let (status, document) = server.get("/openapi.json").await;
    assert_eq!(status, 200);
    let paths = document["paths"].as_object().expect("paths");
    for needed in [
        "/api/v1/files",
        "/api/v1/jobs",
        "/api/v1/jobs/{id}/results",
        "/api/v1/executions",
        "/api/v1/reviews",
        "/api/v1/me",
    ] {
        assert!(paths.contains_key(needed), "{needed} is not documented");
    }
    let client = server.stranger();
    let mut asked = 0;
    for (path, item) in paths {
        for method in item
            .as_object()
            .expect("an item")
            .keys()
            .filter(|key| ["get", "post", "delete", "put", "patch"].contains(&key.as_str()))
        {
            if PUBLIC.contains(&path.as_str()) {
                continue;
            }
            let url = format!(
                "{}{}",
                server.base,
                path.replace("{id}", "0").replace("{name}", "x").replace("{name:.*}", "x")
            );
            let method: reqwest::Method = method.to_uppercase().parse().expect("method");
            for token in [None, Some("wrong")] {
                let mut request = client.request(method.clone(), &url);
                if let Some(token) = token {
                    request = request.bearer_auth(token);
                }
                let response = request.send().await.expect("an answer");
                assert_eq!(response.status().as_u16(), 401, "{method} {path}");
                let problem: Value = response.json().await.expect("a problem");
                assert_eq!(problem["code"], "unauthorized", "{method} {path}");
                asked += 1;
            }
        }
    }
    assert!(asked >= 30, "only {asked} requests were tried");
}
