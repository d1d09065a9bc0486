//! One person's data on the whole system: taken along, and gone.

use crate::access::Member;
use crate::harness::{PATIENCE, Script, Server, fenced, sample};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const SLEEP: &str = "import time\nopen('/box/out/a.txt', 'w').write('mine')\ntime.sleep(600)";

/// Protects whoever leaves, and everybody who stays: a member takes all of theirs along, says the word, and nothing of
/// theirs is left, not even what runs; the owner, who has the same picture, loses nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_takes_everything_along_and_leaves_nothing() {
    let script = Script::new(&[&fenced("open('/box/out/a.txt', 'w').write('mine')"), &fenced(SLEEP)], 0);
    let data = tempfile::tempdir().expect("data");
    let server = Server::start(data.path(), &[("CODE_MODEL_URL", &script.url())]);
    let bob = Member::join(&server).await;
    let http = server.stranger();
    let bobs = |method: Method, path: &str| {
        let request = http.request(method, format!("{}{path}", server.base));
        request.header("cookie", &bob.cookie).header("sec-fetch-site", "same-origin")
    };
    let told = async |request: reqwest::RequestBuilder| -> (u16, Value) {
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    };
    let mine = server.upload(&sample("table.png")).await;
    let bytes = std::fs::read(sample("table.png")).expect("a picture");
    let part = reqwest::multipart::Part::bytes(bytes).file_name("bobs.png");
    let form = reqwest::multipart::Form::new().part("file", part);
    let (status, file) = told(bobs(Method::POST, "/api/v1/files").multipart(form)).await;
    assert_eq!(status, 201, "{file}");
    let before = server.stored().await;

    let wanted = json!({ "file_ids": [file["id"]] });
    let mut jobs = Vec::new();
    let runs =
        |view: &Value| view["steps"].as_array().is_some_and(|steps| steps.iter().any(|step| step["kind"] == "run"));
    for state in ["succeeded", "running"] {
        let (status, job) = told(bobs(Method::POST, "/api/v1/jobs").json(&wanted)).await;
        assert_eq!(status, 202, "{job}");
        let path = format!("/api/v1/jobs/{}", job["id"].as_str().expect("an id"));
        let until = Instant::now() + PATIENCE;
        loop {
            let (_, view) = told(bobs(Method::GET, &path)).await;
            if view["state"] == state && runs(&view) {
                break;
            }
            assert!(Instant::now() < until && view["state"] != "failed", "{view}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        jobs.push(job["id"].as_str().expect("an id").to_owned());
    }

    let zip = bobs(Method::GET, "/api/v1/me/export").send().await.expect("an answer");
    assert_eq!(zip.status().as_u16(), 200);
    let zip = zip.bytes().await.expect("a whole zip");
    let holds = |text: &str| zip.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("bobs.png") && holds("outputs/a.txt") && holds("notifications.json") && !holds(&mine));

    let erase = |word: &str| bobs(Method::DELETE, "/api/v1/me/data").json(&json!({ "confirm": word }));
    let (status, refused) = told(erase("Delete")).await;
    assert_eq!((status, refused["code"].as_str()), (422, Some("invalid_field")), "{refused}");
    let by_key = http.delete(format!("{}/api/v1/me/data", server.base)).bearer_auth(&bob.key);
    let (status, refused) = told(by_key.json(&json!({ "confirm": "delete" }))).await;
    assert_eq!((status, refused["code"].as_str()), (403, Some("missing_scope")), "{refused}");
    assert_eq!(told(erase("delete")).await.0, 204);

    for path in ["/api/v1/files", "/api/v1/jobs", "/api/v1/notifications"] {
        let (status, list) = told(bobs(Method::GET, path)).await;
        assert_eq!((status, &list["items"]), (200, &json!([])), "{path}");
    }
    let until = Instant::now() + PATIENCE;
    loop {
        let left: Vec<String> =
            server.stored().await.into_iter().filter(|key| jobs.iter().any(|job| key.contains(job))).collect();
        if left.is_empty() {
            break;
        }
        assert!(Instant::now() < until, "{left:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let file = file["id"].as_str().expect("an id");
    let after = server.stored().await;
    assert!(!after.iter().any(|key| key.contains(file)), "{after:?}");
    assert!(before.iter().filter(|key| !key.contains(file)).all(|key| after.contains(key)), "the owner's stays");
    assert_eq!(server.get(&format!("/api/v1/files/{mine}")).await.0, 200);
}
