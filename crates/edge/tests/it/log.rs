//! What is written about a request.

use crate::support::{get, server};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("lock").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Protects credentials: the log names method, route pattern, status, time and request id, and neither
/// ids in paths, queries nor headers, at any level.
#[actix_web::test]
async fn the_log_holds_no_credentials() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .finish();
    tracing::subscriber::set_global_default(subscriber).expect("no other test sets one");
    let server = server();
    let id = common::JobId::new();
    for path in [
        format!("/api/v1/things/{id}?code=querysecret"),
        "/api/v1/panic?code=querysecret".into(),
        "/nothing?code=querysecret".into(),
    ] {
        let request = get(&server, &path).header("x-request-id", "trace-7").header("cookie", "a=cookiesecret");
        request.bearer_auth("headersecret").send().await.expect("an answer");
    }
    let log = String::from_utf8(lines.0.lock().unwrap().clone()).expect("UTF-8");
    // Tests beside this one are written down too: the request is known by its id.
    let about_it = |line: &&str| line.contains("request.id=trace-7") && line.contains("/api/v1/things/{id}");
    let line = log.lines().find(about_it).expect("a line about the request");
    for part in ["http.method=GET", "http.status=200", "duration_ms="] {
        assert!(line.contains(part), "{line}");
    }
    // The client of this test logs too; only lines of the server's own crate count.
    for line in log.lines().filter(|line| line.contains("edge")) {
        assert!(!line.contains("secret") || line.contains("secret inner state"), "{line}");
        assert!(!line.contains(&id.to_string()), "{line}");
    }
}
