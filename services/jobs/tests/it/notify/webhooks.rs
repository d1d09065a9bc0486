//! Webhooks, from the settings to the receiver.

use super::receiver::{Answer, Receiver};
use super::{get, no_model, send, settings, settled, started, until};
use crate::harness::{Process, straight};
use actix_web::test::TestRequest;
use common::{FileId, OwnerId};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const ALL: [&str; 3] = ["job_succeeded", "job_failed", "job_stopped"];

async fn set(process: &Process, url: &str, events: &[&str]) -> Value {
    let body = json!({ "webhook": { "url": url, "events": events } });
    let (status, answer) = send(process, TestRequest::put(), "/settings", body).await;
    assert_eq!(status, 200, "{answer}");
    answer["webhook"].clone()
}

/// Protects receivers: what they get is signed with the secret that was shown once, comes again under the same id and with
/// the same body until they take it, and is what was asked for.
#[actix_web::test]
async fn what_is_sent_is_signed_and_sent_until_it_is_taken() {
    let (folder, file) = (tempfile::tempdir().expect("folder"), FileId::new());
    let receiver = Receiver::start(|number| Answer::Status(if number == 0 { 500 } else { 204 })).await;
    let process = started(folder.path(), file, settings(None), no_model).await;
    let made = set(&process, &receiver.url, &["job_failed"]).await;
    let secret = made["secret"].as_str().expect("a secret").to_owned();
    assert_eq!(get(&process, "/settings").await["webhook"]["secret"], json!(null), "shown once");
    assert_eq!(set(&process, &receiver.url, &["job_failed"]).await["secret"], json!(null), "kept, and not shown again");
    let id = process.create(file).await;
    process.until_final(id).await;
    let deliveries = settled(&process, 1).await;
    assert_eq!((deliveries[0].state.as_str(), deliveries[0].attempts), ("sent", 2), "{deliveries:?}");
    let requests = receiver.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests.iter().all(|request| request.is_signed(&secret)), "{requests:?}");
    assert_eq!((requests[0].id(), &requests[0].body), (requests[1].id(), &requests[1].body));
    let body: Value = serde_json::from_str(&requests[1].body).expect("JSON");
    assert_eq!((&body["type"], &body["data"]["job_id"]), (&json!("job.failed"), &json!(id)));
    assert_eq!(body["data"]["link"], json!(format!("https://darkroom.example.org/jobs/{id}")));

    // Another secret from now on; a test shows it, and what is not asked for is not sent.
    let (status, renewed) = send(&process, TestRequest::post(), "/settings/secret", json!({})).await;
    assert_eq!(status, 200, "{renewed}");
    let other = renewed["secret"].as_str().expect("a secret");
    assert_eq!(send(&process, TestRequest::post(), "/settings/test", json!({ "channel": "webhook" })).await.0, 202);
    settled(&process, 2).await;
    let last = receiver.requests().pop().expect("a request");
    assert!(last.is_signed(other) && !last.is_signed(&secret), "{last:?}");
    set(&process, &receiver.url, &["job_succeeded"]).await;
    let id = process.create(file).await;
    process.until_final(id).await;
    settled(&process, 2).await;
    process.end().await;
}

/// Protects receivers that want nothing more: 410 ends the delivery and the webhook, the person sees why, and saving it
/// again begins anew. What waits for a webhook that was taken away is not sent.
#[actix_web::test]
async fn a_receiver_that_is_gone_is_left_alone() {
    let (folder, file) = (tempfile::tempdir().expect("folder"), FileId::new());
    let receiver = Receiver::start(|number| Answer::Status(if number == 0 { 410 } else { 500 })).await;
    let process = started(folder.path(), file, settings(None), straight).await;
    set(&process, &receiver.url, &ALL).await;
    let id = process.create(file).await;
    process.until_final(id).await;
    assert_eq!((settled(&process, 1).await[0].state.as_str(), receiver.requests().len()), ("failed", 1));
    let off = get(&process, "/settings").await["webhook"]["off_because"].clone();
    assert!(off.as_str().is_some_and(|why| why.contains("410")), "{off}");
    let (status, problem) =
        send(&process, TestRequest::post(), "/settings/test", json!({ "channel": "webhook" })).await;
    assert_eq!((status, &problem["code"]), (409, &json!("channel_off")));
    let id = process.create(file).await;
    process.until_final(id).await;
    settled(&process, 1).await;

    set(&process, &receiver.url, &ALL).await;
    let id = process.create(file).await;
    process.until_final(id).await;
    until("it was tried", async || (receiver.requests().len() == 2).then_some(())).await;
    let (status, answer) = send(&process, TestRequest::put(), "/settings", json!({})).await;
    assert_eq!((status, &answer["webhook"]), (200, &json!(null)));
    let deliveries = settled(&process, 2).await;
    assert_eq!(deliveries[0].last_error.as_deref(), Some("The channel was switched off."), "{deliveries:?}");
    assert_eq!(receiver.requests().len(), 2);
    process.end().await;
}

/// Protects the network that the server stands in: what may not be reached is refused when it is set, with a code.
#[actix_web::test]
async fn addresses_inside_are_refused_when_they_are_set() {
    let (folder, file) = (tempfile::tempdir().expect("folder"), FileId::new());
    let process = started(folder.path(), file, settings(None), straight).await;
    let rows = [
        ("http://169.254.169.254/latest", "address_refused"),
        ("https://[::1]/", "address_refused"),
        ("ftp://example.org/", "address_refused"),
        ("nonsense", "address_refused"),
    ];
    for (url, code) in rows {
        let body = json!({ "webhook": { "url": url, "events": ALL } });
        let (status, problem) = send(&process, TestRequest::put(), "/settings", body).await;
        assert_eq!((status, &problem["code"]), (422, &json!(code)), "{url}: {problem}");
    }
    let unknown = json!({ "webhook": { "url": "https://example.org/", "events": ["job_exploded"] } });
    assert_eq!(send(&process, TestRequest::put(), "/settings", unknown).await.0, 400);
    assert_eq!(get(&process, "/settings").await["webhook"], json!(null));
    process.end().await;
}

/// Protects receivers from two replicas: every delivery is sent once, and never while it is being sent.
#[actix_web::test]
async fn replicas_never_send_one_at_the_same_time() {
    const JOBS: usize = 12;
    let (folder, file) = (tempfile::tempdir().expect("folder"), FileId::new());
    let receiver = Receiver::start(|_| Answer::Slowly(200, Duration::from_millis(150))).await;
    let parts = Process::parts();
    let first = Process::start_by(parts.clone(), folder.path(), file, settings(None), straight).await;
    let second = Process::alone(parts, folder.path(), file, settings(None)).await;
    set(&first, &receiver.url, &ALL).await;
    let mut made = Vec::new();
    for number in 0..JOBS {
        made.push(if number % 2 == 0 { first.create(file).await } else { second.create(file).await });
    }
    for id in made {
        first.until_final(id).await;
    }
    let deliveries = settled(&second, JOBS).await;
    assert!(deliveries.iter().all(|one| one.state == "sent" && one.attempts == 1), "{deliveries:?}");
    let requests = receiver.requests();
    let ids: BTreeSet<_> = requests.iter().map(|request| request.id().to_owned()).collect();
    assert_eq!((requests.len(), ids.len(), receiver.was_sent_twice_at_once()), (JOBS, JOBS, false));
    second.end().await;
    first.end().await;
}

/// Protects notifications from a kill while they are being sent: another process sends it again, under the same id, once.
#[actix_web::test]
async fn a_kill_while_sending_loses_nothing() {
    let (folder, file) = (tempfile::tempdir().expect("folder"), FileId::new());
    let receiver = Receiver::start(|number| if number == 0 { Answer::Nothing } else { Answer::Status(200) }).await;
    let mut by = settings(None);
    by.notify.lease = Some(Duration::from_secs(2));
    let killed = tokio::runtime::Runtime::new().expect("a runtime");
    let (path, url, settings) = (folder.path().to_owned(), receiver.url.clone(), by.clone());
    let started = killed.spawn(async move {
        let process = started(&path, file, settings, straight).await;
        let chosen = jobs::ChosenWebhook { url, events: jobs::NoticeKind::ALL.to_vec() };
        let chosen = jobs::NotificationSettings { email: None, webhook: Some(chosen) };
        process.jobs.set_notification_settings(&OwnerId::local(), chosen).await.expect("set");
        let id = process.create(file).await;
        process.until_final(id).await;
        // Lives as long as its runtime.
        std::mem::forget(process);
    });
    started.await.expect("started");
    until("it is being sent", async || (receiver.requests().len() == 1).then_some(())).await;
    killed.shutdown_background();
    let next = Process::alone(Process::parts(), folder.path(), file, by).await;
    let deliveries = settled(&next, 1).await;
    assert_eq!((deliveries[0].state.as_str(), deliveries[0].attempts), ("sent", 2), "{deliveries:?}");
    let requests = receiver.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!((requests[0].id(), &requests[0].body), (requests[1].id(), &requests[1].body));
    next.end().await;
}
