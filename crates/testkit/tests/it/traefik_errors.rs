//! What callers read when Traefik itself has to answer.

use crate::client::{Answer, answer_while_sending, ask, connect, head};
use crate::upstream::{OWN, Upstream, WORDS};
use crate::world::{World, world};
use std::io::{Read, Write};
use std::time::{Duration, Instant};

/// Short, so that it is noticed within the test.
const WATCHFUL: (&str, &str) = ("HEALTH_INTERVAL", "200ms");
/// Health checks notice nothing within a test.
const BLIND: (&str, &str) = ("HEALTH_INTERVAL", "1h");
/// What only the inside may know of a caller.
const SECRETS: [&str; 2] = ["authorization: Bearer known", "cookie: session=secret"];

/// In the gateway's words, with the caller's id.
fn assert_in_words(answer: &Answer, status: u16) {
    assert_eq!((answer.status, answer.body.as_str()), (status, WORDS));
    assert_eq!(answer.header("content-type"), ["application/problem+json"]);
    assert_eq!(answer.header("x-request-id"), ["mine"]);
}

/// Asks until a health check has changed the answer's status, and gives that answer.
fn ask_until(world: &World, line: &str, status: u16) -> Answer {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let answer = ask(&world.traefik, line, &["x-request-id: mine"], b"");
        if answer.status == status {
            return answer;
        }
        assert!(Instant::now() < until, "still {}: {}", answer.status, answer.body);
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Protects what services say: whatever they answer themselves passes unchanged, with its code, its Retry-After and its
/// id, also with the statuses that Traefik uses.
#[test]
fn what_services_say_passes_unchanged() {
    let Some(world) = world("services' own errors", &[]) else { return };
    for status in [400, 404, 413, 429, 431, 500, 503, 507] {
        for path in ["/api/v1/files", "/api/v1/jobs", ""] {
            for method in ["GET", "POST"] {
                let line = format!("{method} {path}/own/{status}");
                let answer = ask(&world.traefik, &line, &["authorization: Bearer known", "x-request-id: mine"], b"");
                assert_eq!((answer.status, answer.body.as_str()), (status, OWN), "{line}");
                assert_eq!(answer.header("content-type"), ["application/problem+json"], "{line}");
                assert_eq!(answer.header("retry-after"), ["17"], "{line}");
                assert_eq!(answer.header("x-request-id"), ["own"], "{line}");
            }
        }
    }
    let asked = world.gateways.iter().flat_map(Upstream::seen).filter(|seen| seen.line.contains("/errors/")).count();
    assert_eq!(asked, 0, "nobody was asked for other words");
}

/// Protects callers of a service without a replica: they are told so in the form of every other error, with when to come
/// again; nothing of their request goes elsewhere for it; other services are not touched; and it ends by itself.
#[test]
fn no_replica_is_told_in_the_products_form() {
    let Some(mut world) = world("no replica", &[WATCHFUL, ("HSTS_SECONDS", "60")]) else { return };
    world.services[0].stop();
    ask_until(&world, "GET /api/v1/jobs", 503);
    for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
        let headers = [SECRETS[0], SECRETS[1], "x-request-id: mine", "content-type: text/plain"];
        let answer = ask(&world.traefik, &format!("{method} /api/v1/jobs/a?q=secret"), &headers, b"secret");
        assert_in_words(&answer, 503);
        assert_eq!(answer.header("retry-after"), ["5"], "{method}");
        assert_eq!(answer.header("strict-transport-security"), ["max-age=60"], "{method}");
    }
    let head_only = ask(&world.traefik, "HEAD /api/v1/jobs", &["x-request-id: mine"], b"");
    assert_eq!((head_only.status, head_only.body.as_str()), (503, ""));
    assert_eq!(head_only.header("retry-after"), ["5"]);
    for request in world.gateways.iter().flat_map(Upstream::seen).filter(|seen| seen.line.contains("/errors/")) {
        // 502 until the health check has noticed.
        let asked = ["GET /internal/errors/502 HTTP/1.1", "GET /internal/errors/503 HTTP/1.1"];
        assert!(asked.contains(&request.line.as_str()), "{request:?}");
        assert!(!format!("{request:?}").contains("secret") && request.header("authorization").is_none(), "{request:?}");
    }
    for path in ["/api/v1/files", "/api/v1/reviews", "/api/v1/me"] {
        assert_eq!(world.get(path).status, 200, "{path}");
    }
    assert_eq!(ask(&world.traefik, "POST /api/v1/files/own/503", &[], b"").body, OWN);
    // A body that is still on its way is not waited for.
    let mut stream = connect(&world.traefik, "localhost").expect("a connection");
    let upload = head("POST /api/v1/jobs", &["x-request-id: mine"], 32 << 20);
    stream.write_all(upload.as_bytes()).expect("the head is sent");
    stream.write_all(&[0; 1024]).expect("a part is sent");
    assert_in_words(&answer_while_sending(&mut stream), 503);

    let port = world.services[0].port();
    world.services[0] = Upstream::start_on("jobs", port);
    let back = ask_until(&world, "POST /api/v1/jobs", 200);
    assert_eq!(back.body, "jobs 0");
}

/// Protects callers whose request met a dying replica: whether it was refused everywhere, taken and never answered, or not
/// even refused, they read it in the form of every other error; a gateway's death is told by the other gateway.
#[test]
fn no_answer_is_told_in_the_products_form() {
    let Some(world) = world("no answer", &[BLIND]) else { return };
    let ask = |line: &str| ask(&world.traefik, line, &[SECRETS[0], SECRETS[1], "x-request-id: mine"], b"");
    for line in ["GET /api/v1/files/vanish", "POST /api/v1/files/vanish", "GET /vanish", "POST /vanish"] {
        assert_in_words(&ask(line), 502);
    }
    world.services[0].stop();
    for method in ["GET", "POST", "DELETE"] {
        assert_in_words(&ask(&format!("{method} /api/v1/jobs/refused")), 502);
    }
    // Traefik says 504 here.
    world.services[2].fall_silent();
    assert_in_words(&ask("POST /api/v1/reviews"), 502);
    world.gateways[0].stop();
    for _ in 0..2 {
        assert_in_words(&ask("POST /api/v1/files/vanish"), 502);
    }
    let errors = world.gateways.iter().flat_map(Upstream::seen).filter(|seen| seen.line.contains("/errors/"));
    for request in errors {
        assert_eq!(request.line, "GET /internal/errors/502 HTTP/1.1");
        assert!(request.header("authorization").is_none() && request.header("cookie").is_none(), "{request:?}");
    }
}

/// Protects readers of answers: one whose replica dies in the middle ends in a broken connection, and never looks whole.
#[test]
fn an_answer_that_is_cut_does_not_look_whole() {
    let Some(world) = world("cut answers", &[]) else { return };
    for method in ["GET", "POST"] {
        for end in ["length", "chunks"] {
            let mut stream = connect(&world.traefik, "localhost").expect("a connection");
            let line = format!("{method} /api/v1/files/cut/{end}");
            stream.write_all(head(&line, &[], 0).as_bytes()).expect("it is sent");
            let mut bytes = Vec::new();
            // The connection's end, in whatever way.
            let _end = stream.read_to_end(&mut bytes);
            let text = String::from_utf8_lossy(&bytes);
            let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
            assert!(!body.ends_with("0\r\n\r\n"), "{line}: the last chunk");
            if let Some(length) = head.to_lowercase().split("content-length: ").nth(1) {
                let length: usize = length.lines().next().and_then(|text| text.parse().ok()).expect("a length");
                assert!(body.len() < length, "{line}: {} of {length}", body.len());
            }
            assert_eq!(
                world.files.iter().flat_map(Upstream::seen).filter(|seen| seen.line.starts_with(&line)).count(),
                1
            );
        }
    }
}

/// Protects callers when every gateway is gone too: they are answered at once, in Traefik's plain words, because nobody is
/// there to find others. What is promised is the status and an end.
#[test]
fn without_a_gateway_the_status_remains() {
    let Some(world) = world("no gateway", &[WATCHFUL]) else { return };
    for gateway in &world.gateways {
        gateway.stop();
    }
    for line in ["GET /api/v1/files", "POST /api/v1/jobs", "GET /api/v1/me", "POST /"] {
        let answer = ask(&world.traefik, line, &[], b"");
        assert!(matches!(answer.status, 502 | 503), "{line}: {}", answer.status);
        let answer = ask_until(&world, line, 503);
        assert_eq!(answer.body.trim(), "no available server", "{line}");
    }
    assert!(world.files.iter().all(|replica| replica.seen().is_empty()), "nobody passes unasked");
}
