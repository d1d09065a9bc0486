//! Text from pictures, models and code on its way to a terminal: data, never terminal commands.

/// The text with everything a terminal could act on made visible. Line breaks and tabs stay.
pub fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        let reorders = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c == '\n' || c == '\t' || !(c.is_control() || reorders) {
            safe.push(c);
        } else {
            safe.extend(c.escape_unicode());
        }
    }
    safe
}

/// [`printable`] on one line, cut to `limit` characters.
pub fn one_line(text: &str, limit: usize) -> String {
    let line: String = printable(text).split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the person's terminal from text read in a picture or printed by code.
    #[test]
    fn terminal_commands_become_visible() {
        assert_eq!(printable("a\u{1b}]52;c;x\u{7}\r\nb\u{202e}"), "a\\u{1b}]52;c;x\\u{7}\\u{d}\nb\\u{202e}");
        assert_eq!(one_line("a\n b   c", 4), "a b …");
    }
}
