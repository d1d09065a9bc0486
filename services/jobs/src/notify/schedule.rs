//! When a delivery that failed is tried again, and what an answer means. Pure.

use crate::doc::Millis;
use chrono::{DateTime, Utc};
use std::time::Duration;

/// Pauses between attempts, about a day together.
const PAUSES: [Duration; 8] = [
    Duration::from_secs(5),
    Duration::from_secs(60),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3600),
    Duration::from_secs(5 * 3600),
    Duration::from_secs(8 * 3600),
    Duration::from_secs(8 * 3600),
];

/// Longest pause that a receiver may ask for.
const MOST_PATIENCE: Duration = Duration::from_secs(12 * 3600);

/// What came of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver has it.
    Sent,
    /// It did not work now; perhaps after the time the receiver asked for.
    Again {
        /// Why, in plain words.
        why: String,
        /// What the receiver asked for.
        after: Option<Duration>,
    },
    /// It will never work.
    Never {
        /// Why, in plain words.
        why: String,
        /// Whether nothing more is to be sent there at all.
        closes: bool,
    },
}

/// What an HTTP answer to a webhook means.
pub fn of_status(status: u16, retry_after: Option<&str>, now: DateTime<Utc>) -> Outcome {
    match status {
        200..=299 => Outcome::Sent,
        410 => Outcome::Never { why: "The receiver answered 410: it wants nothing more.".to_owned(), closes: true },
        300..=399 => {
            Outcome::Again { why: format!("The receiver answered {status}; redirects are not followed."), after: None }
        }
        _ => {
            let after = retry_after.and_then(|text| asked_for(text, now));
            Outcome::Again { why: format!("The receiver answered {status}."), after }
        }
    }
}

/// What a `Retry-After` asks for (RFC 9110, 10.2.3): seconds, or a date.
fn asked_for(text: &str, now: DateTime<Utc>) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = DateTime::parse_from_rfc2822(text).ok()?;
    Some((at.with_timezone(&Utc) - now).to_std().unwrap_or_default())
}

/// When to try again after so many attempts; nothing when it was the last. `luck` is from 0 to 1: pauses differ by up to a
/// fifth, so that what failed together does not come back together.
pub fn next_attempt(attempts: u32, asked: Option<Duration>, luck: f64, now: Millis) -> Option<Millis> {
    let pause = PAUSES.get(usize::try_from(attempts.checked_sub(1)?).ok()?)?;
    let wanted = asked.unwrap_or_default().min(MOST_PATIENCE).max(*pause);
    let with_luck = wanted.mul_f64(1.0 + 0.2 * luck.clamp(0.0, 1.0));
    Some(now.saturating_add(Millis::try_from(with_luck.as_millis()).unwrap_or(Millis::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects receivers that are down for a while, and those that are gone: attempts go on for about a day, then end.
    #[test]
    fn attempts_last_about_a_day() {
        for luck in [0.0, 0.5, 1.0] {
            let mut at = 0;
            let mut attempts = 1;
            while let Some(next) = next_attempt(attempts, None, luck, at) {
                assert!(next > at);
                (at, attempts) = (next, attempts + 1);
            }
            let hours = at / 3_600_000;
            assert!((22..=30).contains(&hours) && attempts == 9, "{hours} hours, {attempts} attempts");
        }
        assert_eq!(next_attempt(0, None, 0.0, 0), None, "nothing was tried");
    }

    /// Protects receivers that say when they want to be asked again: they are heard, but cannot put it off for ever.
    #[test]
    fn retry_after_is_honoured_up_to_a_cap() {
        let rows = [
            (1, None, 5),
            (1, Some(2), 5),
            (1, Some(600), 600),
            (1, Some(u64::MAX), 12 * 3600),
            (5, Some(60), 2 * 3600),
        ];
        for (attempts, asked, seconds) in rows {
            let next = next_attempt(attempts, asked.map(Duration::from_secs), 0.0, 0);
            assert_eq!(next, Some(seconds * 1000), "{attempts} {asked:?}");
        }
    }

    /// Protects the meaning of answers: only 2xx counts as delivered, 410 ends it, redirects are not followed.
    #[test]
    fn answers_mean_what_the_specification_says() {
        let now = DateTime::parse_from_rfc2822("Sun, 06 Nov 1994 08:49:37 GMT").expect("a date").with_timezone(&Utc);
        let after = |seconds| Some(Some(Duration::from_secs(seconds)));
        let rows = [
            (200, None, None),
            (204, None, None),
            (301, Some("7"), Some(None)),
            (400, None, Some(None)),
            (429, Some("120"), after(120)),
            (503, Some("Sun, 06 Nov 1994 08:51:37 GMT"), after(120)),
            (503, Some("Sun, 06 Nov 1994 08:00:00 GMT"), after(0)),
            (503, Some("soon"), Some(None)),
            (500, Some("-1"), Some(None)),
        ];
        for (status, retry_after, expected) in rows {
            match (of_status(status, retry_after, now), expected) {
                (Outcome::Sent, None) => {}
                (Outcome::Again { after, .. }, Some(expected)) => assert_eq!(after, expected, "{status}"),
                (other, _) => panic!("{status}: {other:?}"),
            }
        }
        assert!(matches!(of_status(410, None, now), Outcome::Never { closes: true, .. }));
    }
}
