//! Model calls as Langfuse wants them (<https://langfuse.com/integrations/native/opentelemetry>): of a job's trace the
//! generations, one observation for the job itself above them, and the measure of each result as a score.

use super::queue::{Dropped, Queue, Select};
use super::receiver::Receiver;
use super::select::LANGFUSE;
use crate::settings::Settings;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
use opentelemetry::{Array, KeyValue, StringValue, Value};
use opentelemetry_sdk::trace::SpanData;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde_json::json;
use sha2::{Digest, Sha256};

/// Attribute with what kind of observation a span is. A span without it is not Langfuse's business.
const TYPE: &str = "langfuse.observation.type";
/// Attribute with the measure of a result, 0 to 1: sent as a score, not as an observation.
const SCORE: &str = "langfuse.score";
/// Attribute with the job, by which the observation of the job and what belongs below it know each other.
const SESSION: &str = "langfuse.session.id";

#[derive(Debug)]
pub(super) struct Langfuse {
    scores: Receiver,
    environment: String,
}

/// The queue to Langfuse, where the settings name one.
///
/// # Errors
/// A setting cannot be used, or one is missing.
pub(super) fn of(settings: &Settings) -> Result<Option<Queue<Langfuse>>, String> {
    let keys = (settings.langfuse_public_key.exposed(), settings.langfuse_secret_key.exposed());
    let (public, secret) = match (settings.langfuse_host.as_str(), keys) {
        ("", ("", "")) => return Ok(None),
        ("", _) | (_, ("", _) | (_, "")) => {
            return Err("LANGFUSE_HOST, LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY go together".to_owned());
        }
        (_, keys) => keys,
    };
    let mut heads = HeaderMap::new();
    let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{public}:{secret}")));
    let mut basic = HeaderValue::from_str(&basic).map_err(|error| error.to_string())?;
    basic.set_sensitive(true);
    heads.insert(AUTHORIZATION, basic);
    let scores = Receiver::new(&settings.langfuse_host, "/api/public/scores", heads.clone());
    let scores = scores.map_err(|why| format!("LANGFUSE_HOST {why}"))?;
    heads.insert(HeaderName::from_static("x-langfuse-ingestion-version"), HeaderValue::from_static("4"));
    let spans = Receiver::new(&settings.langfuse_host, "/api/public/otel/v1/traces", heads);
    let spans = spans.map_err(|why| format!("LANGFUSE_HOST {why}"))?;
    let langfuse = Langfuse { scores, environment: settings.sentry_environment.clone() };
    Queue::start("langfuse", langfuse, spans).map(Some)
}

fn text(span: &SpanData, key: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key.as_str() == key);
    found.map(|attribute| attribute.value.as_str().into_owned()).filter(|text| !text.is_empty())
}

/// The id of the job's own observation: the same for whoever knows the trace and the job, in any process.
fn job_span(trace: TraceId, job: &str) -> SpanId {
    let digest = Sha256::new().chain_update(trace.to_bytes()).chain_update(job).finalize();
    let mut id = [0; 8];
    id.copy_from_slice(&digest[..8]);
    SpanId::from_bytes(id)
}

impl Select for Langfuse {
    fn wants(&self, span: &SpanData) -> bool {
        span.attributes.iter().any(|attribute| matches!(attribute.key.as_str(), TYPE | SCORE))
    }

    fn shape(&self, mut span: SpanData) -> SpanData {
        let trace = span.span_context.trace_id();
        let job = text(&span, SESSION).unwrap_or_default();
        let above = job_span(trace, &job);
        if text(&span, TYPE).as_deref() == Some("span") {
            // The job itself: the root here, whatever the request that made it hangs below elsewhere.
            span.parent_span_id = SpanId::INVALID;
            span.span_context = SpanContext::new(trace, above, TraceFlags::SAMPLED, false, TraceState::default());
        } else {
            span.parent_span_id = above;
        }
        let kept = |key: &str| key.starts_with(LANGFUSE) || key.starts_with("gen_ai.") || key == "error.type";
        span.attributes.retain(|attribute| kept(attribute.key.as_str()) || attribute.key.as_str() == SCORE);
        for attribute in &mut span.attributes {
            if attribute.key.as_str() == "langfuse.trace.tags" {
                let tags = attribute.value.as_str().split(',').map(|tag| StringValue::from(tag.to_owned())).collect();
                attribute.value = Value::Array(Array::String(tags));
            }
        }
        if let Some(hash) = text(&span, "langfuse.observation.prompt.hash") {
            // Langfuse's own prompt versions are numbers; a text's hash is a version of the observation.
            span.attributes.push(KeyValue::new("langfuse.version", hash));
        }
        span.attributes.push(KeyValue::new("langfuse.environment", self.environment.clone()));
        span.attributes.push(KeyValue::new("langfuse.release", env!("CARGO_PKG_VERSION")));
        span
    }

    fn split(&self, spans: Vec<SpanData>) -> Vec<SpanData> {
        let (scored, observations): (Vec<_>, Vec<_>) = spans.into_iter().partition(|span| text(span, TYPE).is_none());
        for span in &scored {
            let Some(score) = text(span, SCORE).and_then(|score| score.parse::<f64>().ok()) else { continue };
            let trace = span.span_context.trace_id();
            let job = text(span, SESSION).unwrap_or_default();
            let body = json!({
                // The same for the same step: one that is compared again replaces its score.
                "id": text(span, "langfuse.score.id"), "traceId": trace.to_string(),
                "observationId": job_span(trace, &job).to_string(), "name": "fit", "value": score, "dataType": "NUMERIC",
                "environment": self.environment, "comment": "What the result shares with the picture, 0 to 1.",
            });
            if let Err(why) = self.scores.send_json(body.to_string()) {
                Dropped { signal: "scores" }.not_taken(1);
                tracing::debug!(why, "a score was not taken");
            }
        }
        observations
    }
}
