//! Finds words in text of which blanks, case and the exact shape of letters are not known.

use super::hidden;
use super::rules::Rule;

/// Only the letters and digits of a text, each as the one letter that stands for all of its shape.
pub struct Squashed {
    letters: Vec<Letter>,
    length: usize,
}

#[derive(Clone, Copy)]
struct Letter {
    c: char,
    /// Where it stands in the text, in bytes.
    at: usize,
    starts_word: bool,
    ends_word: bool,
}

impl Squashed {
    /// The letters of `text`.
    pub fn of(text: &str) -> Self {
        let mut letters: Vec<Letter> = Vec::with_capacity(text.len());
        let mut inside = false;
        for (at, c) in text.char_indices().filter(|(_, c)| !hidden(*c) || c.is_whitespace()) {
            if !c.is_alphanumeric() {
                if let Some(last) = letters.last_mut() {
                    last.ends_word = true;
                }
                inside = false;
                continue;
            }
            for lower in narrow(c).to_lowercase().filter(|c| c.is_alphanumeric()) {
                letters.push(Letter { c: shape(lower), at, starts_word: !inside, ends_word: false });
                if lower == 'ß' {
                    letters.push(Letter { c: 's', at, starts_word: false, ends_word: false });
                }
                inside = true;
            }
        }
        if let Some(last) = letters.last_mut() {
            last.ends_word = true;
        }
        Self { letters, length: text.len() }
    }

    /// Where the letter stands in the text, in bytes.
    pub fn place(&self, letter: usize) -> usize {
        self.letters.get(letter).map_or(self.length, |letter| letter.at)
    }

    /// How many letters stand before this place of the text.
    pub fn letters_before(&self, place: usize) -> usize {
        self.letters.partition_point(|letter| letter.at < place)
    }

    /// Where in the text the letter before this one ends, in bytes.
    fn end_before(&self, letter: usize, text: &str) -> usize {
        letter
            .checked_sub(1)
            .and_then(|last| self.letters.get(last))
            .map_or(0, |last| last.at + text[last.at..].chars().next().map_or(0, char::len_utf8))
    }

    fn has(&self, phrase: &Phrase, at: usize) -> Option<usize> {
        let found = self.letters.get(at..at + phrase.letters.len())?;
        let same = found.iter().zip(&phrase.letters).all(|(letter, c)| letter.c == *c);
        let begins = !phrase.begins_word || found.first()?.starts_word;
        let ends = !phrase.ends_word || found.last()?.ends_word;
        (same && begins && ends).then_some(at + phrase.letters.len())
    }
}

/// A few words without blanks; `^` before them asks for the start of a word, `$` behind them for its end.
struct Phrase {
    letters: Vec<char>,
    begins_word: bool,
    ends_word: bool,
}

fn phrases(alternatives: &str) -> Vec<Phrase> {
    let each = alternatives.split('|').map(|text| Phrase {
        letters: Squashed::of(text).letters.iter().map(|letter| letter.c).collect(),
        begins_word: text.starts_with('^'),
        ends_word: text.ends_with('$'),
    });
    each.filter(|phrase| !phrase.letters.is_empty()).collect()
}

/// A rule ready to be looked for.
pub struct Compiled {
    parts: Vec<Vec<Phrase>>,
    gap: usize,
}

impl Compiled {
    /// That rule.
    pub fn of(rule: &Rule) -> Self {
        Self { parts: rule.parts.iter().map(|part| phrases(part)).collect(), gap: rule.gap }
    }

    /// One part, anywhere.
    pub fn words(alternatives: &str) -> Self {
        Self { parts: vec![phrases(alternatives)], gap: 0 }
    }

    /// All places of a single part, as numbers of letters.
    pub fn all(&self, squashed: &Squashed) -> Vec<usize> {
        let Some(part) = self.parts.first() else { return Vec::new() };
        let letters = 0..squashed.letters.len();
        letters.filter(|at| part.iter().any(|phrase| squashed.has(phrase, *at).is_some())).collect()
    }

    /// The first place where all parts stand one after the other in a sentence, which is no prohibition and no code: the
    /// numbers of its first letter and of the letter behind its last.
    pub fn first(&self, squashed: &Squashed, text: &str, counts: impl Fn(usize) -> bool) -> Option<(usize, usize)> {
        let (first, rest) = self.parts.split_first()?;
        (0..squashed.letters.len()).find_map(|start| {
            let end = first.iter().filter_map(|phrase| squashed.has(phrase, start)).find_map(|end| {
                let is_order = !is_code(squashed, text, start, end) && !forbidden(&text[..squashed.place(start)]);
                if is_order && counts(start) { self.follow(rest, squashed, text, end) } else { None }
            })?;
            Some((start, end))
        })
    }

    /// Where the rest ends, if it follows from here.
    fn follow(&self, rest: &[Vec<Phrase>], squashed: &Squashed, text: &str, from: usize) -> Option<usize> {
        let Some((part, rest)) = rest.split_first() else { return Some(from) };
        let begin = squashed.end_before(from, text);
        (from..=(from + self.gap).min(squashed.letters.len())).find_map(|at| {
            part.iter().filter_map(|phrase| squashed.has(phrase, at)).find_map(|end| {
                let between = text.get(begin..squashed.place(at)).unwrap_or_default();
                if ends_sentence(between) || negates(between) { None } else { self.follow(rest, squashed, text, end) }
            })
        })
    }
}

/// A verb with a bracket right behind it is code, and so is a line of a terminal.
fn is_code(squashed: &Squashed, text: &str, start: usize, end: usize) -> bool {
    let line = text[..squashed.place(start)].rsplit('\n').next().unwrap_or_default().trim_start();
    text[squashed.end_before(end, text)..].starts_with('(') || line.starts_with("$ ") || line.starts_with("git ")
}

fn ends_sentence(text: &str) -> bool {
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let stops = matches!(c, '.' | '!' | '?' | ';') && characters.peek().is_none_or(|next| next.is_whitespace());
        if stops || matches!(c, '。' | '！' | '？' | '；') {
            return true;
        }
    }
    false
}

/// Whether what stands before forbids what follows: "do not", with or without its blanks.
fn forbidden(before: &str) -> bool {
    let tail: Vec<char> = before.chars().rev().take(16).filter(|c| c.is_alphanumeric() || c.is_whitespace()).collect();
    let tail: String = tail.into_iter().rev().collect::<String>().to_lowercase();
    let last = tail.split_whitespace().next_back().unwrap_or_default();
    ["not", "dont", "never", "no", "nicht", "nunca", "jamais", "не", "cannot"].contains(&last)
        || ["donot", "don t", "mustnot", "请勿", "不要", "切勿", "勿", "不可", "不得"]
            .iter()
            .any(|word| tail.trim_end().ends_with(word))
}

/// Whether the words right behind a verb turn it round, as in German and French.
fn negates(between: &str) -> bool {
    let words = between.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).take(3);
    words
        .map(str::to_lowercase)
        .any(|word| ["nicht", "nie", "niemals", "keinesfalls", "pas", "jamais"].contains(&&*word))
}

/// The usual form of a full-width character.
pub fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        other => other,
    }
}

/// The letter that stands for all that look like it. `c` is in lower case.
fn shape(c: char) -> char {
    match c {
        'i' | '1' | 'ì' | 'í' | 'î' | 'ï' | 'ı' | 'і' => 'l',
        '0' | 'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'о' => 'o',
        '5' | 'ß' => 's',
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'а' => 'a',
        'è' | 'é' | 'ê' | 'ë' | 'е' | 'ё' => 'e',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        'ç' | 'с' => 'c',
        'ñ' => 'n',
        'р' => 'p',
        'х' => 'x',
        'у' => 'y',
        'к' => 'k',
        'м' => 'm',
        'т' => 't',
        'в' => 'b',
        'н' => 'h',
        other => other,
    }
}
