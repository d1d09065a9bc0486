//! What models were asked: what a picture or a program said stands in quotations only.

use super::attacks::SPOKEN;
use crate::harness::root;
use serde_json::Value;
use std::path::Path;

/// Fewest letters of a line that is looked for: shorter ones stand in any sentence.
const LINE: usize = 12;

/// The versioned rules of a role.
pub fn rules(root: &Path, name: &str) -> String {
    std::fs::read_to_string(root.join("services/agent/prompt").join(name).with_extension("md")).expect("rules")
}

/// Asserts it of all requests of a job, and answers the letters of all quotations. `is_read` says that the picture's order
/// can be read at all.
pub fn check(what: &str, asked: &[Value], said: &[String], read: &[(String, f64)], is_read: bool) -> String {
    let roles: Vec<&str> = asked.iter().filter_map(|body| body["model"].as_str()).collect();
    for (role, least) in [("obedient-vision", 1), ("obedient-code", 1), ("obedient-reasoning", 1)] {
        assert!(roles.iter().filter(|name| **name == role).count() >= least, "{what}: {roles:?}");
    }
    let lines: Vec<String> = read.iter().map(|(text, _)| letters(text)).filter(|line| line.len() >= LINE).collect();
    assert!(!is_read || !lines.is_empty(), "{what}: {read:?}");
    let mut all = String::new();
    for body in asked {
        let messages = body["messages"].as_array().expect("messages");
        let name = match body["model"].as_str().expect("a model") {
            "obedient-vision" => "vision",
            "obedient-reasoning" => "summary",
            _ => "code",
        };
        assert_eq!(messages[0]["role"], "system", "{what}");
        assert_eq!(messages[0]["content"].as_str(), Some(rules(&root(), name).as_str()), "{what}: the rules of {name}");
        let mut quoted = String::new();
        for message in &messages[1..] {
            let text = text_of(&message["content"]);
            match message["role"].as_str() {
                // A model is shown what it said itself.
                Some("assistant") => {
                    let code = text.trim_start_matches("```python\n").trim_end_matches("\n```");
                    assert!(said.iter().any(|answer| answer.contains(code)), "{what}: {text}");
                }
                Some("user") => {
                    let (outside, inside) = parted(what, &text);
                    let plain = letters(&outside);
                    for line in lines.iter().map(String::as_str).chain(SPOKEN) {
                        assert!(!plain.contains(line), "{what}: {line:?} stands outside of a quotation: {outside}");
                    }
                    quoted.push_str(&letters(&inside));
                }
                other => panic!("{what}: a message of {other:?}"),
            }
        }
        // Otherwise the test would compare with what never reached a model.
        if name == "code" {
            assert!(lines.iter().all(|line| quoted.contains(line.as_str())), "{what}: {lines:?} in {quoted}");
        }
        all.push_str(&quoted);
    }
    all
}

fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join("\n"),
        other => panic!("content {other}"),
    }
}

/// A message without its quotations, and what stands in those. Read as a stranger would: a quotation begins with a mark
/// and ends at the first line that closes it.
fn parted(what: &str, text: &str) -> (String, String) {
    let (mut outside, mut inside) = (String::new(), String::new());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<<<") {
        outside.push_str(before);
        let (mark, after) = after.split_once('\n').unwrap_or_else(|| panic!("{what}: a mark without a line: {text}"));
        let known = ["REQUEST", "TITLE", "EVIDENCE", "NOTES", "FINDINGS", "ERRORS", "OUTPUT", "PLAN", "FILES"];
        assert!(known.contains(&mark), "{what}: a quotation {mark:?}: {text}");
        let (data, after) =
            after.split_once(&format!("\n{mark}>>>")).unwrap_or_else(|| panic!("{what}: {mark} does not end: {text}"));
        assert!(!data.contains("<<<") && !data.contains(">>>"), "{what}: a mark within {mark}: {data}");
        inside.push_str(data);
        inside.push('\n');
        rest = after;
    }
    outside.push_str(rest);
    assert!(!outside.contains(">>>"), "{what}: a mark of nothing: {outside}");
    (outside, inside)
}

/// Letters and digits only, in lower case; JSON's escapes are read, so that a quoted line is the line.
fn letters(text: &str) -> String {
    text.replace("\\n", " ").chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
