use super::*;
use serde_json::json;

/// Protects the agent from a model's handwriting: what means one thing is read as that, whatever stands around it.
#[test]
fn what_models_write_is_read() {
    let rows: &[(&str, &str, Value)] = &[
        ("strict", r#"{"a": 1}"#, json!({"a": 1})),
        ("a list", "[1, 2]", json!([1, 2])),
        ("fence", "```json\n{\"a\": 1}\n```", json!({"a": 1})),
        ("fence without a name", "```\n{\"a\": 1}\n```", json!({"a": 1})),
        ("fence never closed", "```json\n{\"a\": 1}", json!({"a": 1})),
        ("a fence inside a string", "```json\n{\"a\": \"```py\\nx\\n```\"}\n```", json!({"a": "```py\nx\n```"})),
        ("prose around", "Sure! Here it is:\n{\"a\": 1}\nHope it helps {really}.", json!({"a": 1})),
        ("prose with braces", "The set {x, y} gives {\"a\": 1}", json!({"a": 1})),
        ("prose with a citation", "As in [1] and [2]: {\"a\": 1}", json!({"a": 1})),
        ("the fence before prose with objects", "Not {\"a\": 0} but\n```json\n{\"a\": 1}\n```", json!({"a": 1})),
        ("what it imagines to come next", "{\"a\": 1}\nObservation: ok\n{\"a\": 2}", json!({"a": 1})),
        ("thinking before", "<think>{\"a\": 0}?</think>{\"a\": 1}", json!({"a": 1})),
        ("thinking whose tag was swallowed", "maybe {\"a\": 0}\n</think>\n{\"a\": 1}", json!({"a": 1})),
        ("trailing commas", "{\"a\": [1, 2,], \"b\": 3,}", json!({"a": [1, 2], "b": 3})),
        ("single quotes", "{'a': 'it''s'}", json!({"a": "it''s"})),
        ("an apostrophe in single quotes", "{'a': 'it's', 'b': 2}", json!({"a": "it's", "b": 2})),
        ("typographic quotes", "{\u{201c}a\u{201d}: \u{201c}b\u{201d}}", json!({"a": "b"})),
        ("names without quotes", "{a: 1, b-c: 2}", json!({"a": 1, "b-c": 2})),
        ("Python's words", "{'a': True, 'b': False, 'c': None}", json!({"a": true, "b": false, "c": null})),
        ("no number is null", "{\"a\": NaN}", json!({"a": null})),
        ("comments", "{\"a\": 1, // one\n \"b\": 2 /* two */\n # three\n}", json!({"a": 1, "b": 2})),
        ("a line end in a string", "{\"a\": \"x\ny\", \"b\": 1}", json!({"a": "x\ny", "b": 1})),
        ("a quote in a string", "{\"a\": \"say \"hi\" now\", \"b\": 1}", json!({"a": "say \"hi\" now", "b": 1})),
        ("a pattern in a string", r#"{"a": "\d+", b: 1}"#, json!({"a": "\\d+", "b": 1})),
        ("escapes", r#"{a: "\u00e9\ud83d\ude00\n\t\"\\\/"}"#, json!({"a": "\u{e9}\u{1f600}\n\t\"\\/"})),
        ("half of a pair", r#"{a: "\ud83d"}"#, json!({"a": "\u{fffd}"})),
        ("three quotes", "{\"a\": \"\"\"x = \"1\"\ny\"\"\", \"b\": 1}", json!({"a": "x = \"1\"\ny", "b": 1})),
        ("backticks", "{\"a\": `x\ny`}", json!({"a": "x\ny"})),
        ("a comma missing between lines", "{\"a\": \"x\"\n\"b\": 1}", json!({"a": "x", "b": 1})),
        ("numbers", "{a: +1, b: .5, c: -2e3, d: 5.}", json!({"a": 1, "b": 0.5, "c": -2000.0, "d": 5.0})),
        ("brackets missing at the end", "{\"a\": {\"b\": [1, \"x\"", json!({"a": {"b": [1, "x"]}})),
        ("the same before a fence", "```json\n{\"a\": \"x\"\n```", json!({"a": "x"})),
        ("JSON in a string of JSON", r#""{\"a\": 1}""#, json!({"a": 1})),
        ("a byte order mark", "\u{feff}{\"a\": 1}", json!({"a": 1})),
        ("an object within a list", "Calls: [{\"a\": 1}, {\"a\": 2,}]", json!([{"a": 1}, {"a": 2}])),
        ("a citation with words", "As in [1, p. 3]: {\"a\": 1}", json!({"a": 1})),
        ("large numbers", "{\"a\": 18446744073709551615,}", json!({"a": 18446744073709551615_u64})),
    ];
    for (name, text, expected) in rows {
        assert_eq!(parse(text).as_ref(), Ok(expected), "{name}: {text}");
    }
}

/// Protects people from invented values: what is cut off, broken or not there is refused with its reason, and a part of
/// an answer is never taken for the answer.
#[test]
fn what_may_mean_anything_is_refused() {
    let broken = |line, column, what| Reason::Broken { line, column, what };
    let rows: &[(&str, &str, Reason)] = &[
        ("nothing", " \n", Reason::Empty),
        ("nothing but thinking", "<think>hm {\"a\": 1}", Reason::Thinking),
        ("nothing after thinking", "<think>hm</think> ", Reason::Empty),
        ("prose", "I am sorry, I cannot.", Reason::NoJson),
        ("a number", "42", Reason::NoJson),
        ("prose with braces", "The set {x, y} and f{z}.", Reason::NoJson),
        ("cut off in a string", "{\"a\": {\"b\": 1}, \"code\": \"import pa", Reason::CutOff),
        ("cut off in an escape", "{\"a\": \"x\\", Reason::CutOff),
        ("cut off in a code point", "{\"a\": \"x\\u00", Reason::CutOff),
        ("cut off in a number", "{\"a\": [1, 23", Reason::CutOff),
        ("cut off after a comma", "{\"a\": 1,", Reason::CutOff),
        ("cut off after a colon", "{\"a\":", Reason::CutOff),
        ("cut off in a word", "{\"a\": 1, \"b\": tr", Reason::CutOff),
        ("cut off at once", "{", Reason::CutOff),
        ("cut off in a list after a list", "{\"rows\": [[1, 2], [3,", Reason::CutOff),
        ("a value without quotes", "{\"a\": 1, \"b\": red}", broken(1, 15, "a value without quotes")),
        ("a colon missing", "{\"a\": 1,\n\"b\" 2}", broken(2, 5, "a colon is missing after a name")),
        ("a broken list of objects", "[{\"a\": 1}, {\"a\": x}]", broken(1, 18, "a value without quotes")),
        ("a member missing", "{\"a\": 1, \"b\": [1,,2]}", broken(1, 18, "a member of a list is missing")),
        ("the wrong bracket", "{\"a\": 1, \"b\": [1}}", broken(1, 17, "the wrong bracket closes")),
        ("a percentage", "{\"a\": 1, \"b\": 45%}", broken(1, 15, "it is no number")),
        ("a number with its unit", "{\"a\": 1, \"b\": 45 kg}", broken(1, 18, "a comma or a bracket is missing")),
        ("a number in groups", "{\"a\": 1, \"b\": 1_000}", broken(1, 15, "it is no number")),
        (
            "text after a missing bracket",
            "{\"a\": [1, 2\nThat is all.",
            broken(2, 1, "a comma or a bracket is missing"),
        ),
    ];
    for (name, text, expected) in rows {
        let reason = match parse(text) {
            Err(reason) => reason,
            Ok(value) => panic!("{name}: {text} was read as {value}"),
        };
        assert_eq!(&reason, expected, "{name}: {text}");
    }
}

/// Protects from a shortened list: brackets are added only where the model came to its own end.
#[test]
fn a_reply_that_was_cut_off_is_not_completed() {
    let mut reply = Reply::new("m", "{\"rows\": [[1, 2], [3, 4]", Default::default());
    assert_eq!(of(&reply), Ok(json!({"rows": [[1, 2], [3, 4]]})));
    reply.cut_off = true;
    assert_eq!(of(&reply), Err(Reason::CutOff));
    reply.text = "{\"a\": 1} and then".into();
    assert_eq!(of(&reply), Ok(json!({"a": 1})));
}

/// Protects the worker: no text makes the reader panic, loop or go deep, wherever it is cut.
#[test]
fn any_text_comes_to_an_end() {
    let nested = "{a:[".repeat(5_000);
    assert!(parse(&nested).is_err());
    assert!(parse(&"[".repeat(100_000)).is_err());
    assert!(parse(&"{\"".repeat(50_000)).is_err());
    let sample = "p\u{e9}\u{1f600} {'a': [1, 'it's \u{201c}x\u{201d}', {b: \"\\u00e9\\ud83d\\n\"}], /* c */ \"d\": \"\"\"e\"\"\",}";
    for end in (0..=sample.len()).filter(|end| sample.is_char_boundary(*end)) {
        for start in (0..=end).filter(|start| sample.is_char_boundary(*start)) {
            let _any = parse(&sample[start..end]);
        }
    }
}

/// Protects the one repair question: it says what is wrong, shows no more than the head of the answer, and never an
/// empty message.
#[test]
fn a_repair_names_the_reason() {
    let messages = repair(&"\u{e9}".repeat(8_000), &Reason::NoJson);
    let [crate::Part::Text(shown)] = messages[0].parts.as_slice() else { panic!("{messages:?}") };
    assert!((8 * 1024 - 1..=8 * 1024).contains(&shown.len()));
    let [crate::Part::Text(asked)] = messages[1].parts.as_slice() else { panic!("{messages:?}") };
    assert!(asked.starts_with("There is no JSON object in the answer. Answer again"), "{asked}");
    assert_eq!(repair(" ", &Reason::Empty).len(), 1);
}
