//! Proving what a run delivered, in the same room as the run.

use crate::support::{Room, warm, with_inputs};
use common::execution::RunStatus;
use serde_json::Value;
use std::collections::BTreeMap;

/// What the jobs service runs: the script by its place in the room, and the request as JSON.
const PROVE: &str = r#"
import sys
sys.path.insert(0, '/opt/darkroom/python')
import prove
prove.main('{"picture": "image.png", "evidence": "evidence.json", "index": 0, "count": 1, "outputs": ['
           '{"name": "chart.png", "file": "output_1.png", "media_type": "image/png"}, '
           '{"name": "chart.figure.json", "file": "output_2.json", "media_type": "application/vnd.darkroom.figure+json"}]}')
"#;
const LOOK: &str = "\
import sys
sys.path.insert(0, '/opt/darkroom/python')
import look
look.main('/box/in/image.png', '/box/out/evidence.json')
";
/// The values of the sample, one of them wrong.
const DRAW: &str = "\
import matplotlib.pyplot as plt
plt.bar(NAMES, VALUES)
plt.savefig('/box/out/chart.png')
";

async fn files(room: &Room, code: &str, inputs: &[(&str, &[u8])]) -> BTreeMap<String, Vec<u8>> {
    let execution = room.execute(with_inputs(code, inputs)).await;
    assert_eq!(execution.result.status, RunStatus::Ok, "{}", execution.result.stderr);
    let names = execution.result.outputs.iter().map(|output| output.name.clone());
    names.zip(execution.contents.iter().map(|content| content.to_vec())).collect()
}

/// Protects trust: in the real room, from a cold start and a warm one alike, values that the picture bears out are
/// trusted, one that is 15 % off is doubtful, and both are shown on the picture.
#[tokio::test]
async fn a_proof_is_the_same_cold_and_warm() {
    let folder = crate::support::root().join("services/darkroom/samples");
    let picture = std::fs::read(folder.join("bar_chart.png")).expect("the sample");
    let truth: Value =
        serde_json::from_slice(&std::fs::read(folder.join("truth.json")).expect("the truth")).expect("JSON");
    let names = truth["bar_chart.png"]["labels"].clone();
    let mut values: Vec<f64> = serde_json::from_value(truth["bar_chart.png"]["values"].clone()).expect("values");
    values[1] *= 1.15;

    let cold = Room::new().await;
    let seen = files(&cold, LOOK, &[("image.png", &picture)]).await;
    let values = serde_json::to_string(&values).expect("JSON");
    let draw = DRAW.replace("NAMES", &names.to_string()).replace("VALUES", &values);
    let drawn = files(&cold, &draw, &[]).await;
    let inputs: [(&str, &[u8]); 4] = [
        ("image.png", &picture),
        ("evidence.json", &seen["evidence.json"]),
        ("output_1.png", &drawn["chart.png"]),
        ("output_2.json", &drawn["chart.figure.json"]),
    ];
    let first = files(&cold, PROVE, &inputs).await;
    let second = files(&Room::with(warm([0, 0, 1])).await, PROVE, &inputs).await;
    assert_eq!(first.keys().collect::<Vec<_>>(), ["measure.json", "overlay.json", "overlay.png"]);
    assert!(first == second, "a cold start and a warm one differ");

    let overlay: Value = serde_json::from_slice(&first["overlay.json"]).expect("JSON");
    let shown = overlay["values"].as_array().expect("values");
    let trusted: Vec<bool> = shown.iter().map(|value| value["trusted"] == true).collect();
    let expected: Vec<bool> = (0..trusted.len()).map(|place| place != 1).collect();
    assert_eq!(trusted, expected, "{overlay}");
    let measure: Value = serde_json::from_slice(&first["measure.json"]).expect("JSON");
    assert_eq!((&measure["output"], &measure["redraw"]["kind"]), (&"chart.png".into(), &"bar".into()), "{measure}");
    // The bar whose value is wrong has none.
    assert_eq!(measure["notes"], serde_json::json!(["1 bar in the picture has no value."]), "{measure}");
}
