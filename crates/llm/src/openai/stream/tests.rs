use super::*;

fn event(value: &Value) -> String {
    format!("data: {value}\n\n")
}

fn said(content: &str) -> Value {
    json!({"choices": [{"index": 0, "delta": {"content": content}, "finish_reason": null}]})
}

fn end() -> Value {
    json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
}

fn assembled(stream: &str) -> (String, Option<Value>) {
    let mut assembly = Assembly::default();
    let heard = assembly.take(stream.as_bytes()).expect("no failure");
    (heard, assembly.finish())
}

/// Protects answers from how the network cuts them: whatever the pieces, what is heard and what comes of it is the same,
/// letters of several bytes included.
#[test]
fn it_does_not_matter_where_the_stream_is_cut() {
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 3}});
    let stream = format!(
        ": a comment\r\n\r\nevent: x\n{}{}{}{}data: [DONE]\n\n",
        event(&said("h\u{e9}")),
        event(&said("llo\n\u{1f600}")),
        event(&end()),
        event(&usage)
    );
    let bytes = stream.as_bytes();
    for size in 1..=bytes.len() {
        let mut assembly = Assembly::default();
        let heard: String = bytes.chunks(size).map(|piece| assembly.take(piece).expect("no failure")).collect();
        assert_eq!(heard, "h\u{e9}llo\n\u{1f600}", "pieces of {size}");
        assert!(assembly.is_done());
        let answer = assembly.finish().expect("whole");
        assert_eq!(answer["choices"][0]["message"]["content"], heard);
        assert_eq!((&answer["usage"], &answer["choices"][0]["finish_reason"]), (&usage["usage"], &json!("stop")));
    }
}

/// Protects from half an answer: it is whole only where the server says so, by a reason or by its last word.
#[test]
fn an_end_must_be_said() {
    let hi = event(&said("hi"));
    assert_eq!(assembled(&hi), ("hi".to_owned(), None));
    assert!(assembled(&format!("{hi}data: [DONE]")).1.is_some(), "the last line may lack its end");
    assert!(assembled(&format!("{hi}{}", event(&end()))).1.is_some(), "some send no last word");
    assert_eq!(assembled("").1, None);
    assert_eq!(assembled("data: {\"choi").1, None);
}

/// Protects tool calls however servers send them: in pieces with numbers, whole, without numbers, with the name repeated,
/// with arguments as an object.
#[test]
fn calls_are_put_together() {
    let call = |pieces: &[Value]| {
        let stream: String =
            pieces.iter().map(|piece| event(&json!({"choices": [{"delta": {"tool_calls": [piece]}}]}))).collect();
        let answer = assembled(&format!("{stream}data: [DONE]\n")).1.expect("whole");
        let calls = crate::tools::from_message(&answer["choices"][0]["message"]);
        calls.into_iter().map(|call| (call.name, call.arguments)).collect::<Vec<_>>()
    };
    let one = |name: &str, arguments: &str| (name.to_owned(), arguments.to_owned());
    let pieces = [
        json!({"index": 0, "id": "a", "type": "function", "function": {"name": "crop", "arguments": ""}}),
        json!({"index": 0, "function": {"arguments": "{\"x\""}}),
        json!({"index": 1, "id": "b", "function": {"name": "finish", "arguments": "{}"}}),
        json!({"index": 0, "function": {"arguments": ": 1}"}}),
    ];
    assert_eq!(call(&pieces), [one("crop", "{\"x\": 1}"), one("finish", "{}")]);
    let bare = [
        json!({"id": "a", "function": {"name": "crop", "arguments": "{}"}}),
        json!({"id": "b", "function": {"name": "crop", "arguments": "{\"x\":"}}),
        json!({"function": {"arguments": " 2}"}}),
    ];
    assert_eq!(call(&bare), [one("crop", "{}"), one("crop", "{\"x\": 2}")]);
    let all_first = [
        json!({"index": 0, "id": "a", "function": {"name": "crop", "arguments": "{\"x\": 1}"}}),
        json!({"index": 0, "id": "b", "function": {"name": "crop", "arguments": "{\"x\":"}}),
        json!({"index": 0, "function": {"arguments": " 2}"}}),
    ];
    assert_eq!(call(&all_first), [one("crop", "{\"x\": 1}"), one("crop", "{\"x\": 2}")]);
    let odd = [
        json!({"index": 0, "function": {"name": "crop", "arguments": {"x": 1}}}),
        json!({"index": 0, "function": {"name": "crop"}}),
    ];
    assert_eq!(call(&odd), [one("crop", "{\"x\":1}")]);
}

/// Protects from failures within a stream, however they are sent; an event of several lines, a null error and foreign
/// pieces are none.
#[test]
fn failures_in_a_stream_are_told() {
    for stream in [
        "data: {\"error\": {\"message\": \"out of memory\", \"code\": 500}}\n\n",
        "error: {\"message\": \"out of memory\", \"code\": 500}\n\n",
        "event: error\ndata: {\"error\": {\"message\": \"out of memory\"}}\n\n",
    ] {
        let failure = Assembly::default().take(stream.as_bytes()).expect_err(stream);
        assert_eq!(failure["error"]["message"], "out of memory", "{stream}");
    }
    let split = "data: {\"choices\": [{\"delta\":\ndata: {\"content\": \"hi\"}, \"finish_reason\": \"stop\"}]}\n\n";
    assert_eq!(assembled(split).0, "hi");
    let null = json!({"error": null, "choices": [{"delta": {"content": [{"type": "thinking"}, {"text": "hi"}]}}]});
    let odd = format!(
        "data: 7\ndata: []\n{}{}",
        event(&null),
        event(&json!({"choices": [{"index": 1, "delta": {"content": "x"}}]}))
    );
    assert_eq!(assembled(&odd).0, "hi");
}

/// Protects the choice between a stream and an answer in one piece, which does not rest on what the server calls it.
#[test]
fn a_stream_is_known_by_its_first_bytes() {
    for (bytes, is_stream) in [
        ("\n\ndata: {", true),
        (": hi", true),
        ("event: x", true),
        ("{\"choices\"", false),
        ("<html>", false),
        ("", false),
    ] {
        assert_eq!(Assembly::begins(bytes.as_bytes()), is_stream, "{bytes}");
    }
}
