//! The object store. Being here also has cargo build its program before any test of the workspace runs.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use testkit::S3Server;

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_s3-server"))
}

/// What the server answers to a request without a signature.
fn ask(server: &S3Server) -> String {
    let mut line = TcpStream::connect(server.address()).expect("it takes connections");
    line.write_all(b"GET /bucket/key HTTP/1.1\r\nHost: store\r\nConnection: close\r\n\r\n").expect("asked");
    let mut answer = String::new();
    line.read_to_string(&mut answer).expect("answered");
    answer
}

/// Protects tests of credentials: the store refuses whoever does not sign, also after it was killed and began again.
#[test]
fn the_object_store_asks_who_is_there() {
    let mut server = S3Server::start_program(program()).expect("a server");
    for _ in 0..2 {
        let answer = ask(&server);
        assert!(answer.starts_with("HTTP/1.1 403 ") && answer.contains("<Code>AccessDenied</Code>"), "{answer}");
        let before = server.pid().expect("it runs");
        server.kill();
        assert!(TcpStream::connect(server.address()).is_err(), "it was killed");
        server.begin().expect("it begins again");
        assert_ne!(server.pid().expect("it runs"), before);
    }
}

/// Protects machines that run tests: a store whose starter has gone without a word ends and removes its folder.
#[test]
fn the_object_store_ends_with_its_starter() {
    let folder = tempfile::tempdir().expect("folder");
    let kept: PathBuf = folder.path().join("store");
    std::fs::create_dir(&kept).expect("folder");
    let [port] = testkit::free_ports().expect("a port");
    let mut server = Command::new(program())
        .arg(&kept)
        .args([&port.to_string(), "access", "secret"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("started");
    let until = Instant::now() + Duration::from_secs(30);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < until, "it comes up");
        std::thread::sleep(Duration::from_millis(20));
    }
    // What the end of a process does to its pipes.
    drop(server.stdin.take());
    assert!(server.wait().expect("it ends").success());
    assert!(!kept.exists(), "its folder is left");
}
