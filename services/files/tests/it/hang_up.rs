//! Uploads over a real connection: clients that send too much or go away.

use crate::samples::png;
use crate::world::{BOUNDARY, World, form_body, part};
use actix_web::web;
use edge::testing::TestServer;
use files::Settings;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PATIENCE: Duration = Duration::from_secs(20);

fn serve(world: &World) -> TestServer {
    let files = world.files.clone();
    TestServer::routes(move |cfg| {
        cfg.app_data(web::Data::new(files.clone()));
        files::routes(cfg);
    })
}

async fn connect(server: &TestServer) -> TcpStream {
    let address = server.url("").replace("http://", "");
    TcpStream::connect(address).await.expect("a connection")
}

fn head(length: &str) -> String {
    format!(
        "POST /api/v1/files HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer ann\r\n{length}\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
    )
}

/// Reads until the text came or the connection ends.
async fn read_until(stream: &mut (impl AsyncReadExt + Unpin), text: &str) -> String {
    let mut answer = Vec::new();
    let reading = async {
        let mut piece = [0; 4096];
        while !String::from_utf8_lossy(&answer).contains(text) {
            match stream.read(&mut piece).await {
                Ok(length) if length > 0 => answer.extend_from_slice(&piece[..length]),
                _ => break,
            }
        }
    };
    let _ = tokio::time::timeout(PATIENCE, reading).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// Waits until nothing of any upload is left.
async fn becomes_empty(world: &World) {
    for _ in 0..1000 {
        let unfinished = std::fs::read_dir(world.folder.path().join("blobs/unfinished")).expect("a folder").count();
        if unfinished == 0 && world.keys().await.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    world.assert_empty("ann", "nothing is left").await;
}

/// Protects the disk and the person who waits: an upload without an announced end is answered soon
/// after the limit, not at its end, and nothing of it is kept.
#[actix_web::test]
async fn too_large_stops_early() {
    let settings = Settings { max_upload_bytes: 100_000, ..Settings::default() };
    let world = World::with(settings, |store| store).await;
    let server = serve(&world);
    let (mut reading, mut writing) = connect(&server).await.into_split();
    let sent = Arc::new(AtomicUsize::new(0));
    let count = sent.clone();
    let sending = tokio::spawn(async move {
        let whole = part("file", Some("a.png"), &png(30, 20));
        // An image and then bytes without end; the form is never closed.
        let first = &whole[..whole.len() - 2];
        let announced = format!("{}{:x}\r\n", head("Transfer-Encoding: chunked"), first.len());
        let mut next = [announced.as_bytes(), first, b"\r\n"].concat();
        while writing.write_all(&next).await.is_ok() {
            count.fetch_add(next.len(), Ordering::SeqCst);
            next = [b"10000\r\n".as_slice(), &[b'x'; 0x10000], b"\r\n"].concat();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    let answer = read_until(&mut reading, "file_too_large").await;
    let sent = sent.load(Ordering::SeqCst);
    sending.abort();
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("file_too_large"), "{answer}");
    assert!(sent < 10_000_000, "{sent} bytes were sent before the answer");
    becomes_empty(&world).await;
}

/// Protects the network: an announced length over the limit is refused before anything is read.
#[actix_web::test]
async fn an_announced_excess_is_refused_at_once() {
    let world = World::new().await;
    let server = serve(&world);
    let mut stream = connect(&server).await;
    stream.write_all(head("Content-Length: 9000000000").as_bytes()).await.expect("write");
    let answer = read_until(&mut stream, "file_too_large").await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("file_too_large"), "{answer}");
}

/// Protects the server from waiting: a wrong type is refused while the client still sends.
#[actix_web::test]
async fn a_wrong_type_is_refused_while_it_comes() {
    let world = World::new().await;
    let server = serve(&world);
    let mut stream = connect(&server).await;
    let body = part("file", Some("a.png"), &[b"%PDF-1.7 ".as_slice(), &[b'x'; 2000]].concat());
    stream.write_all(head("Content-Length: 20000000").as_bytes()).await.expect("write");
    stream.write_all(&body[..body.len() - 2]).await.expect("write");
    let answer = read_until(&mut stream, "unsupported_media_type").await;
    assert!(answer.starts_with("HTTP/1.1 415") && answer.contains("unsupported_media_type"), "{answer}");
}

/// Protects the store from clients that go away in the middle of an image, or right behind it before
/// the form ends: nothing of it stays.
#[actix_web::test]
async fn a_client_that_goes_away_leaves_nothing() {
    let world = World::new().await;
    let server = serve(&world);
    let body = form_body(&[part("file", Some("a.png"), &png(300, 200))]);
    for sent in [body.len() / 2, body.len() - 3] {
        let mut stream = connect(&server).await;
        stream.write_all(head(&format!("Content-Length: {}", body.len())).as_bytes()).await.expect("write");
        stream.write_all(&body[..sent]).await.expect("write");
        // Until the service has something in hand.
        tokio::time::sleep(Duration::from_millis(200)).await;
        drop(stream);
        becomes_empty(&world).await;
    }
    let mut stream = connect(&server).await;
    stream.write_all(head(&format!("Content-Length: {}", body.len())).as_bytes()).await.expect("write");
    stream.write_all(&body).await.expect("write");
    let answer = read_until(&mut stream, "created_at").await;
    assert!(answer.starts_with("HTTP/1.1 201"), "the server is as good as before: {answer}");
}
