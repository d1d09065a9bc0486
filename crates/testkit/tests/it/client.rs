//! A client that sends exactly the bytes it is given: libraries tidy paths up before they send them.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};
use testkit::Traefik;

/// Longest wait for the next bytes.
const PATIENCE: Duration = Duration::from_secs(20);

pub type Tls = StreamOwned<ClientConnection, TcpStream>;

/// An answer. Header names are in lower case.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    /// All values of a header.
    pub fn header(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }
}

/// The port in a URL.
pub fn port(url: &str) -> u16 {
    url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a URL with a port")
}

/// Connects to Traefik as that name, trusting its authority and no other.
pub fn connect(traefik: &Traefik, name: &str) -> io::Result<Tls> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(traefik.ca_certificate()).expect("the authority") {
        roots.add(certificate.expect("a certificate")).expect("an authority");
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let connection = ClientConnection::new(Arc::new(config), name).expect("a client");
    let socket = TcpStream::connect(("127.0.0.1", port(&traefik.https_url())))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let mut stream = StreamOwned::new(connection, socket);
    stream.conn.complete_io(&mut stream.sock)?;
    Ok(stream)
}

/// One request over a connection of its own: the request line without version, more headers, a body.
pub fn ask(traefik: &Traefik, line: &str, headers: &[&str], body: &[u8]) -> Answer {
    let mut stream = connect(traefik, "localhost").expect("a connection");
    stream.write_all(head(line, headers, body.len()).as_bytes()).expect("the head is sent");
    stream.write_all(body).expect("the body is sent");
    answer(&mut stream)
}

/// The same without TLS.
pub fn ask_plainly(url: &str, line: &str, headers: &[&str]) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", port(url))).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.write_all(head(line, headers, 0).as_bytes()).expect("the head is sent");
    answer(&mut stream)
}

/// The head of a request that ends its connection.
pub fn head(line: &str, headers: &[&str], length: usize) -> String {
    let mut head = format!("{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
    if length > 0 {
        head.push_str(&format!("content-length: {length}\r\n"));
    }
    for header in headers {
        head.push_str(&format!("{header}\r\n"));
    }
    head + "\r\n"
}

/// Reads until a text has come, and answers all that came.
pub fn read_until(stream: &mut impl Read, text: &str) -> String {
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    while !String::from_utf8_lossy(&read).contains(text) {
        let count = stream.read(&mut buffer).expect("more comes");
        assert!(count > 0, "it ended before '{text}' came: {}", String::from_utf8_lossy(&read));
        read.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8_lossy(&read).into_owned()
}

/// Sends on, a little at a time, until an answer comes, and reads that.
pub fn answer_while_sending(stream: &mut Tls) -> Answer {
    stream.sock.set_read_timeout(Some(Duration::from_millis(20))).expect("a timeout");
    let (mut first, until) = ([0; 1], Instant::now() + PATIENCE);
    loop {
        // An end while we send is no surprise; what came before it is read below.
        let sent = stream.write_all(&[0; 1024]).and_then(|()| stream.flush());
        match stream.read(&mut first) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) && sent.is_ok() => {
                assert!(Instant::now() < until, "no answer");
            }
            _ => break,
        }
    }
    stream.sock.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    answer(&mut first.as_slice().chain(stream))
}

/// Reads the answer that ends a connection.
pub fn answer(stream: &mut impl Read) -> Answer {
    let mut bytes = Vec::new();
    // Without the farewell that TLS wants, or with a reset after the answer: what came is judged below.
    let _end = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status");
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    Answer { status, headers, body: body.to_owned() }
}
