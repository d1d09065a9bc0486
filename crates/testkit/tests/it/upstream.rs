//! Small HTTP servers in the place of the gateway and the services. They note what reaches them.

use crate::body::{Body, is_ours};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// The longest body they take, in bytes; a longer one is refused by its announced length, as our services do it.
/// Anything below `/big` takes all.
pub const MAX_BODY: usize = 1 << 20;
/// What the gateway says of callers it knows.
pub const IDENTITY: &str = "signed.by.the.gateway";
/// What it says to those it refuses.
pub const REFUSAL: &str = r#"{"type":"/docs/errors#forbidden","status":403,"code":"forbidden"}"#;
/// What a service says itself when it fails, with any status.
pub const OWN: &str = r#"{"code":"the_services_own"}"#;
/// What the gateway says in the place of Traefik.
pub const WORDS: &str = r#"{"code":"in_the_gateways_words"}"#;

/// A request as it arrived. Header names are in lower case.
#[derive(Debug, Clone)]
pub struct Seen {
    pub line: String,
    pub headers: Vec<(String, String)>,
}

impl Seen {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

#[derive(Default)]
struct Shared {
    seen: Mutex<Vec<Seen>>,
    arrived: AtomicUsize,
    released: Mutex<bool>,
    changed: Condvar,
    stopped: Mutex<bool>,
    open: Mutex<Vec<TcpStream>>,
}

/// One of them, with the name it answers by.
pub struct Upstream {
    port: u16,
    shared: Arc<Shared>,
    acceptor: Mutex<Option<JoinHandle<()>>>,
    listener: Mutex<Option<TcpListener>>,
    waiting: Mutex<Vec<TcpStream>>,
}

impl Upstream {
    pub fn start(name: &'static str) -> Self {
        Self::start_on(name, 0)
    }

    /// On a port that another one had.
    pub fn start_on(name: &'static str, port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("a port");
        let kept = listener.try_clone().expect("a second handle");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared::default());
        let served = shared.clone();
        let acceptor = std::thread::spawn(move || {
            for connection in listener.incoming() {
                if *served.stopped.lock().expect("the state") {
                    return;
                }
                let (Ok(connection), served) = (connection, served.clone()) else { continue };
                let ours = connection.try_clone().expect("a second handle");
                served.open.lock().expect("the state").push(ours);
                std::thread::spawn(move || {
                    serve(name, &connection, &served);
                    // There is a second handle. Ended already by the other side: as good.
                    let _ended = connection.shutdown(Shutdown::Both);
                });
            }
        });
        let (acceptor, listener) = (Mutex::new(Some(acceptor)), Mutex::new(Some(kept)));
        Self { port, shared, acceptor, listener, waiting: Mutex::default() }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What has arrived but for health checks.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().expect("the state").clone()
    }

    /// Bytes of bodies that have arrived.
    pub fn arrived(&self) -> usize {
        self.shared.arrived.load(Ordering::SeqCst)
    }

    /// Lets event streams send their second event.
    pub fn release(&self) {
        *self.shared.released.lock().expect("the state") = true;
        self.shared.changed.notify_all();
    }

    /// As a process that is killed: when this returns, connections are refused, and those that stood have ended.
    pub fn stop(&self) {
        self.hang_up();
        drop(self.listener.lock().expect("the state").take());
    }

    /// As a machine that is gone: when this returns, attempts to connect are not even refused.
    pub fn fall_silent(&self) {
        self.hang_up();
        let listener = self.listener.lock().expect("the state");
        let listener = listener.as_ref().expect("it was not stopped");
        rustix::net::listen(listener, 0).expect("a shorter queue");
        let address = listener.local_addr().expect("an address");
        // Until the queue is full; then the system drops what comes.
        while let Ok(waits) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
            self.waiting.lock().expect("the state").push(waits);
        }
    }

    fn hang_up(&self) {
        *self.shared.stopped.lock().expect("the state") = true;
        // Wakes the acceptor up to see it.
        let _woken = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(acceptor) = self.acceptor.lock().expect("the state").take() {
            acceptor.join().expect("it ends");
        }
        for connection in self.shared.open.lock().expect("the state").drain(..) {
            // Ended by the other side.
            let _gone = connection.shutdown(Shutdown::Both);
        }
    }
}

fn serve(name: &str, connection: &TcpStream, shared: &Shared) {
    let mut reader = BufReader::new(connection);
    let writer = connection;
    while let Some(seen) = head(&mut reader) {
        if *shared.stopped.lock().expect("the state") {
            return;
        }
        let target = seen.line.split(' ').nth(1).unwrap_or_default().to_owned();
        if target == "/healthz" {
            if reply(writer, "200 OK", &[], "").is_err() {
                return;
            }
            continue;
        }
        let authorization = seen.header("authorization").map(str::to_owned);
        let id = seen.header("x-request-id").unwrap_or("made-here").to_owned();
        let body = Body::announced(&seen);
        shared.seen.lock().expect("the state").push(seen);
        if target.ends_with("/bite") {
            // It takes a part and dies.
            let mut part = [0; 1];
            let _part = reader.read(&mut part);
            let _gone = connection.shutdown(Shutdown::Both);
            return;
        }
        if matches!(body, Body::Length(length) if length > MAX_BODY) && !target.ends_with("/big") {
            let _sent =
                reply(writer, "413 Payload Too Large", &["connection: close"], r#"{"code":"payload_too_large"}"#);
            linger(connection, &mut reader);
            return;
        }
        let mut intact = true;
        let arrived = &shared.arrived;
        let read = body.read(&mut reader, |offset, bytes| {
            intact &= is_ours(offset, bytes);
            arrived.fetch_add(bytes.len(), Ordering::SeqCst);
        });
        let Ok(length) = read else { return };
        let problem = "content-type: application/problem+json";
        let sent = match (target.as_str(), authorization.as_deref()) {
            ("/internal/authorize", None) => reply(writer, "200 OK", &[], ""),
            ("/internal/authorize", Some("Bearer known")) => {
                reply(writer, "200 OK", &[&format!("x-darkroom-identity: {IDENTITY}")], "")
            }
            ("/internal/authorize", Some(_)) => {
                reply(writer, "403 Forbidden", &[problem, "www-authenticate: Bearer realm=\"darkroom\""], REFUSAL)
            }
            ("/internal/errors/502", _) => {
                reply(writer, "502 Bad Gateway", &[problem, &format!("x-request-id: {id}")], WORDS)
            }
            ("/internal/errors/503", _) => {
                let headers = [problem, &format!("x-request-id: {id}"), "retry-after: 5"];
                reply(writer, "503 Service Unavailable", &headers, WORDS)
            }
            // It took the request and died.
            (target, _) if target.ends_with("/vanish") => return,
            (target, _) if target.ends_with("/events") => return events(writer, shared),
            (target, _) if target.ends_with("/cut/length") => return cut(writer, "content-length: 500000", ""),
            (target, _) if target.ends_with("/cut/chunks") => {
                return cut(writer, "transfer-encoding: chunked", "30d40\r\n");
            }
            (target, _) if target.contains("/own/") => {
                let status = target.rsplit('/').next().unwrap_or_default();
                reply(writer, &format!("{status} Its Own"), &[problem, "retry-after: 17", "x-request-id: own"], OWN)
            }
            (target, _) if target.ends_with("/big") => {
                reply(writer, "200 OK", &[], &format!("{name} {length} {}", if intact { "intact" } else { "changed" }))
            }
            _ => {
                let headers = ["x-content-type-options: nosniff", "content-security-policy: sandbox"];
                reply(writer, "200 OK", &headers, &format!("{name} {length}"))
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

/// Reads on for a moment, so that the answer is not lost to a reset.
fn linger(connection: &TcpStream, reader: &mut impl Read) {
    let _half = connection.shutdown(Shutdown::Write);
    let _limit = connection.set_read_timeout(Some(Duration::from_secs(2)));
    let _rest = std::io::copy(reader, &mut std::io::sink());
}

fn events(mut writer: &TcpStream, shared: &Shared) {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\ndata: first\n\n";
    let _sent = writer.write_all(head.as_bytes());
    let released = shared.released.lock().expect("the state");
    let patience = Duration::from_secs(30);
    let waited = shared.changed.wait_timeout_while(released, patience, |released| !*released);
    drop(waited);
    let _sent = writer.write_all(b"data: second\n\n");
}

/// Dies after 200,000 bytes of its answer's body.
fn cut(mut writer: &TcpStream, header: &str, before: &str) {
    let head = format!("HTTP/1.1 200 OK\r\n{header}\r\n\r\n{before}");
    let _sent = writer.write_all(head.as_bytes()).and_then(|()| writer.write_all(&[b'a'; 200_000]));
    let _gone = writer.shutdown(Shutdown::Both);
}

fn reply(mut writer: &TcpStream, status: &str, headers: &[&str], body: &str) -> std::io::Result<()> {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    writer.write_all(format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len()).as_bytes())
}

fn head(reader: &mut impl BufRead) -> Option<Seen> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok().filter(|count| *count > 0)?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        headers.push((name.to_lowercase(), value.to_owned()));
    }
    Some(Seen { line: line.trim_end().to_owned(), headers })
}
