//! A caller of the API that does not give up: what a well-made client does while servers restart.

use reqwest::{Certificate, Client, Method, RequestBuilder};
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};
use testkit::stack::Stack;

/// Longest time for which a request is sent again.
const PATIENCE: Duration = Duration::from_secs(240);
/// Longest wait for one answer.
const ONE_ANSWER: Duration = Duration::from_secs(15);
/// Pause before a request is sent again.
const PAUSE: Duration = Duration::from_millis(200);

/// Somebody with the local owner's token. Clones share connections.
#[derive(Clone)]
pub struct Caller {
    base: String,
    token: String,
    http: Client,
}

impl Caller {
    /// A caller of a stack.
    pub fn of(stack: &Stack) -> Self {
        let pem = std::fs::read(stack.ca_certificate()).expect("the authority");
        let authority = Certificate::from_pem(&pem).expect("a certificate");
        let http = Client::builder().timeout(ONE_ANSWER).tls_certs_only([authority]).build().expect("a client");
        Self { base: stack.url(), token: stack.token().to_owned(), http }
    }

    /// A caller of a server without TLS.
    pub fn plain(base: String, token: String) -> Self {
        Self { base, token, http: Client::builder().timeout(ONE_ANSWER).build().expect("a client") }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    /// Sends until there is an answer that is not the server's own trouble; status and bytes.
    async fn insist(&self, what: &str, request: impl Fn() -> RequestBuilder) -> (u16, Vec<u8>) {
        let until = Instant::now() + PATIENCE;
        loop {
            let trouble = match request().send().await {
                Ok(answer) => {
                    let status = answer.status().as_u16();
                    match answer.bytes().await {
                        Ok(bytes) if status < 500 && status != 429 => return (status, bytes.to_vec()),
                        Ok(bytes) => format!("{status}: {}", String::from_utf8_lossy(&bytes)),
                        Err(error) => error.to_string(),
                    }
                }
                Err(error) => error.to_string(),
            };
            assert!(Instant::now() < until, "{what} never worked: {trouble}");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Status and JSON of a GET.
    pub async fn get(&self, path: &str) -> (u16, Value) {
        let (status, bytes) = self.insist(path, || self.request(Method::GET, path)).await;
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// Status and bytes of a GET.
    pub async fn bytes(&self, path: &str) -> (u16, Vec<u8>) {
        self.insist(path, || self.request(Method::GET, path)).await
    }

    /// Uploads a picture; its id.
    pub async fn upload(&self, picture: &Path) -> String {
        let bytes = std::fs::read(picture).expect("a picture");
        let form = || {
            let part = reqwest::multipart::Part::bytes(bytes.clone()).file_name("picture.png");
            self.request(Method::POST, "/api/v1/files").multipart(reqwest::multipart::Form::new().part("file", part))
        };
        let (status, answer) = self.insist("an upload", form).await;
        let answer: Value = serde_json::from_slice(&answer).expect("JSON");
        assert_eq!(status, 201, "{answer}");
        answer["id"].as_str().expect("id").to_owned()
    }

    /// Creates a job; its id. The same key gives the same job.
    pub async fn job(&self, file: &str, key: &str) -> String {
        let body = json!({ "file_ids": [file] });
        let create = || self.request(Method::POST, "/api/v1/jobs").header("idempotency-key", key).json(&body);
        let (status, answer) = self.insist("a job", create).await;
        let answer: Value = serde_json::from_slice(&answer).expect("JSON");
        assert_eq!(status, 202, "{answer}");
        answer["id"].as_str().expect("id").to_owned()
    }

    /// Runs code in the sandbox to its end.
    pub async fn execute(&self, body: &Value) {
        let run = || self.request(Method::POST, "/api/v1/executions").json(body);
        let (status, answer) = self.insist("a run", run).await;
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
    }

    /// The stream of a job's events from its beginning to its end, as (name, step), however often it is cut.
    pub async fn events(&self, job: &str) -> Vec<(String, String)> {
        let path = format!("/api/v1/jobs/{job}/events");
        let until = Instant::now() + PATIENCE;
        let (mut all, mut last) = (Vec::new(), 0_u64);
        loop {
            let request = self.request(Method::GET, &path).header("last-event-id", last.to_string());
            if let Ok(answer) = request.send().await
                && answer.status().is_success()
            {
                let text = read(answer).await;
                // A block that was cut off has no end.
                let whole = text.rfind("\n\n").map_or("", |end| &text[..end]);
                for block in whole.split("\n\n").filter(|block| block.contains("id:")) {
                    let field = |name: &str| {
                        let line = block.lines().find_map(|line| line.strip_prefix(name));
                        line.map(str::trim).unwrap_or_default().to_owned()
                    };
                    last = field("id:").parse().expect("a number");
                    let data: Value = serde_json::from_str(&field("data:")).expect("JSON");
                    all.push((field("event:"), data["data"]["step_id"].as_str().unwrap_or_default().to_owned()));
                }
                if all.last().is_some_and(|(name, _)| name == "job_finished") {
                    return all;
                }
            }
            assert!(Instant::now() < until, "the events of job {job} never came to an end: {all:?}");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// What came of a body before it ended or was cut.
async fn read(mut answer: reqwest::Response) -> String {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        bytes.extend_from_slice(&chunk);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
