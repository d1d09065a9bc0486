//! A receiver of webhooks.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Request {
    pub fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    /// Whether it is signed with the secret, checked as the specification says.
    pub fn is_signed(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("a secret")).expect("base64");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
        mac.update(format!("{}.{}.{}", self.id(), self.headers["webhook-timestamp"], self.body).as_bytes());
        self.headers["webhook-signature"] == format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// What it answers.
#[derive(Debug, Clone, Copy)]
pub enum Answer {
    /// At once.
    Status(u16),
    /// After a while.
    Slowly(u16, Duration),
    /// Never.
    Nothing,
}

#[derive(Default)]
struct Seen {
    requests: Vec<Request>,
    open: BTreeMap<String, usize>,
    twice_at_once: bool,
}

/// See the module.
#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    seen: Arc<Mutex<Seen>>,
}

impl Receiver {
    /// One that gives this answer to the n-th request, counted from 0.
    pub async fn start(answer: impl Fn(usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let (seen, answer) = (Arc::new(Mutex::new(Seen::default())), Arc::new(answer));
        let kept = seen.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(take(connection, kept.clone(), answer.clone()));
            }
        });
        Self { url, seen }
    }

    pub fn requests(&self) -> Vec<Request> {
        self.seen.lock().expect("lock").requests.clone()
    }

    /// Whether one delivery was ever sent while it was being sent.
    pub fn was_sent_twice_at_once(&self) -> bool {
        self.seen.lock().expect("lock").twice_at_once
    }
}

async fn take(
    mut connection: TcpStream,
    seen: Arc<Mutex<Seen>>,
    answer: Arc<impl Fn(usize) -> Answer + Send + Sync + 'static>,
) {
    let Some(request) = read(&mut connection).await else { return };
    let id = request.id().to_owned();
    let number = {
        let mut seen = seen.lock().expect("lock");
        let open = seen.open.entry(id.clone()).or_default();
        *open += 1;
        seen.twice_at_once |= *open > 1;
        seen.requests.push(request);
        seen.requests.len() - 1
    };
    let status = match answer(number) {
        Answer::Status(status) => Some(status),
        Answer::Slowly(status, pause) => {
            tokio::time::sleep(pause).await;
            Some(status)
        }
        Answer::Nothing => None,
    };
    match status {
        Some(status) => {
            let head = format!("HTTP/1.1 {status} Answer\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            // Counted as over before it is told, as it is for the one that sends.
            seen.lock().expect("lock").open.entry(id).and_modify(|open| *open -= 1);
            let _gone = connection.write_all(head.as_bytes()).await;
        }
        None => {
            // Until the other side is gone.
            let _gone = connection.read(&mut [0; 16]).await;
            seen.lock().expect("lock").open.entry(id).and_modify(|open| *open -= 1);
        }
    }
}

async fn read(connection: &mut TcpStream) -> Option<Request> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 8192]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
            let headers: BTreeMap<_, _> =
                lines.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
            let length: usize = headers.get("content-length")?.parse().ok()?;
            if body.len() >= length {
                return Some(Request { headers, body: body.to_owned() });
            }
        }
        match connection.read(&mut buffer).await {
            Ok(read) if read > 0 => bytes.extend_from_slice(&buffer[..read]),
            _ => return None,
        }
    }
}
