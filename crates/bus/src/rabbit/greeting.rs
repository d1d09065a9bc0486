//! Whether anybody is there who speaks.
//!
//! The library gives every attempt to connect a thread that ends with an answer only: a node that takes connections and
//! is silent would cost another thread with each attempt. So after one such attempt it is asked here first.

use super::Place;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What a client says first (AMQP 0-9-1, 4.2.2).
const HEADER: &[u8] = b"AMQP\x00\x00\x09\x01";

/// Waits until a node answers, without becoming its client. Over TLS, where it cannot be greeted in plain text, taking
/// the connection is answer enough.
///
/// # Errors
/// It refuses the connection, or ends it without a word: why.
pub async fn answers(place: &Place) -> Result<(), String> {
    let text = |error: std::io::Error| error.to_string();
    let mut stream = TcpStream::connect(&place.host).await.map_err(text)?;
    if place.url.starts_with("amqps:") {
        return Ok(());
    }
    stream.write_all(HEADER).await.map_err(text)?;
    let mut first = [0];
    stream.read_exact(&mut first).await.map_err(text)?;
    Ok(())
}
