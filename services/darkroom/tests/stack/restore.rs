//! A backup is worth what its restore is worth.

use crate::harness::{Client, Script, Server, fenced, sample};
use blob::BlobKey;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use testkit::postgres;
use testkit::stack::fresh_urls;

/// Everything in a bucket, as a tool for S3 copies it.
async fn copy(url: &str) -> BTreeMap<BlobKey, bytes::Bytes> {
    let store = blob::connect(url).await.expect("the store");
    let mut all = BTreeMap::new();
    for root in ["files", "jobs"] {
        for key in store.list(&BlobKey::parse(root).expect("a key")).await.expect("a list") {
            let content = store.get(&key, u64::MAX).await.expect("bytes");
            all.insert(key, content);
        }
    }
    all
}

async fn bytes(client: &Client, path: &str) -> bytes::Bytes {
    let answer = client.request(Method::GET, path).send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "{path}");
    answer.bytes().await.expect("bytes")
}

/// What there is to see of a job that has ended: its report without what changes from one look to the next, and the
/// bytes of its outputs.
async fn seen(client: &Client, job: &str) -> (Value, Vec<bytes::Bytes>) {
    let report = client.report(job).await;
    let mut outputs = Vec::new();
    for output in report["outputs"].as_array().expect("outputs") {
        outputs.push(bytes(client, output["path"].as_str().expect("a link")).await);
    }
    (report, outputs)
}

/// Protects operators on the day it matters: what docs/operate.md says to back up (the database, then the bucket) is
/// enough, on engines that hold nothing else. Pictures and finished jobs are there byte for byte, and work goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_brings_everything_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let dump = folder.path().join("darkroom.dump");
    let script = Script::new(&[&fenced("open('/box/out/kept.csv', 'w').write('a,b\\n1,2\\n')")], 0);
    let settings = [("CODE_MODEL_URL", script.url())];
    let settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let engine = postgres().expect("PostgreSQL");

    let data = tempfile::tempdir().expect("data");
    let server = Server::start(data.path(), &settings);
    let file = server.upload(&sample("table.png")).await;
    let (status, job) = server.post("/api/v1/jobs", &json!({ "file_ids": [file] })).await;
    assert_eq!(status, 202, "{job}");
    let job = job["id"].as_str().expect("id").to_owned();
    server.until(&job, |view| view["state"] == "succeeded").await;
    let picture = format!("/api/v1/files/{file}/content");
    let before = (bytes(&server, &picture).await, seen(&server, &job).await);
    assert!(!before.1.1.is_empty(), "the job has outputs");
    engine.dump(&server.urls().database, &dump).expect("a dump");
    let bucket = copy(&server.urls().blob).await;
    drop(server);

    // Elsewhere: an empty database, an empty bucket, an empty broker, nobody signed in.
    let elsewhere = fresh_urls().expect("engines");
    engine.restore(&dump, &elsewhere.database).expect("restored");
    let store = blob::connect(&elsewhere.blob).await.expect("the store");
    for (key, content) in bucket {
        store.put(&key, content).await.expect("stored");
    }
    let server = Server::start_on(elsewhere, &settings);
    assert_eq!((bytes(&server, &picture).await, seen(&server, &job).await), before);
    let (status, again) = server.post("/api/v1/jobs", &json!({ "file_ids": [file] })).await;
    assert_eq!(status, 202, "{again}");
    server.until(again["id"].as_str().expect("id"), |view| view["state"] == "succeeded").await;
}
