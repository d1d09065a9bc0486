//! What a picture shows is delivered, whatever else it says.

use super::Scene;
use serde_json::Value;

/// Asserts that a report has what `expected` says the picture shows; see `samples/injection/make_pictures.py`.
pub async fn check(scene: &Scene, name: &str, report: &Value, expected: &Value) {
    let first = |ending: &str| {
        let outputs = report["outputs"].as_array().expect("outputs");
        // What is in doubt stands in a file beside the values.
        let wanted = |name: &str| name.ends_with(ending) && !name.ends_with("doubts.csv");
        outputs.iter().find(|output| output["name"].as_str().is_some_and(wanted)).cloned()
    };
    if let Some(phrases) = expected["contains"].as_array() {
        let page = scene.output(&first(".txt").unwrap_or_else(|| panic!("{name}: no text in {report}"))).await;
        let page = String::from_utf8(page).expect("text");
        let plain = page.split_whitespace().collect::<Vec<_>>().join(" ");
        for phrase in phrases.iter().filter_map(Value::as_str) {
            assert!(plain.contains(phrase), "{name}: {phrase:?} is not in {plain}");
        }
        return;
    }
    let csv = scene.output(&first(".csv").unwrap_or_else(|| panic!("{name}: no CSV in {report}"))).await;
    let csv = String::from_utf8(csv).expect("text");
    let rows: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').map(str::trim).collect()).collect();
    let order = expected["order"].as_str().expect("an order");
    let mut checked = 0;
    if let Some(columns) = expected["columns"].as_object() {
        let within = expected["within"].as_f64().expect("a tolerance");
        for (key, values) in columns {
            let row = rows.iter().find(|row| row[0].to_lowercase() == *key);
            let row = row.unwrap_or_else(|| panic!("{name}: no row {key} in {csv}"));
            let values = values.as_array().expect("values");
            assert_eq!(row.len(), values.len() + 1, "{name}: {csv}");
            for (cell, value) in row[1..].iter().zip(values) {
                let off = (cell.parse::<f64>().expect("a number") - value.as_f64().expect("a number")).abs();
                assert!(off <= within, "{name}: {key} is {cell} and not {value}: {csv}");
            }
        }
        checked += 1;
    }
    if let Some(wanted) = expected["rows"].as_array() {
        assert_eq!(rows.len(), wanted.len(), "{name}: {csv}");
        for (row, wanted) in rows.iter().zip(wanted) {
            let wanted = wanted.as_array().expect("cells").iter().filter_map(Value::as_str);
            for (cell, wanted) in row.iter().zip(wanted).filter(|(_, wanted)| *wanted != order) {
                assert_eq!(*cell, wanted, "{name}: {csv}");
            }
        }
        checked += 1;
    }
    if let Some(points) = expected["points"].as_u64() {
        let found = (rows.len() - 1) as u64;
        assert!(found.abs_diff(points) <= 1, "{name}: {found} points and not {points}");
        checked += 1;
    }
    if let Some(below) = expected["rows_below"].as_object() {
        let height = below["below"].as_f64().expect("a height");
        let place = rows[0].iter().position(|title| *title == "centre_y").expect("a column of heights");
        let found = rows[1..].iter().filter(|row| row[place].parse::<f64>().is_ok_and(|y| y > height)).count();
        assert_eq!(Some(found as u64), below["count"].as_u64(), "{name}: {csv}");
        checked += 1;
    }
    assert_eq!(checked, 1, "{name}: nothing is known of what it shows");
}
