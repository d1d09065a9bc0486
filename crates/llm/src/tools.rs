//! Tools as text: for servers that know none, and for models that ask for them in their own words. Pure.

use crate::json;
use crate::{Tool, ToolCall};
use serde_json::Value;

/// What to tell a model about tools, and how to ask for one, as Qwen and Hermes models learnt it.
pub fn describe(tools: &[Tool]) -> String {
    let mut text = String::from("You may ask for one of these tools in place of an answer:\n");
    for tool in tools {
        text.push_str(&format!("- {}: {} Arguments (JSON schema): {}\n", tool.name, tool.description, tool.parameters));
    }
    text.push_str("Ask for it so, with nothing after it:\n");
    text.push_str("<tool_call>\n{\"name\": \"NAME\", \"arguments\": {}}\n</tool_call>");
    text
}

/// The tools that a text asks for, and the text without them.
///
/// Known are `<tool_call>{…}</tool_call>` of Qwen and Hermes models, and Mistral's `[TOOL_CALLS]`, with a list of calls or
/// with `NAME[ARGS]{…}` behind it. What cannot be read stays in the text.
pub fn from_text(text: &str) -> (String, Vec<ToolCall>) {
    let mut calls = Vec::new();
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, inside)) = rest.split_once("<tool_call>") {
        let (inside, after) = inside.split_once("</tool_call>").unwrap_or((inside, ""));
        kept.push_str(before);
        match json::parse(inside).ok().as_ref().and_then(call) {
            Some(call) => calls.push(call),
            None => kept.push_str(inside),
        }
        rest = after;
    }
    if let Some((before, inside)) = rest.split_once("[TOOL_CALLS]") {
        let found = mistral(inside);
        if !found.is_empty() {
            kept.push_str(before);
            calls.extend(found);
            rest = "";
        }
    }
    kept.push_str(rest);
    (kept.trim().to_owned(), calls)
}

/// What stands behind `[TOOL_CALLS]`: a list of calls, or one call after another, each behind its own mark.
fn mistral(inside: &str) -> Vec<ToolCall> {
    if inside.trim_start().starts_with(['[', '{']) {
        return match json::parse(inside) {
            Ok(Value::Array(list)) => list.iter().filter_map(call).collect(),
            Ok(one) => call(&one).into_iter().collect(),
            Err(_) => Vec::new(),
        };
    }
    let pieces = inside.split("[TOOL_CALLS]");
    let one = |piece: &str| {
        let (name, arguments) = piece.split_once("[ARGS]").or_else(|| Some(piece.split_at(piece.find('{')?)))?;
        let name = name.split("[CALL_ID]").next().unwrap_or_default().trim();
        let known = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
        known.then(|| ToolCall { name: name.to_owned(), arguments: arguments.trim().to_owned() })
    };
    pieces.filter_map(one).collect()
}

/// One call as an object, whatever its server calls the arguments.
fn call(value: &Value) -> Option<ToolCall> {
    let inner = if value["function"].is_object() { &value["function"] } else { value };
    let name = inner["name"].as_str().filter(|name| !name.is_empty())?;
    let given = ["arguments", "parameters"].into_iter().map(|field| &inner[field]).find(|given| !given.is_null());
    let arguments = match given {
        None => "{}".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    Some(ToolCall { name: name.to_owned(), arguments })
}

/// The calls in a message of the protocol, as a list or as the one call of earlier days.
pub(crate) fn from_message(message: &Value) -> Vec<ToolCall> {
    let listed = message["tool_calls"].as_array().into_iter().flatten().filter_map(call);
    listed.chain(call(&message["function_call"])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn calls(text: &str) -> (String, Vec<(String, String)>) {
        let (kept, calls) = from_text(text);
        (kept, calls.into_iter().map(|call| (call.name, call.arguments)).collect())
    }

    /// Protects models behind servers that know no tools: what they ask for in text is found, several in their order,
    /// and what cannot be read stays text.
    #[test]
    fn calls_in_text_are_found() {
        let crop = |arguments: &str| ("crop".to_owned(), arguments.to_owned());
        let rows = [
            ("plain text", "Nothing to do.", "Nothing to do.", vec![]),
            (
                "Hermes",
                "I look closer.\n<tool_call>\n{\"name\": \"crop\", \"arguments\": {\"x\": 1}}\n</tool_call>",
                "I look closer.",
                vec![crop("{\"x\":1}")],
            ),
            (
                "two, the last without its end",
                "<tool_call>{\"name\": \"crop\", \"arguments\": {}}</tool_call>\n<tool_call>{'name': 'crop'}",
                "",
                vec![crop("{}"), crop("{}")],
            ),
            (
                "Mistral's list",
                "[TOOL_CALLS] [{\"name\": \"crop\", \"arguments\": {\"x\": 1}, \"id\": \"abc\"}]",
                "",
                vec![crop("{\"x\":1}")],
            ),
            (
                "Mistral's newer form, twice",
                "[TOOL_CALLS]crop[ARGS]{\"x\": 1}[TOOL_CALLS]crop[CALL_ID]a1[ARGS]{\"x\": 2}",
                "",
                vec![crop("{\"x\": 1}"), crop("{\"x\": 2}")],
            ),
            (
                "arguments as text",
                "<tool_call>{\"name\": \"crop\", \"arguments\": \"{}\"}</tool_call>",
                "",
                vec![crop("{}")],
            ),
            ("no name", "<tool_call>{\"arguments\": {}}</tool_call>", "{\"arguments\": {}}", vec![]),
            ("a mark in prose", "The mark [TOOL_CALLS] is Mistral's.", "The mark [TOOL_CALLS] is Mistral's.", vec![]),
        ];
        for (name, text, kept, expected) in rows {
            assert_eq!(calls(text), (kept.to_owned(), expected), "{name}");
        }
    }

    /// Protects the fallback: what is described is what is read.
    #[test]
    fn the_description_shows_the_form_that_is_read() {
        let tool = Tool { name: "crop", description: "Cuts.".into(), parameters: json!({"type": "object"}) };
        let text = describe(&[tool]);
        assert!(text.contains("- crop: Cuts. Arguments (JSON schema): {\"type\":\"object\"}"), "{text}");
        assert_eq!(calls(&text).1, [("NAME".to_owned(), "{}".to_owned())]);
    }
}
