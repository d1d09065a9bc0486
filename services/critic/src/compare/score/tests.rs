use super::*;
use serde_json::json;

fn subject(measured: serde_json::Value, overlay: serde_json::Value) -> Subject {
    Subject {
        picture: 0,
        measured: serde_json::from_value(measured).expect("a measurement"),
        overlay: serde_json::from_value(overlay).expect("an overlay"),
    }
}

/// A line chart that was read and redrawn well.
fn fine() -> serde_json::Value {
    let shown = json!({
        "kind": "line", "title": "Generation", "labels": { "x": "Year", "y": "TWh" },
        "ticks": { "x": ["2015", "2020"], "y": ["0", "20"] }, "legend": ["Solar", "Wind"],
    });
    json!({
        "input_kind": "line", "output": "chart.png", "wanted": shown, "redraw": shown,
        "pixels": { "ssim": 0.7, "colour_cosine": 0.9 },
        "values": { "total": 20, "trusted": 20, "missing": 0, "median_residual_px": 0.4 },
        "alt_texts": { "chart.png": "A line chart." },
    })
}

fn scored(change: impl FnOnce(&mut serde_json::Value), has_request: bool) -> Comparison {
    let mut measured = fine();
    change(&mut measured);
    compare(&[subject(measured, json!({}))], "open('/box/in/image.png')", has_request)
}

/// Protects the loop: what is right scores high and is good; each fault lowers the score and is named in the report that it
/// belongs to.
#[test]
fn faults_lower_the_score_and_are_named() {
    let best = scored(|_| {}, false);
    assert!(best.good && best.score > 0.95, "{best:?}");
    assert!(best.visual_report.is_empty() && best.code_report.is_empty(), "{best:?}");
    type Change = fn(&mut serde_json::Value);
    let rows: Vec<(&str, Change, bool)> = vec![
        ("what was drawn is a bar chart", |m| m["redraw"]["kind"] = json!("bar"), false),
        ("no chart was drawn", |m| m["redraw"] = json!(null), false),
        ("5 of 20 values do not lie", |m| m["values"]["trusted"] = json!(15), false),
        ("10 of the picture's values are not delivered", |m| m["values"]["missing"] = json!(10), false),
        ("The legend lacks \"Wind\"", |m| m["redraw"]["legend"] = json!(["Solar"]), true),
        ("the title \"Generation\"", |m| m["redraw"]["title"] = json!(null), true),
        ("The y axis does not run", |m| m["redraw"]["ticks"]["y"] = json!(["0", "200"]), true),
    ];
    for (sentence, change, good) in rows {
        let found = scored(change, false);
        assert!(found.score < best.score, "{sentence}: {found:?}");
        assert_eq!(found.good, good, "{sentence}: {found:?}");
        // One label or legend entry of several is shown among the measures; only what is poor is a report.
        let told = found.visual_report.join(" ") + &found.measures.iter().map(|m| m.note.as_str()).collect::<String>();
        assert!(told.contains(sentence), "{sentence}: {found:?}");
    }
}

/// Protects people who asked for another chart: what they asked for is no fault, wrong values still are.
#[test]
fn a_request_may_change_the_chart_but_not_the_values() {
    let other = scored(|m| m["redraw"]["kind"] = json!("bar"), true);
    assert!(other.good && other.score > 0.95, "{other:?}");
    let wrong = scored(|m| m["values"]["trusted"] = json!(10), true);
    assert!(!wrong.good && wrong.score < 0.75, "{wrong:?}");
}

/// Protects the two critics: what the code does badly stands apart from what the result shows badly.
#[test]
fn code_is_reported_apart() {
    let mut measured = fine();
    measured["accessibility"] = json!(["Two colours look alike."]);
    let overlay = json!({ "values": [
        { "series": "Solar", "at": 2017, "trusted": false, "why": "no line of this colour is there." },
        { "series": "", "at": "North", "trusted": true },
    ] });
    let found = compare(&[subject(measured, overlay)], "print(1)", false);
    assert!(found.code_report[0].contains("opens neither the picture"), "{found:?}");
    assert_eq!(found.code_report[1], "Two colours look alike.");
    assert_eq!(found.visual_report, ["Solar at 2017: no line of this colour is there."]);
}

/// Protects pictures without anything to hold: they are not sent round for a better score.
#[test]
fn nothing_measured_is_no_fault() {
    let photo = subject(json!({ "input_kind": "photo" }), json!({}));
    let found = compare(&[photo], "open('/box/in/image.png')", false);
    assert!(found.good && found.measures.is_empty(), "{found:?}");
    assert!(compare(&[], "", true).good);
    let table = json!({ "input_kind": "table", "values": { "total": 8, "trusted": 4 } });
    assert!(!compare(&[subject(table, json!({}))], "open('/box/in/image.png')", false).good);
}
