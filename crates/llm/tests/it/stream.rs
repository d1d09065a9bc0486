//! Answers in pieces, over real connections: slow is not dead, half an answer is none, and whoever listens hears it all.

use crate::endpoint::quick;
use crate::request;
use actix_web::dev::ServerHandle;
use actix_web::{App, HttpResponse, HttpServer, web};
use futures::StreamExt;
use llm::{ErrorKind, Heard, Limits, Model, ModelError, OnText, OpenAiModel, Reply, Request, RoleName};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the server does next.
#[derive(Clone)]
enum Do {
    Say(String),
    Wait(u64),
    Break,
    Hang,
}
use Do::{Break, Hang, Say, Wait};

fn piece(text: &str) -> Do {
    Say(format!("data: {}\n\n", json!({"choices": [{"delta": {"content": text}, "finish_reason": null}]})))
}

fn end() -> Vec<Do> {
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2}});
    let stop = json!({"choices": [{"delta": {}, "finish_reason": "stop"}]});
    vec![Say(format!("data: {stop}\n\ndata: {usage}\n\ndata: [DONE]\n\n"))]
}

/// A server that streams by a script for each question; the last one again and again.
struct Streaming {
    url: String,
    asked: Arc<AtomicUsize>,
    handle: ServerHandle,
}

impl Drop for Streaming {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

impl Streaming {
    fn start(scripts: Vec<Vec<Do>>) -> Self {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = asked.clone();
        let server = HttpServer::new(move || {
            let (scripts, counted) = (scripts.clone(), counted.clone());
            let answer = move |body: web::Json<Value>| {
                assert_eq!((&body["stream"], &body["stream_options"]["include_usage"]), (&json!(true), &json!(true)));
                let n = counted.fetch_add(1, Ordering::SeqCst);
                let script = scripts.get(n).or(scripts.last()).cloned().unwrap_or_default();
                async move { HttpResponse::Ok().content_type("text/event-stream").streaming(play(script)) }
            };
            App::new().route("/v1/chat/completions", web::post().to(answer))
        })
        .workers(1)
        .disable_signals()
        .bind("127.0.0.1:0")
        .unwrap();
        let url = format!("http://{}/v1", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, asked, handle }
    }

    async fn ask(&self, limits: Limits, request: Request) -> Result<Reply, ModelError> {
        OpenAiModel::new(&self.url, "m", None, limits).unwrap().complete(request).await
    }
}

fn play(script: Vec<Do>) -> impl futures::Stream<Item = Result<web::Bytes, std::io::Error>> {
    futures::stream::iter(script).filter_map(|act| async move {
        match act {
            Say(text) => Some(Ok(web::Bytes::from(text))),
            Break => Some(Err(std::io::Error::other("cut"))),
            Wait(ms) => {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                None
            }
            Hang => futures::future::pending().await,
        }
    })
}

/// Everything that was heard, with a bar where an answer begins.
fn listener() -> (OnText, Arc<Mutex<String>>) {
    let heard = Arc::new(Mutex::new(String::new()));
    let kept = heard.clone();
    let on_text = OnText::new(move |what| match what {
        Heard::Begins => kept.lock().unwrap().push('|'),
        Heard::Text(text) | Heard::Arguments(text) => kept.lock().unwrap().push_str(text),
    });
    (on_text, heard)
}

fn plain() -> Request {
    request(RoleName::Code, 0, 0, 0)
}

/// Protects slow models: one that goes on writing, or says that it still works, is waited for far beyond the longest
/// silence; its tokens are those that it counted.
#[tokio::test]
async fn a_slow_model_is_waited_for() {
    let slow: Vec<Do> =
        (0..8).flat_map(|_| [piece("x"), Wait(80), Say(": working\n\n".into()), Wait(80)]).chain(end()).collect();
    let server = Streaming::start(vec![slow]);
    let (on_text, heard) = listener();
    let reply = server.ask(quick(), Request { on_text: Some(on_text), ..plain() }).await.unwrap();
    assert_eq!((reply.text.as_str(), reply.counted), ("xxxxxxxx", true));
    assert_eq!((reply.usage.prompt_tokens, reply.usage.completion_tokens), (5, 2));
    assert_eq!(*heard.lock().unwrap(), "|xxxxxxxx");
    assert_eq!(server.asked.load(Ordering::SeqCst), 1);
}

/// Protects jobs from dead models, and people from the wrong advice: silence within an answer ends the call soon, and it
/// is not paid again; one that writes on beyond its time is told from it.
#[tokio::test]
async fn a_dead_model_is_told_from_a_slow_one() {
    let server = Streaming::start(vec![vec![piece("x"), Hang]]);
    let started = std::time::Instant::now();
    let error = server.ask(quick(), plain()).await.unwrap_err();
    assert_eq!((error.kind, error.slow), (ErrorKind::Timeout, false), "{error}");
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    assert!(error.failure().detail.contains("did not answer in time"));
    assert_eq!(server.asked.load(Ordering::SeqCst), 1);
    let endless: Vec<Do> = (0..1000).flat_map(|_| [piece("x"), Wait(20)]).collect();
    let server = Streaming::start(vec![endless]);
    let limits = Limits { total_timeout: Duration::from_millis(1500), ..quick() };
    let error = server.ask(limits, plain()).await.unwrap_err();
    assert_eq!((error.kind, error.slow), (ErrorKind::Timeout, true), "{error}");
    assert!(error.failure().detail.contains("was still writing its answer when its time was up"));
}

/// Protects from half an answer: a stream that breaks, or ends without a word, is asked for again, and whoever listens is
/// told to forget what came.
#[tokio::test]
async fn half_an_answer_is_asked_for_again() {
    let whole: Vec<Do> = [piece("new")].into_iter().chain(end()).collect();
    for cut in [vec![piece("old"), Break], vec![piece("old")], vec![Say("data: {\"choi".into())]] {
        let server = Streaming::start(vec![cut.clone(), whole.clone()]);
        let (on_text, heard) = listener();
        let reply = server.ask(quick(), Request { on_text: Some(on_text), ..plain() }).await.unwrap();
        assert_eq!(reply.text, "new");
        assert!(heard.lock().unwrap().ends_with("|new"), "{heard:?}");
        assert_eq!(server.asked.load(Ordering::SeqCst), 2);
    }
}

/// Protects from faults that come with status 200 in the middle of a stream: each is judged as if it had come at once.
#[tokio::test]
async fn faults_within_a_stream_are_judged() {
    let fault = |error: Value| vec![piece("x"), Say(format!("data: {}\n\n", json!({ "error": error })))];
    let rows = [
        (fault(json!({"message": "out of memory", "code": 500})), ErrorKind::Unavailable, 3),
        (fault(json!({"message": "slow down", "code": 429})), ErrorKind::RateLimited, 3),
        (fault(json!({"message": "too long", "code": 400})), ErrorKind::Refused, 1),
        // A line without end.
        (vec![Say(format!("data: {}", "x".repeat(100_000)))], ErrorKind::BadAnswer, 1),
        ([piece(" ")].into_iter().chain(end()).collect(), ErrorKind::BadAnswer, 1),
    ];
    for (script, kind, asked) in rows {
        let server = Streaming::start(vec![script]);
        let error = server.ask(quick(), plain()).await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert_eq!(server.asked.load(Ordering::SeqCst), asked, "{error}");
    }
}

/// Protects the worker's memory: a stream that never ends within its time is given up at the largest answer.
#[tokio::test]
async fn an_answer_without_end_is_given_up() {
    let server = Streaming::start(vec![(0..2000).map(|_| piece(&"x".repeat(1000))).collect()]);
    let error = server.ask(quick(), plain()).await.unwrap_err();
    assert_eq!((error.kind, server.asked.load(Ordering::SeqCst)), (ErrorKind::BadAnswer, 1), "{error}");
}

/// Protects whoever listens from servers that cannot stream: they hear the answer all the same.
#[tokio::test]
async fn an_answer_in_one_piece_is_heard() {
    let endpoint = crate::endpoint::Endpoint::start();
    let (on_text, heard) = listener();
    endpoint.model("good").complete(Request { on_text: Some(on_text), ..plain() }).await.unwrap();
    assert_eq!(*heard.lock().unwrap(), "|hi");
}
