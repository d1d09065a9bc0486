//! Errors for Sentry: panics, answers with 5xx, failed jobs. What is sent is put together anew from a short list of things
//! that hold no content: nothing else can leave, whatever a library adds.

use crate::settings::Settings;
use sentry::protocol::{Breadcrumb, Event, Exception, Frame, Map, Stacktrace, Values};
use sentry::{ClientInitGuard, ClientOptions};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use tracing::field::{Field, Visit};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context as LayerContext, Layer};
use tracing_subscriber::registry::LookupSpan;

/// Tags that may be sent; each has values of a short list, but for the trace, which leads to the log.
const TAGS: [&str; 6] = ["service", "trace_id", "http.route", "http.status", "code", "stopped_by"];

/// Starts it where the settings name one.
///
/// # Errors
/// The DSN is none.
pub(super) fn start(settings: &Settings, service: &str) -> Result<Option<ClientInitGuard>, String> {
    let dsn = settings.sentry_dsn.exposed();
    if dsn.is_empty() {
        return Ok(None);
    }
    // Not the text itself: it holds a key.
    sentry::types::Dsn::from_str(dsn).map_err(|_| "SENTRY_DSN is not a DSN".to_owned())?;
    let options = ClientOptions::new()
        .dsn(dsn)
        .release(concat!("darkroom@", env!("CARGO_PKG_VERSION")))
        .environment(settings.sentry_environment.clone())
        .send_default_pii(false)
        .attach_stacktrace(false)
        .max_breadcrumbs(0)
        .before_send(|event| Some(allowed(event)));
    let guard = sentry::init(options);
    let service = service.to_owned();
    sentry::configure_scope(|scope| scope.set_tag("service", service));
    Ok(Some(guard))
}

/// The event with nothing but what may leave.
fn allowed(event: Event<'static>) -> Event<'static> {
    let tags: Map<String, String> = event.tags.into_iter().filter(|(tag, _)| TAGS.contains(&tag.as_str())).collect();
    let exceptions = event.exception.values.into_iter().map(|exception| Exception {
        ty: exception.ty,
        // A panic's text may quote data; the log has it, under the same time.
        value: None,
        stacktrace: exception.stacktrace.map(places),
        ..Exception::default()
    });
    // Only messages of this file have a logger of this name.
    let ours = event.logger.as_deref() == Some(LOGGER);
    let breadcrumbs = if ours { event.breadcrumbs } else { Values::default() };
    let contexts = event.contexts.into_iter().filter(|(name, _)| matches!(name.as_str(), "os" | "rust"));
    Event {
        event_id: event.event_id,
        level: event.level,
        timestamp: event.timestamp,
        platform: event.platform,
        release: event.release,
        environment: event.environment,
        message: event.message.filter(|_| ours),
        logger: event.logger.filter(|_| ours),
        fingerprint: event.fingerprint,
        exception: exceptions.collect::<Vec<_>>().into(),
        contexts: contexts.collect(),
        sdk: event.sdk,
        breadcrumbs,
        tags,
        ..Event::default()
    }
}

fn places(stack: Stacktrace) -> Stacktrace {
    let frames = stack.frames.into_iter().map(|frame| Frame {
        function: frame.function,
        module: frame.module,
        lineno: frame.lineno,
        in_app: frame.in_app,
        ..Frame::default()
    });
    Stacktrace { frames: frames.collect(), ..Stacktrace::default() }
}

/// Marks what this file made.
const LOGGER: &str = "darkroom";

/// Makes events of answers with 5xx and of failed jobs, which services write down in their log.
pub(super) struct Reports;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Reports {
    fn on_event(&self, event: &tracing::Event<'_>, _: LayerContext<'_, S>) {
        let mut seen = Seen::default();
        event.record(&mut seen);
        if let Some(report) = report(seen) {
            sentry::capture_event(report);
        }
    }
}

/// The lines that a report may be made from: few, so that no other line costs anything.
pub(super) fn may_be_reported(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    *metadata.level() <= Level::WARN && (target.starts_with("edge") || target.starts_with("jobs"))
}

/// What of a log line a report is made from.
#[derive(Debug, Default)]
struct Seen {
    message: String,
    route: String,
    status: u64,
    code: String,
    stopped_by: String,
    steps: String,
}

impl Visit for Seen {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "http.status" {
            self.status = value;
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let text = match field.name() {
            "message" => &mut self.message,
            "http.route" => &mut self.route,
            "job.code" => &mut self.code,
            "job.stopped_by" => &mut self.stopped_by,
            "job.steps" => &mut self.steps,
            _ => return,
        };
        value.clone_into(text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        }
    }
}

fn report(seen: Seen) -> Option<Event<'static>> {
    let mut tags = Map::new();
    let (message, fingerprint) = match seen.message.as_str() {
        "request answered" if seen.status >= 500 => {
            tags.insert("http.route".to_owned(), seen.route.clone());
            tags.insert("http.status".to_owned(), seen.status.to_string());
            ("a request was answered with a server error", vec!["server error".to_owned(), seen.route])
        }
        "a job failed" => {
            tags.insert("code".to_owned(), seen.code.clone());
            tags.insert("stopped_by".to_owned(), seen.stopped_by);
            ("a job failed", vec!["job failed".to_owned(), seen.code])
        }
        _ => return None,
    };
    if let Some(trace) = observe::current() {
        tags.insert("trace_id".to_owned(), trace.trace_id().to_owned());
    }
    let breadcrumbs = seen.steps.split(',').filter(|step| !step.is_empty()).map(|step| Breadcrumb {
        category: Some("step".to_owned()),
        message: Some(step.to_owned()),
        ..Breadcrumb::default()
    });
    Some(Event {
        level: sentry::Level::Error,
        message: Some(message.to_owned()),
        logger: Some(LOGGER.to_owned()),
        fingerprint: fingerprint.into_iter().map(Cow::from).collect::<Vec<_>>().into(),
        breadcrumbs: breadcrumbs.collect::<Vec<_>>().into(),
        tags,
        ..Event::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sentry::protocol::{Request, User};

    /// Protects people and their pictures: whatever a library puts into an event, only the short list leaves.
    #[test]
    fn only_the_short_list_leaves() {
        const SECRET: &str = "s3cr3t";
        let secret = || Some(SECRET.to_owned());
        let frame = Frame { function: Some("work".to_owned()), context_line: secret(), ..Frame::default() };
        let frame = Frame { vars: Map::from_iter([("x".to_owned(), SECRET.into())]), abs_path: secret(), ..frame };
        let stacktrace = Some(Stacktrace { frames: vec![frame], ..Stacktrace::default() });
        let exception = Exception { ty: "panic".to_owned(), value: secret(), stacktrace, ..Exception::default() };
        let crumb = Breadcrumb { message: secret(), ..Breadcrumb::default() };
        let tags = [("code".to_owned(), "run_failed".to_owned()), ("prompt".to_owned(), SECRET.to_owned())];
        let event = Event {
            message: secret(),
            server_name: Some(SECRET.into()),
            user: Some(User { email: secret(), ..User::default() }),
            request: Some(Request { data: secret(), ..Request::default() }),
            extra: Map::from_iter([("x".to_owned(), SECRET.into())]),
            exception: vec![exception].into(),
            breadcrumbs: vec![crumb].into(),
            tags: Map::from_iter(tags),
            ..Event::default()
        };
        let sent = serde_json::to_string(&allowed(event)).unwrap();
        assert!(!sent.contains(SECRET), "{sent}");
        for kept in ["panic", "work", "run_failed"] {
            assert!(sent.contains(kept), "{kept}: {sent}");
        }
    }

    /// Protects whoever is woken: server errors and failed jobs are reported, with the kinds of the steps, nothing else is.
    #[test]
    fn failures_are_reported_and_nothing_else() {
        let answered =
            |status| Seen { message: "request answered".to_owned(), route: "/a".to_owned(), status, ..Seen::default() };
        assert!(report(answered(404)).is_none() && report(answered(200)).is_none());
        let told = allowed(report(answered(503)).unwrap());
        assert_eq!((told.tags["http.route"].as_str(), told.tags["http.status"].as_str()), ("/a", "503"));
        let failed = Seen {
            message: "a job failed".to_owned(),
            code: "run_failed".to_owned(),
            steps: "look succeeded,run failed".to_owned(),
            ..Seen::default()
        };
        let told = allowed(report(failed).unwrap());
        let crumbs: Vec<_> = told.breadcrumbs.values.iter().filter_map(|crumb| crumb.message.clone()).collect();
        assert_eq!(crumbs, ["look succeeded", "run failed"]);
        assert_eq!(told.tags["code"], "run_failed");
    }
}
