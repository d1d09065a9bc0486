//! What one person may use.

use crate::spend::Usd;
use serde::{Deserialize, Serialize};

/// Limits of one person. What is not set is not limited, or left to the operator's default.
///
/// Days are those of UTC. A limit of 0 forbids.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Requests to the API in a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<u32>,
    /// Bytes of uploads in a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload_bytes_per_day: Option<u64>,
    /// Runs of code of one's own in an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runs_per_hour: Option<u32>,
    /// Jobs that wait or are worked on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_jobs: Option<u32>,
    /// Jobs worked on at a time; further ones wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub running_jobs: Option<u32>,
    /// Tokens of models in a day, both directions together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens_per_day: Option<u64>,
    /// Money for models in a day, by the operator's price table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd_per_day: Option<Usd>,
}

impl Limits {
    /// These, and where they say nothing, those.
    #[must_use]
    pub fn or(self, those: Self) -> Self {
        Self {
            requests_per_minute: self.requests_per_minute.or(those.requests_per_minute),
            upload_bytes_per_day: self.upload_bytes_per_day.or(those.upload_bytes_per_day),
            runs_per_hour: self.runs_per_hour.or(those.runs_per_hour),
            open_jobs: self.open_jobs.or(those.open_jobs),
            running_jobs: self.running_jobs.or(those.running_jobs),
            tokens_per_day: self.tokens_per_day.or(those.tokens_per_day),
            cost_usd_per_day: self.cost_usd_per_day.or(those.cost_usd_per_day),
        }
    }

    /// Whether nothing is limited.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects what an operator allows one person: it counts, whether more or less than the default, and nothing else
    /// changes.
    #[test]
    fn what_is_set_for_one_goes_before_the_default() {
        let defaults = Limits { open_jobs: Some(5), tokens_per_day: Some(100), ..Limits::default() };
        let own = Limits { open_jobs: Some(50), runs_per_hour: Some(0), ..Limits::default() };
        let expected =
            Limits { open_jobs: Some(50), runs_per_hour: Some(0), tokens_per_day: Some(100), ..Limits::default() };
        assert_eq!(own.or(defaults), expected);
        assert!(Limits::default().is_empty() && !own.is_empty());
    }

    /// Protects stored limits and those in the identity of a caller: they are read as they were written, and a misspelt
    /// limit is refused instead of forgotten.
    #[test]
    fn limits_survive_json() {
        let limits = Limits { cost_usd_per_day: Usd::from_dollars(1.5), running_jobs: Some(2), ..Limits::default() };
        let text = serde_json::to_string(&limits).unwrap();
        assert_eq!(text, r#"{"running_jobs":2,"cost_usd_per_day":1.5}"#);
        assert_eq!(serde_json::from_str::<Limits>(&text).unwrap(), limits);
        assert!(serde_json::from_str::<Limits>(r#"{"job_open":1}"#).is_err());
    }
}
