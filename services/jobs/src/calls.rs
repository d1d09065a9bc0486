//! Calls of models that were made for jobs: what each took and cost, never what was said.

use crate::{Jobs, store_failure};
use chrono::{DateTime, Utc};
use common::spend::Usd;
use common::{ErrorCode, Failure, JobId, OwnerId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One call of a role's models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ModelCall {
    /// Its id.
    pub id: Uuid,
    /// The job it was made for.
    pub job_id: JobId,
    /// `vision`, `code` or `reasoning`.
    pub role: String,
    /// Who answered; without an answer whoever was asked last.
    pub model: String,
    /// Host and port of its endpoint; absent where there is none.
    pub host: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// How long it took in milliseconds, with the models that were asked before in vain.
    pub duration_ms: u64,
    /// Milliseconds to the first piece of the answer; absent where none came.
    pub first_token_ms: Option<u64>,
    /// Tokens sent, those to models that gave nothing usable included.
    pub prompt_tokens: u64,
    /// Tokens received.
    pub completion_tokens: u64,
    /// What they cost by the operator's price table.
    pub cost_usd: Usd,
    /// Why it brought no answer that can be read; absent where it did.
    pub error_code: Option<String>,
    /// Models that were asked before in vain.
    pub passed_over: Vec<String>,
    /// Name of the file with the rules that the model was given.
    pub prompt_file: String,
    /// SHA-256 of that file, shortened to 12 hex digits.
    pub prompt_hash: String,
}

/// One page of calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ModelCallPage {
    /// The calls, newest first.
    pub items: Vec<ModelCall>,
    /// For the next page; absent on the last.
    pub next_cursor: Option<String>,
}

/// Where a page ended: when its last call began, and its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// In milliseconds since 1970.
    pub started_ms: i64,
    /// The call's.
    pub id: Uuid,
}

impl Cursor {
    fn parse(text: &str) -> Result<Self, Failure> {
        let read = text
            .split_once('.')
            .and_then(|(started_ms, id)| Some(Self { started_ms: started_ms.parse().ok()?, id: id.parse().ok()? }));
        read.ok_or_else(|| Failure::with_detail(ErrorCode::BadRequest, "'cursor' is none that a page gave."))
    }

    fn of(call: &ModelCall) -> String {
        format!("{}.{}", call.started_at.timestamp_millis(), call.id)
    }
}

impl Jobs {
    /// One page of the calls made for this owner's jobs, newest first.
    ///
    /// # Errors
    /// `bad_request` for a cursor that no page gave, or a storage failure.
    pub async fn calls(&self, owner: &OwnerId, cursor: Option<&str>, limit: u64) -> Result<ModelCallPage, Failure> {
        let limit = limit.clamp(1, 100);
        let before = cursor.map(Cursor::parse).transpose()?;
        let mut items = self.inner.store.calls(owner, before, limit + 1).await.map_err(store_failure)?;
        let more = items.len() as u64 > limit;
        items.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next_cursor = if more { items.last().map(Cursor::of) } else { None };
        Ok(ModelCallPage { items, next_cursor })
    }
}
