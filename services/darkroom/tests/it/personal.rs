//! One person's data on the whole system: taken along, and gone.

use crate::access::Member;
use crate::harness::{Client, PATIENCE, Script, Server, fenced, sample};
use crate::kill::running;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Is done with the table at once, and with any other picture never.
const CODE: &str = "import time\nfrom PIL import Image\nopen('/box/out/a.txt', 'w').write('mine')\n\
if Image.open('/box/in/image.png').size != (720, 336):\n    time.sleep(600)";

/// Bob's browser at a server.
struct Bob<'a> {
    server: &'a Client,
    cookie: &'a str,
}

impl Bob<'_> {
    fn asks(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.server.stranger().request(method, format!("{}{path}", self.server.base));
        request.header("cookie", self.cookie).header("sec-fetch-site", "same-origin")
    }

    /// Uploads a sample; its id.
    async fn upload(&self, name: &str) -> String {
        let bytes = std::fs::read(sample(name)).expect("a picture");
        let part = reqwest::multipart::Part::bytes(bytes).file_name(format!("bobs_{name}"));
        let form = reqwest::multipart::Form::new().part("file", part);
        let (status, file) = told(self.asks(Method::POST, "/api/v1/files").multipart(form)).await;
        assert_eq!(status, 201, "{file}");
        file["id"].as_str().expect("an id").to_owned()
    }

    /// Makes a job of that picture; its id once it is as wanted.
    async fn job(&self, file: &str, wanted: impl Fn(&Value) -> bool) -> String {
        let body = json!({ "file_ids": [file] });
        let (status, job) = told(self.asks(Method::POST, "/api/v1/jobs").json(&body)).await;
        assert_eq!(status, 202, "{job}");
        let id = job["id"].as_str().expect("an id").to_owned();
        let until = Instant::now() + PATIENCE;
        loop {
            let (_, view) = told(self.asks(Method::GET, &format!("/api/v1/jobs/{id}"))).await;
            if wanted(&view) {
                return id;
            }
            assert!(Instant::now() < until && view["state"] != "failed", "{view}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn told(request: reqwest::RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

/// Protects whoever leaves, and everybody who stays: a member takes all of theirs along, says the word, and nothing of
/// theirs is left, not even what runs; the owner, who has the same picture, loses nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_takes_everything_along_and_leaves_nothing() {
    let data = tempfile::tempdir().expect("data");
    let script = Script::new(&[&fenced(CODE)], 0);
    let server = Server::start(data.path(), &[("CODE_MODEL_URL", &script.url())]);
    let member = Member::join(&server).await;
    let bob = Bob { server: &server, cookie: &member.cookie };
    let mine = server.upload(&sample("table.png")).await;
    let file = bob.upload("table.png").await;
    let other = bob.upload("bar_chart.png").await;
    let before = server.stored().await;
    let done = bob.job(&file, |view| view["state"] == "succeeded").await;

    let zip = bob.asks(Method::GET, "/api/v1/me/export").send().await.expect("an answer");
    assert_eq!(zip.status().as_u16(), 200);
    let zip = zip.bytes().await.expect("a whole zip");
    let holds = |text: &str| zip.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("bobs_table.png") && holds("outputs/a.txt") && holds("notifications.json") && !holds(&mine));
    let runs = bob.job(&other, |view| running(view, "run", 0)).await;
    let erase = |word: &str| bob.asks(Method::DELETE, "/api/v1/me/data").json(&json!({ "confirm": word }));
    let (status, refused) = told(erase("Delete")).await;
    assert_eq!((status, refused["code"].as_str()), (422, Some("invalid_field")), "{refused}");
    let by_key = server.stranger().delete(format!("{}/api/v1/me/data", server.base)).bearer_auth(&member.key);
    let (status, refused) = told(by_key.json(&json!({ "confirm": "delete" }))).await;
    assert_eq!((status, refused["code"].as_str()), (403, Some("missing_scope")), "{refused}");
    assert_eq!(told(erase("delete")).await.0, 204);

    for path in ["/api/v1/files", "/api/v1/jobs", "/api/v1/notifications"] {
        let (status, list) = told(bob.asks(Method::GET, path)).await;
        assert_eq!((status, &list["items"]), (200, &json!([])), "{path}");
    }
    let until = Instant::now() + PATIENCE;
    loop {
        let theirs = |key: &String| key.contains(&done) || key.contains(&runs);
        let left: Vec<String> = server.stored().await.into_iter().filter(theirs).collect();
        if left.is_empty() {
            break;
        }
        assert!(Instant::now() < until, "{left:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let after = server.stored().await;
    assert!(!after.iter().any(|key| key.contains(&file) || key.contains(&other)), "{after:?}");
    assert!(
        before.iter().filter(|key| !key.contains(&file) && !key.contains(&other)).all(|key| after.contains(key)),
        "the owner's stays"
    );
    assert_eq!(server.get(&format!("/api/v1/files/{mine}")).await.0, 200);
}
