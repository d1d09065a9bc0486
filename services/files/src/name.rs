//! File names of clients: text to show, never a path.

/// Longest name that is kept, in characters.
const MAX_CHARS: usize = 200;

/// The name of an upload that came without a usable one.
const UNNAMED: &str = "image";

/// The name as it is shown: the last part of a path, without control and direction-changing
/// characters, spaces joined, at most 200 characters with the ending kept.
pub fn clean(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).find(|part| !part.trim().is_empty()).unwrap_or_default();
    let visible: String = last.chars().filter(|&c| !c.is_control() && !changes_direction(c)).collect();
    let joined = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    match joined.as_str() {
        "" | "." | ".." => UNNAMED.to_owned(),
        _ => shorten(joined),
    }
}

/// Characters that make the text after them read in another order, or are not seen at all: with them
/// `gnp.exe` can be made to look like `exe.png`.
fn changes_direction(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn shorten(name: String) -> String {
    let count = name.chars().count();
    if count <= MAX_CHARS {
        return name;
    }
    let ending: String = match name.rsplit_once('.') {
        Some((_, ending)) if ending.chars().count() <= 10 => format!(".{ending}"),
        _ => String::new(),
    };
    let stem = MAX_CHARS - ending.chars().count();
    name.chars().take(stem).chain(ending.chars()).collect()
}

#[cfg(test)]
mod tests;
