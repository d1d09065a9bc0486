//! Where spans come from and which are kept.

use super::queue::Queue;
use super::receiver::{Receiver, headers};
use super::{langfuse, select};
use crate::settings::Settings;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};

/// What the program is called.
pub(super) fn name(set: &str, service: &str) -> String {
    match (set, service) {
        ("", "darkroom") => "darkroom".to_owned(),
        ("", service) => format!("darkroom-{service}"),
        (set, _) => set.to_owned(),
    }
}

/// What stands with every span and metric.
pub(super) fn resource(settings: &Settings, name: &str) -> Resource {
    Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.name", name.to_owned()),
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("deployment.environment.name", settings.sentry_environment.clone()),
        ])
        .build()
}

/// The source of spans, with a queue for each receiver. Without any, spans still have ids: for the log, and for whoever
/// comes next.
///
/// # Errors
/// A setting cannot be used.
pub(super) fn of(settings: &Settings, name: &str) -> Result<(SdkTracerProvider, SdkTracer), String> {
    let mut provider = SdkTracerProvider::builder().with_resource(resource(settings, name));
    let mut somewhere = false;
    if !settings.otlp_endpoint.is_empty() {
        let heads = headers(settings.otlp_headers.exposed())
            .ok_or("OTEL_EXPORTER_OTLP_HEADERS is not written as name=value,name=value")?;
        let receiver = Receiver::new(&settings.otlp_endpoint, "/v1/traces", heads)
            .map_err(|why| format!("OTEL_EXPORTER_OTLP_ENDPOINT {why}"))?;
        provider = provider.with_span_processor(Queue::start("spans", select::Own, receiver)?);
        somewhere = true;
    }
    if let Some(langfuse) = langfuse::of(settings)? {
        provider = provider.with_span_processor(langfuse);
        somewhere = true;
    }
    // What was decided before stands; where nobody keeps spans, none are recorded.
    let root = if somewhere { Sampler::TraceIdRatioBased(settings.otel_sampler_arg.0) } else { Sampler::AlwaysOff };
    let provider = provider.with_sampler(Sampler::ParentBased(Box::new(root))).build();
    let tracer = provider.tracer("darkroom");
    Ok((provider, tracer))
}
