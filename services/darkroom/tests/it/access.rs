//! Who may do what: every operation of the API document against every kind of caller, and two people beside each other.
//! The rows come from the document that the server itself tells, so a new operation cannot be forgotten.

// The path is said, because another suite takes this file from elsewhere.
#[path = "access/matrix.rs"]
pub mod matrix;

use crate::harness::{Client, Server, sample};
use matrix::{Operation, operations};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What names something that is not there.
const NOTHING: &str = "00000000-0000-7000-8000-000000000000";

/// A person who joined, by the cookie of their browser and by an API key that may do all that keys may.
pub struct Member {
    pub cookie: String,
    pub key: String,
}

/// An API key of the local owner.
async fn key(server: &Client, scopes: &[&str]) -> (String, String) {
    let (status, made) = server.post("/api/v1/keys", &json!({ "name": "a test", "scopes": scopes })).await;
    assert_eq!(status, 201, "{made}");
    (made["key"].as_str().expect("a key").to_owned(), made["id"].as_str().expect("an id").to_owned())
}

const ALL: [&str; 3] = ["jobs:write", "files:write", "executions:write"];

impl Member {
    pub async fn join(server: &Client) -> Self {
        let (status, made) = server.post("/api/v1/invitations", &json!({ "role": "member" })).await;
        assert_eq!(status, 201, "{made}");
        let email = format!("{}@example.org", made["id"].as_str().expect("an id"));
        let join = json!({ "code": made["code"], "name": "Bob", "email": email, "password": "correct horse battery" });
        let http = server.stranger();
        let joined =
            http.post(format!("{}/api/v1/auth/join", server.base)).json(&join).send().await.expect("an answer");
        assert_eq!(joined.status().as_u16(), 201);
        let cookie = joined.headers()["set-cookie"].to_str().expect("text");
        let cookie = cookie.split(';').next().expect("a pair").to_owned();
        let wanted = json!({ "name": "all", "scopes": ALL });
        let asked = http.post(format!("{}/api/v1/keys", server.base)).header("cookie", &cookie);
        let asked = asked.header("sec-fetch-site", "same-origin").json(&wanted);
        let made: Value = asked.send().await.expect("an answer").json().await.expect("JSON");
        Self { cookie, key: made["key"].as_str().expect("a key").to_owned() }
    }
}

/// Status and problem of an operation on things that are not there, with this Authorization header.
async fn told(server: &Client, operation: &Operation, authorization: Option<&str>) -> (u16, Value, String) {
    let mut request = operation.request(server, &server.stranger(), &BTreeMap::new(), NOTHING);
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    let answer = request.send().await.expect("an answer");
    let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let challenge = header("www-authenticate").to_owned();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or(Value::Null), challenge)
}

/// Protects everything from strangers: whatever they show, every operation but the public ones answers 401 and asks for
/// credentials, before anything else is looked at.
#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_refused_everywhere() {
    let data = tempfile::tempdir().expect("data");
    let server = Server::start(data.path(), &[]);
    let (revoked, id) = key(&server, &ALL).await;
    let gone = server.request(Method::DELETE, &format!("/api/v1/keys/{id}")).send().await.expect("an answer");
    assert_eq!(gone.status().as_u16(), 204);
    let (good, _) = key(&server, &ALL).await;
    let (start, end) = good.split_at(good.len() - 1);
    let nearly = format!("Bearer {start}{}", if end == "0" { "1" } else { "0" });
    let mut shown = vec![
        ("nothing", None),
        ("an empty header", Some("Bearer ".to_owned())),
        ("another scheme", Some(format!("Basic {}", server.token))),
        ("a bare token", Some(server.token.clone())),
        ("half a token", Some(format!("Bearer {}", &server.token[..32]))),
        ("a revoked key", Some(format!("Bearer {revoked}"))),
        ("nearly a key", Some(nearly)),
        ("two keys", Some(format!("Bearer {good} {good}"))),
    ];
    shown.extend(matrix::forged_tokens().into_iter().map(|(what, token)| (what, Some(format!("Bearer {token}")))));
    let all = operations(&server).await;
    assert!(all.iter().filter(|one| !one.is_public()).count() > 35, "the document is whole");
    for operation in &all {
        for (what, value) in &shown {
            let (status, body, challenge) = told(&server, operation, value.as_deref()).await;
            if operation.is_public() {
                assert!(status != 403 && body["code"] != "unauthorized", "{operation} with {what}: {status} {body}");
            } else {
                assert_eq!((status, body["code"].as_str()), (401, Some("unauthorized")), "{operation} with {what}");
                assert!(challenge.starts_with("Bearer"), "{operation}: {challenge}");
            }
        }
    }
}

/// Protects what a key was not made for: every operation refuses keys without its scope, naming it, a key that may only
/// read changes nothing, and no key reaches what is for people; members reach nothing that is for owners.
#[tokio::test(flavor = "multi_thread")]
async fn keys_and_members_reach_what_is_theirs() {
    let data = tempfile::tempdir().expect("data");
    let server = Server::start(data.path(), &[]);
    let member = Member::join(&server).await;
    let mut keys = BTreeMap::new();
    for scope in ["jobs:read", "files:read", "executions:read"].into_iter().chain(ALL) {
        keys.insert(scope, key(&server, &[scope]).await.0);
    }
    for operation in operations(&server).await.iter().filter(|one| !one.is_public()) {
        let needed = operation.needed_scope();
        assert_eq!(operation.told_scope(), needed, "{operation}: the document says what the test thinks");
        for (had, key) in &keys {
            let (status, body, challenge) = told(&server, operation, Some(&format!("Bearer {key}"))).await;
            let enough =
                needed.as_deref().is_none_or(|needed| needed == *had || needed.replace("read", "write") == *had);
            if enough {
                assert!(status != 401 && status != 403, "{operation} with {had}: {status} {body}");
                continue;
            }
            let needed = needed.clone().unwrap_or_default();
            assert_eq!((status, body["code"].as_str()), (403, Some("missing_scope")), "{operation} with {had}");
            assert!(body["detail"].as_str().is_some_and(|text| text.contains(&format!("'{needed}'"))), "{body}");
            assert!(challenge.contains(&format!("scope=\"{needed}\"")), "{operation}: {challenge}");
        }
        if operation.tag() == "administration" {
            let request = operation.request(&server, &server.stranger(), &BTreeMap::new(), NOTHING);
            let request = request.header("cookie", &member.cookie).header("sec-fetch-site", "same-origin");
            let answer = request.send().await.expect("an answer");
            assert_eq!(answer.status().as_u16(), 403, "{operation}");
            let body: Value = answer.json().await.expect("JSON");
            assert_eq!(body["code"], "owner_only", "{operation}");
        }
    }
}

/// Protects people from each other: whatever one asks of what is another's is answered as if it were not there, nothing of
/// it is changed, and no list shows it; by API key, through whatever stands in front.
#[tokio::test(flavor = "multi_thread")]
async fn two_people_see_nothing_of_each_other() {
    let data = tempfile::tempdir().expect("data");
    let server = Server::start(data.path(), &[]);
    let bob = Member::join(&server).await;
    let file = server.upload(&sample("bar_chart.png")).await;
    let (status, job) = server.post("/api/v1/jobs", &json!({ "file_ids": [file] })).await;
    assert_eq!(status, 202, "{job}");
    let job = job["id"].as_str().expect("an id").to_owned();
    let report = server.report(&job).await;
    assert_eq!(report["state"], "succeeded", "{report}");
    let code = "open('/box/out/out.txt', 'w').write('mine')";
    let (status, run) = server.post("/api/v1/executions", &json!({ "code": code })).await;
    assert_eq!(status, 200, "{run}");
    let output = run["outputs"][0]["path"].as_str().expect("a link").to_owned();
    let execution = output.split('/').nth(4).expect("an id").to_owned();
    let (_, session_key) = key(&server, &["jobs:read"]).await;

    let ids = BTreeMap::from([("jobs", job.clone()), ("files", file.clone()), ("executions", execution)]);
    let http = server.stranger();
    let mut tried = 0;
    for operation in operations(&server).await.iter().filter(|one| one.names_something()) {
        let request = operation.request(&server, &http, &ids, &file).bearer_auth(&bob.key);
        let answer = request.send().await.expect("an answer");
        let (status, text) = (answer.status().as_u16(), answer.text().await.expect("a body"));
        assert_eq!(status, 404, "{operation}: {text}");
        let nobodys = operation.request(&server, &http, &BTreeMap::new(), NOTHING).bearer_auth(&bob.key);
        let nobodys = nobodys.send().await.expect("an answer").text().await.expect("a body");
        assert_eq!(text, nobodys, "{operation}: as if it were not there");
        tried += 1;
    }
    assert!(tried >= 14, "{tried} operations name something");
    let bobs =
        |method: Method, path: &str| http.request(method, format!("{}{path}", server.base)).bearer_auth(&bob.key);
    let made = bobs(Method::POST, "/api/v1/jobs").json(&json!({ "file_ids": [file] })).send().await.expect("an answer");
    assert_eq!(made.status().as_u16(), 404, "a job of another's picture");
    let by_cookie = http.delete(format!("{}/api/v1/keys/{session_key}", server.base)).header("cookie", &bob.cookie);
    let answer = by_cookie.header("sec-fetch-site", "same-origin").send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 404, "another's key");
    for path in ["/api/v1/files", "/api/v1/jobs"] {
        let text = bobs(Method::GET, path).send().await.expect("an answer").text().await.expect("a body");
        assert!(!text.contains(&file) && !text.contains(&job), "{path}: {text}");
    }

    for path in [format!("/api/v1/files/{file}"), format!("/api/v1/jobs/{job}")] {
        assert_eq!(server.get(&path).await.0, 200, "{path} still stands");
    }
    let mine = server.request(Method::GET, &output).send().await.expect("an answer").text().await.expect("text");
    assert_eq!(mine, "mine");

    // Bob's own picture is nobody else's either.
    let bytes = std::fs::read(sample("bar_chart.png")).expect("a picture");
    let form =
        reqwest::multipart::Form::new().part("file", reqwest::multipart::Part::bytes(bytes).file_name("bobs.png"));
    let sent: Value = bobs(Method::POST, "/api/v1/files")
        .multipart(form)
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    let id = sent["id"].as_str().expect("an id");
    assert_ne!(id, file);
    assert_eq!(server.get(&format!("/api/v1/files/{id}")).await.0, 404, "not even an owner's");
}
