//! The API against its own document, asked by a program that knows nothing else.

use crate::harness::{Server, sample};
use serde_json::json;
use std::path::Path;
use std::process::{Command, Stdio};

/// Where `deploy/tools/servers.sh` puts schemathesis.
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/servers/contract/bin/schemathesis");

/// What is looked at in every answer: no fault of the server's, and nothing that the document does not tell; what it does not
/// allow is refused; nothing is told without a token.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,\
    response_headers_conformance,negative_data_rejection,unsupported_method,ignored_auth";

/// Which job and picture stand for `{id}`, so that more than 404 is seen. Deletions get none: the others need them.
fn known(file: &str, job: &str) -> String {
    format!(
        r#"
[[operations]]
include-path-regex = "^/api/v1/files/"
exclude-method = "DELETE"
parameters = {{ id = "{file}" }}

[[operations]]
include-path-regex = "^/api/v1/jobs/"
exclude-method = "DELETE"
parameters = {{ id = "{job}", name = "table.csv" }}

[[operations]]
include-path-regex = "^/api/v1/models/"
parameters = {{ role = "code" }}
"#
    )
}

/// The number beside a word in what the program says at its end.
fn number(said: &str, word: &str) -> usize {
    let mut lines = said.lines().filter(|line| line.contains(word)).flat_map(str::split_whitespace);
    lines.find_map(|part| part.parse().ok()).unwrap_or(0)
}

/// Protects whoever writes a client by the document: of some thousand requests that it allows or forbids, each is answered
/// as it says, and none with a fault of the server's.
#[tokio::test(flavor = "multi_thread")]
async fn the_api_keeps_its_document() {
    if !Path::new(PROGRAM).exists() {
        assert!(std::env::var_os("CI").is_none(), "schemathesis is missing; deploy/tools/servers.sh installs it");
        eprintln!("SKIPPED: the API is not held against its document; deploy/tools/servers.sh installs what does it");
        return;
    }
    let data = tempfile::tempdir().expect("data");
    let server = Server::start(data.path(), &[]);
    let job = server.job(&sample("table.png"), json!({})).await;
    let report = server.report(&job).await;
    let (_, read) = server.get(&format!("/api/v1/jobs/{job}")).await;
    assert_eq!(report["state"], "succeeded", "{report}");
    let file = read["file_ids"][0].as_str().expect("a picture").to_owned();

    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("schemathesis.toml"), known(&file, &job)).expect("a file");
    let mut command = Command::new(PROGRAM);
    command.current_dir(folder.path()).env_clear().env("HOME", folder.path()).env("PATH", "/usr/bin:/bin");
    command.args(["--no-color", "run", &format!("{}/openapi.json", server.base)]);
    command.args(["--header", &format!("Authorization: Bearer {}", server.token), "--checks", CHECKS]);
    command.args(["--phases", "examples,coverage,fuzzing", "--max-examples", "15", "--seed", "1", "--workers", "1"]);
    command.args(["--continue-on-failure", "--no-shrink", "--suppress-health-check", "all"]);
    // All of one's data is erased by a test of its own; here it would take the ground from under the others.
    command.args(["--exclude-path", "/api/v1/me/data"]);
    command.args(["--request-timeout", "60", "--warnings", "off"]);
    let run = tokio::task::spawn_blocking(move || command.stdin(Stdio::null()).output()).await.expect("a thread");
    let run = run.expect("schemathesis runs");
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}\n{}", String::from_utf8_lossy(&run.stderr));
    let (requests, operations) = (number(&said, " generated"), number(&said, "Tested:"));
    eprintln!("{requests} requests to {operations} operations");
    let (_, document) = server.get("/openapi.json").await;
    let paths = document["paths"].as_object().expect("paths").values().filter_map(serde_json::Value::as_object);
    assert_eq!(operations, paths.map(serde_json::Map::len).sum::<usize>() - 1, "{said}");
    assert!(requests > 20 * operations, "{said}");
}
