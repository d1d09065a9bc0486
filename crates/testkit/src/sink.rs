//! A receiver that takes whatever is posted to it, and shows it: for collectors, Langfuse and Sentry.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Longest body.
const MOST: usize = 64 << 20;

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Path with query.
    pub path: String,
    /// Heads, names in lower case.
    pub heads: BTreeMap<String, String>,
    /// The body; unpacked where it came with gzip.
    pub body: Vec<u8>,
}

type Answer = Arc<dyn Fn(&Received) -> (&'static str, String) + Send + Sync>;

/// Answers every request with 200, until it is killed or dropped.
#[derive(Debug)]
pub struct Sink {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    connections: Arc<Mutex<Vec<TcpStream>>>,
    dead: Arc<AtomicBool>,
}

impl Sink {
    /// Listens on a free port of the loopback address, and answers with `{}`.
    ///
    /// # Errors
    /// It cannot listen.
    pub fn start() -> io::Result<Self> {
        Self::answering(|_| ("application/json", "{}".to_owned()))
    }

    /// As [`Sink::start`], with a media type and a body of its own for each request.
    ///
    /// # Errors
    /// It cannot listen.
    pub fn answering(answer: impl Fn(&Received) -> (&'static str, String) + Send + Sync + 'static) -> io::Result<Self> {
        let answer: Answer = Arc::new(answer);
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let received = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(Mutex::new(Vec::new()));
        let dead = Arc::new(AtomicBool::new(false));
        let (all, open, ended) = (received.clone(), connections.clone(), dead.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::Acquire) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                if let Ok(known) = stream.try_clone() {
                    locked(&open).push(known);
                }
                let (all, answer): (Arc<Mutex<Vec<Received>>>, Answer) = (all.clone(), answer.clone());
                std::thread::spawn(move || {
                    // A connection that breaks off brings nothing more.
                    let _broken = serve(stream, &all, &answer);
                });
            }
        });
        Ok(Self { address, received, connections, dead })
    }

    /// Its base address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Host and port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Everything that came so far.
    pub fn received(&self) -> Vec<Received> {
        locked(&self.received).clone()
    }

    /// Waits until what came is as wanted; what came by then, also where it never was.
    pub fn until(&self, patience: Duration, wanted: impl Fn(&[Received]) -> bool) -> Vec<Received> {
        let deadline = Instant::now() + patience;
        loop {
            let received = self.received();
            if wanted(&received) || Instant::now() > deadline {
                return received;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Dies: open connections end, new ones are refused.
    pub fn kill(&self) {
        self.dead.store(true, Ordering::Release);
        for connection in locked(&self.connections).drain(..) {
            // One that the other side has ended already is fine.
            let _ended = connection.shutdown(std::net::Shutdown::Both);
        }
        // Wakes the acceptor, which then drops the listener.
        let _woken = TcpStream::connect(self.address);
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.kill();
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(stream: TcpStream, all: &Mutex<Vec<Received>>, answer: &Answer) -> io::Result<()> {
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut heads = BTreeMap::new();
        loop {
            let mut head = String::new();
            reader.read_line(&mut head)?;
            let Some((name, value)) = head.trim_end().split_once(':') else { break };
            heads.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let mut body = body_of(&mut reader, &heads)?;
        // Traefik packs what it tells.
        if heads.get("content-encoding").is_some_and(|encoding| encoding == "gzip") {
            let mut unpacked = Vec::new();
            flate2::read::GzDecoder::new(body.as_slice()).take(MOST as u64).read_to_end(&mut unpacked)?;
            body = unpacked;
        }
        let request = Received { path, heads, body };
        let (kind, body) = answer(&request);
        locked(all).push(request);
        let length = body.len();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n");
        writer.write_all(format!("{head}{body}").as_bytes())?;
    }
}

fn body_of(reader: &mut impl BufRead, heads: &BTreeMap<String, String>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    if heads.get("transfer-encoding").is_some_and(|encoding| encoding.contains("chunked")) {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size)?;
            let size = usize::from_str_radix(size.trim(), 16).map_err(io::Error::other)?;
            let start = body.len();
            if start + size > MOST {
                return Err(io::Error::other("the body is too long"));
            }
            body.resize(start + size, 0);
            reader.read_exact(&mut body[start..])?;
            reader.read_line(&mut String::new())?;
            if size == 0 {
                return Ok(body);
            }
        }
    }
    let length: usize = heads.get("content-length").and_then(|length| length.parse().ok()).unwrap_or_default();
    if length > MOST {
        return Err(io::Error::other("the body is too long"));
    }
    body.resize(length, 0);
    reader.read_exact(&mut body)?;
    Ok(body)
}
