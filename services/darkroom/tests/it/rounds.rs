//! Results held against pictures by the real sandbox and critic: better rounds replace poor ones, never the other way
//! round; budgets stop; jobs go on from jobs.

use crate::harness::{Script, Server, fenced, sample};
use reqwest::Method;
use serde_json::{Value, json};

/// What the sample shows.
const RIGHT: [f64; 6] = [34.0, 41.5, 29.0, 52.0, 61.5, 47.0];

/// A script that draws these values for the days of the sample, as a model might that read them from somewhere.
fn redraw(values: &[f64], chart: &str) -> String {
    let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    let days = &days[..values.len()];
    format!(
        "import matplotlib.pyplot as plt\n\
         import pandas as pd\n\n\
         # Measured in /box/in/image.png.\n\
         days, values = {days:?}, {values:?}\n\
         figure, axes = plt.subplots()\n\
         axes.{chart}(days, values)\n\
         axes.set(title='Visitors', xlabel='Day', ylabel='Visitors', ylim=(0, 70))\n\
         figure.savefig('/box/out/chart.png')\n\
         pd.DataFrame({{'day': days, 'value': values}}).to_csv('/box/out/values.csv', index=False)\n\
         print(f'Read {{len(values)}} bars.')\n"
    )
}

fn half_wrong() -> Vec<f64> {
    RIGHT.iter().enumerate().map(|(n, value)| if n % 2 == 0 { value + 12.0 } else { *value }).collect()
}

fn all_wrong() -> Vec<f64> {
    RIGHT.iter().map(|value| value / 2.0 + 20.0).collect()
}

async fn developed(answers: &[String], options: Value, variables: &[(&str, &str)]) -> (Value, Script) {
    let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
    let script = Script::new(&answers, 0);
    let data = tempfile::tempdir().expect("data");
    let url = script.url();
    let all: Vec<(&str, &str)> = variables.iter().copied().chain([("CODE_MODEL_URL", url.as_str())]).collect();
    let server = Server::start(data.path(), &all);
    let job = server.job(&sample("bar_chart.png"), options).await;
    (server.report(&job).await, script)
}

fn scores(report: &Value) -> Vec<f64> {
    let rounds = report["rounds"].as_array().expect("rounds");
    rounds.iter().map(|round| round["score"].as_f64().expect("a score")).collect()
}

fn delivered(report: &Value) -> Option<usize> {
    report["rounds"].as_array().expect("rounds").iter().position(|round| round["delivered"] == true)
}

/// Protects people from a model's first idea: a poor redraw goes back with what was measured, and the better one is
/// delivered with its proof.
#[tokio::test(flavor = "multi_thread")]
async fn a_poor_redraw_is_improved() {
    let answers = [fenced(&redraw(&half_wrong(), "bar")), fenced(&redraw(&RIGHT, "bar"))];
    let (report, script) = developed(&answers, json!({}), &[]).await;
    assert_eq!(report["state"], "succeeded", "{report}");
    let found = scores(&report);
    assert_eq!(found.len(), 2, "{report}");
    assert!(found[0] + 0.1 < found[1], "{found:?}");
    assert_eq!(delivered(&report), Some(1));
    assert!(!report["rounds"][0]["visual_report"].as_array().expect("a report").is_empty(), "{report}");
    let values = &report["proof"][0]["values"];
    assert_eq!((values["total"].as_u64(), values["trusted"].as_u64()), (Some(6), Some(6)), "{report}");
    let names: Vec<&str> =
        report["outputs"].as_array().expect("outputs").iter().filter_map(|output| output["name"].as_str()).collect();
    assert!(names.contains(&"overlay.png") && names.contains(&"overlay.json"), "{names:?}");
    assert!(report["summary"].as_str().expect("a summary").contains("all 6 values were found"), "{report}");
    assert_eq!(script.calls().len(), 2);
    let chart = report["outputs"].as_array().expect("outputs").iter().find(|output| output["name"] == "chart.png");
    assert!(chart.is_some_and(|chart| chart["alt"].as_str().is_some_and(|alt| alt.len() > 20)), "{chart:?}");
}

/// Protects readers of the summary: a result that is delivered although it lacks much of the picture says so, a good one
/// says nothing of the kind.
#[tokio::test(flavor = "multi_thread")]
async fn a_poor_result_says_what_it_lacks() {
    let lacks = "Held against the picture, the result shows";
    for (values, is_poor) in [(half_wrong(), true), (RIGHT.to_vec(), false)] {
        let (report, _) = developed(&[fenced(&redraw(&values, "bar"))], json!({ "max_repairs": 0 }), &[]).await;
        assert_eq!(report["rounds"][0]["good"], !is_poor, "{report}");
        assert_eq!(report["summary"].as_str().expect("a summary").contains(lacks), is_poor, "{report}");
    }
}

/// Protects a good result from its revision: whatever comes after, nothing worse than the best is delivered, and a round
/// that made nothing better is the last.
#[tokio::test(flavor = "multi_thread")]
async fn a_worse_round_never_replaces_the_best() {
    let answers =
        [fenced(&redraw(&half_wrong(), "bar")), fenced(&redraw(&all_wrong(), "plot")), fenced(&redraw(&RIGHT, "bar"))];
    let (report, script) = developed(&answers, json!({}), &[]).await;
    let found = scores(&report);
    assert!(found.len() == 2 && found[1] < found[0], "{found:?}");
    assert_eq!(delivered(&report), Some(0));
    assert_eq!(report["code"].as_str(), Some(redraw(&half_wrong(), "bar").as_str()));
    assert!(report["summary"].as_str().expect("a summary").contains("marked as doubtful"), "{report}");
    assert_eq!(script.calls().len(), 2);
}

/// Protects what was asked for: of several variants the one that fits best is kept, whichever came first.
#[tokio::test(flavor = "multi_thread")]
async fn the_best_variant_is_kept() {
    let answers = [fenced(&redraw(&RIGHT, "bar")), fenced(&redraw(&all_wrong(), "bar"))];
    let (report, script) = developed(&answers, json!({ "variants": 2 }), &[]).await;
    assert_eq!((scores(&report).len(), delivered(&report)), (2, Some(0)), "{report}");
    assert_eq!(script.calls().len(), 2);
}

/// Protects whoever pays: no call is made beyond a budget of turns, tokens or money, and the best so far is delivered with
/// the reason. The scripted model counts a call as 100 tokens sent and 20 received.
#[tokio::test(flavor = "multi_thread")]
async fn budgets_stop_exactly() {
    let poor: Vec<String> =
        (1..=4).map(|n| fenced(&redraw(&RIGHT.map(|value| value * (0.4 + 0.1 * f64::from(n))), "bar"))).collect();
    // Each round is better than the one before: without a budget all four would be made.
    let rows = [
        (json!({}), 4, None),
        (json!({ "max_repairs": 0 }), 1, None),
        (json!({ "max_turns": 2 }), 2, Some("turns")),
        (json!({ "max_tokens": 240 }), 2, Some("tokens")),
        (json!({ "max_tokens": 241 }), 3, Some("tokens")),
        // 100 tokens at 2 and 20 at 10 dollars a million: 400 millionths a call.
        (json!({ "max_cost_usd": 0.0004 }), 1, Some("cost")),
        (json!({ "max_cost_usd": 0.0012 }), 3, Some("cost")),
    ];
    for (options, calls, stopped) in rows {
        let (report, script) = developed(&poor, options.clone(), &[("MODEL_PRICES", "scripted=2/10")]).await;
        assert_eq!(report["state"], "succeeded", "{options}: {report}");
        assert_eq!(script.calls().len(), calls, "{options}: {report}");
        assert_eq!(report["stopped_by"].as_str(), stopped, "{options}: {report}");
        let usage = &report["usage"];
        assert_eq!(usage["calls"].as_u64(), Some(calls as u64), "{options}: {usage}");
        assert_eq!(usage["prompt_tokens"].as_u64(), Some(100 * calls as u64), "{options}: {usage}");
        let cost = usage["cost_usd"].as_f64().expect("a cost");
        assert!((cost - 0.0004 * calls as f64).abs() < 1e-9, "{options}: {usage}");
        let best = scores(&report).into_iter().fold(0.0, f64::max);
        assert_eq!(report["rounds"][delivered(&report).expect("one is delivered")]["score"].as_f64(), Some(best));
    }
}

/// Protects the person's next wish: a refinement is a job of its own that knows the code and the wishes before it, and the
/// chain can be followed back.
#[tokio::test(flavor = "multi_thread")]
async fn a_refinement_goes_on_from_its_job() {
    let answers = [fenced(&redraw(&RIGHT, "bar"))];
    let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
    let script = Script::new(&answers, 0);
    let data = tempfile::tempdir().expect("data");
    let server = Server::start(data.path(), &[("CODE_MODEL_URL", &script.url())]);
    let first = server.job(&sample("bar_chart.png"), json!({})).await;
    let path = |job: &str| format!("/api/v1/jobs/{job}/refine");
    let (status, refused) = server.post(&path(&first), &json!({ "prompt": "in blue" })).await;
    assert!(status == 409 || status == 202, "{refused}");
    server.report(&first).await;
    let (status, empty) = server.post(&path(&first), &json!({ "prompt": " " })).await;
    assert_eq!((status, empty["code"].as_str()), (422, Some("invalid_field")));
    let (status, second) = server.post(&path(&first), &json!({ "prompt": "in blue" })).await;
    assert_eq!(status, 202, "{second}");
    let second = second["id"].as_str().expect("id").to_owned();
    let report = server.report(&second).await;
    assert_eq!((report["state"].as_str(), report["parent"].as_str()), (Some("succeeded"), Some(first.as_str())));
    let (_, third) = server.post(&path(&second), &json!({ "prompt": "as a log chart" })).await;
    assert_eq!(third["chain"], json!([first, second]));
    server.report(third["id"].as_str().expect("id")).await;
    // Once more, it still goes on from the same job.
    let (status, again) = server.post(&format!("/api/v1/jobs/{second}/retry"), &json!({})).await;
    assert_eq!((status, again["parent"].as_str()), (202, Some(first.as_str())), "{again}");
    server.report(again["id"].as_str().expect("id")).await;
    // With other options, too; those that are not named stay.
    let change = json!({ "options": { "models": "rules", "max_tokens": 5000 } });
    let (status, other) = server.post(&format!("/api/v1/jobs/{second}/retry"), &change).await;
    assert_eq!((status, other["parent"].as_str()), (202, Some(first.as_str())), "{other}");
    let options = &other["options"];
    assert_eq!((&options["models"], &options["max_tokens"]), (&json!("rules"), &json!(5000)), "{options}");
    assert_eq!(options["max_repairs"], again["options"]["max_repairs"], "{options}");
    assert_eq!(server.report(other["id"].as_str().expect("id")).await["models"], json!(["builtin"]));
    for (bad, code) in [
        (json!({ "options": { "max_repairs": 9 } }), "invalid_field"),
        (json!({ "options": { "colour": "blue" } }), "invalid_field"),
        (json!({ "models": "rules" }), "invalid_json"),
    ] {
        let (_, problem) = server.post(&format!("/api/v1/jobs/{second}/retry"), &bad).await;
        assert_eq!(problem["code"], code, "{problem}");
    }
    // What a job needs of those before it is its own: they can be deleted.
    assert_eq!(
        server.request(Method::DELETE, &format!("/api/v1/jobs/{first}")).send().await.expect("gone").status(),
        204
    );
    assert_eq!(server.report(&second).await["state"], "succeeded");
}

/// Protects the numbers: whoever corrects an axis gets all values read again by it, from the rules as from a model, and no
/// model is asked.
#[tokio::test(flavor = "multi_thread")]
async fn corrected_axes_change_all_values() {
    let redrawn = fenced(&redraw(&RIGHT, "bar"));
    let script = Script::new(&[&redrawn], 0);
    for (name, url) in [("rules", "builtin:".to_owned()), ("model", script.url())] {
        let data = tempfile::tempdir().expect("data");
        let server = Server::start(data.path(), &[("CODE_MODEL_URL", &url)]);
        let first = server.job(&sample("bar_chart.png"), json!({})).await;
        let before = server.report(&first).await;
        let overlay = output(&server, &before, "overlay.json").await;
        let overlay: Value = serde_json::from_str(&overlay).expect("JSON");
        let axis = &overlay["calibration"]["y"];
        let pixel =
            |value: f64| (value - axis["intercept"].as_f64().expect("a fit")) / axis["slope"].as_f64().expect("a fit");
        // What was read as 0 and 60 is said to be 0 and 600.
        let points = json!([{ "pixel": pixel(0.0), "value": 0.0 }, { "pixel": pixel(60.0), "value": 600.0 }]);
        let path = format!("/api/v1/jobs/{first}/calibration");
        let calls = script.calls().len();
        let request = server.request(Method::PATCH, &path).json(&json!({ "picture": 0, "y": points }));
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 202, "{name}");
        let second: Value = response.json().await.expect("a job");
        let after = server.report(second["id"].as_str().expect("id")).await;
        assert_eq!(after["state"], "succeeded", "{name}: {after}");
        assert_eq!(script.calls().len(), calls, "{name}: no model is asked");
        let table = output(&server, &after, "values.csv").await;
        let values: Vec<f64> =
            table.lines().skip(1).filter_map(|line| line.rsplit(',').next()?.trim().parse().ok()).collect();
        assert_eq!(values.len(), RIGHT.len(), "{name}: {table}");
        for (value, right) in values.iter().zip(RIGHT) {
            assert!((value - 10.0 * right).abs() < 12.0, "{name}: {table}");
        }
        let bad = json!({ "y": [{ "pixel": 1.0, "value": 2.0 }] });
        let refused = server.request(Method::PATCH, &path).json(&bad).send().await.expect("an answer");
        assert_eq!(refused.status(), 422, "{name}");
    }
}

async fn output(server: &Server, report: &Value, name: &str) -> String {
    let outputs = report["outputs"].as_array().expect("outputs");
    let found = outputs.iter().find(|output| output["name"] == name).unwrap_or_else(|| panic!("no {name}: {report}"));
    let path = found["path"].as_str().expect("a link");
    server.request(Method::GET, path).send().await.expect("the output").text().await.expect("text")
}
