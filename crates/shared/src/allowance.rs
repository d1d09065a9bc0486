//! What one person may do in a time, counted for all replicas together.
//!
//! Each allowance is a bucket (see [`Rate`]) that holds what may be done in its time and fills again evenly over that
//! time. Where the shared state is away each replica counts for itself: people go on, and may at worst do as many times
//! as much as there are replicas.

use crate::{Key, MemoryState, Purpose, Rate, SharedHandle, SharedState, Spent};
use common::limits::Limits;
use common::{ErrorCode, Failure, KeyId, OwnerId};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Uploads are counted in units of so many bytes, rounded up.
const UPLOAD_UNIT: u64 = 1024;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Allowance {
    /// Requests to the API.
    Requests,
    /// Bytes of uploads.
    UploadBytes,
    /// Runs of code of one's own.
    Runs,
}

impl Allowance {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::Requests, Self::UploadBytes, Self::Runs];

    /// Its stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::UploadBytes => "upload_bytes",
            Self::Runs => "runs",
        }
    }

    /// The time that it is for.
    pub const fn period(self) -> Duration {
        match self {
            Self::Requests => MINUTE,
            Self::UploadBytes => DAY,
            Self::Runs => HOUR,
        }
    }

    /// How much of it these limits allow; nothing where they set none.
    pub fn most(self, limits: &Limits) -> Option<u64> {
        match self {
            Self::Requests => limits.requests_per_minute.map(u64::from),
            Self::UploadBytes => limits.upload_bytes_per_day,
            Self::Runs => limits.runs_per_hour.map(u64::from),
        }
    }

    /// How much one token of the bucket stands for.
    const fn unit(self) -> u64 {
        match self {
            Self::UploadBytes => UPLOAD_UNIT,
            Self::Requests | Self::Runs => 1,
        }
    }

    fn tokens(self, amount: u64) -> u32 {
        u32::try_from(amount.div_ceil(self.unit())).unwrap_or(u32::MAX)
    }

    /// What a person is told who used it up.
    fn used_up(self, most: u64) -> String {
        match self {
            Self::Requests => format!("You may send {most} requests a minute, and have sent that many."),
            Self::UploadBytes => format!("You may upload {most} bytes a day, and this would be more."),
            Self::Runs => format!("You may run code {most} times an hour, and have done so."),
        }
    }
}

/// What is left of one allowance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meter {
    /// Of what.
    pub name: Allowance,
    /// How much may be done in the period.
    pub limit: u64,
    /// How much may be done now.
    pub remaining: u64,
    /// The period in seconds.
    pub period_seconds: u64,
}

/// Counts what people do.
pub struct Allowances {
    shared: SharedHandle,
    /// Counts while the shared state is away.
    own: MemoryState,
    is_away: AtomicBool,
    defaults: Limits,
}

impl Allowances {
    /// Counts in the shared state. The defaults are for whom nothing else is set.
    pub fn new(shared: SharedHandle, defaults: Limits) -> Self {
        Self { shared, own: MemoryState::new(), is_away: AtomicBool::new(false), defaults }
    }

    /// Notes that so much is done.
    ///
    /// # Errors
    /// `limit_reached`, with the time after which there is enough again; nothing is noted then.
    pub async fn spend(&self, owner: &OwnerId, own: &Limits, what: Allowance, amount: u64) -> Result<(), Failure> {
        match what.most(&own.or(self.defaults)) {
            Some(most) => self.take(owner.as_str(), what, most, amount).await,
            None => Ok(()),
        }
    }

    /// Notes that an API key was used once, where it may be used only so often a minute. Its owner's allowance is
    /// another matter.
    ///
    /// # Errors
    /// `limit_reached`, as for a person.
    pub async fn spend_key(&self, key: KeyId, most_per_minute: u32) -> Result<(), Failure> {
        // No owner is called that: owners have no colon.
        self.take(&format!("key:{key}"), Allowance::Requests, u64::from(most_per_minute), 1).await
    }

    async fn take(&self, whose: &str, what: Allowance, most: u64, amount: u64) -> Result<(), Failure> {
        let refused = || Failure::with_detail(ErrorCode::LimitReached, what.used_up(most));
        let Some(rate) = rate(what, most) else { return Err(refused()) };
        match self.ask(whose, what, rate, what.tokens(amount)).await {
            Spent::Allowed { .. } => Ok(()),
            Spent::Refused { retry_after } => {
                let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
                Err(refused().retry_after(u32::try_from(seconds.max(1)).unwrap_or(u32::MAX)))
            }
            Spent::Never => Err(refused()),
        }
    }

    /// What is left of everything that is limited.
    pub async fn meters(&self, owner: &OwnerId, own: &Limits) -> Vec<Meter> {
        let limits = own.or(self.defaults);
        let mut meters = Vec::new();
        for what in Allowance::ALL.iter().copied() {
            let Some(limit) = what.most(&limits) else { continue };
            let remaining = match rate(what, limit) {
                Some(rate) => match self.ask(owner.as_str(), what, rate, 0).await {
                    Spent::Allowed { remaining } => (u64::from(remaining) * what.unit()).min(limit),
                    Spent::Refused { .. } | Spent::Never => 0,
                },
                None => 0,
            };
            meters.push(Meter { name: what, limit, remaining, period_seconds: what.period().as_secs() });
        }
        meters
    }

    async fn ask(&self, whose: &str, what: Allowance, rate: Rate, cost: u32) -> Spent {
        // A limit that was changed begins with a full bucket: what is in one says nothing at another rate.
        let burst = rate.burst().to_le_bytes();
        let key = Key::of(Purpose::RequestRate, &[whose.as_bytes(), what.as_str().as_bytes(), &burst]);
        match self.shared.spend(&key, rate, cost).await {
            Ok(spent) => {
                if self.is_away.swap(false, Ordering::Relaxed) {
                    tracing::info!("the shared state is back; replicas count together again");
                }
                spent
            }
            Err(error) => {
                if !self.is_away.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%error, "the shared state is away; each replica counts what people do for itself");
                }
                // Memory never fails; if it did, people would not be held up for it.
                self.own.spend(&key, rate, cost).await.unwrap_or(Spent::Allowed { remaining: 0 })
            }
        }
    }
}

impl std::fmt::Debug for Allowances {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Allowances").field("defaults", &self.defaults).finish_non_exhaustive()
    }
}

/// The bucket; none where nothing is allowed.
fn rate(what: Allowance, most: u64) -> Option<Rate> {
    // A whole unit at least: what is not nothing must not be forbidden by rounding.
    let tokens = u32::try_from((most / what.unit()).max(u64::from(most > 0))).unwrap_or(u32::MAX);
    Rate::per(tokens, tokens, what.period()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RedisSettings, RedisState};
    use std::sync::Arc;

    fn limits() -> Limits {
        Limits {
            requests_per_minute: Some(3),
            upload_bytes_per_day: Some(10 * 1024),
            runs_per_hour: Some(0),
            ..Limits::default()
        }
    }

    fn owner(name: &str) -> OwnerId {
        OwnerId::parse(name).expect("an owner")
    }

    async fn exactly(allowances: &Allowances, owner: &OwnerId) {
        let none = Limits::default();
        for _ in 0..3 {
            allowances.spend(owner, &none, Allowance::Requests, 1).await.expect("allowed");
        }
        let refused = allowances.spend(owner, &none, Allowance::Requests, 1).await.expect_err("one too many");
        assert_eq!(refused.code, ErrorCode::LimitReached);
        assert!((1..=20).contains(&refused.retry_after_seconds.expect("a time")), "{refused:?}");
    }

    /// Protects operators: what they allow is what is done, to the unit; people do not use each other's up, and a limit
    /// of one person goes before the default.
    #[tokio::test]
    async fn limits_hold_to_the_unit() {
        let allowances = Allowances::new(Arc::new(MemoryState::new()), limits());
        exactly(&allowances, &owner("one")).await;
        exactly(&allowances, &owner("two")).await;
        let more = Limits { requests_per_minute: Some(1_000_000), ..Limits::default() };
        allowances.spend(&owner("one"), &more, Allowance::Requests, 1).await.expect("allowed more");
        let none = Limits::default();
        let one = owner("one");
        let upload = |bytes| allowances.spend(&one, &none, Allowance::UploadBytes, bytes);
        upload(10 * 1024 + 1).await.expect_err("larger than a day's");
        upload(9 * 1024).await.expect("allowed");
        upload(1025).await.expect_err("counted in whole units");
        upload(1).await.expect("the last unit");
        upload(1).await.expect_err("nothing left");
        allowances.spend(&owner("one"), &none, Allowance::Runs, 1).await.expect_err("forbidden");
        let unlimited = Allowances::new(Arc::new(MemoryState::new()), Limits::default());
        for _ in 0..1000 {
            unlimited.spend(&owner("one"), &none, Allowance::Runs, 1).await.expect("no limit");
        }
    }

    /// Protects the meter that people see: it says what is left, and looking costs nothing.
    #[tokio::test]
    async fn meters_tell_what_is_left() {
        let allowances = Allowances::new(Arc::new(MemoryState::new()), limits());
        let (one, none) = (owner("one"), Limits::default());
        allowances.spend(&one, &none, Allowance::Requests, 2).await.expect("allowed");
        for _ in 0..2 {
            let meters = allowances.meters(&one, &none).await;
            let told: Vec<_> = meters.iter().map(|meter| (meter.name, meter.limit, meter.remaining)).collect();
            let expected =
                [(Allowance::Requests, 3, 1), (Allowance::UploadBytes, 10_240, 10_240), (Allowance::Runs, 0, 0)];
            assert_eq!(told, expected);
        }
    }

    /// Protects people and operators while Redis is away: nobody is held up, and the limits still hold within a replica.
    #[tokio::test]
    async fn without_the_shared_state_each_replica_counts() {
        let nobody = RedisSettings::parse("redis://127.0.0.1:1/0").expect("settings");
        let shared = Arc::new(RedisState::new(nobody).expect("a client"));
        exactly(&Allowances::new(shared, limits()), &owner("one")).await;
    }
}
