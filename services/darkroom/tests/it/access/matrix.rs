//! The operations of the API document, as requests.

use crate::harness::Client;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;

/// One operation.
pub struct Operation {
    method: Method,
    path: String,
    document: Value,
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// All operations that the server's own document tells of.
pub async fn operations(server: &Client) -> Vec<Operation> {
    let (status, document) = server.get("/openapi.json").await;
    assert_eq!(status, 200);
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let Ok(method) = Method::from_bytes(method.to_uppercase().as_bytes()) else { continue };
            if operation["responses"].is_object() {
                all.push(Operation { method, path: path.clone(), document: operation.clone() });
            }
        }
    }
    all
}

impl Operation {
    /// Whether it answers strangers.
    pub fn is_public(&self) -> bool {
        self.document["security"] == json!([])
    }

    /// Its part of the API.
    pub fn tag(&self) -> &str {
        self.document["tags"][0].as_str().expect("a tag")
    }

    /// Whether its address names something that is somebody's.
    pub fn names_something(&self) -> bool {
        matches!(self.tag(), "jobs" | "files" | "executions") && self.path.contains("{id}")
    }

    /// The scope that it must ask for; `None` where any known caller will do.
    ///
    /// # Panics
    /// Nobody has decided yet what operations of its tag need.
    pub fn needed_scope(&self) -> Option<String> {
        let doing = if self.method == Method::GET { "read" } else { "write" };
        match self.tag() {
            "jobs" | "models" => Some(format!("jobs:{doing}")),
            "files" => Some(format!("files:{doing}")),
            "executions" | "reviews" => Some(format!("executions:{doing}")),
            "account" if self.method == Method::GET => None,
            "account" | "data" | "sign_in" | "credentials" | "administration" | "notifications" => {
                Some("account".to_owned())
            }
            other => panic!("{self}: say here what the tag '{other}' needs"),
        }
    }

    /// The scope that the document says it asks for.
    pub fn told_scope(&self) -> Option<String> {
        self.document["security"][0]["bearer"][0].as_str().map(str::to_owned)
    }

    /// The operation as a request without credentials: ids by the parts of the API they belong to, `other` where none
    /// is named, and a body that would be accepted.
    pub fn request(
        &self,
        server: &Client,
        http: &reqwest::Client,
        ids: &BTreeMap<&str, String>,
        other: &str,
    ) -> RequestBuilder {
        let id = ids.get(self.tag()).map_or(other, String::as_str);
        let path = self.path.replace("{id}", id).replace("{role}", "code").replace("{name}", "out.txt");
        let request = http.request(self.method.clone(), format!("{}{path}", server.base));
        let body = &self.document["requestBody"]["content"];
        if body["multipart/form-data"].is_object() {
            return request.multipart(reqwest::multipart::Form::new().text("nothing", ""));
        }
        if body["application/json"].is_object() { request.json(&body_of(&self.path, other)) } else { request }
    }
}

/// A body that is accepted where the caller is.
fn body_of(path: &str, file: &str) -> Value {
    match path {
        "/api/v1/jobs" => json!({ "file_ids": [file] }),
        "/api/v1/jobs/{id}/refine" => json!({ "prompt": "make it blue" }),
        "/api/v1/jobs/{id}/calibration" => {
            json!({ "y": [{ "pixel": 410, "value": 0 }, { "pixel": 52, "value": 70 }] })
        }
        "/api/v1/executions" | "/api/v1/reviews" => json!({ "code": "print(1)" }),
        _ => json!({}),
    }
}

/// Tokens that nobody has signed, or with the wrong kind of key.
pub fn forged_tokens() -> Vec<(&'static str, String)> {
    let coded = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = coded(&json!({ "sub": "local", "iss": "darkroom-gateway", "aud": "darkroom-services",
        "role": "owner", "scope": "account", "nbf": 0, "exp": 4_102_444_800_u64 }));
    let of = |header: Value, signature: &str| format!("{}.{claims}.{signature}", coded(&header));
    vec![
        ("no token at all", "a.b.c".to_owned()),
        ("alg none", of(json!({ "alg": "none" }), "")),
        ("an unknown key", of(json!({ "alg": "EdDSA", "kid": "nobody" }), &"A".repeat(86))),
        ("HS256", of(json!({ "alg": "HS256", "kid": "nobody" }), &"A".repeat(43))),
    ]
}
