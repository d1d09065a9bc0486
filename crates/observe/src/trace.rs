//! Between the trace context that travels ([`TraceContext`]) and the span that stands for it here.

use common::TraceContext;
use opentelemetry::trace::{
    Span as _, SpanBuilder, SpanContext, SpanId, Status, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer,
    TracerProvider,
};
use opentelemetry::{Context, KeyValue};
use std::str::FromStr;
use std::time::SystemTime;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Makes a span, which nobody has entered yet, the child of a context that came from elsewhere, and gives its own: for
/// what it causes. Nothing where spans are not kept (no program has started telemetry, as in tests of a crate).
pub fn start(span: &Span, parent: Option<&TraceContext>) -> Option<TraceContext> {
    if let Some(parent) = parent.and_then(remote) {
        // Refused only where spans are not kept, or by one that was entered before: then it stays where it is.
        drop(span.set_parent(parent));
    }
    of(span)
}

/// As [`start`], and where spans are not kept, the parent's context one step on, or a new one: the log has its trace then,
/// too.
pub fn begin(span: &Span, parent: Option<&TraceContext>) -> TraceContext {
    start(span, parent).unwrap_or_else(|| parent.map_or_else(TraceContext::begin, TraceContext::step))
}

/// The context of a span.
pub fn of(span: &Span) -> Option<TraceContext> {
    context_of(span.context().span().span_context())
}

/// The context of the span that is entered here.
pub fn current() -> Option<TraceContext> {
    of(&Span::current())
}

/// Tells of something that has ended and began too long ago for a span to be kept for it: the life of a job, which several
/// replicas may have had in hand.
pub fn past(
    name: &'static str,
    parent: &TraceContext,
    began: SystemTime,
    error: Option<&'static str>,
    attributes: Vec<KeyValue>,
) {
    let Some(parent) = remote(parent) else { return };
    let tracer = opentelemetry::global::tracer_provider().tracer("darkroom");
    let builder = SpanBuilder::from_name(name).with_start_time(began).with_attributes(attributes);
    let mut span = tracer.build_with_context(builder, &parent);
    if let Some(kind) = error {
        span.set_attribute(KeyValue::new("error.type", kind));
        span.set_status(Status::error(kind));
    }
    span.end();
}

fn remote(context: &TraceContext) -> Option<Context> {
    let trace = TraceId::from_hex(context.trace_id()).ok()?;
    let span = SpanId::from_hex(context.span_id()).ok()?;
    let flags = if context.is_sampled() { TraceFlags::SAMPLED } else { TraceFlags::default() };
    // One that cannot be read is as good as none: the trace itself is worth more.
    let state = TraceState::from_str(context.tracestate().unwrap_or_default()).unwrap_or_default();
    Some(Context::new().with_remote_span_context(SpanContext::new(trace, span, flags, true, state)))
}

fn context_of(context: &SpanContext) -> Option<TraceContext> {
    if !context.is_valid() {
        return None;
    }
    let flags = context.trace_flags().to_u8();
    let parent = format!("00-{}-{}-{flags:02x}", context.trace_id(), context.span_id());
    let state = context.trace_state().header();
    TraceContext::new(&parent, Some(state.as_str()).filter(|state| !state.is_empty())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects traces across programs: a context comes out of the span's form as it went in, with what was decided and
    /// what vendors added.
    #[test]
    fn contexts_survive_the_way_there_and_back() {
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7";
        for (flags, state) in [("01", Some("congo=t61rcWkgMzE,rojo=00f067aa0ba902b7")), ("00", None)] {
            let context = TraceContext::new(&format!("{parent}-{flags}"), state).unwrap();
            let there = remote(&context).unwrap();
            assert!(there.span().span_context().is_remote());
            assert_eq!(context_of(there.span().span_context()), Some(context));
        }
        assert_eq!(context_of(&SpanContext::empty_context()), None);
    }

    /// Protects programs without telemetry: a trace goes on all the same, step by step.
    #[test]
    fn without_spans_the_trace_goes_on() {
        let context = TraceContext::begin();
        let next = begin(&Span::none(), Some(&context));
        assert_eq!(next.trace_id(), context.trace_id());
        assert_ne!(next.span_id(), context.span_id());
        assert_eq!(start(&Span::none(), Some(&context)), None);
    }
}
