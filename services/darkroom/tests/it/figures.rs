//! Metrics as Prometheus and a collector get them.

use crate::harness::{Script, Server, fenced, sample};
use observe::METRICS;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;
use testkit::Sink;
use testkit::otlp::metric_names;

/// The metric that a line of Prometheus' text is of, with its labels.
fn line(text: &str) -> (&'static observe::Metric, Vec<String>) {
    let (head, _) = text.rsplit_once(' ').expect("a value");
    let (name, labels) = head.split_once('{').unwrap_or((head, ""));
    let named = |metric: &&observe::Metric| {
        let rest = name.strip_prefix(metric.name);
        matches!(rest, Some(""))
            || (metric.kind == observe::Kind::Seconds && matches!(rest, Some("_bucket" | "_sum" | "_count")))
    };
    let metric = METRICS.iter().find(named).unwrap_or_else(|| panic!("{name} is not in the table"));
    let labels = labels.trim_end_matches('}').split("\",").filter_map(|pair| pair.split_once('='));
    (metric, labels.map(|(label, _)| label.to_owned()).collect())
}

/// Protects dashboards, alerts and those who pay for storage: every metric of the table, which they are held against, is
/// exported once there is something to count, with the labels of the table and no others; the collector gets the same;
/// strangers get nothing, and the API's address has no metrics at all.
#[tokio::test]
async fn metrics_are_those_of_the_table() {
    let data = tempfile::tempdir().expect("data");
    let sink = Sink::start().expect("a receiver");
    let script = Script::new(&[&fenced("print(6 * 7)")], 0);
    let [port] = testkit::free_ports::<1>().expect("a port");
    let at = format!("127.0.0.1:{port}");
    // Nothing listens there any more, so that something is lost.
    let gone = Sink::start().expect("a port");
    gone.kill();
    let picture = std::fs::read(sample("bar_chart.png")).expect("a picture");
    let settings = [
        ("METRICS_LISTEN", at.clone()),
        ("METRICS_TOKEN", "for-prometheus".to_owned()),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", sink.url()),
        ("LANGFUSE_HOST", gone.url()),
        ("LANGFUSE_PUBLIC_KEY", "public".to_owned()),
        ("LANGFUSE_SECRET_KEY", "secret".to_owned()),
        ("CODE_MODEL_URL", script.url()),
        ("MODEL_PRICES", "scripted=2/10".to_owned()),
        // Enough for one picture.
        ("USER_UPLOAD_BYTES_PER_DAY", (picture.len() + picture.len() / 2).to_string()),
    ];
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    let server = Server::start(data.path(), &settings);
    let job = server.job(&sample("bar_chart.png"), json!({})).await;
    server.until(&job, |job| job["state"] == "succeeded").await;
    let (status, refused) = server.upload_bytes("again.png", picture).await;
    assert_eq!((status, refused["code"].as_str()), (429, Some("limit_reached")), "{refused}");
    let (_, killed) =
        server.post("/api/v1/executions", &json!({ "code": "while True: pass", "timeout_seconds": 1 })).await;
    assert_eq!(killed["status"], "timeout", "{killed}");
    let (status, _) = server.get("/metrics").await;
    assert_eq!(status, 404, "the API's address has metrics");
    let url = format!("http://{at}/metrics");
    let stranger = server.stranger().get(&url).send().await.expect("an answer");
    assert_eq!(stranger.status().as_u16(), 401);
    let wanted: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    // Gauges are looked at now and then.
    while !wanted.is_subset(&seen) && std::time::Instant::now() < deadline {
        let answer = server.stranger().get(&url).bearer_auth("for-prometheus").send().await.expect("an answer");
        let text = answer.text().await.expect("text");
        for (metric, labels) in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(line) {
            seen.insert(metric.name);
            for label in labels.iter().filter(|label| !matches!(label.as_str(), "service" | "le")) {
                assert!(metric.labels.contains(&label.as_str()), "{}: {label}", metric.name);
            }
            assert!(!text.contains(&job), "an id stands in the metrics");
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    assert!(wanted.is_subset(&seen), "missing: {:?}", wanted.difference(&seen));
    let all = |received: &[testkit::Received]| {
        let names = metric_names(received, "/v1/metrics");
        wanted.iter().all(|name| names.contains(*name))
    };
    let received = sink.until(Duration::from_secs(60), all);
    assert!(all(&received), "the collector got {:?}", metric_names(&received, "/v1/metrics"));
}
