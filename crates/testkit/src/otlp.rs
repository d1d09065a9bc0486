//! An OpenTelemetry receiver within the test: takes OTLP over HTTP with protobuf and gives the spans back.

use crate::Received;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use prost::Message;
use std::collections::{BTreeMap, BTreeSet};

/// A span as it was received.
#[derive(Debug, Clone, PartialEq)]
pub struct SpanSeen {
    /// 32 hexadecimal digits.
    pub trace: String,
    /// 16 hexadecimal digits.
    pub id: String,
    /// The same; empty for a root.
    pub parent: String,
    /// `service.name` of whoever sent it.
    pub service: String,
    /// Its name.
    pub name: String,
    /// 1 internal, 2 server, 3 client, 4 producer, 5 consumer.
    pub kind: i32,
    /// Attributes as text; lists with commas between.
    pub attributes: BTreeMap<String, String>,
    /// True where it says that it failed.
    pub failed: bool,
}

/// All spans that came to a path, in order.
///
/// # Panics
/// A body is no OTLP: then the sender is wrong.
pub fn spans(received: &[Received], path: &str) -> Vec<SpanSeen> {
    let requests = received.iter().filter(|request| request.path == path).map(|request| {
        ExportTraceServiceRequest::decode(request.body.as_slice()).expect("an ExportTraceServiceRequest")
    });
    let mut all = Vec::new();
    for group in requests.flat_map(|request| request.resource_spans) {
        let resource = group.resource.map(|resource| attributes(&resource.attributes)).unwrap_or_default();
        let service = resource.get("service.name").cloned().unwrap_or_default();
        for span in group.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            all.push(SpanSeen {
                trace: hex::encode(&span.trace_id),
                id: hex::encode(&span.span_id),
                parent: hex::encode(&span.parent_span_id),
                service: service.clone(),
                name: span.name,
                kind: span.kind,
                attributes: attributes(&span.attributes),
                failed: span.status.is_some_and(|status| status.code == 2),
            });
        }
    }
    all
}

/// Names of all metrics that came to a path.
///
/// # Panics
/// A body is no OTLP: then the sender is wrong.
pub fn metric_names(received: &[Received], path: &str) -> BTreeSet<String> {
    let requests = received.iter().filter(|request| request.path == path).map(|request| {
        ExportMetricsServiceRequest::decode(request.body.as_slice()).expect("an ExportMetricsServiceRequest")
    });
    let scopes = requests.flat_map(|request| request.resource_metrics).flat_map(|group| group.scope_metrics);
    scopes.flat_map(|scope| scope.metrics).map(|metric| metric.name).collect()
}

/// What is wrong with these spans as one tree below `root`, a span id from elsewhere: spans whose parent is neither the
/// root nor among them.
pub fn orphans<'a>(spans: &'a [SpanSeen], root: &str) -> Vec<&'a SpanSeen> {
    let known: BTreeSet<&str> = spans.iter().map(|span| span.id.as_str()).chain([root]).collect();
    spans.iter().filter(|span| !known.contains(span.parent.as_str())).collect()
}

fn attributes(given: &[KeyValue]) -> BTreeMap<String, String> {
    given
        .iter()
        .map(|pair| (pair.key.clone(), text(pair.value.as_ref().and_then(|value| value.value.as_ref()))))
        .collect()
}

fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::DoubleValue(number)) => number.to_string(),
        Some(Value::BoolValue(yes)) => yes.to_string(),
        Some(Value::ArrayValue(list)) => {
            let items: Vec<String> = list.values.iter().map(|item| text(item.value.as_ref())).collect();
            items.join(",")
        }
        _ => String::new(),
    }
}
