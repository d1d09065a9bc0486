//! What happens to requests when a replica dies: which are sent again, and which never.

use crate::body::ours;
use crate::client::{answer, answer_while_sending, ask, connect, head};
use crate::upstream::{Seen, Upstream, WORDS};
use crate::world::{World, lines, said_in_time, world};
use std::io::Write;
use std::time::{Duration, Instant};

const WRITES: [&str; 4] = ["POST", "PUT", "DELETE", "PATCH"];
/// Health checks notice nothing within a test.
const BLIND: (&str, &str) = ("HEALTH_INTERVAL", "1h");

/// How many requests of this line have arrived.
fn arrived(upstreams: &[Upstream], line: &str) -> usize {
    lines(upstreams).iter().filter(|seen| seen.starts_with(line)).count()
}

/// Protects writes: a request that a service took without an answer is never sent a second time; reading is tried once
/// more at the other replica.
#[test]
fn only_reading_is_tried_again() {
    let Some(world) = world("retries", &[]) else { return };
    for method in WRITES {
        let line = format!("{method} /api/v1/files/{method}/vanish");
        assert_eq!(ask(&world.traefik, &line, &["content-type: text/plain"], b"once").status, 502, "{method}");
        assert_eq!(arrived(&world.files, &line), 1, "{method}");
    }
    assert_eq!(ask(&world.traefik, "POST /vanish", &[], b"once").status, 502);
    assert_eq!(lines(&world.gateways).iter().filter(|seen| seen.contains("/vanish")).count(), 1);
    assert_eq!(world.get("/api/v1/files/get/vanish").status, 502);
    for replica in &world.files {
        let tried = replica.seen().iter().filter(|seen| seen.line.starts_with("GET /api/v1/files/get/vanish")).count();
        assert_eq!(tried, 1, "each replica is asked once");
    }
    // Over connections that have been used (so this comes last: there the HTTP library sends reading again by itself): it
    // takes a key for leave to send again what has no body.
    for (header, body) in [("x-idempotency-key: a", &b""[..]), ("idempotency-key: a", b"once"), ("accept: */*", b"")] {
        for method in WRITES {
            for _ in 0..2 {
                assert_eq!(ask(&world.traefik, "POST /api/v1/files", &[], b"warm").status, 200);
            }
            let line = format!("{method} /api/v1/files/{}/vanish", header.replace(": ", "-").replace("*/*", "none"));
            assert_eq!(ask(&world.traefik, &line, &[header], body).status, 502, "{line}");
            assert_eq!(arrived(&world.files, &line), 1, "{line}");
        }
    }
}

/// Protects writes: once any byte of one has left, it is not sent again, however little a server took of it before it
/// died: small and large bodies, of known length and in chunks.
#[test]
fn what_a_server_has_bitten_off_is_not_sent_again() {
    let Some(world) = world("retries", &[]) else { return };
    for method in WRITES {
        for (name, length, chunks) in [
            ("small", 4, false),
            ("large", 64 << 10, false),
            ("small-chunks", 4, true),
            ("large-chunks", 64 << 10, true),
        ] {
            // Twice: one after the other, they go to different replicas.
            for turn in 0..2 {
                let line = format!("{method} /api/v1/files/{method}-{name}-{turn}/bite");
                let mut stream = connect(&world.traefik, "localhost").expect("a connection");
                let body = ours(0, length);
                let headers: &[&str] = if chunks { &["transfer-encoding: chunked"] } else { &[] };
                let mut bytes = head(&line, headers, if chunks { 0 } else { length }).into_bytes();
                if chunks {
                    bytes.extend_from_slice(format!("{length:x}\r\n").as_bytes());
                }
                bytes.extend_from_slice(body);
                if chunks {
                    bytes.extend_from_slice(b"\r\n0\r\n\r\n");
                }
                stream.write_all(&bytes).expect("it is sent");
                let answer = answer(&mut stream);
                assert_eq!((answer.status, answer.body.as_str()), (502, WORDS), "{line}");
                assert_eq!(arrived(&world.files, &line), 1, "{line}");
            }
        }
    }
}

/// Protects writes: a replica that dies while an upload is on its way has had it; nobody else gets it.
#[test]
fn an_upload_dies_with_its_replica() {
    let Some(world) = world("retries", &[BLIND]) else { return };
    let line = "POST /api/v1/files/upload/big";
    let mut stream = connect(&world.traefik, "localhost").expect("a connection");
    stream.write_all(head(line, &[], 1 << 20).as_bytes()).expect("the head is sent");
    stream.write_all(ours(0, 65_536)).expect("a part is sent");
    let has_it = || world.files.iter().position(|replica| replica.arrived() > 0);
    let until = Instant::now() + Duration::from_secs(20);
    while has_it().is_none() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(10));
    }
    world.files[has_it().expect("a part arrived before the rest was sent")].stop();
    let answer = answer_while_sending(&mut stream);
    assert_eq!((answer.status, answer.body.as_str()), (502, WORDS));
    assert_eq!(arrived(&world.files, line), 1);
}

/// Protects availability before any health check has noticed: with a replica of a service and a gateway gone, reading
/// goes on at once, and so does the question who is there.
#[test]
fn reading_goes_on_beside_a_dead_replica() {
    let Some(world) = world("retries", &[BLIND]) else { return };
    world.files[0].stop();
    world.gateways[1].stop();
    // One path after the other: in turns, one path would always meet the same gateway.
    for path in ["/api/v1/files", "/api/v1/me", "/api/v1/jobs"] {
        for _ in 0..4 {
            assert_eq!(world.get(path).status, 200, "{path}");
        }
    }
}

/// A world in which both files services had connections, and one of them and a gateway have died unnoticed.
fn beside_the_dead(what: &str) -> Option<World> {
    let world = world(what, &[BLIND])?;
    for _ in 0..4 {
        assert_eq!(ask(&world.traefik, "POST /api/v1/files", &[], b"warm").status, 200);
    }
    world.files[0].stop();
    world.gateways[1].stop();
    Some(world)
}

/// Protects availability for writes before any health check has noticed: where no connection can be made, the other
/// replica gets the request, whole and once.
#[test]
fn writing_goes_on_beside_a_dead_replica() {
    let Some(world) = beside_the_dead("retries of writes") else { return };
    for count in 0..8 {
        for method in WRITES {
            let line = format!("{method} /api/v1/files/{method}-{count}");
            let answer = ask(&world.traefik, &line, &["authorization: Bearer known"], b"whole");
            assert_eq!((answer.status, answer.body.as_str()), (200, "files 5"), "{line}");
            assert_eq!(arrived(&world.files, &line), 1, "{line}");
        }
        let answer = ask(&world.traefik, "POST /api/v1/me", &[], b"whole");
        assert_eq!((answer.status, answer.body.as_str()), (200, "gateway 5"));
    }
}

/// Protects availability for writes under load: the next turn after a refusal may be the dead replica's again, because
/// others took their turns between; none of many is lost for that.
#[test]
fn many_writes_at_once_go_on_beside_a_dead_replica() {
    let Some(world) = beside_the_dead("retries of many writes") else { return };
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let world = &world;
            scope.spawn(move || {
                for count in 0..10 {
                    let line = format!("POST /api/v1/files/{writer}-{count}-end");
                    let answer = ask(&world.traefik, &line, &[], b"whole");
                    assert_eq!((answer.status, answer.body.as_str()), (200, "files 5"), "{line}");
                    assert_eq!(arrived(&world.files, &line), 1, "{line}");
                }
            });
        }
    });
}

/// Protects availability where a machine is gone, and not only a process: nobody refuses, so it takes the three seconds
/// that a connection may take.
#[test]
fn writing_goes_on_beside_a_silent_machine() {
    let Some(world) = world("a silent machine", &[BLIND]) else { return };
    for _ in 0..2 {
        assert_eq!(ask(&world.traefik, "POST /api/v1/files", &[], b"warm").status, 200);
    }
    world.files[1].fall_silent();
    let start = Instant::now();
    for _ in 0..2 {
        let answer = ask(&world.traefik, "POST /api/v1/files", &[], b"whole");
        assert_eq!((answer.status, answer.body.as_str()), (200, "files 5"));
    }
    let took = start.elapsed();
    assert!(took > Duration::from_secs(2), "one of them met it: {took:?}");
}

/// Protects memory and large uploads: a body that may be sent to another replica is still not kept anywhere. What has
/// been sent of a hundred megabytes arrives before the rest exists, and arrives unchanged; of known length, in chunks, and
/// where the sender waits to be asked for it.
#[test]
fn large_bodies_stream_through_retries() {
    const LENGTH: usize = 100 << 20;
    const PIECE: usize = 64 << 10;
    let Some(world) = beside_the_dead("large bodies") else { return };
    let living = &world.files[1];
    for (header, chunks) in
        [("accept: */*", false), ("transfer-encoding: chunked", true), ("expect: 100-continue", false)]
    {
        // Two of each: one after the other, they begin at different replicas.
        for turn in 0..2 {
            let before = living.arrived();
            let mut stream = connect(&world.traefik, "localhost").expect("a connection");
            let line = format!("POST /api/v1/files/{turn}/big");
            stream.write_all(head(&line, &[header], if chunks { 0 } else { LENGTH }).as_bytes()).expect("it is sent");
            for offset in (0..LENGTH).step_by(PIECE) {
                if offset == LENGTH / 4 {
                    stream.flush().expect("it is sent");
                    // All but what stands in the buffers of sockets, which hold some megabytes.
                    wait_until(|| living.arrived() - before > LENGTH / 8);
                }
                let piece = ours(offset, PIECE);
                if chunks {
                    stream.write_all(format!("{PIECE:x}\r\n").as_bytes()).expect("it is sent");
                }
                stream.write_all(piece).expect("it is sent");
                if chunks {
                    stream.write_all(b"\r\n").expect("it is sent");
                }
            }
            if chunks {
                stream.write_all(b"0\r\n\r\n").expect("it is sent");
            }
            let answer = answer(&mut stream);
            let said = format!("files {LENGTH} intact");
            // The answer to one who waits comes after '100 Continue'.
            let whole =
                answer.body == said || (answer.status == 100 && answer.body.ends_with(&format!("\r\n\r\n{said}")));
            assert!(whole, "{header}: {} {}", answer.status, answer.body);
        }
    }
    let uploads: Vec<Seen> = living.seen().into_iter().filter(|seen| seen.line.contains("/big ")).collect();
    assert_eq!(uploads.len(), 6, "each once");
}

fn wait_until(happened: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(20);
    while !happened() {
        assert!(Instant::now() < until, "it happens in time");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Protects availability for writes: as soon as the health check has noticed, a dead replica gets none; and a Traefik
/// that was killed comes back on its ports.
#[test]
fn a_dead_replica_is_left_out() {
    // Short, so that it is noticed within the test.
    let Some(mut world) = world("health checks", &[("HEALTH_INTERVAL", "200ms")]) else { return };
    world.files[0].stop();
    world.gateways[1].stop();
    assert!(said_in_time(&world, "Health check failed", 2), "{}", world.traefik.log());
    let before = lines(&world.files[1..]).len();
    for _ in 0..8 {
        let answer = ask(&world.traefik, "POST /api/v1/files", &["authorization: Bearer known"], b"a");
        assert_eq!((answer.status, answer.body.as_str()), (200, "files 1"));
    }
    assert_eq!(lines(&world.files[1..]).len(), before + 8);

    world.traefik.kill();
    assert!(connect(&world.traefik, "localhost").is_err());
    world.traefik.begin().expect("it comes back");
    assert_eq!(world.get("/api/v1/files").status, 200);
}
