//! What models cost, as the operator says it. Pure.

use common::spend::Price;
use std::collections::HashMap;

/// Prices by model name. A model that is not named costs nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prices(HashMap<String, Price>);

impl Prices {
    /// Reads `name=prompt/completion, name=…`: US dollars per million tokens.
    ///
    /// # Errors
    /// The entry that cannot be read.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut prices = HashMap::new();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            // Names of models may hold nearly anything, prices no '='.
            let read = entry.rsplit_once('=').and_then(|(name, price)| {
                let (prompt, completion) = price.split_once('/')?;
                let amount = |text: &str| text.trim().parse::<f64>().ok().filter(|usd| (0.0..=1e6).contains(usd));
                Some((name.trim().to_owned(), Price { prompt: amount(prompt)?, completion: amount(completion)? }))
            });
            let (name, price) = read.filter(|(name, _)| !name.is_empty()).ok_or_else(|| entry.to_owned())?;
            prices.insert(name, price);
        }
        Ok(Self(prices))
    }

    /// What a model costs.
    pub fn of(&self, model: &str) -> Price {
        self.0.get(model).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the bill: a table is read as written, and a wrong entry is named instead of costing nothing.
    #[test]
    fn tables_are_read() {
        let prices = Prices::parse("gpt-4o=2.5/10, org/qwen:7b = 0.1/0.2 ,").unwrap();
        assert_eq!(prices.of("gpt-4o"), Price { prompt: 2.5, completion: 10.0 });
        assert_eq!(prices.of("org/qwen:7b"), Price { prompt: 0.1, completion: 0.2 });
        assert_eq!(prices.of("other"), Price::default());
        assert_eq!(Prices::parse("").unwrap(), Prices::default());
        for bad in ["gpt", "gpt=1", "gpt=1/x", "gpt=-1/1", "=1/1", "gpt=1/NaN"] {
            assert_eq!(Prices::parse(&format!("a=1/1,{bad}")), Err(bad.to_owned()));
        }
    }
}
