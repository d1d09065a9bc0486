//! When an endpoint is left alone for a while. Pure: time comes in with each input.
//!
//! ```text
//!            failures in a row, or one that does not heal
//!  closed ──────────────────────────────────────────────► open ◄─┐
//!    ▲                                                     │     │ the probe fails: a longer pause
//!    └───────────── the probe works ────── half open ◄─────┘     │
//!                                              │   after a pause │
//!                                              └─────────────────┘
//! ```

use std::time::{Duration, Instant};

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerPolicy {
    /// Failed calls in a row that open it. Each was repeated before it counted.
    pub failures: u32,
    /// First pause; doubles with each probe that fails.
    pub pause: Duration,
    /// Longest pause, and the one after a failure that does not heal by itself: a wrong key, an unknown
    /// model, a used-up quota. Somebody may mend it at the other side, so even then there is a next probe.
    pub longest_pause: Duration,
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self { failures: 3, pause: Duration::from_secs(30), longest_pause: Duration::from_secs(300) }
    }
}

/// What a finished call says about its endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// It works, even where it refused this one request.
    Works,
    /// It failed in a way that may pass.
    Fails,
    /// It fails until somebody changes something.
    Lasting,
    /// It asked to be left alone for so long.
    Wait(Duration),
}

/// Leave to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// As always.
    Usual,
    /// The one call that finds out whether the endpoint works again.
    Probe,
}

/// Where a breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BreakerState {
    /// The endpoint is asked.
    Closed,
    /// It is left alone for so long.
    Open(Duration),
    /// The next call, or the one under way, is a probe.
    HalfOpen,
}

/// The breaker of one endpoint.
#[derive(Debug, Clone)]
pub struct Breaker {
    policy: BreakerPolicy,
    phase: Phase,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Closed { failures: u32 },
    Open { until: Instant, pause: Duration },
    Probing { pause: Duration },
}

impl Breaker {
    /// A closed one.
    pub fn new(policy: BreakerPolicy) -> Self {
        Self { policy, phase: Phase::Closed { failures: 0 } }
    }

    /// Leave to ask now.
    ///
    /// # Errors
    /// For how long the endpoint is left alone; zero while a probe is under way.
    pub fn enter(&mut self, now: Instant) -> Result<Pass, Duration> {
        match self.phase {
            Phase::Closed { .. } => Ok(Pass::Usual),
            Phase::Open { until, .. } if now < until => Err(until - now),
            Phase::Open { pause, .. } => {
                self.phase = Phase::Probing { pause };
                Ok(Pass::Probe)
            }
            Phase::Probing { .. } => Err(Duration::ZERO),
        }
    }

    /// Leave to ask whatever the state, because a person wants to know. Its outcome counts as a probe's.
    pub fn enter_anyway(&mut self) -> Pass {
        match self.phase {
            Phase::Closed { .. } => Pass::Usual,
            Phase::Open { pause, .. } | Phase::Probing { pause } => {
                self.phase = Phase::Probing { pause };
                Pass::Probe
            }
        }
    }

    /// Takes in how a call ended.
    pub fn record(&mut self, pass: Pass, sign: Sign, now: Instant) {
        let BreakerPolicy { failures: allowed, pause: first, longest_pause } = self.policy;
        let (counted, next_pause) = match self.phase {
            Phase::Closed { failures } => (failures + 1, first),
            Phase::Probing { pause } if pass == Pass::Probe => (allowed, pause.saturating_mul(2)),
            // A call that began before the breaker opened: it can close it, and nothing else.
            _ if sign == Sign::Works => (0, first),
            _ => return,
        };
        let pause = match sign {
            Sign::Works => return self.phase = Phase::Closed { failures: 0 },
            Sign::Fails if counted < allowed => return self.phase = Phase::Closed { failures: counted },
            Sign::Fails => next_pause,
            Sign::Lasting => longest_pause,
            Sign::Wait(asked) => asked,
        };
        let pause = pause.min(longest_pause);
        self.phase = Phase::Open { until: now + pause, pause };
    }

    /// A call was given up before it ended. A probe that was given up proves nothing: the next call is one.
    pub fn given_up(&mut self, pass: Pass, now: Instant) {
        if let (Pass::Probe, Phase::Probing { pause }) = (pass, self.phase) {
            self.phase = Phase::Open { until: now, pause };
        }
    }

    /// Where it stands now.
    pub fn state(&self, now: Instant) -> BreakerState {
        match self.phase {
            Phase::Closed { .. } => BreakerState::Closed,
            Phase::Open { until, .. } if now < until => BreakerState::Open(until - now),
            Phase::Open { .. } | Phase::Probing { .. } => BreakerState::HalfOpen,
        }
    }
}

#[cfg(test)]
mod tests;
