//! What a program says about itself: log lines, spans, metrics. Logs go to standard error, so that standard output stays
//! the program's own; the rest goes where the settings say, and nowhere without them.
//!
//! Nothing here makes anybody wait: spans pass through bounded queues into threads of their own, and what does not fit, or
//! is not taken, is dropped and counted.

mod langfuse;
mod line;
mod meter;
mod otlp;
mod queue;
mod receiver;
mod select;
mod sentry;
mod tracer;

pub use queue::END;

use crate::settings::{LogFormat, Settings};
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Metadata;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// Targets kept quiet whatever the level: they log bodies or once per packet.
const QUIET: &str =
    "async_openai=off,hyper_util=warn,reqwest=warn,h2=warn,sqlx=warn,sea_orm_migration=warn,actix_server=warn";

/// Crates whose spans are kept: ours. The transport's own would tell of telling.
const OURS: [&str; 10] = ["agent", "bus", "critic", "darkroom", "edge", "files", "gateway", "jobs", "llm", "sandbox"];

/// Telemetry at work. Ended with [`Telemetry::end`]; dropped without it, what waits in the queues is lost.
#[must_use = "what waits is sent only by its end"]
pub struct Telemetry {
    spans: SdkTracerProvider,
    meter: Option<meter::Pusher>,
    sentry: Option<::sentry::ClientInitGuard>,
}

/// Starts logging, and whatever the settings name, for this process. `service` is what the program is called: `darkroom`,
/// or one of its services.
///
/// # Errors
/// The filter is not one, a setting cannot be used, or it was started before.
pub fn start(settings: &Settings, filter: &str, service: &str) -> Result<Telemetry, String> {
    let filter = EnvFilter::try_new(format!("{QUIET},{filter}")).map_err(|error| error.to_string())?;
    let name = tracer::name(&settings.otel_service_name, service);
    let sentry = sentry::start(settings, &name)?;
    let meter = meter::start(settings, &name)?;
    let (provider, tracer) = tracer::of(settings, &name)?;
    opentelemetry::global::set_tracer_provider(provider.clone());
    // By itself: whoever reads few log lines has all spans.
    let spans = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_level(false)
        .with_tracked_inactivity(false)
        .with_context_activation(false)
        .with_filter(filter_fn(is_our_span));
    let reports = sentry.as_ref().map(|_| sentry::Reports.with_filter(filter_fn(sentry::may_be_reported)));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_span_events(FmtSpan::NONE);
    let registry = tracing_subscriber::registry().with(spans).with(reports);
    let started = match settings.log_format {
        LogFormat::Json => {
            let format = tracing_subscriber::fmt::format::json().flatten_event(true);
            let fields = tracing_subscriber::fmt::format::JsonFields::new();
            let lines = lines.fmt_fields(fields).event_format(line::WithTrace(format));
            registry.with(lines.with_filter(filter)).try_init()
        }
        LogFormat::Text => {
            let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
            registry.with(lines.with_ansi(is_terminal).with_filter(filter)).try_init()
        }
    };
    started.map_err(|error| error.to_string())?;
    Ok(Telemetry { spans: provider, meter, sentry })
}

fn is_our_span(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    metadata.is_span() && OURS.contains(&target.split("::").next().unwrap_or(target))
}

impl Telemetry {
    /// Sends what waits, for two seconds at most, whatever the receivers do. Blocks: call it where nothing else runs any
    /// more.
    pub fn end(self) {
        let Self { spans, meter, sentry } = self;
        // Side by side: each has the whole time.
        std::thread::scope(|scope| {
            scope.spawn(move || {
                if let Err(error) = spans.shutdown_with_timeout(END) {
                    tracing::warn!(%error, "some spans were not taken");
                }
            });
            scope.spawn(move || {
                if let Some(meter) = meter {
                    meter.end(END);
                }
            });
            scope.spawn(move || {
                if !sentry.is_none_or(|guard| guard.close(Some(END))) {
                    tracing::warn!("some errors were not reported");
                }
            });
        });
    }
}
