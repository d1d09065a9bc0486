//! The one API document.

use crate::support::{client, problem, send, site, world};
use edge::testing::protected_operations;
use gateway::openapi;
use reqwest::Method;
use serde_json::{Value, json};

/// Protects clients generated from the document: every operation says how to authenticate and what a
/// problem looks like, and has an id of its own.
#[actix_web::test]
async fn the_document_says_what_every_operation_shares() {
    let world = world().await;
    let api: Value = send(world.get("/openapi.json")).await.json().await.expect("JSON");
    assert_eq!(api["info"]["title"], "Darkroom");
    assert_eq!(api["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
    let problem = &api["components"]["responses"]["Problem"]["content"]["application/problem+json"];
    assert_eq!(problem["schema"]["$ref"], "#/components/schemas/ProblemBody");
    assert!(api["components"]["schemas"]["ProblemBody"]["properties"]["code"].is_object(), "{api}");

    let me = &api["paths"]["/api/v1/me"]["get"];
    assert_eq!(me["security"], json!([{"bearer": []}]));
    assert_eq!(me["responses"]["401"]["$ref"], "#/components/responses/Problem");
    assert_eq!(me["operationId"], "account_me");
    let config = &api["paths"]["/api/v1/config"]["get"];
    assert_eq!(config["security"], json!([]));
    assert_eq!(config["responses"]["default"]["$ref"], "#/components/responses/Problem");

    let site = site(&world.gateway);
    assert_eq!(openapi::mistakes(&site.openapi()), Vec::<String>::new());
    assert_eq!(site.schema_clashes(), Vec::<String>::new());
}

/// Protects generated clients: every reference in the document leads to something.
#[actix_web::test]
async fn every_reference_leads_somewhere() {
    let world = world().await;
    let api: Value = send(world.get("/openapi.json")).await.json().await.expect("JSON");
    let text = api.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(api.pointer(reference).is_some(), "{reference}");
    }
}

/// Protects invariant 5 (whoever enters is known): strangers reach no documented operation but the public
/// ones, and those all answer.
#[actix_web::test]
async fn strangers_reach_only_the_public_list() {
    let world = world().await;
    let site = site(&world.gateway);
    let protected = protected_operations(&site.openapi(), site.public_routes());
    assert_eq!(protected.len(), 19, "{protected:?}");
    for (method, path) in protected {
        let method = Method::from_bytes(method.as_str().as_bytes()).expect("a method");
        problem(client().request(method, world.server.url(&path)), 401, "unauthorized").await;
    }
    for route in site.public_routes().iter().filter(|route| {
        route.method == "GET" && !route.path.contains('{') && route.path != "/signin" && !route.path.contains("/oidc/")
    }) {
        let status = send(world.get(route.path)).await.status();
        assert!(status.is_success() || status.is_redirection(), "{}: {status}", route.path);
    }
}

/// Protects services' own answers behind the proxy: it puts the gateway's words in the place of every 502 and 504, because
/// they can only be its own. So no operation of any service may answer with them.
#[test]
fn no_operation_answers_as_the_proxy_does() {
    let document: Value = serde_json::from_str(include_str!("../../openapi.json")).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let operations: Vec<_> = paths.values().filter_map(Value::as_object).flatten().collect();
    assert!(operations.len() > 20, "{operations:?}");
    for (method, operation) in operations {
        for status in ["502", "504", "5XX"] {
            assert!(operation["responses"].get(status).is_none(), "{method} {operation}: {status}");
        }
    }
}
