//! One run at a time: what somebody waits who asks for it.

use super::Scale;
use super::measure::{millis, quantile, root, target};
use super::python::{PLOT, PRINT, bare};
use super::server::Server;
use super::table::{Limit, Table};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

/// What the look step runs.
const LOOK: &str = "import sys\nsys.path.insert(0, '/opt/darkroom/python')\nimport look\nlook.main('/box/in/image.png', '/box/out/evidence.json')\n";

/// Against bare Python, in turns.
pub async fn measure(server: &Server, scale: Scale, table: &mut Table) {
    let (python, folder) = (target("python").join("bin/python3"), tempfile::tempdir().expect("a folder"));
    for (name, code, runs, most) in [("print(1)", PRINT, 400, 0.20), ("plot", PLOT, 30, 0.15)] {
        let (mut alone, mut inside) = (Vec::new(), Vec::new());
        server.at_rest().await;
        for _ in 0..scale.of(runs) {
            alone.push(bare(&python, code, folder.path()));
            inside.push(server.run(code).await);
        }
        let (bare, p50) = (quantile(&alone, 0.5), quantile(&inside, 0.5));
        let note = format!("{p50:.2} against {bare:.2} ms bare");
        table.add(&format!("{name} over HTTP, p50"), p50 / bare, "x", Limit::Most(most), note);
        let (p95, p99) = (quantile(&inside, 0.95), quantile(&inside, 0.99));
        let limit = if name == "plot" { Limit::None } else { Limit::Most(1.0) };
        let note = format!("{p99:.2} ms; p95 {p95:.2} ms; bare p99 {:.2} ms", quantile(&alone, 0.99));
        table.add(&format!("{name} over HTTP, p99 against bare p50"), p99 / bare, "x", limit, note);
    }
}

/// A picture of 1000 by 700 pixels with what charts have.
const DRAW: &str = "import matplotlib.pyplot as plt\nfigure, axes = plt.subplots(figsize=(10, 7), dpi=100)\naxes.bar(['north', 'east', 'south', 'west', 'centre'], [12, 30, 22, 8, 17], label='sold')\naxes.plot([0, 1, 2, 3, 4], [10, 28, 25, 9, 15], 'r-o', label='expected')\naxes.set_title('Units sold by region')\naxes.set_xlabel('Region')\naxes.set_ylabel('Units')\naxes.legend()\nfigure.savefig('/box/out/drawn.png')\n";

/// The look step, from warm: a drawn chart of 1000 by 700 pixels, and the samples.
pub async fn look(server: &Server, scale: Scale, table: &mut Table) {
    let drawn = server.execute(DRAW, json!({})).await;
    let outputs = drawn.body["outputs"].as_array().cloned().unwrap_or_default();
    let path = outputs.iter().find(|output| output["name"] == "drawn.png").and_then(|output| output["path"].as_str());
    let mut pictures = vec![("a chart, 1000x700", server.bytes(path.expect("a drawn picture")).await)];
    for name in ["bar_chart.png", "line_chart.png", "table.png", "seeds.png"] {
        pictures.push((name, std::fs::read(root().join("services/darkroom/samples").join(name)).expect("a sample")));
    }
    for (name, picture) in pictures {
        let input = json!({ "name": "image.png", "content_base64": BASE64_STANDARD.encode(picture) });
        let mut times = Vec::new();
        for _ in 0..scale.of(10) {
            server.at_rest().await;
            let answer = server.execute(LOOK, json!({ "inputs": [input] })).await;
            assert_eq!(answer.body["status"], "ok", "{}", answer.body);
            assert_eq!(answer.body["start"], "warm", "{}", answer.body);
            times.push(answer.took);
        }
        let worst = times.iter().max().map(|time| millis(*time)).unwrap_or_default();
        let note = format!("worst {worst:.0} ms");
        table.add(&format!("look at {name}, p50"), quantile(&times, 0.5) / 1000.0, "s", Limit::Most(1.5), note);
    }
}
