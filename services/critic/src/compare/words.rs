//! How much of some words stands in others, and of some numbers. Pure.

use std::collections::BTreeSet;

/// Letters and digits in lower case, everything else a gap.
fn words(text: &str) -> Vec<String> {
    let plain: String = text.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    plain.split_whitespace().map(str::to_owned).collect()
}

/// True for words that are equal but for one letter in five: reading mistakes.
fn alike(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let longer = one.len().max(other.len());
    if longer < 4 {
        return one == other;
    }
    distance(&one, &other) * 5 <= longer
}

/// Edits between two words (Levenshtein 1966).
fn distance(one: &[char], other: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let here = row[j + 1];
            row[j + 1] = (before + usize::from(a != b)).min(row[j] + 1).min(here + 1);
            before = here;
        }
    }
    row[other.len()]
}

/// Which share of the wanted words stands in the shown ones, 0 to 1; nothing where none is wanted.
pub fn share(wanted: &str, shown: &str) -> Option<f64> {
    let (wanted, shown) = (words(wanted), words(shown));
    if wanted.is_empty() {
        return None;
    }
    let found = wanted.iter().filter(|word| shown.iter().any(|other| alike(word, other))).count();
    Some(found as f64 / wanted.len() as f64)
}

/// Wanted names that are not among the shown ones; each shown one counts once.
pub fn missing<'a>(wanted: &'a [String], shown: &[String]) -> Vec<&'a str> {
    let mut open: Vec<String> = shown.iter().map(|name| words(name).join(" ")).collect();
    let mut lost = Vec::new();
    for name in wanted {
        let plain = words(name).join(" ");
        match open.iter().position(|other| alike(&plain, other)) {
            Some(at) => {
                open.swap_remove(at);
            }
            None => lost.push(name.as_str()),
        }
    }
    lost
}

/// The number in a tick's text, whatever its separators, sign and unit.
fn number(text: &str) -> Option<f64> {
    let text = text.trim().replace(['\u{2212}', '\u{2013}'], "-").replace(['\u{a0}', '\u{202f}', ' ', '_', '\''], "");
    let text = text.trim_matches(|c: char| !(c.is_ascii_digit() || matches!(c, '-' | '.')));
    let commas = text.matches(',').count();
    // Groups of three behind commas are thousands, one other comma a decimal point.
    let thousands = commas > 0 && text.split(',').skip(1).all(|group| group.split('.').next().map(str::len) == Some(3));
    let plain = if thousands { text.replace(',', "") } else { text.replacen(',', ".", 1) };
    plain.parse::<f64>().ok().filter(|value| value.is_finite())
}

/// How far the ranges of two axes with numbers cover each other: common part through whole, 0 to 1. Where fewer than two
/// ticks are numbers, the share of wanted names that is there. Nothing where no tick is wanted.
pub fn axis(wanted: &[String], shown: &[String]) -> Option<f64> {
    if wanted.is_empty() {
        return None;
    }
    let numbers = |texts: &[String]| -> Vec<f64> { texts.iter().filter_map(|text| number(text)).collect() };
    let (a, b) = (numbers(wanted), numbers(shown));
    if a.len() < 2 || a.len() * 2 < wanted.len() {
        let wanted: BTreeSet<&String> = wanted.iter().collect();
        let wanted: Vec<String> = wanted.into_iter().cloned().collect();
        return Some(1.0 - missing(&wanted, shown).len() as f64 / wanted.len() as f64);
    }
    let ends = |values: &[f64]| {
        values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)))
    };
    let ((low, high), (other_low, other_high)) = (ends(&a), ends(&b));
    let common = high.min(other_high) - low.max(other_low);
    let whole = high.max(other_high) - low.min(other_low);
    Some(if b.is_empty() || whole <= 0.0 { 0.0 } else { (common / whole).clamp(0.0, 1.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    /// Protects the score: spelling, case and one misread letter are no difference; another word is.
    #[test]
    fn words_are_found_in_others() {
        let rows = [
            ("", "anything", None),
            ("Revenue (kEUR)", "revenue kEUR", Some(1.0)),
            ("Revenue by region", "Revenve by", Some(2.0 / 3.0)),
            ("2019", "2018", Some(0.0)),
            ("é ö", "É Ö", Some(1.0)),
        ];
        for (wanted, shown, expected) in rows {
            assert_eq!(share(wanted, shown), expected, "{wanted:?} in {shown:?}");
        }
    }

    /// Protects the score: a name that is wanted twice must be there twice.
    #[test]
    fn missing_names_are_listed() {
        let rows: Vec<(&[&str], &[&str], &[&str])> = vec![
            (&["Solar", "Wind"], &["wind", "solar"], &[]),
            (&["Solar", "Wind"], &["Solar"], &["Wind"]),
            (&["A", "A"], &["A"], &["A"]),
            (&[], &["x"], &[]),
        ];
        for (wanted, shown, lost) in rows {
            assert_eq!(missing(&list(wanted), &list(shown)), lost, "{wanted:?} {shown:?}");
        }
    }

    /// Protects the score: axes with other steps over the same range are the same axis, numbers however written.
    #[test]
    fn axes_cover_each_other() {
        let rows: Vec<(&[&str], &[&str], Option<f64>)> = vec![
            (&["0", "5", "10"], &["0", "2", "4", "6", "8", "10"], Some(1.0)),
            (&["0", "10"], &["0", "20"], Some(0.5)),
            (&["0", "1,000"], &["0", "1000"], Some(1.0)),
            (&["0", "1 000 €"], &["0", "500", "1000"], Some(1.0)),
            (&["0,5", "1,5"], &["0.5", "1.5"], Some(1.0)),
            (&["\u{2212}5", "5"], &["-5", "5"], Some(1.0)),
            (&["0", "10"], &["a", "b"], Some(0.0)),
            (&["North", "South"], &["North", "Sotih"], Some(0.5)),
            (&["North", "Southern"], &["North", "Soulhern"], Some(1.0)),
            (&[], &["1"], None),
        ];
        for (wanted, shown, expected) in rows {
            let found = axis(&list(wanted), &list(shown));
            assert_eq!(found.map(|v| (v * 1e6).round() / 1e6), expected, "{wanted:?} {shown:?}");
        }
    }
}
