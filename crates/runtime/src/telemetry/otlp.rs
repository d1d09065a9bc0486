//! Metrics as OpenTelemetry sends them, made from what Prometheus is shown, so that both always say the same. Pure.

use observe::{Kind, METRICS, Metric};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric as Told, NumberDataPoint, ResourceMetrics,
    ScopeMetrics, Sum,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

type Labels = Vec<(String, String)>;

/// One line of the text: a name, labels, a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sample {
    pub name: String,
    pub labels: Labels,
    pub value: f64,
}

/// The message with everything in the text that stands in the table of metrics.
pub(super) fn message(
    text: &str,
    resource: &[(String, String)],
    began: SystemTime,
    now: SystemTime,
) -> ExportMetricsServiceRequest {
    let samples: Vec<Sample> = text.lines().filter_map(sample).collect();
    let times = (nanos(began), nanos(now));
    let metrics = METRICS.iter().filter_map(|metric| told(metric, &samples, times)).collect();
    let scope_metrics = vec![ScopeMetrics { metrics, ..ScopeMetrics::default() }];
    let attributes = attributes(resource);
    let resource = Some(Resource { attributes, ..Resource::default() });
    let resource_metrics = vec![ResourceMetrics { resource, scope_metrics, ..ResourceMetrics::default() }];
    ExportMetricsServiceRequest { resource_metrics }
}

fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn told(metric: &Metric, samples: &[Sample], times: (u64, u64)) -> Option<Told> {
    let data = match metric.kind {
        Kind::Counter => {
            let aggregation_temporality = AggregationTemporality::Cumulative.into();
            let data_points = points(metric.name, samples, times);
            (!data_points.is_empty()).then_some(Data::Sum(Sum {
                data_points,
                aggregation_temporality,
                is_monotonic: true,
            }))
        }
        Kind::Gauge => {
            let data_points = points(metric.name, samples, times);
            (!data_points.is_empty()).then_some(Data::Gauge(Gauge { data_points }))
        }
        Kind::Seconds => {
            let data_points = spreads(metric.name, samples, times);
            let aggregation_temporality = AggregationTemporality::Cumulative.into();
            (!data_points.is_empty()).then_some(Data::Histogram(Histogram { data_points, aggregation_temporality }))
        }
    };
    let unit = if metric.kind == Kind::Seconds { "s" } else { "1" };
    let (name, description) = (metric.name.to_owned(), metric.doc.trim().to_owned());
    data.map(|data| Told { name, description, unit: unit.to_owned(), data: Some(data), ..Told::default() })
}

fn points(name: &str, samples: &[Sample], (began, now): (u64, u64)) -> Vec<NumberDataPoint> {
    let named = samples.iter().filter(|sample| sample.name == name);
    named
        .map(|sample| NumberDataPoint {
            attributes: attributes(&sample.labels),
            start_time_unix_nano: began,
            time_unix_nano: now,
            value: Some(Number::AsDouble(sample.value)),
            ..NumberDataPoint::default()
        })
        .collect()
}

/// A histogram with one set of labels, as Prometheus writes it: how many there were up to each bound.
#[derive(Debug, Default)]
struct Spread {
    buckets: Vec<(f64, u64)>,
    sum: f64,
    count: u64,
}

/// Histograms: Prometheus counts up to each bound, OpenTelemetry between them.
fn spreads(name: &str, samples: &[Sample], (began, now): (u64, u64)) -> Vec<HistogramDataPoint> {
    let mut all: BTreeMap<Labels, Spread> = BTreeMap::new();
    for sample in samples {
        let Some(part) = sample.name.strip_prefix(name) else { continue };
        let mut labels = sample.labels.clone();
        let bound = labels.iter().position(|(label, _)| label == "le").map(|at| labels.remove(at).1);
        match (part, bound) {
            ("_bucket", Some(bound)) => {
                let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().unwrap_or(f64::INFINITY) };
                all.entry(labels).or_default().buckets.push((bound, sample.value as u64));
            }
            ("_sum", None) => all.entry(labels).or_default().sum = sample.value,
            ("_count", None) => all.entry(labels).or_default().count = sample.value as u64,
            _ => {}
        }
    }
    all.into_iter()
        .map(|(labels, Spread { mut buckets, sum, count })| {
            buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
            let before = std::iter::once(0).chain(buckets.iter().map(|(_, upto)| *upto));
            let bucket_counts = buckets.iter().zip(before).map(|((_, upto), before)| upto.saturating_sub(before));
            HistogramDataPoint {
                attributes: attributes(&labels),
                start_time_unix_nano: began,
                time_unix_nano: now,
                count,
                sum: Some(sum),
                bucket_counts: bucket_counts.collect(),
                explicit_bounds: buckets.iter().map(|(bound, _)| *bound).filter(|bound| bound.is_finite()).collect(),
                ..HistogramDataPoint::default()
            }
        })
        .collect()
}

/// Labels as attributes. Who it is stands with the resource.
fn attributes(labels: &[(String, String)]) -> Vec<KeyValue> {
    let others = labels.iter().filter(|(key, _)| key != "service");
    others
        .map(|(key, value)| KeyValue {
            key: key.clone(),
            value: Some(AnyValue { value: Some(Value::StringValue(value.clone())) }),
            ..KeyValue::default()
        })
        .collect()
}

/// Reads a line of Prometheus' text format; nothing for comments.
fn sample(line: &str) -> Option<Sample> {
    if line.starts_with('#') {
        return None;
    }
    let (head, value) = line.rsplit_once(' ')?;
    let value = value.parse().ok()?;
    let (name, rest) = head.split_once('{').unwrap_or((head, ""));
    let mut labels = Vec::new();
    let mut rest = rest.strip_suffix('}').unwrap_or(rest);
    while let Some((label, tail)) = rest.split_once("=\"") {
        let (text, tail) = quoted(tail)?;
        labels.push((label.trim_start_matches(',').trim().to_owned(), text));
        rest = tail;
    }
    labels.sort();
    Some(Sample { name: name.to_owned(), labels, value })
}

/// The text up to the closing quote, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(match letters.next()?.1 {
                'n' => '\n',
                other => other,
            }),
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"# HELP darkroom_steps_total Steps
# TYPE darkroom_steps_total counter
darkroom_steps_total{service="darkroom",kind="run",outcome="succeeded"} 3
darkroom_jobs{service="darkroom",state="queued"} 2
http_server_request_duration_seconds_bucket{service="darkroom",route="/a\"b",le="0.005"} 1
http_server_request_duration_seconds_bucket{service="darkroom",route="/a\"b",le="1"} 4
http_server_request_duration_seconds_bucket{service="darkroom",route="/a\"b",le="+Inf"} 5
http_server_request_duration_seconds_sum{service="darkroom",route="/a\"b"} 7.5
http_server_request_duration_seconds_count{service="darkroom",route="/a\"b"} 5
something_else 1
"#;

    /// Protects whoever reads metrics at the collector: they say what Prometheus is shown, and only what the table has.
    #[test]
    fn both_ways_say_the_same() {
        let resource = [("service.name".to_owned(), "darkroom".to_owned())];
        let sent = message(TEXT, &resource, UNIX_EPOCH, SystemTime::now());
        let metrics = &sent.resource_metrics[0].scope_metrics[0].metrics;
        let names: Vec<&str> = metrics.iter().map(|metric| metric.name.as_str()).collect();
        assert_eq!(names, ["http_server_request_duration_seconds", "darkroom_jobs", "darkroom_steps_total"]);
        let Some(Data::Histogram(spread)) = &metrics[0].data else { panic!("{:?}", metrics[0]) };
        let point = &spread.data_points[0];
        assert_eq!((point.count, point.sum), (5, Some(7.5)));
        assert_eq!(
            (point.explicit_bounds.as_slice(), point.bucket_counts.as_slice()),
            ([0.005, 1.0].as_slice(), [1, 3, 1].as_slice())
        );
        assert_eq!(point.attributes.len(), 1, "the service stands with the resource: {:?}", point.attributes);
        let Some(Data::Sum(sum)) = &metrics[2].data else { panic!("{:?}", metrics[2]) };
        assert!(sum.is_monotonic && sum.data_points[0].value == Some(Number::AsDouble(3.0)));
    }

    /// Protects labels: whatever stands in one comes out as it went in.
    #[test]
    fn lines_are_read() {
        let read = sample(r#"a{x="1,\"}= \\\n",y="é"} 2.5"#).unwrap();
        let labels = vec![("x".to_owned(), "1,\"}= \\\n".to_owned()), ("y".to_owned(), "é".to_owned())];
        assert_eq!(read, Sample { name: "a".to_owned(), labels, value: 2.5 });
        assert_eq!(sample("a 1"), Some(Sample { name: "a".to_owned(), labels: Vec::new(), value: 1.0 }));
        for odd in ["", "# TYPE a counter", "a", "a{x=\"1} 1", "a x"] {
            assert_eq!(sample(odd), None, "{odd}");
        }
    }
}
