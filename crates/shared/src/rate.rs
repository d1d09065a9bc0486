//! Rates: a bucket of tokens that fills with time. Pure; the clock is the backend's.
//!
//! Kept as one moment, that at which the bucket is full again (the "theoretical arrival time" of the generic cell rate
//! algorithm, ITU-T I.371): the bucket lacks as many tokens as fill it from now until then.

use crate::MAX_KEEP;
use std::time::Duration;

/// How many tokens a bucket holds, and how fast it fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rate {
    burst: u32,
    /// For one token: whole microseconds, at least one.
    refill: Duration,
}

/// Not a rate: see [`Rate::new`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a rate holds at least one token, and fills in a microsecond for each to 366 days for all")]
pub struct InvalidRate;

impl Rate {
    /// A bucket of `burst` tokens, full at first, that gets one back every `refill` (rounded up to microseconds).
    ///
    /// # Errors
    /// `burst` or `refill` is zero, or the empty bucket needs longer than [`MAX_KEEP`] to fill.
    pub fn new(burst: u32, refill: Duration) -> Result<Self, InvalidRate> {
        let refill = u64::try_from(refill.as_nanos().div_ceil(1000)).map(Duration::from_micros);
        match refill {
            Ok(refill) if burst > 0 && !refill.is_zero() => match refill.checked_mul(burst) {
                Some(all) if all <= MAX_KEEP => Ok(Self { burst, refill }),
                _ => Err(InvalidRate),
            },
            _ => Err(InvalidRate),
        }
    }

    /// A bucket of `burst` tokens that gets `count` back in every `time`, evenly.
    ///
    /// # Errors
    /// As [`Rate::new`]; `count` is zero.
    pub fn per(burst: u32, count: u32, time: Duration) -> Result<Self, InvalidRate> {
        Self::new(burst, time.checked_div(count).ok_or(InvalidRate)?)
    }

    /// Most tokens at once.
    pub fn burst(&self) -> u32 {
        self.burst
    }

    /// Time in which one token comes back.
    pub fn refill(&self) -> Duration {
        self.refill
    }

    /// Time in which the empty bucket fills.
    pub(crate) fn fill(&self) -> Duration {
        self.refill.saturating_mul(self.burst)
    }

    /// Decides at the moment `now`, where the bucket is full at the moment `full`; answers also when it is full after.
    /// Moments are times since whatever start. The cost is at most the burst.
    pub(crate) fn decide(&self, full: Duration, now: Duration, cost: u32) -> (Spent, Duration) {
        // Never longer than an empty bucket needs, whatever clock or other rate has written it.
        let full = full.clamp(now, now + self.fill());
        let after = full + self.refill.saturating_mul(cost);
        match (now + self.fill()).checked_sub(after) {
            Some(left) => {
                let remaining = left.as_micros() / self.refill.as_micros().max(1);
                (Spent::Allowed { remaining: u32::try_from(remaining).unwrap_or(u32::MAX) }, after)
            }
            None => (Spent::Refused { retry_after: after - (now + self.fill()) }, full),
        }
    }
}

/// What became of a wish to spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spent {
    /// The tokens are spent.
    Allowed {
        /// How many are left.
        remaining: u32,
    },
    /// There were not enough; nothing was spent.
    Refused {
        /// There are enough after this time, unless somebody else spends them.
        retry_after: Duration,
    },
    /// The cost is larger than the burst: there are never enough.
    Never,
}

impl Spent {
    /// Whether the tokens are spent.
    pub fn is_allowed(self) -> bool {
        matches!(self, Self::Allowed { .. })
    }
}

#[cfg(test)]
mod tests;
