//! The span and the metrics of a request.

use crate::request_id::RequestId;
use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, StatusCode};
use common::TraceContext;
use observe::table::{HTTP_REQUESTS, RATE_LIMITED};
use std::time::Instant;
use tracing::Span;
use tracing::field::Empty;

/// The span of a request within the caller's trace, or a new one, and the context that what it causes goes on from.
pub(crate) fn begin(headers: &HeaderMap, id: &RequestId, method: &Method) -> (Span, TraceContext) {
    let head = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let given = head("traceparent").and_then(|parent| TraceContext::new(parent, head("tracestate")).ok());
    // Neither the path, the query nor headers: all can carry credentials or ids.
    let span = tracing::info_span!(
        "request", otel.kind = "server", request.id = %id, trace.id = Empty, http.method = %method,
        http.request.method = known(method), http.route = Empty, http.response.status_code = Empty
    );
    let trace = observe::begin(&span, given.as_ref());
    span.record("trace.id", trace.trace_id());
    (span, trace)
}

/// What came of it. Its body may still be on the way.
pub(crate) fn end(span: &Span, method: &Method, route: &str, status: StatusCode, start: Instant) {
    let method = known(method);
    observe::rename(span, format!("{method} {route}"));
    span.record("http.route", route);
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        observe::failed(span, "server_error");
    }
    let labels = [("method", method.to_owned()), ("route", route.to_owned()), ("status", status.as_str().to_owned())];
    observe::histogram!(HTTP_REQUESTS, &labels).record(start.elapsed().as_secs_f64());
    if status == StatusCode::TOO_MANY_REQUESTS {
        observe::counter!(RATE_LIMITED, "route" => route.to_owned()).increment(1);
    }
}

/// Callers may send any word as method; a label may not have values without end.
fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|known| method.as_str() == *known).unwrap_or("_OTHER")
}
