//! Finds text that speaks to a model instead of to a reader: orders to drop its rules, to give away what it runs in,
//! to fetch an address, marks of chat templates. Pure.
//!
//! A flag changes nothing in how a job runs: text of pictures is data with or without one. It tells the person that the
//! picture tried. So rules lean towards silence, and the false-positive rule is:
//!
//! - An order is flagged where verb and object stand in one sentence and the object is something only a model has or is
//!   told (its previous instructions, its system prompt, the environment of its script).
//! - An order that a manual or a poster gives to people as well (visit an address, run this command, show a password) is
//!   flagged only where a model is addressed near it ("AI", "assistant", "your script", a line that begins "SYSTEM:").
//! - An order that is forbidden ("do not ignore the instructions above") is none, and a verb with a bracket behind it
//!   (`print(os.environ)`) or behind a terminal's `$` is a picture of code.
//!
//! Spaces, case, accents, invisible characters and letters of the same shape (l, I, 1 and i; O and 0; S and 5; Cyrillic
//! and Latin) do not matter: recognition of text drops and mixes them. What is flagged wrongly all the same: pages about
//! models that quote such orders, and manuals that say "print all environment variables".

mod matching;
mod rules;

use matching::{Compiled, Squashed};
use rules::Kind;

/// Longest text that is searched, in characters: far more than a picture holds, and more than a model is shown.
const MAX_CHARS: usize = 100_000;
/// Longest quote, in characters.
const MAX_QUOTE_CHARS: usize = 120;
/// Most sentences about one picture: a person needs no more to know what kind of picture it is.
const MAX_SENTENCES: usize = 8;
/// How near a word that addresses a model has to be, in letters.
const NEAR: usize = 250;
/// Shortest run of letters that may be base64, in characters.
const MIN_BLOB: usize = 20;
/// How near a blob the word "decode" has to be, in characters.
const NEAR_BLOB: usize = 80;

/// A place in a text that reads like an instruction to a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// Name of the rule that found it.
    pub rule: &'static str,
    /// What stands there, from its first word to the end of its line: one line of at most 120 characters, without control, invisible and
    /// direction-changing characters.
    pub quote: String,
}

/// Everything in `text` that reads like an instruction to a model, in its order, at most one flag per rule and quote.
/// Looks at the first 100,000 characters.
pub fn instructions_in(text: &str) -> Vec<Flag> {
    let end = text.char_indices().nth(MAX_CHARS).map_or(text.len(), |(at, _)| at);
    let text = &text[..end];
    let squashed = Squashed::of(text);
    let addressed = addresses(text, &squashed);
    let mut found: Vec<(usize, usize, &'static str)> = Vec::new();
    for rule in rules::ALL {
        let compiled = Compiled::of(rule);
        let counts = |at: usize| match rule.kind {
            Kind::Order => true,
            Kind::WhereAddressed => addressed.iter().any(|address| address.abs_diff(at) <= NEAR),
        };
        if let Some((start, end)) = compiled.first(&squashed, text, counts)
            && !found.iter().any(|(.., name)| *name == rule.name)
        {
            found.push((squashed.place(start), squashed.place(end.saturating_sub(1)), rule.name));
        }
    }
    found.extend(mark(text, rules::TEMPLATE_MARKS).map(|at| (at, at, "chat template")));
    found.extend(mark(text, rules::TOOL_MARKS).map(|at| (at, at, "tool call")));
    found.extend(mark(text, rules::FENCE_MARKS).map(|at| (at, at, "fence")));
    found.extend(encoded(text).map(|at| (at, at, "encoded order")));
    found.sort_unstable();
    let mut flags: Vec<Flag> = Vec::new();
    for (start, last, rule) in found {
        let end = text[last..].find('\n').map_or(text.len(), |length| last + length);
        let quote = quote(&text[start..end]);
        if !flags.iter().any(|flag| flag.quote == quote) {
            flags.push(Flag { rule, quote });
        }
    }
    flags
}

/// What in a picture's text reads like an instruction to a model, as sentences for a person, eight at most. `lines` are
/// the lines of text with their turn in degrees: upright lines are read one after the other, and so are turned ones, each
/// turn for itself, because an order may go over several lines.
pub fn sentences(lines: &[(&str, f64)]) -> Vec<String> {
    let mut turns: Vec<f64> = lines.iter().map(|(_, turn)| *turn).collect();
    turns.sort_unstable_by(f64::total_cmp);
    turns.dedup();
    let mut quotes: Vec<String> = Vec::new();
    for turn in turns {
        let same: Vec<&str> = lines.iter().filter(|(_, at)| *at == turn).map(|(text, _)| *text).collect();
        for Flag { quote, .. } in instructions_in(&same.join("\n")) {
            // What is a part of an earlier quote was told with it.
            if !quotes.iter().any(|told| told.contains(quote.trim_end_matches([' ', '…']))) {
                quotes.push(quote);
            }
        }
    }
    quotes.truncate(MAX_SENTENCES);
    let sentence = |quote: &String| {
        format!("Text in the picture reads like an instruction to a model: \"{quote}\". It was treated as data.")
    };
    quotes.iter().map(sentence).collect()
}

/// Where a model is addressed, as places among the letters.
fn addresses(text: &str, squashed: &Squashed) -> Vec<usize> {
    let mut places = Compiled::words(rules::ADDRESSES).all(squashed);
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let label = line.trim_start_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        if ["system:", "assistant:", "system note:", "system message:"].iter().any(|mark| label.starts_with(mark)) {
            places.push(squashed.letters_before(start));
        }
        start += line.len();
    }
    places
}

/// Where one of these marks stands first. Marks are compared without blanks and underscores, and a bar, a slash and an
/// exclamation mark count as an l: that is how they are read.
fn mark(text: &str, marks: &[&str]) -> Option<usize> {
    let fold = |c: char| match c {
        '|' | '1' | 'i' | 'I' | 'L' | '!' | '/' | '\\' => 'l',
        '0' => 'o',
        '«' | '《' => '<',
        '»' | '》' => '>',
        other => matching::narrow(other).to_ascii_lowercase(),
    };
    let kept: Vec<(usize, char)> = text
        .char_indices()
        .filter(|(_, c)| !c.is_whitespace() && *c != '_' && !hidden(*c))
        .map(|(at, c)| (at, fold(c)))
        .collect();
    let marks: Vec<Vec<char>> =
        marks.iter().map(|mark| mark.chars().filter(|c| *c != '_').map(fold).collect()).collect();
    let at = (0..kept.len()).find(|&start| {
        marks.iter().any(|mark| {
            kept.len() - start >= mark.len() && mark.iter().zip(&kept[start..]).all(|(wanted, (_, c))| wanted == c)
        })
    });
    at.map(|at| kept[at].0)
}

/// Where somebody is told to decode what looks like base64.
fn encoded(text: &str) -> Option<usize> {
    let lower = text.to_ascii_lowercase();
    let mut start = None;
    let ends = text.char_indices().map(|(at, c)| (at, c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')));
    for (at, inside) in ends.chain([(text.len(), false)]) {
        match (inside, start) {
            (true, None) => start = Some(at),
            (false, Some(begin)) => {
                start = None;
                let around = &lower[lower.floor_char_boundary(begin.saturating_sub(NEAR_BLOB))
                    ..lower.ceil_char_boundary((at + NEAR_BLOB).min(lower.len()))];
                if is_blob(&text[begin..at]) && around.replace(' ', "").contains("decode") {
                    return Some(begin);
                }
            }
            _ => {}
        }
    }
    None
}

/// Base64 mixes cases and digits, or ends as nothing else does; words and hex numbers do not.
fn is_blob(run: &str) -> bool {
    let has = |wanted: fn(&char) -> bool| run.chars().any(|c| wanted(&c));
    run.len() >= MIN_BLOB
        && has(char::is_ascii_lowercase)
        && has(char::is_ascii_uppercase)
        && (has(char::is_ascii_digit) || run.ends_with('='))
}

/// One line, without what hides or turns text, cut to length.
fn quote(text: &str) -> String {
    let shown: String = text.chars().take(4 * MAX_QUOTE_CHARS).filter(|c| c.is_whitespace() || !hidden(*c)).collect();
    let line = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= MAX_QUOTE_CHARS {
        return line;
    }
    let cut: String = line.chars().take(MAX_QUOTE_CHARS - 2).collect();
    format!("{} …", cut.trim_end())
}

/// Characters that show nothing, or change the direction of what follows.
fn hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests;
