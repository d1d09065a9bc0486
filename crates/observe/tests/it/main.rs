//! Dashboards and alerts against what programs export.

use observe::{Kind, METRICS, Metric};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/observability")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The expressions of all panels and alerts.
fn expressions() -> Vec<String> {
    let dashboard: serde_json::Value = serde_json::from_str(&read("grafana/darkroom.json")).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let drawn = targets.map(|target| target["expr"].as_str().expect("an expression").to_owned());
    let alerts = read("alerts.yml");
    let asked = alerts.lines().filter_map(|line| line.trim().strip_prefix("expr: ").map(ToOwned::to_owned));
    drawn.chain(asked).collect()
}

/// Names within an expression that could be metrics.
fn words(expression: &str) -> impl Iterator<Item = &str> {
    expression.split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'))
}

fn metric(word: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| match (metric.kind, word.strip_prefix(metric.name)) {
        (Kind::Seconds, Some(rest)) => matches!(rest, "_bucket" | "_sum" | "_count"),
        (_, Some(rest)) => rest.is_empty(),
        _ => false,
    })
}

/// Protects whoever looks at dashboards and is woken by alerts: every metric that they name is exported under that name, and
/// every label that they sum by is one of its labels.
#[test]
fn dashboards_and_alerts_name_what_is_exported() {
    let mut used: BTreeSet<&str> = BTreeSet::new();
    let all = expressions();
    assert!(all.len() > 30, "{}", all.len());
    for expression in &all {
        let named: Vec<&Metric> = words(expression).filter_map(metric).collect();
        let strangers: Vec<&str> = words(expression)
            .filter(|word| word.starts_with("darkroom_") || word.starts_with("http_server_"))
            .filter(|word| metric(word).is_none())
            .collect();
        assert!(strangers.is_empty(), "{strangers:?} in {expression}");
        assert!(!named.is_empty() || expression.starts_with("up{"), "no metric in {expression}");
        for by in expression.split("by (").skip(1) {
            let labels = by.split(')').next().unwrap_or_default().split(',').map(str::trim);
            for label in labels.filter(|label| !matches!(*label, "service" | "le")) {
                assert!(named.iter().any(|metric| metric.labels.contains(&label)), "label {label} in {expression}");
            }
        }
        used.extend(named.iter().map(|metric| metric.name));
    }
    let unseen: Vec<_> = METRICS.iter().map(|metric| metric.name).filter(|name| !used.contains(name)).collect();
    assert!(unseen.is_empty(), "no panel and no alert shows {unseen:?}");
}

/// Protects whoever changes a panel: the dashboard is what its script makes.
#[test]
fn the_dashboard_is_fresh() {
    let made = Command::new("python3").arg("-B").arg(folder().join("dashboard.py")).output().expect("python3 runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let standing = read("grafana/darkroom.json");
    assert_eq!(String::from_utf8_lossy(&made.stdout), standing, "dashboard.py > grafana/darkroom.json");
}

/// Protects operators: every metric, every setting and every alert is described, and each alert says what to do.
#[test]
fn everything_is_described() {
    let text = std::fs::read_to_string(folder().join("../../docs/observe.md")).expect("docs/observe.md");
    for metric in METRICS {
        assert!(text.contains(&format!("`{}`", metric.name)), "{} is not described", metric.name);
    }
    for alert in read("alerts.yml").lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        assert!(text.contains(&format!("### {alert}")), "{alert} is not described");
        let runbook = format!("docs/observe.md#{}", alert.to_lowercase());
        assert!(read("alerts.yml").contains(&runbook), "{alert} has no runbook");
    }
}
