//! What a person sends to create a job, and the checks it must pass. Pure.

use crate::store::IdempotencyKey;
use common::job::{JobOptions, MAX_JOB_SECONDS, MAX_PICTURES, MAX_PROMPT_BYTES, MAX_REPAIRS, MAX_TURNS, MAX_VARIANTS};
use common::{ErrorCode, Failure, FileId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Body of `POST /api/v1/jobs`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewJob {
    /// Uploaded images, 1 to 8, in the order they are spoken of.
    #[schema(min_items = 1, max_items = 8)]
    pub file_ids: Vec<FileId>,
    /// What should be done with them; may be left out. At most 16,384 bytes.
    #[serde(default)]
    pub prompt: String,
    /// Limits for this job; may be left out.
    #[serde(default)]
    pub options: JobOptions,
}

impl NewJob {
    /// The request, when everything in it is allowed.
    ///
    /// # Errors
    /// `invalid_field` naming the field, or `prompt_too_long`.
    pub fn checked(self) -> Result<Self, Failure> {
        let invalid = |detail: &str| Err(Failure::with_detail(ErrorCode::InvalidField, detail));
        if self.file_ids.is_empty() || self.file_ids.len() > MAX_PICTURES {
            return invalid("'file_ids' must name 1 to 8 uploaded images.");
        }
        if self.prompt.len() > MAX_PROMPT_BYTES {
            let detail =
                format!("The prompt has {} bytes; at most {MAX_PROMPT_BYTES} are accepted.", self.prompt.len());
            return Err(Failure::with_detail(ErrorCode::PromptTooLong, detail));
        }
        if self.options.max_repairs > MAX_REPAIRS {
            return invalid("'options.max_repairs' must be 0 to 3.");
        }
        if !(1..=120).contains(&self.options.run_timeout_seconds) {
            return invalid("'options.run_timeout_seconds' must be 1 to 120.");
        }
        if !(1..=MAX_VARIANTS).contains(&self.options.variants) {
            return invalid("'options.variants' must be 1 to 4.");
        }
        if !(1..=MAX_TURNS).contains(&self.options.max_turns) {
            return invalid("'options.max_turns' must be 1 to 16.");
        }
        if self.options.max_tokens == Some(0) {
            return invalid("'options.max_tokens' must be at least 1.");
        }
        if self.options.max_seconds.is_some_and(|seconds| !(1..=MAX_JOB_SECONDS).contains(&seconds)) {
            return invalid("'options.max_seconds' must be 1 to 86400.");
        }
        Ok(self)
    }

    /// The key of a repeated request with this request's digest.
    ///
    /// # Errors
    /// `invalid_field` when the key is empty or longer than 255 characters.
    pub fn idempotency(&self, key: String) -> Result<IdempotencyKey, Failure> {
        if key.is_empty() || key.len() > 255 {
            return Err(Failure::with_detail(
                ErrorCode::InvalidField,
                "'Idempotency-Key' must have 1 to 255 characters.",
            ));
        }
        let canonical = serde_json::to_vec(self).map_err(|_| Failure::new(ErrorCode::Internal))?;
        Ok(IdempotencyKey { key, request_sha256: hex::encode(Sha256::digest(canonical)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::spend::Usd;

    /// Protects the queue: a request that cannot be honoured is refused before anything is stored.
    #[test]
    fn bad_requests_name_their_field() {
        let files = |n| (0..n).map(|_| FileId::new()).collect::<Vec<_>>();
        let with =
            |max_repairs, run_timeout_seconds| JobOptions { max_repairs, run_timeout_seconds, ..JobOptions::default() };
        let standard = JobOptions::default();
        let rows: Vec<(Vec<FileId>, usize, JobOptions, Option<ErrorCode>)> = vec![
            (files(1), 0, JobOptions::default(), None),
            (files(8), MAX_PROMPT_BYTES, with(0, 1), None),
            (files(0), 0, JobOptions::default(), Some(ErrorCode::InvalidField)),
            (files(9), 0, JobOptions::default(), Some(ErrorCode::InvalidField)),
            (files(1), 100_000, JobOptions::default(), Some(ErrorCode::PromptTooLong)),
            (files(1), 0, with(4, 120), Some(ErrorCode::InvalidField)),
            (files(1), 0, with(3, 0), Some(ErrorCode::InvalidField)),
            (files(1), 0, with(3, 121), Some(ErrorCode::InvalidField)),
            (files(1), 0, JobOptions { variants: 0, ..standard }, Some(ErrorCode::InvalidField)),
            (files(1), 0, JobOptions { variants: 5, ..standard }, Some(ErrorCode::InvalidField)),
            (files(1), 0, JobOptions { max_turns: 0, ..standard }, Some(ErrorCode::InvalidField)),
            (files(1), 0, JobOptions { max_turns: 17, ..standard }, Some(ErrorCode::InvalidField)),
            (files(1), 0, JobOptions { max_tokens: Some(0), ..standard }, Some(ErrorCode::InvalidField)),
            (files(1), 0, JobOptions { max_seconds: Some(0), ..standard }, Some(ErrorCode::InvalidField)),
            (files(1), 0, JobOptions { max_seconds: Some(86_401), ..standard }, Some(ErrorCode::InvalidField)),
            (files(1), 0, JobOptions { max_cost_usd: Some(Usd::default()), ..standard }, None),
        ];
        for (file_ids, prompt, options, expected) in rows {
            let request = NewJob { file_ids, prompt: "x".repeat(prompt), options };
            assert_eq!(request.clone().checked().err().map(|f| f.code), expected, "{request:?}");
        }
    }
}
