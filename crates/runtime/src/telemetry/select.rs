//! What the own collector gets: every span, without what is meant for Langfuse alone.

use super::queue::Select;
use opentelemetry_sdk::trace::SpanData;

/// What only Langfuse is told begins so.
pub(super) const LANGFUSE: &str = "langfuse.";

/// See the module.
#[derive(Debug)]
pub(super) struct Own;

impl Select for Own {
    fn wants(&self, _: &SpanData) -> bool {
        true
    }

    fn shape(&self, mut span: SpanData) -> SpanData {
        span.attributes.retain(|attribute| !attribute.key.as_str().starts_with(LANGFUSE));
        span
    }
}
