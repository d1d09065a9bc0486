//! What a person sends to create a job, and the checks it must pass. Pure.

use crate::store::IdempotencyKey;
use common::job::{JobOptions, MAX_JOB_SECONDS, MAX_PICTURES, MAX_PROMPT_BYTES, MAX_REPAIRS, MAX_TURNS, MAX_VARIANTS};
use common::{ErrorCode, Failure, FileId};
use edge::JsonObject;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
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
    #[serde(default, deserialize_with = "object")]
    #[schema(value_type = JobOptions)]
    pub options: JobOptions,
}

/// Options from a JSON object and nothing else, see [`JsonObject`].
fn object<'de, D: Deserializer<'de>>(from: D) -> Result<JobOptions, D::Error> {
    JsonObject::deserialize(from).map(JsonObject::into_inner)
}

/// Body of `POST /api/v1/jobs/{id}/retry`; may be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// What is to be different from the options of the job before. What is not named stays as it was; `null` takes a limit
    /// away.
    #[serde(default)]
    #[schema(value_type = JobOptions)]
    pub options: Map<String, Value>,
}

impl Retry {
    /// The options of a job with these in place of what they name.
    ///
    /// # Errors
    /// `invalid_field` naming the field.
    pub fn of(self, before: JobOptions) -> Result<JobOptions, Failure> {
        let internal = |_| Failure::new(ErrorCode::Internal);
        let mut options: Map<String, Value> =
            serde_json::to_value(before).and_then(serde_json::from_value).map_err(internal)?;
        options.extend(self.options);
        let options = serde_json::from_value(Value::Object(options)).map_err(|error| {
            Failure::with_detail(ErrorCode::InvalidField, format!("'options' cannot be read: {error}."))
        })?;
        allowed(options)
    }
}

/// The options, when each is within its range; else `invalid_field` naming the one that is not.
fn allowed(options: JobOptions) -> Result<JobOptions, Failure> {
    let rows = [
        (options.max_repairs <= MAX_REPAIRS, "'options.max_repairs' must be 0 to 3."),
        ((1..=120).contains(&options.run_timeout_seconds), "'options.run_timeout_seconds' must be 1 to 120."),
        ((1..=MAX_VARIANTS).contains(&options.variants), "'options.variants' must be 1 to 4."),
        ((1..=MAX_TURNS).contains(&options.max_turns), "'options.max_turns' must be 1 to 16."),
        (options.max_tokens != Some(0), "'options.max_tokens' must be at least 1."),
        (
            options.max_seconds.is_none_or(|seconds| (1..=MAX_JOB_SECONDS).contains(&seconds)),
            "'options.max_seconds' must be 1 to 86400.",
        ),
    ];
    match rows.into_iter().find(|(is_allowed, _)| !is_allowed) {
        Some((_, detail)) => Err(Failure::with_detail(ErrorCode::InvalidField, detail)),
        None => Ok(options),
    }
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
        allowed(self.options)?;
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
    use common::job::ModelChoice;
    use common::spend::Usd;
    use serde_json::json;

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

    /// Protects whoever changes one option of a job: the others stay as they were, and what is not allowed is refused.
    #[test]
    fn a_retry_changes_what_it_names() {
        let before = JobOptions { max_repairs: 1, max_tokens: Some(500), ..JobOptions::default() };
        let rows = [
            (json!({}), Some(before)),
            (json!({ "models": "second" }), Some(JobOptions { models: ModelChoice::Second, ..before })),
            (
                json!({ "max_tokens": 900, "variants": 2 }),
                Some(JobOptions { max_tokens: Some(900), variants: 2, ..before }),
            ),
            (json!({ "max_tokens": null }), Some(JobOptions { max_tokens: None, ..before })),
            (json!({ "max_tokens": 0 }), None),
            (json!({ "max_repairs": 4 }), None),
            (json!({ "max_repairs": null }), None),
            (json!({ "max_repairs": "1" }), None),
            (json!({ "model": "second" }), None),
        ];
        for (options, expected) in rows {
            let retry: Retry = serde_json::from_value(json!({ "options": options })).expect("an object");
            let answer = retry.of(before);
            assert_eq!(answer.as_ref().ok(), expected.as_ref(), "{options}");
            assert!(answer.err().is_none_or(|failure| failure.code == ErrorCode::InvalidField), "{options}");
        }
    }

    /// Protects the promise of the API document: options are an object, never a list of them in some order.
    #[test]
    fn options_are_an_object() {
        let id = FileId::new();
        let read = |options: Value| serde_json::from_value::<NewJob>(json!({ "file_ids": [id], "options": options }));
        assert_eq!(read(json!({ "variants": 2 })).expect("an object").options.variants, 2);
        for options in [json!([3, 120, 1, 16, null, null, null, "first"]), json!([]), json!(null), json!("first")] {
            assert!(read(options.clone()).is_err(), "{options}");
            assert!(serde_json::from_value::<Retry>(json!({ "options": options })).is_err(), "{options}");
        }
    }
}
