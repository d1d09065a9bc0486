//! `--check`: asks the service that runs on this machine whether it is ready. Containers have no other program that
//! could ask.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

/// Longest wait for an answer: a little more than a service gives its checks.
const PATIENCE: Duration = Duration::from_secs(6);

/// Longest answer that is read, in bytes.
const MOST_BYTES: u64 = 64 * 1024;

/// Prints what the service says of itself.
pub fn check(listen: &str) -> ExitCode {
    match ask(listen) {
        Ok((true, said)) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Ok((false, said)) => {
            eprintln!("{said}");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("Nothing answers at {listen}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn ask(listen: &str) -> std::io::Result<(bool, String)> {
    let address: SocketAddr = listen.parse().map_err(std::io::Error::other)?;
    let mut stream = TcpStream::connect_timeout(&reachable(address), PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(MOST_BYTES).read_to_end(&mut answer)?;
    Ok(parse(&String::from_utf8_lossy(&answer)))
}

/// An address that listens everywhere is reached at home.
fn reachable(address: SocketAddr) -> SocketAddr {
    let home = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        other => other,
    };
    SocketAddr::new(home, address.port())
}

/// Whether the answer says 200, and its body.
fn parse(answer: &str) -> (bool, String) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    (head.starts_with("HTTP/1.1 200 "), body.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects containers' health: only a 200 is ready, and the service is found wherever it listens.
    #[test]
    fn answers_are_read() {
        let rows = [
            ("HTTP/1.1 200 OK\r\na: b\r\n\r\n{\"ready\":true}", (true, "{\"ready\":true}")),
            ("HTTP/1.1 503 Service Unavailable\r\n\r\n{}", (false, "{}")),
            ("SSH-2.0-x 200", (false, "")),
            ("", (false, "")),
        ];
        for (answer, (ready, body)) in rows {
            assert_eq!(parse(answer), (ready, body.to_owned()), "{answer:?}");
        }
        let rows = [("0.0.0.0:80", "127.0.0.1:80"), ("[::]:80", "[::1]:80"), ("10.0.0.1:80", "10.0.0.1:80")];
        for (listen, reached) in rows {
            assert_eq!(reachable(listen.parse().expect("an address")), reached.parse().expect("an address"));
        }
    }
}
