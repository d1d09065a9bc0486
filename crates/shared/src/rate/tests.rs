//! Rates as a table.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// Protects limits from rates that would never fill, or divide by nothing.
#[test]
fn only_rates_are_rates() {
    assert_eq!(Rate::new(0, SECOND), Err(InvalidRate));
    assert_eq!(Rate::new(1, Duration::ZERO), Err(InvalidRate));
    assert_eq!(Rate::new(u32::MAX, SECOND), Err(InvalidRate));
    assert_eq!(Rate::new(2, Duration::MAX), Err(InvalidRate));
    assert_eq!(Rate::per(1, 0, SECOND), Err(InvalidRate));
    assert_eq!(Rate::new(1, Duration::from_nanos(1)).unwrap().refill(), Duration::from_micros(1));
    let rate = Rate::per(10, 4, SECOND).unwrap();
    assert_eq!((rate.burst(), rate.refill(), rate.fill()), (10, SECOND / 4, SECOND * 5 / 2));
}

/// Protects callers: a bucket of three that gets one back a second, step by step.
#[test]
fn a_bucket_empties_and_fills() {
    let rate = Rate::new(3, SECOND).unwrap();
    let mut full = Duration::ZERO;
    let steps = [
        // at (milliseconds), cost, what becomes of it
        (10_000, 1, Spent::Allowed { remaining: 2 }),
        (10_000, 0, Spent::Allowed { remaining: 2 }),
        (10_000, 3, Spent::Refused { retry_after: SECOND }),
        (10_000, 2, Spent::Allowed { remaining: 0 }),
        (10_000, 0, Spent::Allowed { remaining: 0 }),
        (10_400, 1, Spent::Refused { retry_after: Duration::from_millis(600) }),
        (11_000, 1, Spent::Allowed { remaining: 0 }),
        (12_500, 1, Spent::Allowed { remaining: 0 }),
        (12_500, 1, Spent::Refused { retry_after: Duration::from_millis(500) }),
        (99_000, 3, Spent::Allowed { remaining: 0 }),
    ];
    for (at, cost, expected) in steps {
        let (spent, after) = rate.decide(full, Duration::from_millis(at), cost);
        assert_eq!(spent, expected, "at {at} for {cost}");
        full = after;
    }
}

/// Protects callers from a backend's clock that was set back: nobody waits longer than an empty bucket needs.
#[test]
fn a_clock_that_was_set_back_costs_one_filling() {
    let rate = Rate::new(2, SECOND).unwrap();
    let (spent, full) = rate.decide(SECOND * 1_000_000, SECOND * 10, 1);
    assert_eq!((spent, full), (Spent::Refused { retry_after: SECOND }, SECOND * 12));
}
