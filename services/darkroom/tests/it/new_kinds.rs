//! Pictures of several charts, diagrams, micrographs and hatched bars on the built-in rules: what is delivered is right,
//! and what is not sure says so.

use crate::harness::{develop, sample};
use serde_json::Value;
use std::path::Path;

/// What one of the project's samples shows.
fn truth(name: &str) -> Value {
    let text = std::fs::read_to_string(sample("truth.json")).expect("truth");
    serde_json::from_str::<Value>(&text).expect("truth")[name].clone()
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).expect("a file")).expect("json")
}

/// The rows of a CSV file whose cells hold no quotes.
fn csv(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).expect("csv");
    text.lines().map(|line| line.split(',').map(|cell| cell.trim().to_owned()).collect()).collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().filter_map(Value::as_f64).collect()
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().expect("a list").iter().filter_map(Value::as_str).collect()
}

/// Rows of a table of bars against labels and values, each within a share of the axis.
fn bars_are_right(rows: &[Vec<String>], truth: &Value, axis: f64) {
    for (label, value) in texts(&truth["labels"]).into_iter().zip(numbers(&truth["values"])) {
        let row = rows.iter().find(|row| row[0] == label).unwrap_or_else(|| panic!("no {label}: {rows:?}"));
        let read: f64 = row[1].parse().expect("a number");
        assert!((read - value).abs() <= 0.02 * axis, "{label}: {read} instead of {value}");
    }
}

/// Protects pictures of several charts: every panel is read by its own playbook and redrawn in its place, and the proof
/// has values of all of them on the one picture.
#[test]
fn several_charts_are_read_one_by_one() {
    let truth = truth("panels.png");
    let (report, out) = develop(&sample("panels.png"), "");
    assert_eq!(report["image_kind"], "panels");
    let panels = json(&out.path().join("panels.json"));
    let kinds: Vec<&str> =
        panels["panels"].as_array().expect("panels").iter().filter_map(|one| one["kind"].as_str()).collect();
    assert_eq!(kinds, texts(&truth["kinds"]));
    bars_are_right(&csv(&out.path().join("panel_1_values.csv")), &truth, 100.0);
    assert_eq!(csv(&out.path().join("panel_3_points.csv")).len(), 21);
    assert!(out.path().join("panels.png").is_file());
    let overlay = json(&out.path().join("overlay.json"));
    for panel in 1..=4 {
        let name = format!("panel {panel}: ");
        let own = overlay["values"].as_array().expect("values").iter();
        let (mut all, mut trusted) = (0, 0);
        for value in own.filter(|value| value["series"].as_str().is_some_and(|series| series.starts_with(&name))) {
            all += 1;
            trusted += usize::from(value["trusted"] == true);
        }
        assert!(all > 0 && trusted * 2 > all, "panel {panel}: {trusted} of {all} trusted: {overlay}");
    }
}

/// Protects sketches: a clean drawing, and its structure as nodes and edges.
#[test]
fn diagrams_are_drawn_again() {
    let truth = truth("diagram.png");
    let (report, out) = develop(&sample("diagram.png"), "");
    assert_eq!(report["image_kind"], "diagram");
    let graph = json(&out.path().join("diagram.json"));
    let nodes = graph["nodes"].as_array().expect("nodes");
    let name = |id: &Value| nodes.iter().find(|node| node["id"] == *id).map(|node| node["text"].clone());
    let mut names: Vec<&str> = nodes.iter().filter_map(|node| node["text"].as_str()).collect();
    let mut wanted = texts(&truth["nodes"]);
    names.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(names, wanted);
    for edge in truth["edges"].as_array().expect("edges") {
        let found = graph["edges"].as_array().expect("edges").iter().any(|one| {
            name(&one["from"]).as_ref() == Some(&edge[0])
                && name(&one["to"]).as_ref() == Some(&edge[1])
                && one["directed"] == true
        });
        assert!(found, "{edge} is missing: {graph}");
    }
    let svg = std::fs::read_to_string(out.path().join("diagram.svg")).expect("an SVG");
    assert!(svg.starts_with("<svg") && svg.contains("Valid?"), "{svg}");
    assert!(out.path().join("diagram.png").is_file());
}

/// Protects sizes: they are in the unit of the scale bar with the pixels beside, and the count is a range that says why.
#[test]
fn a_scale_bar_gives_sizes_their_unit() {
    let truth = truth("micrograph.png");
    let (report, out) = develop(&sample("micrograph.png"), "How many cells are there?");
    let count = json(&out.path().join("count.json"));
    assert_eq!(count["best"], truth["count"]);
    assert_eq!(count["low"].as_i64().map(|low| low + 1), truth["count"].as_i64(), "one is cut by the edge: {count}");
    let length = count["scale_bar"]["length_px"].as_f64().expect("a length");
    assert!((length - truth["bar_px"].as_f64().expect("a length")).abs() < 1.5, "the bar is {length} pixels long");
    let rows = csv(&out.path().join("objects.csv"));
    let at = |name: &str| rows[0].iter().position(|cell| cell == name).unwrap_or_else(|| panic!("no {name}: {rows:?}"));
    let (unit, pixels, edge) = (at("diameter_um"), at("diameter_px"), at("touches_edge"));
    let mut read: Vec<f64> =
        rows[1..].iter().filter(|row| row[edge] == "False").map(|row| row[unit].parse().expect("a number")).collect();
    let mut wanted = numbers(&truth["diameters_um"]);
    read.sort_unstable_by(f64::total_cmp);
    wanted.sort_unstable_by(f64::total_cmp);
    assert_eq!(read.len(), wanted.len(), "{rows:?}");
    for (one, other) in read.iter().zip(&wanted) {
        assert!((one - other).abs() <= 0.06 * other, "{one} µm instead of {other} µm");
    }
    assert!(rows[1][pixels].parse::<f64>().expect("a number") > 20.0);
    let summary = report["summary"].as_str().expect("a summary");
    assert!(summary.contains("between 6 and 7") && summary.contains("µm"), "{summary}");
}

/// Protects hatched bars: right within two per cent, and nothing that is off is trusted.
#[test]
fn hatched_bars_are_read() {
    let truth = truth("hatched.png");
    let (report, out) = develop(&sample("hatched.png"), "");
    assert_eq!(report["image_kind"], "bar");
    bars_are_right(&csv(&out.path().join("values.csv")), &truth, 35.0);
}
