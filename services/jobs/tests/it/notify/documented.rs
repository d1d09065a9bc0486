//! The example in `docs/notifications.md`, run by Python.

use super::receiver::{Answer, Receiver};
use super::{send, settings, settled, started};
use crate::harness::straight;
use actix_web::test::TestRequest;
use common::FileId;
use serde_json::json;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// What is asked of the example: a secret and a request by standard input.
const ASK: &str = r#"
import json, sys
asked = json.load(sys.stdin)
try:
    verify(asked["secret"], asked["headers"], asked["body"].encode())
    print("genuine")
except ValueError as error:
    print(error)
"#;

/// Protects whoever copies the example: it takes a webhook as this service sends it, and no other.
#[actix_web::test]
async fn the_example_takes_what_is_sent_and_nothing_else() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/notifications.md");
    let page = std::fs::read_to_string(path).expect("the page");
    let example = page.split("```python\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let (folder, file) = (tempfile::tempdir().expect("folder"), FileId::new());
    let receiver = Receiver::start(|_| Answer::Status(200)).await;
    let process = started(folder.path(), file, settings(None), straight).await;
    let body = json!({ "webhook": { "url": receiver.url, "events": [] } });
    let (_, view) = send(&process, TestRequest::put(), "/settings", body).await;
    let secret = view["webhook"]["secret"].as_str().expect("a secret").to_owned();
    send(&process, TestRequest::post(), "/settings/test", json!({ "channel": "webhook" })).await;
    settled(&process, 1).await;
    let request = receiver.requests().pop().expect("a request");
    let ask = |secret: &str, headers: &std::collections::BTreeMap<String, String>, body: &str| {
        let mut python = Command::new("python3")
            .args(["-I", "-c", &format!("{example}\n{ASK}")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3");
        let asked = json!({ "secret": secret, "headers": headers, "body": body }).to_string();
        python.stdin.take().expect("its input").write_all(asked.as_bytes()).expect("asked");
        String::from_utf8(python.wait_with_output().expect("an answer").stdout).expect("text").trim().to_owned()
    };
    assert_eq!(ask(&secret, &request.headers, &request.body), "genuine");
    let (mut other_id, mut old) = (request.headers.clone(), request.headers.clone());
    other_id.insert("webhook-id".to_owned(), "msg_1".to_owned());
    old.insert("webhook-timestamp".to_owned(), "1614265330".to_owned());
    assert_eq!(ask(&secret, &request.headers, &request.body.replace("works", "fails")), "the signature is wrong");
    assert_eq!(ask(&secret, &other_id, &request.body), "the signature is wrong");
    assert_eq!(ask("whsec_AAAA", &request.headers, &request.body), "the signature is wrong");
    assert_eq!(ask(&secret, &old, &request.body), "too old, or from the future");
    process.end().await;
}
