//! A picture, taken through a server as every caller may.

use super::Client;
use serde_json::{Value, json};
use std::path::Path;

/// Uploads the picture, has it developed, and fetches what came of it; answers the report, with the outputs as files of
/// the folder. The client's connections begin and end here.
pub fn develop(client: Client, picture: &Path, prompt: &str) -> (Value, tempfile::TempDir) {
    let out = tempfile::tempdir().expect("out");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let report = runtime.block_on(async {
        let file = client.upload(picture).await;
        let (status, job) = client.post("/api/v1/jobs", &json!({ "file_ids": [file], "prompt": prompt })).await;
        assert_eq!(status, 202, "{job}");
        let mut report = client.report(job["id"].as_str().expect("id")).await;
        for output in report["outputs"].as_array_mut().expect("outputs") {
            let link = output["path"].as_str().expect("a link");
            let answer = client.request(reqwest::Method::GET, link).send().await.expect("an output");
            let file = out.path().join(output["name"].as_str().expect("a name").replace('/', "_"));
            std::fs::write(&file, answer.bytes().await.expect("bytes")).expect("written");
            output["path"] = file.display().to_string().into();
        }
        report
    });
    assert_eq!(report["state"], "succeeded", "{report}");
    (report, out)
}
