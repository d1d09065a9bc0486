//! The differences that a model reports between pictures. Total and pure.

use super::Reason;
use crate::links;
use crate::text::{clean, head};
use common::compare::{Difference, DifferenceSeverity, MOST_DIFFERENCES};
use llm::{Reply, Schema, json};
use serde_json::{Value, json as value};

/// Longest description of a difference, and of where it is, in bytes.
const WHAT_BYTES: usize = 300;
const WHERE_BYTES: usize = 120;

/// The shape of the answer.
pub fn schema() -> Schema {
    let text = value!({ "type": "string" });
    let severities: Vec<&str> = DifferenceSeverity::ALL.iter().map(|severity| severity.as_str()).collect();
    let one = value!({
        "type": "object",
        "properties": { "what": text, "where": text, "severity": { "type": "string", "enum": severities } },
        "required": ["what", "where", "severity"],
        "additionalProperties": false,
    });
    let schema = value!({
        "type": "object",
        "properties": { "differences": { "type": "array", "items": one } },
        "required": ["differences"],
        "additionalProperties": false,
    });
    Schema { name: "differences", schema }
}

/// The differences in an answer, the worst first. What has no description is left out; a severity that is none of the
/// three counts as `minor`.
///
/// # Errors
/// There is no list of differences in the answer.
pub fn differences(reply: &Reply) -> Result<Vec<Difference>, json::Reason> {
    let said = json::of(reply)?;
    let list = if said.is_array() { said.as_array() } else { said["differences"].as_array() };
    let mut found: Vec<Difference> = list.ok_or(json::Reason::NoJson)?.iter().filter_map(one).collect();
    found.sort_by_key(|difference| std::cmp::Reverse(difference.severity));
    found.truncate(MOST_DIFFERENCES);
    Ok(found)
}

/// What is said of an answer without the list.
pub fn wrong(reason: &json::Reason) -> Reason {
    match reason {
        json::Reason::NoJson => "There is no list of differences in the answer.".to_owned(),
        other => other.to_string(),
    }
}

fn one(said: &Value) -> Option<Difference> {
    let text = |name: &str, most: usize| {
        let plain = clean(said[name].as_str().unwrap_or_default()).replace(['\n', '\t'], " ");
        head(links::removed(plain.trim()).0.as_str(), most)
    };
    let what = text("what", WHAT_BYTES);
    let severity = said["severity"].as_str().map(str::to_lowercase).unwrap_or_default();
    let severity = DifferenceSeverity::ALL.into_iter().find(|known| known.as_str() == severity.trim());
    (!what.is_empty()).then(|| Difference {
        what,
        place: text("where", WHERE_BYTES),
        severity: severity.unwrap_or(DifferenceSeverity::Minor),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn difference(what: &str, place: &str, severity: DifferenceSeverity) -> Difference {
        Difference { what: what.into(), place: place.into(), severity }
    }

    fn found(text: &str) -> Result<Vec<Difference>, Reason> {
        differences(&Reply::new("m", text, Default::default())).map_err(|reason| wrong(&reason))
    }

    /// Protects the report: differences are read as models write them, sorted by how bad they are, without links and line
    /// ends, and nothing is made of an answer without a list.
    #[test]
    fn differences_are_read() {
        let legend = difference("The legend is missing.", "top right", DifferenceSeverity::Major);
        let rows: Vec<(&str, Result<Vec<Difference>, &str>)> = vec![
            (r#"{"differences": []}"#, Ok(vec![])),
            (
                r#"{"differences": [{"what": "The legend is missing.", "where": "top right", "severity": "major"}]}"#,
                Ok(vec![legend.clone()]),
            ),
            (
                "Sure:\n```json\n{'differences': [{'what': 'a', 'where': 'b', 'severity': 'odd'}, {'what': 'The legend \
                 is missing.', 'where': 'top right', 'severity': 'Major'}, {'what': ' '}, 7]}\n```",
                Ok(vec![legend.clone(), difference("a", "b", DifferenceSeverity::Minor)]),
            ),
            (
                r#"[{"what": "See\nhttps://evil.example/x now", "severity": "critical"}]"#,
                Ok(vec![difference("See (link removed) now", "", DifferenceSeverity::Critical)]),
            ),
            (r#"{"answer": 1}"#, Err("no list of differences")),
            ("They agree.", Err("no list of differences")),
            (r#"{"differences": [{"what": "a"#, Err("cut off")),
            ("", Err("empty")),
        ];
        for (text, expected) in rows {
            match (found(text), expected) {
                (Ok(list), Ok(wanted)) => assert_eq!(list, wanted, "{text}"),
                (Err(reason), Err(part)) => assert!(reason.contains(part), "{text}: {reason}"),
                (list, wanted) => panic!("{text}: {list:?} and not {wanted:?}"),
            }
        }
    }

    /// Protects the bus and the next prompt: however much is reported, it stays short.
    #[test]
    fn reports_stay_short() {
        let many: Vec<Value> = (0..99)
            .map(|_| value!({ "what": "é".repeat(9999), "where": "x".repeat(9999), "severity": "minor" }))
            .collect();
        let list = found(&value!({ "differences": many }).to_string()).unwrap();
        assert_eq!(list.len(), MOST_DIFFERENCES);
        assert!(list.iter().all(|difference| difference.what.len() <= 300 && difference.place.len() <= 120));
    }

    /// Protects hosted models' rules: every object of the shape is closed and requires all it has.
    #[test]
    fn the_shape_is_closed() {
        let schema = schema().schema;
        let item = &schema["properties"]["differences"]["items"];
        assert_eq!(item["properties"]["severity"]["enum"], value!(["minor", "major", "critical"]));
        assert!([&schema, item].iter().all(|object| object["additionalProperties"] == value!(false)));
    }
}
