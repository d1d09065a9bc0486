use super::*;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A resolver that gives these answers, one after the other, the last again and again.
fn answers(answers: Vec<Vec<&'static str>>) -> Lookup {
    let asked = Arc::new(AtomicUsize::new(0));
    Arc::new(move |_| {
        let turn = asked.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1);
        let found = answers[turn].iter().map(|text| text.parse().expect("an address")).collect();
        Box::pin(async move { Ok(found) })
    })
}

/// A server that gives each connection one answer and keeps what it was sent.
async fn server(answer: &'static str) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let (port, seen) = (listener.local_addr().expect("its port").port(), Arc::new(Mutex::new(Vec::new())));
    let kept = seen.clone();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
            while !String::from_utf8_lossy(&request).contains("\r\n\r\n{}") {
                match connection.read(&mut buffer).await {
                    Ok(read) if read > 0 => request.extend_from_slice(&buffer[..read]),
                    _ => break,
                }
            }
            kept.lock().expect("lock").push(String::from_utf8_lossy(&request).into_owned());
            let _gone = connection.write_all(answer.as_bytes()).await;
        }
    });
    (port, seen)
}

fn call<'a>(url: &'a str, secret: &'a str) -> Call<'a> {
    Call { url, id: "msg_1", secret, body: b"{}".to_vec() }
}

/// Protects the inside of the network from names: whatever a name answers first, the address that would be connected to
/// is the one that is looked at, each time anew.
#[tokio::test]
async fn names_that_change_their_mind_gain_nothing() {
    let guard = |lookup| Guard { rules: Rules::new(true, "named.test"), lookup };
    let resolve = async |guard: &Guard, name: &str| -> Result<Vec<String>, String> {
        let found = guard.resolve(name.parse().expect("a name")).await;
        found.map(|found| found.map(|one| one.ip().to_string()).collect()).map_err(|error| error.to_string())
    };
    let flipping = guard(answers(vec![vec!["8.8.8.8"], vec!["127.0.0.1"], vec!["8.8.4.4"]]));
    assert_eq!(resolve(&flipping, "hook.test").await, Ok(vec!["8.8.8.8".to_owned()]));
    assert_eq!(resolve(&flipping, "hook.test").await, Err(Refused.to_string()));
    assert_eq!(resolve(&flipping, "hook.test").await, Ok(vec!["8.8.4.4".to_owned()]));
    let mixed = guard(answers(vec![vec!["10.0.0.1", "8.8.8.8", "::ffff:127.0.0.1", "fe80::1"]]));
    assert_eq!(resolve(&mixed, "hook.test").await, Ok(vec!["8.8.8.8".to_owned()]), "only what is public");
    let inside = guard(answers(vec![vec!["10.0.0.1"]]));
    assert_eq!(resolve(&inside, "named.test").await, Ok(vec!["10.0.0.1".to_owned()]), "the operator named it");
}

/// Protects the inside of the network: a server there sees no connection at all, by name or by address, and the attempt
/// is not repeated.
#[tokio::test]
async fn nothing_inside_is_connected_to() {
    let (port, seen) = server("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let hooks = Hooks::new(Rules::new(true, ""), answers(vec![vec!["127.0.0.1"]])).expect("a client");
    let secret = signature::new_secret().expect("a secret");
    for host in ["hook.test", "127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        let url = format!("http://{host}:{port}/");
        let outcome = hooks.send(call(&url, &secret)).await;
        assert_eq!(outcome, Outcome::Never { why: REFUSED.to_owned(), closes: false }, "{host}");
    }
    assert_eq!(seen.lock().expect("lock").len(), 0, "a connection was made");
}

/// Protects receivers and this server alike: an honest receiver gets the three headers of the specification, a redirect is
/// not followed, endless or broken answers do no harm, and 410 ends it.
#[tokio::test]
async fn answers_are_taken_as_they_are() {
    let again = |why: &str| Outcome::Again { why: why.to_owned(), after: None };
    let rows = [
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", Outcome::Sent),
        // Of this the head is enough: the body never comes.
        ("HTTP/1.1 202 Accepted\r\ncontent-length: 999999999999\r\n\r\nx", Outcome::Sent),
        (
            "HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n",
            again("The receiver answered 302; redirects are not followed."),
        ),
        ("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n", again("The receiver answered 500.")),
        (
            "HTTP/1.1 429 Slow\r\nretry-after: 77\r\ncontent-length: 0\r\n\r\n",
            Outcome::Again { why: "The receiver answered 429.".to_owned(), after: Some(Duration::from_secs(77)) },
        ),
        (
            "HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n",
            Outcome::Never { why: "The receiver answered 410: it wants nothing more.".to_owned(), closes: true },
        ),
        ("SSH-2.0-OpenSSH_9\r\n\r\n", again("The receiver broke the connection off or gave no valid answer.")),
        ("", again("The receiver broke the connection off or gave no valid answer.")),
    ];
    let secret = signature::new_secret().expect("a secret");
    for (answer, expected) in rows {
        let (port, seen) = server(answer).await;
        let hooks = Hooks::new(Rules::new(true, "receiver.test"), answers(vec![vec!["127.0.0.1"]])).expect("a client");
        let outcome = hooks.send(call(&format!("http://receiver.test:{port}/in?x=1"), &secret)).await;
        assert_eq!(outcome, expected, "{answer:?}");
        let seen = seen.lock().expect("lock").clone();
        assert_eq!(seen.len(), 1, "{answer:?}");
        let header = |name: &str| {
            let found = seen[0].lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
            found.unwrap_or_else(|| panic!("{name} in {}", seen[0])).to_owned()
        };
        assert!(seen[0].starts_with("POST /in?x=1 HTTP/1.1\r\n"), "{}", seen[0]);
        let at = header("webhook-timestamp").parse().expect("seconds");
        let signed = signature::sign(&secret, &header("webhook-id"), at, b"{}");
        assert_eq!(Some(header("webhook-signature")), signed);
    }
}
