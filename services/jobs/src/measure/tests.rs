use super::*;
use common::compare::Comparison;

fn output(name: &str, media_type: &str, bytes: u64) -> OutputFile {
    OutputFile {
        name: name.to_owned(),
        media_type: media_type.to_owned(),
        bytes,
        sha256: String::new(),
        path: format!("key/{name}"),
        alt: None,
    }
}

fn attempt(outputs: Vec<OutputFile>) -> Attempt {
    Attempt { run: Some(Run { status: RunStatus::Ok, outputs, ..Run::default() }), ..Attempt::default() }
}

/// Protects time: only a result that can be held against a picture is measured, figures first, and nothing huge is read.
#[test]
fn figures_come_first_and_words_alone_are_not_measured() {
    let rows: Vec<(Vec<OutputFile>, bool, Vec<&str>)> = vec![
        (vec![], false, vec![]),
        (vec![output("a.txt", "text/plain", 1)], false, vec!["a.txt"]),
        (vec![output("a.zip", "application/zip", 1), output("a.csv", "text/csv", 1)], true, vec!["a.csv"]),
        (
            vec![output("v.csv", "text/csv", 1), output("c.png", "image/png", 1), output("c.figure.json", FIGURE, 1)],
            true,
            vec!["c.figure.json", "c.png", "v.csv"],
        ),
        (vec![output("c.png", "image/png", MOST_BYTES + 1)], false, vec![]),
    ];
    for (outputs, worth, names) in rows {
        let attempt = attempt(outputs);
        assert_eq!(is_worth_it(&attempt), worth, "{attempt:?}");
        let run = attempt.run.expect("a run");
        let order: Vec<&str> = taken(&run).iter().map(|(output, _)| output.name.as_str()).collect();
        assert_eq!(order, names);
    }
}

/// Protects the platform's scripts: a file name cannot become code, and arrives as it was.
#[test]
fn names_stay_data() {
    for name in ["a\"\nimport os\n", "\\\"); print(1) #", "\u{202e}é\u{1f600}\u{7f}", "WHAT", "\"WHAT\""] {
        let script = with(MEASURE, &json!({ "name": name }));
        assert!(script.is_ascii(), "{script}");
        assert_eq!(script.lines().count(), MEASURE.lines().count(), "{script}");
        assert!(script.ends_with(")\n"), "{script}");
    }
}

/// Protects what is delivered: an overlay never hides an output of the same name, and pictures come with their
/// descriptions.
#[test]
fn overlays_get_free_names() {
    let mut attempt = attempt(vec![output("overlay.png", "image/png", 1), output("chart.png", "image/png", 1)]);
    attempt.measured = vec![Measured {
        picture: 0,
        measure_key: "m".into(),
        overlay_png: Some(output("overlay.png", "image/png", 2)),
        overlay_json: Some(output("overlay.json", "application/json", 3)),
    }];
    let mut comparison = Comparison::default();
    comparison.alt_texts.insert("chart.png".into(), "A chart.".into());
    attempt.comparison = Some(comparison);
    let delivered = deliveries(&attempt, 1);
    let names: Vec<&str> = delivered.iter().map(|output| output.name.as_str()).collect();
    assert_eq!(names, ["overlay.png", "chart.png", "overlay (2).png", "overlay.json"]);
    assert_eq!(delivered[1].alt.as_deref(), Some("A chart."));
    assert_eq!(deliveries(&attempt, 2)[2].name, "overlay_1.png");
}
