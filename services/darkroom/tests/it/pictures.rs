//! Real pictures on the built-in rules: the numbers must be right.

use crate::harness::{develop, root, sample};
use serde_json::Value;
use std::path::{Path, PathBuf};

fn outputs(report: &Value, ending: &str) -> Vec<PathBuf> {
    let outputs = report["outputs"].as_array().expect("outputs").iter();
    outputs
        .filter_map(|output| output["path"].as_str())
        .filter(|path| path.ends_with(ending))
        .map(PathBuf::from)
        .collect()
}

/// The rows of a CSV file whose cells hold no quotes.
fn csv(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).expect("csv");
    text.lines().map(|line| line.split(',').map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// A picture of the shared collection with its truth; `None`, said loudly, where it is not there.
fn shared(name: &str) -> Option<(PathBuf, Value)> {
    let folder = root().join("../shared/images");
    let Ok(text) = std::fs::read_to_string(folder.join("truth.json")) else {
        eprintln!("SKIPPED {name}: {} is not there", folder.display());
        return None;
    };
    let truth: Value = serde_json::from_str(&text).expect("truth");
    Some((folder.join(name), truth[name].clone()))
}

/// The project's own samples with their truth.
fn own(name: &str) -> (PathBuf, Value) {
    let text = std::fs::read_to_string(sample("truth.json")).expect("truth");
    let truth: Value = serde_json::from_str(&text).expect("truth");
    (sample(name), truth[name].clone())
}

/// Largest distance between the bars of a report and the true values, as a share of the axis.
fn worst_bar(report: &Value, labels: &[&str], values: &[f64], axis: f64) -> f64 {
    let tables = outputs(report, ".csv");
    let rows = csv(tables.first().expect("a csv"));
    let distance = |(label, value): (&&str, &f64)| {
        let row = rows
            .iter()
            .find(|row| row.iter().any(|cell| cell == label))
            .unwrap_or_else(|| panic!("{label} is missing: {rows:?}"));
        let read = row
            .iter()
            .filter_map(|cell| cell.parse::<f64>().ok())
            .map(|read| (read - value).abs())
            .fold(f64::INFINITY, f64::min);
        read / axis
    };
    labels.iter().zip(values).map(distance).fold(0.0, f64::max)
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().expect("a list").iter().filter_map(Value::as_str).collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().filter_map(Value::as_f64).collect()
}

/// Protects the numbers of bar charts: each within 2% of the axis, with a redrawn chart.
#[test]
fn bars_are_read_within_two_percent() {
    let (picture, truth) = own("bar_chart.png");
    let (report, _out) = develop(&picture, "");
    assert_eq!(report["image_kind"], "bar");
    let worst = worst_bar(&report, &texts(&truth["labels"]), &numbers(&truth["values"]), 70.0);
    assert!(worst <= 0.02, "worst bar is off by {:.2}% of the axis", worst * 100.0);
    let pictures = outputs(&report, ".png");
    let names: Vec<_> = pictures.iter().filter_map(|path| path.file_name()?.to_str()).collect();
    assert_eq!(names, ["chart.png", "overlay.png"]);
    let Some((picture, truth)) = shared("bar_chart.png") else { return };
    let (report, _out) = develop(&picture, "");
    let worst = worst_bar(&report, &texts(&truth["categories"]), &numbers(&truth["values"]), 160.0);
    assert!(worst <= 0.02, "worst bar is off by {:.2}% of the axis", worst * 100.0);
}

/// Protects tables: every cell as printed, and a chart of them.
#[test]
fn tables_are_read_cell_for_cell() {
    let (picture, truth) = own("table.png");
    let (report, _out) = develop(&picture, "");
    let rows: Vec<Vec<String>> = truth["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| texts(row).into_iter().map(str::to_owned).collect())
        .collect();
    assert_eq!(csv(&outputs(&report, ".csv")[0]), rows);
    assert!(!outputs(&report, ".png").is_empty());
    let Some((picture, truth)) = shared("table_screenshot.png") else { return };
    let (report, _out) = develop(&picture, "");
    assert_eq!(report["image_kind"], "table");
    let read = csv(&outputs(&report, ".csv")[0]);
    assert_eq!(read[0], texts(&truth["columns"]));
    let expected = truth["rows"].as_array().expect("rows");
    assert_eq!(read.len(), expected.len() + 1);
    for (row, expected) in read[1..].iter().zip(expected) {
        for (cell, expected) in row.iter().zip(expected.as_array().expect("row")) {
            let same =
                expected.as_f64().map_or_else(|| expected.as_str() == Some(cell), |number| cell.parse() == Ok(number));
            assert!(same, "{cell} is not {expected}");
        }
    }
    assert!(!outputs(&report, ".png").is_empty());
}

/// Protects counts: objects on a background are counted, with an overlay to check them by.
#[test]
fn objects_are_counted() {
    let (picture, truth) = own("seeds.png");
    let (report, _out) = develop(&picture, "How many seeds are there?");
    assert_eq!(counted(&report), truth["count"].as_i64().expect("count"), "{}", report["summary"]);
    assert!(!outputs(&report, ".png").is_empty());
    let Some((picture, truth)) = shared("coins.png") else { return };
    let (report, _out) = develop(&picture, "How many coins are there?");
    let off = (counted(&report) - truth["count"].as_i64().expect("count")).abs();
    assert!(off <= 1, "off by {off}: {}", report["summary"]);
}

/// Rows of the table of objects.
fn counted(report: &Value) -> i64 {
    i64::try_from(csv(&outputs(report, ".csv")[0]).len()).expect("a count") - 1
}

/// Protects pages: their text is delivered.
#[test]
fn pages_become_text() {
    let Some((picture, truth)) = shared("page.png") else { return };
    let (report, _out) = develop(&picture, "");
    assert_eq!(report["image_kind"], "text");
    let page: String =
        outputs(&report, ".txt").iter().map(|path| std::fs::read_to_string(path).expect("text")).collect();
    let plain = page.split_whitespace().collect::<Vec<_>>().join(" ");
    for phrase in texts(&truth["contains"]) {
        assert!(plain.contains(phrase), "{phrase:?} is missing in {plain}");
    }
}

/// Protects the other charts: the kind is right, the title and axis labels are read, and the values are right.
#[test]
fn lines_scatters_and_pies_are_recognised() {
    let (report, _out) = develop(&own("line_chart.png").0, "");
    assert_eq!(report["image_kind"], "line", "{report}");
    let rows: [(&str, &str, &[&str]); 3] = [
        ("line_chart.png", "line", &["Renewable generation", "Year", "Generation (TWh)"]),
        ("scatter_plot.png", "scatter", &["Dose and response", "Dose (mg)", "Response"]),
        ("pie_chart.png", "pie", &["Monthly budget"]),
    ];
    for (name, kind, words) in rows {
        let Some((picture, truth)) = shared(name) else { return };
        let (report, _out) = develop(&picture, "");
        assert_eq!(report["image_kind"], kind);
        match kind {
            "line" => lines_are_right(&report, &truth),
            "scatter" => points_are_right(&report, &truth),
            _ => shares_are_right(&report, &truth),
        }
        let code = report["code"].as_str().expect("code");
        for word in words {
            assert!(code.contains(&format!("\"{word}\"")), "{name}: {word:?} is missing");
        }
    }
}

/// Both lines at every year within 3% of the axis, which runs from 7 to 25.
fn lines_are_right(report: &Value, truth: &Value) {
    let table = csv(&outputs(report, "values.csv")[0]);
    for (series, years) in truth["series"].as_object().expect("series") {
        let column =
            table[0].iter().position(|name| name == series).unwrap_or_else(|| panic!("no {series}: {table:?}"));
        for (year, value) in years.as_object().expect("years") {
            let row = table.iter().find(|row| row[0] == *year).unwrap_or_else(|| panic!("no {year}: {table:?}"));
            let off = (row[column].parse::<f64>().expect("a number") - value.as_f64().expect("a number")).abs();
            assert!(off <= 0.03 * 18.0, "{series} at {year} is off by {off}");
        }
    }
}

/// At least 80% of the points within 2% of both axes, and no more than 10% of what is delivered invented.
fn points_are_right(report: &Value, truth: &Value) {
    let pair = |row: &Vec<f64>| (row[0], row[1]);
    let truth: Vec<Vec<f64>> = truth["points"].as_array().expect("points").iter().map(numbers).collect();
    let mut left: Vec<(f64, f64)> = truth.iter().map(pair).collect();
    let table = csv(&outputs(report, "points.csv")[0]);
    let read = table[1..].iter().map(|row| row.iter().filter_map(|cell| cell.parse().ok()).collect::<Vec<f64>>());
    let read: Vec<(f64, f64)> = read.map(|row| pair(&row)).collect();
    for (x, y) in &read {
        let near = |point: &(f64, f64)| (point.0 - x).abs() <= 0.02 * 10.0 && (point.1 - y).abs() <= 0.02 * 30.0;
        if let Some(at) = left.iter().position(near) {
            left.swap_remove(at);
        }
    }
    let found = truth.len() - left.len();
    assert!(found * 10 >= truth.len() * 8, "{found} of {} points were found", truth.len());
    assert!((read.len() - found) * 10 <= read.len(), "{} of {} points are invented", read.len() - found, read.len());
}

/// Each share within two points.
fn shares_are_right(report: &Value, truth: &Value) {
    let table = csv(&outputs(report, "shares.csv")[0]);
    for (name, share) in truth["shares"].as_object().expect("shares") {
        let row = table.iter().find(|row| row[0] == *name).unwrap_or_else(|| panic!("no {name}: {table:?}"));
        let off = (row[1].parse::<f64>().expect("a number") - share.as_f64().expect("a number")).abs();
        assert!(off <= 2.0, "{name} is off by {off}");
    }
}

/// Protects trust: the result says that rules wrote it, and no tokens are claimed.
#[test]
fn built_in_rules_say_what_they_are() {
    let (report, _out) = develop(&sample("table.png"), "");
    let summary = report["summary"].as_str().unwrap_or_default();
    assert!(summary.to_lowercase().contains("rule"), "{summary}");
    assert_eq!((&report["usage"]["prompt_tokens"], &report["review"]["verdict"]), (&0.into(), &"pass".into()));
}
