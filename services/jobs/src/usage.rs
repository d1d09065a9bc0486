//! What a person used, and what is left.

use crate::store::daily;
use crate::{Jobs, store_failure};
use common::job::JobState;
use common::spend::Usd;
use common::{Caller, Failure};
use edge::Meter;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a person used today, and what is left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UsageView {
    /// Tokens sent to models today.
    pub prompt_tokens: u64,
    /// Tokens received from models today.
    pub completion_tokens: u64,
    /// Finished model calls today.
    pub calls: u64,
    /// What they cost by the operator's price table.
    pub cost_usd: Usd,
    /// Tokens left today, where they are limited.
    pub tokens_left: Option<u64>,
    /// Money left today, where it is limited.
    pub cost_usd_left: Option<Usd>,
    /// Seconds until the next day begins (UTC).
    pub day_ends_in_seconds: u64,
    /// Jobs that wait or are worked on.
    pub open_jobs: u64,
    /// Most of these, where that is limited.
    pub max_open_jobs: Option<u32>,
    /// Jobs worked on now.
    pub running_jobs: u64,
    /// Most of these for you, where that is limited.
    pub max_running_jobs: Option<u32>,
    /// What may be done in a time and is left of it, for all that is limited.
    pub allowances: Vec<AllowanceView>,
}

/// What may be done in a time, and what is left of it. It comes back evenly over the period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AllowanceView {
    /// Of what: `requests`, `upload_bytes` or `runs`.
    pub name: String,
    /// How much may be done in the period.
    pub limit: u64,
    /// How much may be done now.
    pub remaining: u64,
    /// The period in seconds.
    pub period_seconds: u64,
}

impl From<Meter> for AllowanceView {
    fn from(meter: Meter) -> Self {
        let Meter { name, limit, remaining, period_seconds } = meter;
        Self { name: name.as_str().to_owned(), limit, remaining, period_seconds }
    }
}

impl Jobs {
    /// What this caller used today, and what is left, with what was counted elsewhere.
    ///
    /// # Errors
    /// A storage failure.
    pub async fn usage(&self, caller: &Caller, meters: Vec<Meter>) -> Result<UsageView, Failure> {
        let limits = caller.limits.or(self.inner.settings.limits);
        let (db, owner, now) = (self.inner.store.db(), caller.owner.as_str(), self.now());
        let used = daily::today(db, owner, now).await.map_err(store_failure)?;
        let queued = daily::count(db, owner, &[JobState::Queued]).await.map_err(store_failure)?;
        let running_jobs = daily::count(db, owner, &[JobState::Running]).await.map_err(store_failure)?;
        Ok(UsageView {
            prompt_tokens: used.prompt_tokens,
            completion_tokens: used.completion_tokens,
            calls: used.calls,
            cost_usd: used.cost_usd,
            tokens_left: limits.tokens_per_day.map(|most| most.saturating_sub(used.tokens())),
            cost_usd_left: limits.cost_usd_per_day.map(|most| most.less(used.cost_usd)),
            day_ends_in_seconds: daily::seconds_left(now),
            open_jobs: queued + running_jobs,
            max_open_jobs: limits.open_jobs,
            running_jobs,
            max_running_jobs: limits.running_jobs,
            allowances: meters.into_iter().map(Into::into).collect(),
        })
    }
}
