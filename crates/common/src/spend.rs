//! What model calls use and cost, and what may be spent on a job.

use crate::job::Usage;
use serde::{Deserialize, Serialize};

/// An amount of US dollars, exact to a millionth. In JSON a number of dollars.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usd {
    micros: u64,
}

impl Usd {
    /// Most that can be named: a million dollars.
    pub const MAX: Self = Self { micros: 1_000_000_000_000 };

    /// An amount in millionths of a dollar.
    pub const fn from_micros(micros: u64) -> Self {
        Self { micros }
    }

    /// An amount of dollars, rounded to a millionth; `None` for what is negative, no number, or above [`Usd::MAX`].
    pub fn from_dollars(dollars: f64) -> Option<Self> {
        let micros = (dollars * 1e6).round();
        // Every whole number up to 10^12 is exact in an f64.
        (micros >= 0.0 && micros <= Self::MAX.micros as f64).then_some(Self { micros: micros as u64 })
    }

    /// In millionths of a dollar.
    pub const fn micros(self) -> u64 {
        self.micros
    }

    /// In dollars.
    pub fn dollars(self) -> f64 {
        self.micros as f64 / 1e6
    }

    /// The sum, never wrapping around.
    pub const fn plus(self, other: Self) -> Self {
        Self { micros: self.micros.saturating_add(other.micros) }
    }

    /// What is left after `other`; nothing where that is more.
    pub const fn less(self, other: Self) -> Self {
        Self { micros: self.micros.saturating_sub(other.micros) }
    }
}

impl Serialize for Usd {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.dollars())
    }
}

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let dollars = f64::deserialize(deserializer)?;
        Self::from_dollars(dollars).ok_or_else(|| serde::de::Error::custom("not an amount of dollars"))
    }
}

impl utoipa::PartialSchema for Usd {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::Number)
            .minimum(Some(0))
            .description(Some("US dollars, exact to a millionth."))
            .into()
    }
}

impl utoipa::ToSchema for Usd {}

/// What a model costs, in US dollars per million tokens: so many millionths of a dollar each.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Price {
    /// For a million tokens sent.
    pub prompt: f64,
    /// For a million tokens received.
    pub completion: f64,
}

impl Price {
    /// What this usage costs, rounded to a millionth of a dollar.
    pub fn of(self, usage: Usage) -> Usd {
        let micros = usage.prompt_tokens as f64 * self.prompt + usage.completion_tokens as f64 * self.completion;
        Usd::from_micros(micros.round().clamp(0.0, Usd::MAX.micros as f64) as u64)
    }
}

/// What the model calls of a job used and cost. Zero for the built-in rules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Spending {
    /// Tokens sent.
    pub prompt_tokens: u64,
    /// Tokens received.
    pub completion_tokens: u64,
    /// Finished calls, those with a useless answer included.
    #[serde(default)]
    pub calls: u64,
    /// What they cost by the operator's price table (`MODEL_PRICES`); 0 for models that it does not name.
    #[serde(default)]
    pub cost_usd: Usd,
}

impl Spending {
    /// One finished call.
    pub fn call(usage: Usage, cost: Usd) -> Self {
        let Usage { prompt_tokens, completion_tokens } = usage;
        Self { prompt_tokens, completion_tokens, calls: 1, cost_usd: cost }
    }

    /// Adds another spending to this one, never wrapping around.
    pub fn add(&mut self, other: Self) {
        self.prompt_tokens = self.prompt_tokens.saturating_add(other.prompt_tokens);
        self.completion_tokens = self.completion_tokens.saturating_add(other.completion_tokens);
        self.calls = self.calls.saturating_add(other.calls);
        self.cost_usd = self.cost_usd.plus(other.cost_usd);
    }

    /// Tokens in both directions.
    pub const fn tokens(&self) -> u64 {
        self.prompt_tokens.saturating_add(self.completion_tokens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the bill: prices per million tokens give exact millionths, whatever the amounts.
    #[test]
    fn calls_cost_what_the_table_says() {
        let usage = |prompt_tokens, completion_tokens| Usage { prompt_tokens, completion_tokens };
        let rows = [
            (Price { prompt: 2.5, completion: 10.0 }, usage(1_000_000, 0), 2_500_000),
            (Price { prompt: 2.5, completion: 10.0 }, usage(3, 2), 28),
            (Price { prompt: 0.15, completion: 0.6 }, usage(1000, 500), 450),
            (Price::default(), usage(u64::MAX, u64::MAX), 0),
            (Price { prompt: 1e9, completion: 1e9 }, usage(u64::MAX, 1), Usd::MAX.micros()),
        ];
        for (price, usage, micros) in rows {
            assert_eq!(price.of(usage).micros(), micros, "{price:?} {usage:?}");
        }
    }

    /// Protects budgets: an amount is written and read back as it was, and what is no amount is refused.
    #[test]
    fn amounts_survive_json() {
        for micros in [0, 1, 999_999, 1_000_001, 123_456_789, Usd::MAX.micros()] {
            let text = serde_json::to_string(&Usd::from_micros(micros)).unwrap();
            assert_eq!(serde_json::from_str::<Usd>(&text).unwrap().micros(), micros, "{text}");
        }
        for bad in ["-0.01", "1000001", "null", "\"1\""] {
            assert!(serde_json::from_str::<Usd>(bad).is_err(), "{bad}");
        }
    }
}
