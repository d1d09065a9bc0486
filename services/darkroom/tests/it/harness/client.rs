//! Talks to a server as programs do, wherever it runs.

use super::PATIENCE;
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};

/// A program that calls the API with the local owner's token.
pub struct Client {
    /// Scheme, host and port.
    pub base: String,
    pub token: String,
    authority: Option<reqwest::Certificate>,
    http: reqwest::Client,
}

impl Client {
    /// One for the server at that address, whose certificate comes from that authority.
    pub fn new(base: String, token: String, authority: Option<reqwest::Certificate>) -> Self {
        let http = build(authority.as_ref());
        Self { base, token, authority, http }
    }

    /// HTTP with connections of its own and without a token.
    pub fn stranger(&self) -> reqwest::Client {
        build(self.authority.as_ref())
    }

    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    /// Status and JSON of a GET.
    pub async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.request(reqwest::Method::GET, path)).await
    }

    /// Status and JSON of a POST with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        answer(self.request(reqwest::Method::POST, path).json(body)).await
    }

    /// Uploads a file and answers its id.
    pub async fn upload(&self, path: &Path) -> String {
        let (status, body) = self.upload_bytes("picture.png", std::fs::read(path).expect("readable")).await;
        assert_eq!(status, 201, "{body}");
        body["id"].as_str().expect("id").to_owned()
    }

    /// Status and answer of an upload.
    pub async fn upload_bytes(&self, name: &str, bytes: Vec<u8>) -> (u16, Value) {
        let part = reqwest::multipart::Part::bytes(bytes).file_name(name.to_owned());
        let form = reqwest::multipart::Form::new().part("file", part);
        answer(self.request(reqwest::Method::POST, "/api/v1/files").multipart(form)).await
    }

    /// Creates a job with one picture and answers its id.
    pub async fn job(&self, picture: &Path, options: Value) -> String {
        let file = self.upload(picture).await;
        let (status, body) = self.post("/api/v1/jobs", &json!({ "file_ids": [file], "options": options })).await;
        assert_eq!(status, 202, "{body}");
        body["id"].as_str().expect("id").to_owned()
    }

    /// Waits until the job is as wanted and answers it.
    pub async fn until(&self, job: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (_, view) = self.get(&format!("/api/v1/jobs/{job}")).await;
            if wanted(&view) {
                return view;
            }
            assert!(Instant::now() < deadline, "the job never got there: {view}");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// The report of the job once it has ended.
    pub async fn report(&self, job: &str) -> Value {
        self.until(job, |view| !matches!(view["state"].as_str(), Some("queued" | "running"))).await;
        self.get(&format!("/api/v1/jobs/{job}/results")).await.1
    }

    /// All events of a job that has ended, as (number, name, data).
    pub async fn events(&self, job: &str, after: u64) -> Vec<(u64, String, Value)> {
        let path = format!("/api/v1/jobs/{job}/events");
        let request = self.request(reqwest::Method::GET, &path).header("last-event-id", after.to_string());
        let text = request.send().await.expect("events").text().await.expect("a stream that ends");
        let field = |block: &str, name: &str| {
            block
                .lines()
                .find_map(|line| line.strip_prefix(name).map(|rest| rest.trim().to_owned()))
                .unwrap_or_default()
        };
        let blocks = text.split("\n\n").filter(|block| block.starts_with("id:") || block.contains("\nid:"));
        blocks
            .map(|block| {
                let data: Value = serde_json::from_str(&field(block, "data:")).expect("JSON data");
                (field(block, "id:").parse().expect("a number"), field(block, "event:"), data["data"].clone())
            })
            .collect()
    }
}

fn build(authority: Option<&reqwest::Certificate>) -> reqwest::Client {
    let builder = reqwest::Client::builder().timeout(PATIENCE);
    let builder = match authority {
        Some(certificate) => builder.tls_certs_only([certificate.clone()]),
        None => builder,
    };
    builder.build().expect("client")
}

async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let text = response.text().await.expect("a body");
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}
