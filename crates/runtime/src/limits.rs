//! What a person may use for whom nothing else is set, by the settings.

use crate::Settings;
use common::limits::Limits;
use common::spend::Usd;

/// Millionths of a dollar in a cent.
const MICROS_OF_CENT: u64 = 10_000;

impl Settings {
    /// The operator's limits for everybody.
    pub fn user_limits(&self) -> Limits {
        let small = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        Limits {
            requests_per_minute: self.user_requests_per_minute.map(|most| small(most.0)),
            upload_bytes_per_day: self.user_upload_bytes_per_day.map(|most| most.0),
            runs_per_hour: self.user_runs_per_hour.map(|most| small(most.0)),
            open_jobs: self.user_open_jobs.map(|most| small(most.0)),
            running_jobs: self.user_running_jobs.map(|most| small(most.0)),
            tokens_per_day: self.user_tokens_per_day.map(|most| most.0),
            cost_usd_per_day: self.user_cents_per_day.map(|most| Usd::from_micros(most.0 * MICROS_OF_CENT)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects operators: each setting limits what it names, in the unit that it names, and nothing is limited by default.
    #[test]
    fn each_setting_is_a_limit() {
        let read = |pairs: &[(&str, &str)]| {
            let variables = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            Settings::from_variables(&variables).expect("settings").user_limits()
        };
        assert!(read(&[]).is_empty());
        let limits = read(&[("USER_CENTS_PER_DAY", "150"), ("USER_OPEN_JOBS", "7"), ("USER_TOKENS_PER_DAY", "1000")]);
        let expected = Limits {
            cost_usd_per_day: Usd::from_dollars(1.5),
            open_jobs: Some(7),
            tokens_per_day: Some(1000),
            ..Limits::default()
        };
        assert_eq!(limits, expected);
    }
}
