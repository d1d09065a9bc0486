//! The graceful stop.

use crate::support::{get, server};
use std::time::{Duration, Instant};

/// Protects work under way: a request that was accepted is answered, and only then the server ends.
#[actix_web::test]
async fn open_requests_finish() {
    let server = server();
    let slow = get(&server, "/api/v1/slow");
    let open = actix_web::rt::spawn(slow.send());
    tokio::time::sleep(Duration::from_millis(200)).await;
    let address = server.url("/about");
    let stop = actix_web::rt::spawn(server.stop());
    tokio::time::sleep(Duration::from_millis(200)).await;
    let refused = reqwest::Client::new().get(&address).timeout(Duration::from_millis(200)).send().await;
    assert!(refused.is_err(), "a new connection was accepted during the stop");
    let answer = open.await.expect("joined").expect("an answer");
    assert_eq!(answer.text().await.expect("a body"), "done");
    stop.await.expect("joined").expect("a clean stop");
}

/// Protects the stop from idle connections: a kept-alive connection does not hold it up.
#[actix_web::test]
async fn idle_connections_do_not_hold_up_the_stop() {
    let server = server();
    let client = reqwest::Client::new();
    client.get(server.url("/about")).send().await.expect("an answer").text().await.expect("a body");
    let start = Instant::now();
    server.stop().await.expect("a clean stop");
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    drop(client);
}

/// Protects invariant 6 (two all-in-ones in one process): servers share nothing, and stopping one leaves
/// the other running.
#[actix_web::test]
async fn two_servers_live_in_one_process() {
    let (first, second) = (server(), server());
    first.stop().await.expect("a clean stop");
    assert_eq!(get(&second, "/about").send().await.expect("an answer").status().as_u16(), 200);
}

/// Protects the program, which runs on a plain tokio runtime: everything above holds there too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_run_on_a_plain_tokio_runtime() {
    let (first, second) = (server(), server());
    let stream = get(&first, "/api/v1/events").send().await.expect("an answer");
    let start = Instant::now();
    first.stop().await.expect("a clean stop");
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    drop(stream);
    assert_eq!(get(&second, "/about").send().await.expect("an answer").status().as_u16(), 200);
    second.stop().await.expect("a clean stop");
}
