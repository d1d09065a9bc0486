//! Small HTTP servers in the place of the gateway and the services. They note what reaches them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// The longest body they take, in bytes; a longer one is refused by its announced length, as our services do it.
pub const MAX_BODY: usize = 1 << 20;
/// What the gateway says of callers it knows.
pub const IDENTITY: &str = "signed.by.the.gateway";
/// What it says to those it refuses.
pub const REFUSAL: &str = r#"{"type":"/docs/errors#forbidden","status":403,"code":"forbidden"}"#;

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
    released: Mutex<bool>,
    changed: Condvar,
    stopped: Mutex<bool>,
}

/// One of them, with the name it answers by.
pub struct Upstream {
    port: u16,
    shared: Arc<Shared>,
}

impl Upstream {
    pub fn start(name: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared::default());
        let served = shared.clone();
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                if *served.stopped.lock().expect("the state") {
                    return;
                }
                let (Ok(connection), served) = (connection, served.clone()) else { continue };
                std::thread::spawn(move || serve(name, &connection, &served));
            }
        });
        Self { port, shared }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What has arrived but for health checks.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().expect("the state").clone()
    }

    /// Lets event streams send their second event.
    pub fn release(&self) {
        *self.shared.released.lock().expect("the state") = true;
        self.shared.changed.notify_all();
    }

    /// From now on nobody listens, and open connections answer nothing more.
    pub fn stop(&self) {
        *self.shared.stopped.lock().expect("the state") = true;
        // Wakes the listener up to see it.
        let _woken = TcpStream::connect(("127.0.0.1", self.port));
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
        let length = seen.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
        if target == "/healthz" {
            if reply(writer, "200 OK", &[], "").is_err() {
                return;
            }
            continue;
        }
        let authorization = seen.header("authorization").map(str::to_owned);
        shared.seen.lock().expect("the state").push(seen);
        if length > MAX_BODY {
            let _sent =
                reply(writer, "413 Payload Too Large", &["connection: close"], r#"{"code":"payload_too_large"}"#);
            linger(connection, &mut reader);
            return;
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let sent = match (target.as_str(), authorization.as_deref()) {
            ("/internal/authorize", None) => reply(writer, "200 OK", &[], ""),
            ("/internal/authorize", Some("Bearer known")) => {
                reply(writer, "200 OK", &[&format!("x-darkroom-identity: {IDENTITY}")], "")
            }
            ("/internal/authorize", Some(_)) => {
                let headers = ["content-type: application/problem+json", "www-authenticate: Bearer realm=\"darkroom\""];
                reply(writer, "403 Forbidden", &headers, REFUSAL)
            }
            // It took the request and died.
            (target, _) if target.ends_with("/vanish") => return,
            (target, _) if target.ends_with("/events") => return events(writer, shared),
            _ => {
                let headers = ["x-content-type-options: nosniff", "content-security-policy: sandbox"];
                reply(writer, "200 OK", &headers, &format!("{name} {}", body.len()))
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
