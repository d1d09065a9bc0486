//! Code and inputs as no caller should send them.

use super::{Expected, Scene, assert_problem};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

/// The body of a run whose code is these bytes, whatever they are.
fn raw(code: &[u8]) -> Vec<u8> {
    [b"{\"code\": \"", code, b"\"}"].concat()
}

fn body(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

fn with_inputs(names: &[&str]) -> Vec<u8> {
    let inputs: Vec<Value> = names.iter().map(|name| json!({ "name": name, "content_base64": "eA==" })).collect();
    body(&json!({ "code": "print(1)", "inputs": inputs }))
}

/// Protects callers and the jail's door: code that cannot be Python, and bodies that are no request, are
/// named as what they are; nothing runs and nothing is written.
#[tokio::test(flavor = "multi_thread")]
async fn bad_code_is_a_clear_problem() {
    let scene = Scene::new(&[]);
    let before = scene.traces().await;
    let long = "#".repeat((1 << 20) + 1);
    let deep = format!("{{\"code\": {}", "[".repeat(100_000));
    let rows: Vec<(&str, Vec<u8>, Expected)> = vec![
        ("no bytes at all", Vec::new(), (400, "invalid_json", "ends too early")),
        ("no code", body(&json!({})), (400, "invalid_json", "missing field `code`")),
        ("0 bytes of code", raw(b""), (422, "invalid_field", "'code' is empty")),
        ("code of blanks", raw(b" \\n\\t"), (422, "invalid_field", "'code' is empty")),
        ("only a byte order mark", raw("\u{feff}".as_bytes()), (422, "invalid_field", "'code' is empty")),
        ("NUL in the code", raw(b"print(1)\\u0000"), (422, "invalid_field", "NUL")),
        ("NUL in the body", raw(b"print(1)\0"), (400, "invalid_json", "control character")),
        ("code that is no UTF-8", raw(b"print('\xe9')"), (400, "invalid_json", "UTF-8")),
        (
            "UTF-16",
            "{\"code\": \"print(1)\"}".encode_utf16().flat_map(u16::to_le_bytes).collect(),
            (400, "invalid_json", "not valid JSON"),
        ),
        ("half a character", raw(b"\\ud83d"), (400, "invalid_json", "not valid JSON")),
        ("code over the limit", raw(long.as_bytes()), (422, "code_too_long", "1048577 bytes")),
        ("50 MB of code", raw(&vec![b'#'; 50_000_000]), (413, "payload_too_large", "larger than")),
        ("a number as code", body(&json!({ "code": 1 })), (400, "invalid_json", "expected a string")),
        ("nested without end", deep.into_bytes(), (400, "invalid_json", "expected a string")),
        ("code twice", br#"{"code": "1", "code": "2"}"#.to_vec(), (400, "invalid_json", "duplicate field")),
        (
            "no finite time",
            br#"{"code": "1", "timeout_seconds": 1e999}"#.to_vec(),
            (400, "invalid_json", "number out of range"),
        ),
        ("too much memory", body(&json!({ "code": "1", "memory_mib": u64::MAX })), (422, "invalid_field", "memory")),
    ];
    for (what, sent, expected) in rows {
        assert_problem(what, &scene.send(sent).await, expected);
    }
    scene.is_as(&before, "bad code").await;
}

/// Protects people whose editor writes a byte order mark: Python allows one, and so do we; code exactly as
/// long as may be runs too.
#[tokio::test(flavor = "multi_thread")]
async fn odd_but_right_code_runs() {
    let scene = Scene::new(&[]);
    let longest = format!("print('é')\n{}", "#".repeat((1 << 20) - 12));
    assert_eq!(longest.len(), 1 << 20);
    let rows = [
        ("a byte order mark", "\u{feff}print(1)", "1\n"),
        ("a mark before an import of a tier", "\u{feff}import numpy\nprint(1)", "1\n"),
        ("line ends of elsewhere", "print(1)\r\nprint(2)\r\n", "1\n2\n"),
        ("other planes", "print('\u{1f600}', len('\u{1f600}'))", "\u{1f600} 1\n"),
        ("the longest code", longest.as_str(), "é\n"),
    ];
    for (what, code, printed) in rows {
        let (status, answer) = scene.send(body(&json!({ "code": code }))).await;
        assert_eq!((status, answer["stdout"].as_str()), (200, Some(printed)), "{what}: {}", answer["stderr"]);
    }
}

/// Protects the room's folders: an input has a plain name of its own and decodes, and there are not too many.
#[tokio::test(flavor = "multi_thread")]
async fn bad_inputs_are_a_clear_problem() {
    let scene = Scene::new(&[]);
    let before = scene.traces().await;
    let long = "n".repeat(201);
    let names =
        ["../x", "/etc/passwd", "a/b", "a\\b", "..", ".", "", "a\0b", "a\nb", "in/../../main.py", long.as_str()];
    for name in names {
        assert_problem(name, &scene.send(with_inputs(&[name])).await, (422, "invalid_field", "not a plain file name"));
    }
    assert_problem("twice", &scene.send(with_inputs(&["a", "b", "a"])).await, (422, "invalid_field", "appears twice"));
    let many: Vec<String> = (0..10_000).map(|n| format!("{n}.txt")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_problem("10,000", &scene.send(with_inputs(&many)).await, (422, "invalid_field", "10000 inputs; at most 64"));
    for content in ["!", "e", "eA", "ZQ==\n"] {
        let sent = body(&json!({ "code": "1", "inputs": [{ "name": "x", "content_base64": content }] }));
        assert_problem(content, &scene.send(sent).await, (422, "invalid_field", "not base64"));
    }
    scene.is_as(&before, "bad inputs").await;
    let content = BASE64_STANDARD.encode(b"\x00\xff");
    let inputs: Vec<Value> = many[..64].iter().map(|name| json!({ "name": name, "content_base64": content })).collect();
    let code = "import os; print(len(os.listdir('/box/in')), open('/box/in/63.txt', 'rb').read())";
    let (status, answer) = scene.send(body(&json!({ "code": code, "inputs": inputs }))).await;
    assert_eq!((status, answer["stdout"].as_str()), (200, Some("64 b'\\x00\\xff'\n")), "{answer}");
}
