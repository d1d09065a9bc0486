//! What is said of a span beside the fields it was made with.

use opentelemetry::trace::TraceContextExt;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Marks the span as failed. `kind` is a stable word of a short list (`error.type` of the conventions); what exactly went
/// wrong stands in the log, under the same trace.
pub fn failed(span: &Span, kind: &'static str) {
    span.set_attribute("error.type", kind);
    span.set_status(opentelemetry::trace::Status::error(kind));
}

/// Gives a span its name, where that is known only at the end: a field `otel.name` is not heard any more once the span's
/// context was asked for.
pub fn rename(span: &Span, name: String) {
    span.context().span().update_name(name);
}

/// Says something of the span that is entered here, under a name of the conventions.
pub fn note(name: &'static str, value: impl Into<opentelemetry::Value>) {
    Span::current().set_attribute(name, value);
}
