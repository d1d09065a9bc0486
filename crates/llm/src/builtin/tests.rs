//! What the builtin model promises, as tables: data never becomes code, each kind of
//! picture gets its reader, broken evidence only makes the result simpler.

use serde_json::{Value, json};

use super::choose::{Reader, choose};
use super::evidence::Evidence;
use super::intent::{Wish, wish};
use super::literal::{Py, quote};
use super::{Draft, Picture, summarise, write_code};

/// Evidence of a bar chart with everything in place.
fn bar_chart() -> Value {
    json!({
        "version": 1,
        "size": {"width": 880, "height": 550},
        "kind": {"name": "bar", "confidence": 0.9},
        "title": "Units sold",
        "text": [{"text": "North", "box": [150, 520, 40, 12], "role": "tick_x"}],
        "axes": {
            "plot_box": [80, 40, 780, 460],
            "x": {"label": null, "scale": "category", "fit": null,
                  "ticks": [{"text": "North", "value": null, "pixel": 170.0}]},
            "y": {"label": "Units", "scale": "linear",
                  "ticks": [{"text": "0", "value": 0.0, "pixel": 500.0}],
                  "fit": {"slope": -0.34, "intercept": 170.0, "max_residual_px": 0.4}},
        },
        "legend": [{"text": "2024", "rgb": [31, 119, 180], "box": [700, 60, 30, 12]}],
    })
}

fn with_kind(name: &str) -> Value {
    let mut evidence = bar_chart();
    evidence["kind"]["name"] = json!(name);
    evidence
}

fn draft(evidence: &[Value], prompt: &str, failures: usize) -> Draft {
    let pictures: Vec<Picture<'_>> = evidence
        .iter()
        .map(|evidence| Picture { image_path: "/box/in/image.png", evidence_path: "/box/in/evidence.json", evidence })
        .collect();
    write_code(&pictures, prompt, &vec!["it failed".to_owned(); failures])
}

/// Protects against code injection: whatever text is read from a picture, its literal
/// is one line of plain characters that ends only at its own closing quote.
#[test]
fn a_literal_cannot_be_left() {
    let hostile = [
        ("plain", "\"plain\""),
        ("say \"hi\"", r#""say \"hi\"""#),
        ("back\\", r#""back\\""#),
        ("\\\"; import os #", r#""\\\"; import os #""#),
        ("two\nlines\r\n", r#""two\nlines\x0d\n""#),
        ("\"\"\"\nimport os", r#""\"\"\"\nimport os""#),
        ("nul\0 bell\x07", r#""nul\x00 bell\x07""#),
        ("bidi \u{202e}txt", r#""bidi \u202etxt""#),
        ("line\u{2028}sep", r#""line\u2028sep""#),
        ("tag \u{e0041} emoji \u{1f600}", r#""tag \U000e0041 emoji \U0001f600""#),
        ("Größe 表 µ", "\"Größe 表 µ\""),
    ];
    for (text, literal) in hostile {
        assert_eq!(quote(text), literal);
    }
}

/// Protects against injection through every character there is: only escapes may hold
/// a backslash, and no character that ends a string or a line is left bare.
#[test]
fn every_character_is_safe_inside_a_literal() {
    for character in (0..=0x10_FFFF).filter_map(char::from_u32) {
        let literal = quote(&character.to_string());
        let inside = &literal[1..literal.len() - 1];
        let is_escape = inside.starts_with('\\') && inside.is_ascii() && inside.len() > 1;
        let is_plain = inside.chars().count() == 1
            && !inside.contains(['"', '\\'])
            && !inside.contains(char::is_control)
            && (inside == " " || !inside.contains(char::is_whitespace));
        assert!(is_escape || is_plain, "{:#x} became {literal}", u32::from(character));
    }
}

/// Protects Python's number syntax: no infinity, no NaN, no endless digits.
#[test]
fn numbers_are_python_numbers() {
    let table = [
        (Py::Float(1.0), "1.0"),
        (Py::Float(-0.012_034), "-0.012034"),
        (Py::Float(1e300), "1e300"),
        (Py::Float(f64::NAN), "None"),
        (Py::Float(f64::INFINITY), "None"),
        (Py::rounded(2.0 / 3.0, 2), "0.67"),
        (Py::None, "None"),
    ];
    for (value, literal) in table {
        assert_eq!(value.write(0, 0), literal);
    }
}

/// Protects the choice of template: each kind gets its own, wishes redirect only what
/// is not a chart, and each failure leads one step closer to the plain description.
#[test]
fn each_kind_picks_its_reader() {
    let no_fit = {
        let mut evidence = bar_chart();
        evidence["axes"]["y"]["fit"] = Value::Null;
        evidence
    };
    let mut table = with_kind("table");
    table["table"] = json!({"cells": [[{"text": "a"}, {"text": "b"}]]});
    let mut scatter = with_kind("scatter");
    scatter["axes"]["x"]["fit"] = scatter["axes"]["y"]["fit"].clone();
    let mut line = with_kind("line");
    line["axes"]["x"]["fit"] = line["axes"]["y"]["fit"].clone();
    let cases = [
        (bar_chart(), "", 0, Reader::Bar),
        (bar_chart(), "how many bars?", 0, Reader::Bar),
        (bar_chart(), "", 1, Reader::Describe),
        (no_fit, "", 0, Reader::Describe),
        (line, "", 0, Reader::Line),
        (with_kind("line"), "", 0, Reader::Describe),
        (scatter, "", 0, Reader::Scatter),
        (with_kind("scatter"), "", 0, Reader::Describe),
        (with_kind("pie"), "", 0, Reader::Pie),
        (table.clone(), "", 0, Reader::Table),
        (table.clone(), "Read the values", 0, Reader::Table),
        (table.clone(), "", 1, Reader::PlainTable),
        (table.clone(), "", 2, Reader::Describe),
        (table, "just the text", 0, Reader::Text),
        (with_kind("table"), "", 0, Reader::Text),
        (with_kind("text"), "", 0, Reader::Text),
        (with_kind("photo"), "", 0, Reader::Photo),
        (with_kind("photo"), "Wie viele Münzen?", 0, Reader::Objects),
        (with_kind("photo"), "Wie viele Münzen?", 1, Reader::PlainObjects),
        (with_kind("photo"), "Wie viele Münzen?", 9, Reader::Describe),
        (with_kind("other"), "read it", 0, Reader::Text),
        (with_kind("photo"), "Please read this picture", 0, Reader::Photo),
        (with_kind("photo"), "Read the text", 0, Reader::Text),
        (with_kind("no such kind"), "", 0, Reader::Describe),
    ];
    for (evidence, prompt, failures, reader) in cases {
        let choice = choose(&Evidence::read(&evidence), wish(prompt), failures);
        assert_eq!(choice.reader, reader, "{prompt:?} after {failures} failures: {evidence}");
    }
}

/// Evidence of a picture with several charts: two bar charts and a part that is none.
fn several_charts() -> Value {
    let panel = |kind: &str, column: u64| {
        let mut panel = with_kind(kind);
        panel["box"] = json!([500 * column, 30, 500, 520]);
        panel["row"] = json!(0);
        panel["column"] = json!(column);
        panel
    };
    let mut evidence = with_kind("panels");
    evidence["axes"] = Value::Null;
    evidence["panels"] = json!([panel("bar", 0), panel("bar", 1), panel("photo", 2)]);
    evidence
}

/// Protects pictures of several charts: each gets its own reader, the script has each reader once, and a part that cannot
/// be read says why.
#[test]
fn several_charts_are_read_in_one_script() {
    let evidence = several_charts();
    assert_eq!(choose(&Evidence::read(&evidence), wish(""), 0).reader, Reader::Panels);
    let code = draft(std::slice::from_ref(&evidence), "", 0).code;
    assert!(code.contains("READERS = {\"bar\": read_bars}"), "{code}");
    assert_eq!((code.matches("def read_bars").count(), code.matches("def read_panels").count()), (1, 1));
    assert!(code.contains("\"grid\": [1, 3]") && code.contains("no chart that can be measured"), "{code}");
    assert!(!code.contains("part_"), "{code}");
    let mut hopeless = evidence;
    hopeless["panels"] = json!([with_kind("photo")]);
    assert_eq!(choose(&Evidence::read(&hopeless), wish(""), 0).reader, Reader::Describe);
}

/// Protects diagrams and scale bars: a diagram needs boxes, and what a bar says reaches the script as data.
#[test]
fn diagrams_and_scale_bars_reach_their_readers() {
    let mut diagram = with_kind("diagram");
    assert_eq!(choose(&Evidence::read(&diagram), wish(""), 0).reader, Reader::Describe);
    diagram["diagram"] = json!({"nodes": [{"id": "n1"}], "edges": []});
    assert_eq!(choose(&Evidence::read(&diagram), wish("how many boxes?"), 0).reader, Reader::Diagram);
    let mut photo = with_kind("photo");
    assert!(draft(&[photo.clone()], "count", 0).code.contains("\"scale_bar\": None"));
    photo["scale_bar"] = json!({"box": [520, 446, 120, 6], "text_box": [550, 420, 60, 20], "length_px": 120.05,
        "text": "20 µm", "value": 20.0, "unit": "µm", "confidence": 0.95, "doubt": null});
    let code = draft(&[photo.clone()], "count", 0).code;
    assert!(code.contains("120.05") && code.contains("\"unit\": \"µm\""), "{code}");
    photo["scale_bar"]["length_px"] = json!(-3);
    assert!(draft(&[photo], "count", 0).code.contains("\"scale_bar\": None"));
}

/// Protects against misread wishes: whole words count, parts of words do not.
#[test]
fn wishes_are_recognised_by_whole_words() {
    let cases = [
        ("How many coins are there?", Wish::Count),
        ("Count the cells.", Wish::Count),
        ("¿Cuántas monedas hay?", Wish::Count),
        ("Combien de pièces ?", Wish::Count),
        ("Сколько монет?", Wish::Count),
        ("硬币有多少", Wish::Count),
        ("Which country has an account?", Wish::Nothing),
        ("extract the table", Wish::Table),
        ("Lies den Text", Wish::Text),
        ("Please read this", Wish::Read),
        ("", Wish::Nothing),
    ];
    for (prompt, expected) in cases {
        assert_eq!(wish(prompt), expected, "{prompt}");
    }
}

/// Protects reproducibility: the same input gives the same code, to the byte.
#[test]
fn the_same_input_gives_the_same_code() {
    for kind in ["bar", "pie", "text", "photo", "other"] {
        let evidence = [with_kind(kind), bar_chart()];
        let first = draft(&evidence, "count", 0);
        let second = draft(&evidence, "count", 0);
        assert_eq!((first.code, first.explanation), (second.code, second.explanation));
    }
}

/// Protects the shape of a script: no marker of the assembly is left, shared parts are
/// inlined once, and several pictures write under different names.
#[test]
fn a_script_stands_alone() {
    for kind in ["bar", "pie", "text", "photo", "other"] {
        let code = draft(&[with_kind(kind)], "", 0).code;
        assert!(code.starts_with("\"\"\""), "{code}");
        assert!(!code.contains("part_") && !code.contains("{calls}"), "{code}");
        assert!(code.contains("Written by rules"), "{code}");
        assert!(code.len() < 32_000, "{kind} is {} bytes", code.len());
    }
    let several = draft(&[bar_chart(), with_kind("pie")], "", 0).code;
    assert_eq!(several.matches("def load_picture").count(), 1);
    assert!(several.contains("/box/out/image_1_") && several.contains("/box/out/image_2_"));
}

/// Protects values read from damaged pictures: the script does to the picture what was done before looking, for
/// readers that measure, and only for them; a picture that came clean is loaded as it is beside it.
#[test]
fn a_prepared_picture_is_prepared_again() {
    let mut evidence = bar_chart();
    evidence["prepared"] = json!({
        "matrix": [[1.0, 0.02, -3.5], [-0.02, 1.0, 9.25], [0.0, 0.0, 1.0]], "size": [900, 560], "fill": [255, 255, 255],
        "light": null, "strength": 9.5, "colours": [[250, 250, 250], [31, 119, 180]],
    });
    let code = draft(&[evidence.clone()], "", 0).code;
    assert!(
        code.contains("[1.0, 0.02, -3.5]") && code.contains("[900, 560]") && code.contains("warpPerspective"),
        "{code}"
    );
    let mixed = draft(&[evidence.clone(), with_kind("pie")], "", 0).code;
    assert_eq!(mixed.matches("def load_picture").count(), 1);
    assert!(mixed.contains("isinstance(source, str)"));
    assert!(!draft(&[bar_chart()], "", 0).code.contains("warpPerspective"));
    evidence["kind"]["name"] = json!("other");
    assert!(!draft(&[evidence.clone()], "", 0).code.contains("warpPerspective"));
    // What cannot be understood is as if it were not there.
    evidence["kind"]["name"] = json!("bar");
    evidence["prepared"]["matrix"] = json!([[1.0, "x"], null]);
    assert!(!draft(&[evidence], "", 0).code.contains("warpPerspective"));
}

/// Protects jobs with many pictures: whatever they show, their script stays within what a job may have, and reads as many
/// of them as fit.
#[test]
fn many_kinds_fit_into_one_script() {
    let kinds = ["bar", "line", "scatter", "pie", "text", "photo", "other", "table"];
    let all: Vec<Value> = kinds.iter().map(|kind| with_kind(kind)).collect();
    let code = draft(&all, "", 0).code;
    assert!(code.len() <= common::execution::MAX_JOB_CODE_BYTES, "{} bytes", code.len());
    assert!(code.contains("def read_bars") && code.contains("def main"), "{code}");
}

/// Protects against text from pictures, prompts and failures reaching the code anywhere
/// but inside a literal.
#[test]
fn hostile_text_stays_inside_literals() {
    let hostile = "\"\"\"\nimport os\nos.system('x')\n'''{calls}";
    let mut evidence = bar_chart();
    evidence["title"] = json!(hostile);
    evidence["axes"]["x"]["label"] = json!(hostile);
    evidence["axes"]["x"]["ticks"][0]["text"] = json!(hostile);
    evidence["axes"]["y"]["scale"] = json!(hostile);
    evidence["legend"][0]["text"] = json!(hostile);
    for evidence in [vec![evidence.clone()], vec![evidence.clone(), evidence]] {
        let code = draft(&evidence, hostile, 0).code;
        assert!(!code.lines().any(|line| line.trim_start().starts_with("import os")), "{code}");
        assert!(code.contains(r#"\"\"\"\nimport os\n"#), "{code}");
    }
}

/// Protects the agent's turn: evidence with any one part missing or of a wrong type
/// still gives code, never a panic.
#[test]
fn malformed_evidence_never_panics() {
    let wrong = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!("NaN"),
        json!(""),
        json!([]),
        json!({}),
        json!([[]]),
        json!([null, {"text": 3}]),
        json!({"x": {"fit": "no"}}),
    ];
    let mut full = bar_chart();
    full["table"] = json!({"cells": [[{"text": "a"}, {"text": "b"}]]});
    let mut places = Vec::new();
    every_place(&full, String::new(), &mut places);
    for kind in ["bar", "line", "scatter", "pie", "table", "text", "photo", "other"] {
        for place in &places {
            for value in &wrong {
                let mut evidence = full.clone();
                evidence["kind"]["name"] = json!(kind);
                if let Some(target) = evidence.pointer_mut(place) {
                    *target = value.clone();
                }
                let failures = place.len() % 3;
                assert!(!draft(&[evidence], "count", failures).code.is_empty());
            }
        }
    }
    assert!(draft(&[], "", 0).code.contains("no picture"));
}

/// JSON pointers of every value inside `value`, itself included.
fn every_place(value: &Value, at: String, places: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                every_place(inner, format!("{at}/{name}"), places);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                every_place(inner, format!("{at}/{index}"), places);
            }
        }
        _ => {}
    }
    places.push(at);
}

/// Protects honesty: the summary carries what the run said and says it is rule-based.
#[test]
fn the_summary_says_it_is_rule_based() {
    let evidence = bar_chart();
    let picture =
        [Picture { image_path: "/box/in/image.png", evidence_path: "/box/in/evidence.json", evidence: &evidence }];
    let outputs = ["values.csv".to_owned()];
    let cases = [
        ("Read 5 bars.\u{7}\n", "", "Read 5 bars.\n"),
        ("", "", "The run wrote values.csv."),
        ("Read 5 bars.", "make it pink", "of your request rules understood: a colour."),
        (
            "Read 5 bars.",
            "Read the values, only 2019 to 2021, log scale",
            "to read the values, a logarithmic axis, from 2019 on, up to 2021.",
        ),
        ("Read 5 bars.", "remove the grid", "nothing in your request is a wish that rules know"),
        ("Read 5 bars.", "how many are above the mean?", "nothing in your request is a wish that rules know"),
    ];
    for (stdout, prompt, expected) in cases {
        let summary = summarise(&picture, prompt, stdout, &outputs);
        assert!(summary.contains("rule-based"), "{summary}");
        assert!(summary.contains(expected), "{summary}");
        assert!(!summary.contains('\u{7}'), "{summary}");
    }
}
