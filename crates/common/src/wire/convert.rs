//! Conversions between generated message types and domain types, each refusing what makes no sense.

use super::{common_v1 as pb, critic_v1, sandbox_v1};
use crate::compare::{Comparison, Critique, Difference, DifferenceSeverity, MOST_DIFFERENCES, Measure, PictureValues};
use crate::execution::{OutputFile, RunStatus};
use crate::picture::{PictureRef, Prepared};
use crate::review::{Confidence, Finding, Review, Severity, Verdict};
use crate::spend::{Spending, Usd};
use crate::{ErrorCode, Failure};
use prost::Message;

/// A message that breaks its contract. It is set aside, not retried: it will not get better.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("message breaks its contract: {0}")]
pub struct InvalidMessage(pub String);

impl InvalidMessage {
    /// A message whose field is missing or out of range.
    pub fn field(name: &str) -> Self {
        Self(format!("field '{name}' is missing or out of range"))
    }
}

/// Encodes a message for the bus.
///
/// # Errors
/// The encoded message would be larger than [`super::MAX_MESSAGE_BYTES`].
pub fn encode<M: Message>(message: &M) -> Result<Vec<u8>, InvalidMessage> {
    let bytes = message.encode_to_vec();
    if bytes.len() > super::MAX_MESSAGE_BYTES {
        return Err(InvalidMessage(format!("{} bytes are more than a message may have", bytes.len())));
    }
    Ok(bytes)
}

/// Decodes a message from the bus.
///
/// # Errors
/// The bytes are not an encoding of `M`.
pub fn decode<M: Message + Default>(bytes: &[u8]) -> Result<M, InvalidMessage> {
    M::decode(bytes).map_err(|error| InvalidMessage(error.to_string()))
}

impl From<RunStatus> for pb::RunStatus {
    fn from(status: RunStatus) -> Self {
        match status {
            RunStatus::Ok => Self::Ok,
            RunStatus::Error => Self::Error,
            RunStatus::Timeout => Self::Timeout,
            RunStatus::OutOfMemory => Self::OutOfMemory,
            RunStatus::OutputLimit => Self::OutputLimit,
            RunStatus::Killed => Self::Killed,
        }
    }
}

impl TryFrom<pb::RunStatus> for RunStatus {
    type Error = InvalidMessage;

    fn try_from(status: pb::RunStatus) -> Result<Self, InvalidMessage> {
        Ok(match status {
            pb::RunStatus::Unspecified => return Err(InvalidMessage::field("status")),
            pb::RunStatus::Ok => Self::Ok,
            pb::RunStatus::Error => Self::Error,
            pb::RunStatus::Timeout => Self::Timeout,
            pb::RunStatus::OutOfMemory => Self::OutOfMemory,
            pb::RunStatus::OutputLimit => Self::OutputLimit,
            pb::RunStatus::Killed => Self::Killed,
        })
    }
}

impl From<Verdict> for pb::Verdict {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Pass,
            Verdict::Warn => Self::Warn,
            Verdict::Block => Self::Block,
        }
    }
}

impl TryFrom<pb::Verdict> for Verdict {
    type Error = InvalidMessage;

    fn try_from(verdict: pb::Verdict) -> Result<Self, InvalidMessage> {
        Ok(match verdict {
            pb::Verdict::Unspecified => return Err(InvalidMessage::field("verdict")),
            pb::Verdict::Pass => Self::Pass,
            pb::Verdict::Warn => Self::Warn,
            pb::Verdict::Block => Self::Block,
        })
    }
}

macro_rules! levels {
    ($($domain:ident as $field:literal),+) => {$(
        impl From<$domain> for pb::Level {
            fn from(level: $domain) -> Self {
                match level {
                    $domain::Low => Self::Low,
                    $domain::Medium => Self::Medium,
                    $domain::High => Self::High,
                }
            }
        }

        impl TryFrom<pb::Level> for $domain {
            type Error = InvalidMessage;

            fn try_from(level: pb::Level) -> Result<Self, InvalidMessage> {
                Ok(match level {
                    pb::Level::Unspecified => return Err(InvalidMessage::field($field)),
                    pb::Level::Low => Self::Low,
                    pb::Level::Medium => Self::Medium,
                    pb::Level::High => Self::High,
                })
            }
        }
    )+};
}

levels!(Severity as "severity", Confidence as "confidence");

impl From<Finding> for pb::Finding {
    fn from(finding: Finding) -> Self {
        Self {
            tool: finding.tool,
            rule: finding.rule,
            severity: pb::Level::from(finding.severity).into(),
            confidence: pb::Level::from(finding.confidence).into(),
            line: finding.line,
            column: finding.column,
            message: finding.message,
            blocks: finding.blocks,
        }
    }
}

impl TryFrom<pb::Finding> for Finding {
    type Error = InvalidMessage;

    fn try_from(finding: pb::Finding) -> Result<Self, InvalidMessage> {
        Ok(Self {
            severity: finding.severity().try_into()?,
            confidence: finding.confidence().try_into()?,
            tool: finding.tool,
            rule: finding.rule,
            line: finding.line,
            column: finding.column,
            message: finding.message,
            blocks: finding.blocks,
        })
    }
}

impl From<Review> for critic_v1::Reviewed {
    fn from(review: Review) -> Self {
        Self {
            verdict: pb::Verdict::from(review.verdict).into(),
            findings: review.findings.into_iter().map(pb::Finding::from).collect(),
        }
    }
}

impl TryFrom<critic_v1::Reviewed> for Review {
    type Error = InvalidMessage;

    fn try_from(reviewed: critic_v1::Reviewed) -> Result<Self, InvalidMessage> {
        Ok(Self {
            verdict: reviewed.verdict().try_into()?,
            findings: reviewed.findings.into_iter().map(Finding::try_from).collect::<Result<_, _>>()?,
        })
    }
}

impl From<Spending> for pb::Usage {
    fn from(spent: Spending) -> Self {
        Self {
            prompt_tokens: spent.prompt_tokens,
            completion_tokens: spent.completion_tokens,
            calls: spent.calls,
            cost_micro_usd: spent.cost_usd.micros(),
        }
    }
}

impl From<pb::Usage> for Spending {
    fn from(usage: pb::Usage) -> Self {
        Self {
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            calls: usage.calls,
            cost_usd: Usd::from_micros(usage.cost_micro_usd),
        }
    }
}

impl From<Critique> for pb::Critique {
    fn from(critique: Critique) -> Self {
        let one = |difference: Difference| pb::Difference {
            what: difference.what,
            place: difference.place,
            severity: match difference.severity {
                DifferenceSeverity::Minor => pb::DifferenceSeverity::Minor,
                DifferenceSeverity::Major => pb::DifferenceSeverity::Major,
                DifferenceSeverity::Critical => pb::DifferenceSeverity::Critical,
            }
            .into(),
        };
        Self { model: critique.model, differences: critique.differences.into_iter().map(one).collect() }
    }
}

impl From<pb::Critique> for Critique {
    fn from(critique: pb::Critique) -> Self {
        let one = |difference: pb::Difference| Difference {
            severity: match difference.severity() {
                pb::DifferenceSeverity::Unspecified | pb::DifferenceSeverity::Minor => DifferenceSeverity::Minor,
                pb::DifferenceSeverity::Major => DifferenceSeverity::Major,
                pb::DifferenceSeverity::Critical => DifferenceSeverity::Critical,
            },
            what: difference.what,
            place: difference.place,
        };
        Self {
            model: critique.model,
            differences: critique.differences.into_iter().take(MOST_DIFFERENCES).map(one).collect(),
        }
    }
}

impl From<Comparison> for critic_v1::Compared {
    fn from(compared: Comparison) -> Self {
        let measure = |measure: Measure| critic_v1::Measure {
            name: measure.name,
            value: measure.value,
            aim: measure.aim,
            note: measure.note,
        };
        let values = |values: PictureValues| critic_v1::Values {
            picture: values.picture,
            total: values.total,
            trusted: values.trusted,
            median_residual_px: values.median_residual_px,
        };
        Self {
            score: compared.score,
            good: compared.good,
            measures: compared.measures.into_iter().map(measure).collect(),
            code_report: compared.code_report,
            visual_report: compared.visual_report,
            values: compared.values.into_iter().map(values).collect(),
            alt_texts: compared.alt_texts.into_iter().collect(),
        }
    }
}

impl From<critic_v1::Compared> for Comparison {
    fn from(compared: critic_v1::Compared) -> Self {
        let share = |value: f64| if value.is_finite() { value.clamp(0.0, 1.0) } else { 0.0 };
        let measure = |measure: critic_v1::Measure| Measure {
            name: measure.name,
            value: share(measure.value),
            aim: share(measure.aim),
            note: measure.note,
        };
        let values = |values: critic_v1::Values| PictureValues {
            picture: values.picture,
            total: values.total,
            trusted: values.trusted,
            median_residual_px: values.median_residual_px.filter(|residual| residual.is_finite()),
        };
        Self {
            score: share(compared.score),
            good: compared.good,
            measures: compared.measures.into_iter().map(measure).collect(),
            code_report: compared.code_report,
            visual_report: compared.visual_report,
            values: compared.values.into_iter().map(values).collect(),
            alt_texts: compared.alt_texts.into_iter().collect(),
        }
    }
}

impl From<Failure> for pb::Failure {
    fn from(failure: Failure) -> Self {
        Self { code: failure.code.as_str().to_owned(), detail: failure.detail }
    }
}

impl From<pb::Failure> for Failure {
    /// A code this build does not know (an older or newer worker) becomes `worker_failed`.
    fn from(failure: pb::Failure) -> Self {
        Failure::with_detail(failure.code.parse().unwrap_or(ErrorCode::WorkerFailed), failure.detail)
    }
}

impl From<Prepared> for pb::Prepared {
    fn from(prepared: Prepared) -> Self {
        Self { blob_key: prepared.blob_key, width: prepared.width, height: prepared.height }
    }
}

impl From<pb::Prepared> for Prepared {
    fn from(prepared: pb::Prepared) -> Self {
        Self { blob_key: prepared.blob_key, width: prepared.width, height: prepared.height }
    }
}

impl From<PictureRef> for pb::Picture {
    fn from(picture: PictureRef) -> Self {
        Self {
            file_id: picture.file_id.to_string(),
            blob_key: picture.blob_key,
            sha256: picture.sha256,
            width: picture.width,
            height: picture.height,
        }
    }
}

impl TryFrom<pb::Picture> for PictureRef {
    type Error = InvalidMessage;

    fn try_from(picture: pb::Picture) -> Result<Self, InvalidMessage> {
        Ok(Self {
            file_id: picture.file_id.parse().map_err(|_| InvalidMessage::field("file_id"))?,
            blob_key: picture.blob_key,
            sha256: picture.sha256,
            width: picture.width,
            height: picture.height,
            name: String::new(),
        })
    }
}

impl From<OutputFile> for pb::Output {
    /// Inside the system an output's `path` is its blob key.
    fn from(output: OutputFile) -> Self {
        Self {
            name: output.name,
            media_type: output.media_type,
            bytes: output.bytes,
            sha256: output.sha256,
            blob_key: output.path,
        }
    }
}

impl From<pb::Output> for OutputFile {
    fn from(output: pb::Output) -> Self {
        Self {
            name: output.name,
            media_type: output.media_type,
            bytes: output.bytes,
            sha256: output.sha256,
            path: output.blob_key,
            alt: None,
        }
    }
}

impl sandbox_v1::Ran {
    /// Longest kept end of standard output or standard error, in bytes.
    pub const TAIL_BYTES: usize = 4096;
}

/// The last `limit` bytes of `text`, cut at a character boundary.
pub fn tail(text: &str, limit: usize) -> &str {
    let start = text.len().saturating_sub(limit);
    let boundary = (start..=text.len()).find(|&i| text.is_char_boundary(i)).unwrap_or(text.len());
    &text[boundary..]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects workers from acting on half a message: unset enums are refused, not read as some value.
    #[test]
    fn unset_enums_are_refused() {
        assert!(RunStatus::try_from(pb::RunStatus::Unspecified).is_err());
        assert!(Verdict::try_from(pb::Verdict::Unspecified).is_err());
        assert!(Severity::try_from(pb::Level::Unspecified).is_err());
    }

    /// Protects the path critic → bus → jobs: a review arrives as it was sent.
    #[test]
    fn a_review_round_trips_through_bytes() {
        let review = Review {
            verdict: Verdict::Block,
            findings: vec![Finding {
                tool: "bandit".into(),
                rule: "B602".into(),
                severity: Severity::High,
                confidence: Confidence::Medium,
                line: 3,
                column: 7,
                message: "shell".into(),
                blocks: true,
            }],
        };
        let bytes = encode(&critic_v1::Reviewed::from(review.clone())).unwrap();
        let back: critic_v1::Reviewed = decode(&bytes).unwrap();
        assert_eq!(Review::try_from(back).unwrap(), review);
    }

    /// Protects the bus: nothing larger than its limit is ever handed to it.
    #[test]
    fn too_large_messages_are_refused() {
        let think = |bytes| super::super::agent_v1::Think { prompt: "x".repeat(bytes), ..Default::default() };
        let longest = super::super::MAX_MESSAGE_BYTES - encode(&think(100_000)).unwrap().len() + 100_000;
        assert_eq!(encode(&think(longest)).unwrap().len(), super::super::MAX_MESSAGE_BYTES);
        assert!(encode(&think(longest + 1)).is_err());
    }

    /// Protects transcripts: cutting never splits a character.
    #[test]
    fn tails_keep_whole_characters() {
        for (text, limit, expected) in [("abc", 2, "bc"), ("aé", 1, ""), ("aé", 2, "é"), ("", 4, ""), ("abc", 9, "abc")]
        {
            assert_eq!(tail(text, limit), expected);
        }
    }
}
