//! What a person wants to be different about a redrawn chart, as far as rules can tell: its scale, its colour, its range.
//! Pure. Later wishes replace earlier ones of the same kind.

use super::literal::Py;

/// Wishes about a chart.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Style {
    /// A logarithmic value axis, or expressly none.
    pub log: Option<bool>,
    /// A colour for everything that is drawn.
    pub colour: Option<&'static str>,
    /// Only what lies at or above this on the axis of positions (years, categories that are numbers).
    pub from: Option<f64>,
    /// Only what lies at or below this.
    pub to: Option<f64>,
}

/// Colours by what people call them, and what they are drawn as: shades that colour-blind people can tell apart
/// (Okabe and Ito 2008).
const COLOURS: [(&[&str], &str); 9] = [
    (&["blue", "blau", "bleu", "azul", "blu"], "#0072B2"),
    (&["orange", "naranja", "arancione"], "#E69F00"),
    (&["green", "grün", "vert", "verde"], "#009E73"),
    (&["red", "rot", "rouge", "rojo", "rosso"], "#D55E00"),
    (&["purple", "violet", "lila", "violett", "morado", "viola"], "#7B3294"),
    (&["pink", "rosa", "rose"], "#CC79A7"),
    (&["yellow", "gelb", "jaune", "amarillo", "giallo"], "#B8A800"),
    (&["black", "schwarz", "noir", "negro", "nero"], "#000000"),
    (&["grey", "gray", "grau", "gris", "grigio"], "#6B6B6B"),
];

/// Words after which a colour is one that is wanted.
const COLOUR_LEADS: [&str; 14] =
    ["in", "it", "them", "everything", "all", "bars", "lines", "line", "points", "en", "alles", "sie", "es", "all's"];

const FROM: [&str; 8] = ["from", "since", "between", "after", "ab", "seit", "depuis", "desde"];
const ONWARD: [&str; 5] = ["on", "onward", "onwards", "upward", "upwards"];
const UP_TO: [&str; 8] = ["until", "till", "to", "before", "bis", "and", "hasta", "through"];

/// The wishes in these words.
pub fn style(prompt: &str) -> Style {
    let mut style = Style::default();
    for line in prompt.to_lowercase().lines() {
        let words: Vec<&str> = line
            .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '!' | '?' | '"' | '(' | ')' | '–'))
            .map(|word| word.trim_matches(|c: char| matches!(c, '.' | ':' | '\'')))
            .filter(|word| !word.is_empty())
            .collect();
        let log = |word: &&str| word.starts_with("logar") || matches!(*word, "log" | "log-scale" | "logscale");
        if words.iter().any(log) {
            style.log =
                Some(!words.iter().any(|word| matches!(*word, "no" | "not" | "without" | "kein" | "keine" | "ohne")));
        } else if words.iter().any(|word| word.starts_with("linear")) {
            style.log = Some(false);
        }
        style.colour = colour(&words).or(style.colour);
        let (from, to) = range(&words);
        if from.is_some() || to.is_some() {
            (style.from, style.to) = (from, to);
        }
    }
    style
}

fn colour(words: &[&str]) -> Option<&'static str> {
    let named = |word: &str| COLOURS.iter().find(|(names, _)| names.contains(&word)).map(|(_, colour)| *colour);
    let wanted =
        |index: usize| words.len() == 1 || index.checked_sub(1).is_some_and(|i| COLOUR_LEADS.contains(&words[i]));
    words.iter().enumerate().filter(|(index, _)| wanted(*index)).find_map(|(_, word)| named(word))
}

/// From where to where; a number counts only with a word that says which end it is.
fn range(words: &[&str]) -> (Option<f64>, Option<f64>) {
    let (mut from, mut to) = (None, None);
    for (index, word) in words.iter().enumerate() {
        if let Some((low, high)) = word.split_once('-')
            && let (Ok(low), Ok(high)) = (low.parse::<f64>(), high.parse::<f64>())
            && low < high
        {
            return (Some(low), Some(high));
        }
        let Some(number) = word.parse::<f64>().ok().filter(|number| number.is_finite()) else { continue };
        let before = index.checked_sub(1).map_or("", |i| words[i]);
        let after = words.get(index + 1).copied().unwrap_or_default();
        if FROM.contains(&before) || ONWARD.contains(&after) {
            from = Some(number);
        } else if UP_TO.contains(&before) {
            // "2019 to 2021": what stands before is the other end.
            let other = index.checked_sub(2).and_then(|i| words[i].parse::<f64>().ok());
            from = from.or(other);
            to = Some(number);
        }
    }
    (from, to)
}

impl Style {
    /// As the scripts take it; nothing where nothing is wanted.
    pub fn constant(self) -> Option<Py> {
        if self == Self::default() {
            return None;
        }
        let number = |value: Option<f64>| value.map_or(Py::None, Py::Float);
        Some(Py::Dict(vec![
            ("log", Py::optional_text(self.log.map(|log| if log { "log" } else { "linear" }))),
            ("colour", Py::optional_text(self.colour)),
            ("from", number(self.from)),
            ("to", number(self.to)),
        ]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects refinement by rules: wishes are understood in the words people use, the last one counts, and numbers and
    /// colours that are no wish change nothing.
    #[test]
    fn wishes_are_understood() {
        let log = |log| Style { log: Some(log), ..Style::default() };
        let blue = Style { colour: Some("#0072B2"), ..Style::default() };
        let range = |from, to| Style { from, to, ..Style::default() };
        let rows = [
            ("log scale", log(true)),
            ("Please use a logarithmic axis.", log(true)),
            ("log scale\nno log scale please", log(false)),
            ("linear again", log(false)),
            ("make it blue", blue),
            ("Blue!", blue),
            ("alles in blau", blue),
            ("red\nmake it blue", blue),
            ("how high is the blue bar?", Style::default()),
            ("only 2019 on", range(Some(2019.0), None)),
            ("from 2019 to 2021", range(Some(2019.0), Some(2021.0))),
            ("between 2019 and 2021", range(Some(2019.0), Some(2021.0))),
            ("2019 to 2021 only", range(Some(2019.0), Some(2021.0))),
            ("only 2019-2021", range(Some(2019.0), Some(2021.0))),
            ("until 2020", range(None, Some(2020.0))),
            ("nur bis 2020", range(None, Some(2020.0))),
            ("what happened in 2020?", Style::default()),
            ("", Style::default()),
        ];
        for (prompt, expected) in rows {
            assert_eq!(style(prompt), expected, "{prompt:?}");
        }
        let all = Style { log: Some(true), colour: Some("#0072B2"), from: Some(2019.0), to: None };
        assert_eq!(style("log scale\nin blue\nonly 2019 on"), all);
        assert!(Style::default().constant().is_none() && all.constant().is_some());
    }
}
