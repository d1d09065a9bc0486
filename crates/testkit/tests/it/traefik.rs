//! The files below `traefik/`, tried on the real binary in front of small servers.

use crate::client::{answer_while_sending, ask, ask_plainly, connect, head, read_until};
use crate::upstream::{IDENTITY, MAX_BODY, REFUSAL, Upstream};
use crate::world::{lines, said_in_time, world};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};
use testkit::{Traefik, TraefikUpstreams};

/// Protects the routing table: each service gets its own segment and what is below it, the gateway all else, whatever
/// the method; and the configuration itself, which starts without a warning.
#[test]
fn every_path_goes_to_its_service() {
    let Some(world) = world("the routing table", &[]) else { return };
    let table = [
        ("/api/v1/files", "files"),
        ("/api/v1/files/a/content?x=1", "files"),
        ("/api/v1/fi%6Ces", "files"),
        ("/api/v1/jobs", "jobs"),
        ("/api/v1/jobs/a/outputs/b/100%25%23%3F%3B%5C.txt", "jobs"),
        ("/api/v1/notifications", "jobs"),
        ("/api/v1/notifications/settings/test", "jobs"),
        ("/api/v1/notificationsx", "gateway"),
        ("/api/v1/me/export", "jobs"),
        ("/api/v1/me/data", "jobs"),
        ("/api/v1/me/database", "gateway"),
        ("/api/v1/models", "agent"),
        ("/api/v1/models/code/try", "agent"),
        ("/api/v1/models/calls", "jobs"),
        ("/api/v1/models/calls?limit=5", "jobs"),
        ("/api/v1/reviews", "critic"),
        ("/api/v1/executions", "sandbox"),
        ("/api/v1/executions/", "sandbox"),
        ("/api/v1/filesystem", "gateway"),
        ("/api/v1/jobs.json", "gateway"),
        ("/api/v1/Files", "gateway"),
        ("/api/v1/me", "gateway"),
        ("/api/v1", "gateway"),
        ("/internals", "gateway"),
        ("/", "gateway"),
    ];
    for (path, service) in table {
        for method in ["GET", "POST", "DELETE", "OPTIONS"] {
            let answer = ask(&world.traefik, &format!("{method} {path}"), &[], b"");
            assert_eq!((answer.status, answer.body), (200, format!("{service} 0")), "{method} {path}");
        }
    }
    assert_eq!(world.traefik.log(), "");
}

/// Protects what is for the inside: no spelling of a path brings anybody to it, though the rest of the site answers.
#[test]
fn the_inside_cannot_be_reached() {
    let Some(world) = world("the way to the inside", &[]) else { return };
    let spellings = [
        "/internal/authorize",
        "/internal",
        "/internal/",
        "//internal/authorize",
        "///internal//authorize",
        "/./internal/authorize",
        "/x/../internal/authorize",
        "/api/v1/files/../../../internal/authorize",
        "/api/v1/files/%2e%2e/%2E%2E/.%2e/internal/authorize",
        "/%69nternal/authorize",
        "/%2finternal/authorize",
        "/internal%2Fauthorize",
        "/api/v1/files/..%2f..%2f..%2finternal/authorize",
        "/internal%252fauthorize",
        "/internal%00/authorize",
        "/internal;a=b/authorize",
        "/internal%3Ba/authorize",
        "/internal%5Cauthorize",
        "/internal\\authorize",
        "/INTERNAL/authorize",
        "/internal/authorize?x=/api/v1/files",
        "/metrics",
        "//metrics",
        "https://localhost/internal/authorize",
        "https://localhost//internal/authorize",
    ];
    for spelling in spellings {
        for method in ["GET", "POST"] {
            let answer = ask(&world.traefik, &format!("{method} {spelling}"), &["authorization: Bearer known"], b"");
            let refused = answer.status == 400 || answer.body == "gateway 0";
            assert!(refused, "{method} {spelling}: {} {}", answer.status, answer.body);
        }
    }
    // All that the gateways ever saw of it is a path that they do not have.
    let seen = lines(&world.gateways);
    assert!(seen.len() > 20, "{seen:?}");
    assert!(seen.iter().all(|line| line.contains(" /api/v1/no-such-path")), "{seen:?}");
    assert!(!seen.iter().any(|line| line.contains("internal") || line.contains("metrics")), "{seen:?}");
    assert_eq!(lines(&world.files), Vec::<String>::new());
}

/// Protects identity: services get the gateway's word and nothing else, whatever a caller claims; the gateway gets what
/// it needs to judge, about the true request; what it refuses is answered in its own words.
#[test]
fn only_the_gateway_says_who_is_there() {
    let Some(world) = world("forwardAuth", &[]) else { return };
    let claims = [
        "x-darkroom-identity: forged",
        "X-Darkroom-Identity: forged again",
        "x_darkroom_identity: forged",
        "x.darkroom.identity: forged",
        "cookie: session=secret",
        "forwarded: for=9.9.9.9;host=evil.example",
        "x-forwarded-for: 9.9.9.9",
        "x-forwarded-host: evil.example",
        "x-forwarded-proto: http",
        "x-forwarded-method: DELETE",
        "x-forwarded-uri: /evil",
        "x-forwarded-prefix: /evil",
        "x-real-ip: 9.9.9.9",
    ];
    for (path, service) in
        [("/api/v1/jobs", 0), ("/api/v1/models", 1), ("/api/v1/reviews", 2), ("/api/v1/executions", 3)]
    {
        for method in ["GET", "POST"] {
            let line = format!("{method} {path}?q=1");
            let known = [&claims[..], &["authorization: Bearer known"]].concat();
            assert_eq!(ask(&world.traefik, &line, &claims, b"").status, 200);
            assert_eq!(ask(&world.traefik, &line, &known, b"").status, 200);
            let refused = ask(&world.traefik, &line, &["authorization: Bearer refused"], b"");
            assert_eq!((refused.status, refused.body.as_str()), (403, REFUSAL));
            assert_eq!(refused.header("content-type"), ["application/problem+json"]);
            assert_eq!(refused.header("www-authenticate"), ["Bearer realm=\"darkroom\""]);
        }
        let seen = world.services[service].seen();
        assert_eq!(seen.len(), 4, "what is refused does not arrive: {seen:?}");
        for (count, request) in seen.iter().enumerate() {
            let expected = (count % 2 == 1).then_some(IDENTITY);
            assert_eq!(request.header("x-darkroom-identity"), expected, "{request:?}");
            let text = format!("{request:?}");
            for trace in ["forged", "evil", "9.9.9.9", "secret", "Bearer"] {
                assert!(!text.contains(trace), "'{trace}' reached a service: {text}");
            }
            assert_eq!(request.header("x-forwarded-for"), Some("127.0.0.1"));
            assert_eq!(request.header("x-forwarded-proto"), Some("https"));
        }
    }
    ask(&world.traefik, "POST /api/v1/me", &[&claims[..], &["authorization: Bearer known"]].concat(), b"");
    let asked: Vec<_> = world.gateways.iter().flat_map(Upstream::seen).collect();
    assert_eq!(asked.len(), 25);
    for request in &asked {
        let text = format!("{request:?}");
        for trace in ["forged", "evil", "9.9.9.9"] {
            assert!(!text.contains(trace), "'{trace}' reached the gateway: {text}");
        }
        if request.line.starts_with("GET /internal/authorize ") {
            assert!(matches!(request.header("x-forwarded-method"), Some("GET" | "POST")), "{text}");
            assert!(request.header("x-forwarded-uri").is_some_and(|uri| uri.ends_with("?q=1")), "{text}");
            assert_eq!(request.header("x-forwarded-host"), Some("localhost"), "{text}");
            assert_eq!(request.header("x-forwarded-for"), Some("127.0.0.1"), "{text}");
        } else {
            assert_eq!(request.line, "POST /api/v1/me HTTP/1.1");
            assert_eq!(request.header("authorization"), Some("Bearer known"));
            assert_eq!(request.header("cookie"), Some("session=secret"));
        }
    }
}

/// Protects the way in: plain HTTP only points to HTTPS and keeps the method, the certificate is good for the names it
/// was made for and no other, HSTS is said over TLS alone, and no header of a service is changed or doubled.
#[test]
fn everything_is_spoken_over_tls() {
    let Some(world) = world("TLS", &[("DOMAIN", "darkroom.example")]) else { return };
    let plain = world.traefik.http_url();
    for (method, status) in [("GET", 301), ("POST", 308), ("DELETE", 308)] {
        for path in ["/api/v1/files?a=b", "/internal/authorize"] {
            let answer = ask_plainly(&plain, &format!("{method} {path}"), &["authorization: Bearer known"]);
            assert_eq!(answer.status, status, "{method}");
            assert_eq!(answer.header("location"), [format!("{}{path}", world.traefik.https_url())]);
            assert_eq!(answer.header("strict-transport-security"), Vec::<&str>::new());
        }
    }
    assert_eq!(lines(&world.gateways), Vec::<String>::new());
    for name in ["localhost", "127.0.0.1", "::1", "darkroom.example"] {
        assert!(connect(&world.traefik, name).is_ok(), "{name}");
    }
    assert!(connect(&world.traefik, "another.example").is_err());
    for headers in [&[][..], &["authorization: Bearer refused"]] {
        let answer = ask(&world.traefik, "GET /api/v1/files", headers, b"");
        assert_eq!(answer.header("strict-transport-security"), ["max-age=31536000"]);
    }
    let answer = world.get("/api/v1/files");
    assert_eq!(answer.header("x-content-type-options"), ["nosniff"]);
    assert_eq!(answer.header("content-security-policy"), ["sandbox"]);
}

/// Protects secrets: a log of requests is kept, without query strings, headers and what is asked inside.
#[test]
fn the_access_log_keeps_no_secrets() {
    let Some(world) = world("the access log", &[]) else { return };
    let headers = ["authorization: Bearer known", "cookie: session=hidden", "referer: https://localhost/?code=hidden"];
    ask(&world.traefik, "GET /signin?code=hidden", &headers, b"");
    ask(&world.traefik, "POST /api/v1/files?code=hidden", &headers, b"");
    ask_plainly(&world.traefik.http_url(), "GET /signin?code=hidden", &headers);
    let until = Instant::now() + Duration::from_secs(10);
    while world.traefik.access_log().lines().count() < 2 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(50));
    }
    let log = world.traefik.access_log();
    assert!(log.contains(r#""RequestPath":"/signin""#) && log.contains(r#""RequestPath":"/api/v1/files""#), "{log}");
    for secret in ["hidden", "code", "known", IDENTITY, "internal"] {
        assert!(!log.contains(secret), "'{secret}': {log}");
    }
    let metrics = ask_plainly(&world.traefik.ops_url(), "GET /metrics", &[]);
    assert!(metrics.body.contains("traefik_service_requests_total"), "{}", metrics.body);
    assert_eq!(ask_plainly(&world.traefik.ops_url(), "GET /traefik/dashboard/", &[]).status, 404);
}

/// Protects live streams: the first event is there before the second exists.
#[test]
fn events_arrive_one_by_one() {
    let Some(world) = world("event streams", &[]) else { return };
    let mut stream = connect(&world.traefik, "localhost").expect("a connection");
    stream.write_all(head("GET /api/v1/jobs/a/events", &[], 0).as_bytes()).expect("the request is sent");
    let first = read_until(&mut stream, "data: first");
    assert!(first.starts_with("HTTP/1.1 200") && !first.contains("second"), "{first}");
    world.services[0].release();
    read_until(&mut stream, "data: second");
}

/// Protects large uploads' senders: who announces too much gets the service's own 413 while still sending.
#[test]
fn too_large_a_body_gets_the_services_refusal() {
    let Some(world) = world("large bodies", &[]) else { return };
    let fits = ask(&world.traefik, "POST /api/v1/files", &[], &vec![0; MAX_BODY]);
    assert_eq!((fits.status, fits.body), (200, format!("files {MAX_BODY}")));
    let mut stream = connect(&world.traefik, "localhost").expect("a connection");
    stream.write_all(head("POST /api/v1/files", &[], 32 * MAX_BODY).as_bytes()).expect("the head is sent");
    stream.write_all(&vec![0; MAX_BODY / 4]).expect("a part of the body is sent");
    let large = answer_while_sending(&mut stream);
    assert_eq!((large.status, large.body.as_str()), (413, r#"{"code":"payload_too_large"}"#));
}

/// Protects the settings that are off by default: with an ACME account the resolver is there (no certificate can be got
/// here, so its complaint is that nobody answers), and the dashboard is for its users, on the inner port only.
#[test]
fn acme_and_the_dashboard_are_switched_on_by_variables() {
    // admin:developer, made with 'openssl passwd -apr1'.
    let users = "admin:$apr1$darkroom$DP/o/BRYVxJ6mBwiBmaaD1";
    let kept = tempfile::tempdir().expect("a folder");
    let kept = kept.path().join("acme.json").display().to_string();
    let variables = [
        ("DOMAIN", "darkroom.example"),
        ("ACME_EMAIL", "operator@darkroom.example"),
        // Nobody listens there.
        ("ACME_SERVER", "https://127.0.0.1:9/directory"),
        ("ACME_STORAGE", kept.as_str()),
        // A certificate for the name that is there already would be used instead.
        ("CERT_FILE", ""),
        ("KEY_FILE", ""),
        ("DASHBOARD_USERS", users),
    ];
    let Some(world) = world("ACME", &variables) else { return };
    let router = |name: &str, headers: &[&str]| {
        ask_plainly(&world.traefik.ops_url(), &format!("GET /traefik/api/http/routers/{name}@file"), headers)
    };
    // admin:developer
    let admin = ["authorization: Basic YWRtaW46ZGV2ZWxvcGVy"];
    assert_eq!(router("files", &[]).status, 401);
    let files = router("files", &admin);
    assert!(files.status == 200 && files.body.contains(r#""certResolver":"acme""#), "{}", files.body);
    let dashboard = router("dashboard", &admin);
    assert!(dashboard.body.contains(r#""entryPoints":["ops"]"#), "{}", dashboard.body);
    let asked = "cannot get ACME client get directory at 'https://127.0.0.1:9/directory'";
    assert!(said_in_time(&world, asked, 1), "{}", world.traefik.log());
    assert!(!world.traefik.log().contains("nonexistent"), "{}", world.traefik.log());
    assert!(Path::new(&kept).is_file());
}

/// Protects operators from half a configuration: a service without replicas is named, and nothing starts.
#[test]
fn a_service_without_replicas_is_named() {
    let upstreams = TraefikUpstreams { gateway: vec!["http://127.0.0.1:9".to_owned()], ..TraefikUpstreams::default() };
    match Traefik::start(&upstreams) {
        Err(why) if why.contains("not installed") => eprintln!("SKIPPED: missing variables are not tried: {why}"),
        Err(why) => assert!(why.contains("FILES_URLS is not set"), "{why}"),
        Ok(_) => panic!("it started without a files service"),
    }
}
